/* Arm semihosting on M-profile cores: operation in r0, argument in r1, breakpoint 0xAB.
   Arm, "Semihosting for AArch32 and AArch64", 2.0, sections 3.1 and 6. */
#include "semihosting.h"

#include <stdint.h>

#define SYS_WRITE0 0x04u
#define SYS_EXIT 0x18u
#define APPLICATION_EXIT 0x20026u
#define RUN_TIME_ERROR 0x20023u

static void call(uint32_t operation, uintptr_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void semihosting_print(const char *text)
{
    call(SYS_WRITE0, (uintptr_t)text);
}

void semihosting_exit(int status)
{
    call(SYS_EXIT, status == 0 ? APPLICATION_EXIT : RUN_TIME_ERROR);
    for (;;) {
    }
}

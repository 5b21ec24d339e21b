/* Start of a Cortex-M program without a C library: vectors, memory, main. */
#include "semihosting.h"

#include <stddef.h>
#include <stdint.h>

extern uint32_t stack_top[], data_in_flash[]; /* from the linker script */
extern uint32_t data_start[], data_end[], bss_start[], bss_end[];

int main(void);
void reset(void);
void fault(void);
void report_fault(void);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

/* The compiler may call these two even where the source does not. The empty assembly keeps
   it from turning their loops into calls of themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    while (size-- > 0) {
        *target++ = *source++;
        __asm__ volatile("");
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *target = to;

    while (size-- > 0) {
        *target++ = (unsigned char)value;
        __asm__ volatile("");
    }
    return to;
}

void reset(void)
{
    memcpy(data_start, data_in_flash, (size_t)((char *)data_end - (char *)data_start));
    memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
    semihosting_exit(main());
}

void report_fault(void)
{
    semihosting_print("error: the processor faulted; link with a larger STACK_SIZE, "
                      "or build for the CPU that this board has\n");
    semihosting_exit(1);
}

/* Takes a fresh stack first: an overflowing one may be what faulted. */
__attribute__((naked)) void fault(void)
{
    __asm__ volatile("ldr r0, =stack_top\n\t"
                     "mov sp, r0\n\t"
                     "ldr r0, =report_fault\n\t"
                     "bx r0\n\t"
                     ".ltorg");
}

/* Arm, ARMv7-M Architecture Reference Manual, B1.5.2. Device interrupts stay off, so there
   are no vectors for them. */
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)stack_top,
    (uintptr_t)reset,
    (uintptr_t)fault, /* NMI */
    (uintptr_t)fault, /* HardFault; the next three come here too until they are enabled */
    (uintptr_t)fault, /* MemManage */
    (uintptr_t)fault, /* BusFault */
    (uintptr_t)fault, /* UsageFault */
};

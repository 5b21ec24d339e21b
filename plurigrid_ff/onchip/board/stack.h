/* Measures how deep calls go: paint the free stack, call, look how far the paint is gone.

   The functions must be inlined: painting would overwrite a frame of its own. Depth is
   counted from the caller's stack pointer, so the caller's own frame is not in it. What is
   reserved at the very end and never written to is not seen. */
#ifndef FF_STACK_H
#define FF_STACK_H

#include <stdint.h>

#define STACK_PAINT 0x5afe57acu
#define STACK_INLINE static inline __attribute__((always_inline))

extern uint32_t stack_bottom[]; /* from the linker script */

STACK_INLINE uint32_t *stack_pointer(void)
{
    uint32_t *pointer;

    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

STACK_INLINE void stack_paint(void)
{
    volatile uint32_t *end = stack_pointer();

    for (volatile uint32_t *word = stack_bottom; word < end; word++) {
        *word = STACK_PAINT;
    }
}

/* Bytes below the caller's frame that were written to since stack_paint(). */
STACK_INLINE unsigned long stack_used(void)
{
    const volatile uint32_t *end = stack_pointer();
    const volatile uint32_t *word = stack_bottom;

    while (word < end && *word == STACK_PAINT) {
        word++;
    }
    return (unsigned long)((uintptr_t)end - (uintptr_t)word);
}

/* Bytes below the caller's frame: as much as can be used. */
STACK_INLINE unsigned long stack_room(void)
{
    return (unsigned long)((uintptr_t)stack_pointer() - (uintptr_t)stack_bottom);
}

#endif

/* Checks that this build of the model computes what the exporter computed.

   vectors.h holds inputs, and what must come out after learning from them. Exit status 0:
   every prediction and every learned bit is as expected; 1: the first that is not is named.
   On a Cortex-M (FF_BARE_METAL) the stack that the model used is printed too. */
#include "ff_model.h"
#include "vectors.h"

#ifdef FF_BARE_METAL
#include "semihosting.h"
#include "stack.h"
#define print semihosting_print
#else
#include <stdio.h>
#define print(text) ((void)fputs(text, stdout))
#endif

static void print_decimal(unsigned long number)
{
    char digits[24];
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = (char)('0' + number % 10u);
        number /= 10u;
    } while (number > 0u);
    print(first);
}

static void print_hex(uint32_t number)
{
    char digits[9];

    for (int place = 0; place < 8; place++) {
        digits[place] = "0123456789abcdef"[(number >> (28 - 4 * place)) & 15u];
    }
    digits[8] = '\0';
    print(digits);
}

#if FF_LEARNS
static void learn(void)
{
    ff_reset();
    for (unsigned step = 0; step < LEARN_STEPS; step++) {
        unsigned i = step % VECTORS;
        ff_learn(vector_x[i], (unsigned)vector_label[i]);
    }
}
#endif

/* Number of the first vector whose prediction is wrong; VECTORS if none is. */
static unsigned first_wrong(unsigned *found)
{
    for (unsigned i = 0; i < VECTORS; i++) {
        *found = ff_predict(vector_x[i]);
        if (*found != (unsigned)vector_predicted[i]) {
            return i;
        }
    }
    return VECTORS;
}

static int fail_digest(uint32_t found)
{
    print("error: state after ");
    print_decimal(LEARN_STEPS);
    print(" learning steps: expected digest ");
    print_hex((uint32_t)vector_digest);
    print(", got ");
    print_hex(found);
    print("; this build learns differently, try another compiler or -O1\n");
    return 1;
}

static int fail_prediction(unsigned i, unsigned found)
{
    print("error: vector ");
    print_decimal(i);
    print(": expected class ");
    print_decimal((unsigned long)vector_predicted[i]);
    print(", got ");
    print_decimal(found);
    print("; this build predicts differently, try another compiler or -O1\n");
    return 1;
}

#ifdef FF_BARE_METAL
static int report_stack(unsigned long used, unsigned long room)
{
    if (used == room) {
        print("error: stack: expected a model that leaves some of ");
        print_decimal(room);
        print(" bytes free, got none; link with a larger STACK_SIZE\n");
        return 1;
    }
    print("stack: ");
    print_decimal(used);
    print(" bytes\n");
    return 0;
}
#endif

static int report(uint32_t digest, unsigned wrong, unsigned found)
{
    if (digest != (uint32_t)vector_digest) {
        return fail_digest(digest);
    }
    if (wrong < VECTORS) {
        return fail_prediction(wrong, found);
    }
    print("ok: ");
    print_decimal(VECTORS);
    print(" predictions, digest ");
    print_hex(digest);
    print("\n");
    return 0;
}

int main(void)
{
    unsigned wrong, found = 0;
    uint32_t digest;

#ifdef FF_BARE_METAL
    stack_paint();
#endif
#if FF_LEARNS
    learn();
#else
    (void)vector_label;
#endif
    digest = ff_digest();
    wrong = first_wrong(&found);
#ifdef FF_BARE_METAL
    if (report_stack(stack_used(), stack_room()) != 0) {
        return 1;
    }
#endif
    return report(digest, wrong, found);
}

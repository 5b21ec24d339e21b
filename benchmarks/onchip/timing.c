/* Calls in a row, so that neither Python nor ctypes is in the time. */
#define _POSIX_C_SOURCE 199309L
#include <stdint.h>
#include <time.h>

typedef void learner(const int8_t *x, unsigned label);
typedef unsigned predictor(const int8_t *x);

/* Learn from samples; return the seconds of processor time it took. */
double seconds_of(learner *learn, const int8_t *x, const uint8_t *labels, unsigned count,
                  unsigned inputs)
{
    struct timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (unsigned i = 0; i < count; i++, x += inputs)
        learn(x, labels[i]);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* Learn in a given order. */
void learn_all(learner *learn, const int8_t *x, const uint8_t *labels, const uint32_t *order,
               unsigned count, unsigned inputs)
{
    for (unsigned i = 0; i < count; i++)
        learn(x + (uint64_t)order[i] * inputs, labels[order[i]]);
}

/* Return how many samples are classified rightly. */
unsigned right_of(predictor *predict, const int8_t *x, const uint8_t *labels, unsigned count,
                  unsigned inputs)
{
    unsigned right = 0;
    for (unsigned i = 0; i < count; i++, x += inputs)
        right += predict(x) == labels[i];
    return right;
}

/* Backpropagation in float32, one sample at a time: see backprop.h.
 *
 * Weights lie input by input, so that every inner loop runs along memory over the outputs
 * and vectorises without reordering a sum. A zero input, which a dead ReLU below is too,
 * needs neither its weights read nor its gradient: its whole row is passed over, forward
 * and backward. Backward, one pass over a row takes the gradient for the layer below and
 * updates the row, so each weight is read twice and written once per sample.
 */
#include "backprop.h"

#include <math.h>

#define TOGETHER 4 /* rows that one pass over the sums adds */
/* Sums that a product keeps apart for the vector unit. With 16 or fewer, gcc 12 unrolls the
 * inner loop first and then takes twice the time. */
#define LANES 32

static const uint16_t widths[BP_LAYERS + 1] = {BP_WIDTHS};

static float weight[BP_WEIGHTS];
static float bias[BP_UNITS];
static float activity[BP_INPUTS + BP_UNITS]; /* the scaled sample, then layer after layer */
static float delta[2][BP_WIDEST];            /* loss by sum: of this layer, of the one below */
static float rate = 0.01f;

/* ---- forward --------------------------------------------------------------------- */

static void prepare(const int8_t *x)
{
#if BP_NORMALISES
    int32_t squares = 0;
    for (unsigned i = 0; i < BP_INPUTS; i++)
        squares += x[i] * x[i];
    float factor = squares ? 1.0f / sqrtf((float)squares / (float)BP_INPUTS) : 0.0f;
#else
    float factor = 1.0f / 32.0f;
#endif
    for (unsigned i = 0; i < BP_INPUTS; i++)
        activity[i] = (float)x[i] * factor;
}

static void add_rows(float *restrict sum, const float *const rows[TOGETHER],
                     const float x[TOGETHER], unsigned count)
{
    const float *restrict a = rows[0], *restrict b = rows[1];
    const float *restrict c = rows[2], *restrict d = rows[3];
    float x_a = x[0], x_b = x[1], x_c = x[2], x_d = x[3];
    for (unsigned u = 0; u < count; u++)
        sum[u] += (a[u] * x_a + b[u] * x_b) + (c[u] * x_c + d[u] * x_d);
}

static void add_products(const float *from, const float *row, float *sum, unsigned inputs,
                         unsigned outputs)
{
    const float *rows[TOGETHER];
    float held[TOGETHER];
    unsigned count = 0;
    for (unsigned i = 0; i < inputs; i++, row += outputs) {
        if (BP_SKIPS && from[i] == 0.0f)
            continue;
        rows[count] = row;
        held[count++] = from[i];
        if (count == TOGETHER) {
            add_rows(sum, rows, held, outputs);
            count = 0;
        }
    }
    if (count == 0)
        return;
    for (; count < TOGETHER; count++) {
        rows[count] = rows[0];
        held[count] = 0.0f;
    }
    add_rows(sum, rows, held, outputs);
}

/* Fill `activity`; the last layer's part holds its sums, to which softmax belongs. */
static void forward(const int8_t *x)
{
    prepare(x);
    const float *row = weight, *from_bias = bias;
    float *from = activity;
    for (unsigned l = 0; l < BP_LAYERS; l++) {
        unsigned inputs = widths[l], outputs = widths[l + 1];
        float *to = from + inputs;
        for (unsigned u = 0; u < outputs; u++)
            to[u] = from_bias[u];
        add_products(from, row, to, inputs, outputs);
        if (l + 1 < BP_LAYERS)
            for (unsigned u = 0; u < outputs; u++)
                to[u] = to[u] > 0.0f ? to[u] : 0.0f;
        row += inputs * outputs;
        from_bias += outputs;
        from = to;
    }
}

unsigned bp_predict(const int8_t x[BP_INPUTS])
{
    forward(x);
    const float *score = activity + BP_INPUTS + BP_UNITS - BP_CLASSES;
    unsigned best = 0;
    for (unsigned k = 1; k < BP_CLASSES; k++)
        if (score[k] > score[best])
            best = k;
    return best;
}

/* ---- backward -------------------------------------------------------------------- */

/* Loss by score, times the step size, which then scales every update by itself. */
static void take_errors(const float *score, float *error, unsigned label)
{
    float most = score[0], sum = 0.0f;
    for (unsigned k = 1; k < BP_CLASSES; k++)
        if (score[k] > most)
            most = score[k];
    for (unsigned k = 0; k < BP_CLASSES; k++) {
        error[k] = expf(score[k] - most);
        sum += error[k];
    }
    for (unsigned k = 0; k < BP_CLASSES; k++)
        error[k] *= rate / sum;
    error[label] -= rate;
}

static void update_row(float *restrict row, float x, const float *restrict error,
                       unsigned count)
{
    for (unsigned u = 0; u < count; u++)
        row[u] -= x * error[u];
}

/* Update a row and return its product with the errors, from before the update. */
static float update_and_multiply(float *restrict row, float x, const float *restrict error,
                                 unsigned count)
{
    float part[LANES] = {0.0f}, sum = 0.0f;
    unsigned u = 0;
    for (; u + LANES <= count; u += LANES)
        for (unsigned lane = 0; lane < LANES; lane++)
            part[lane] += row[u + lane] * error[u + lane];
    for (unsigned rest = u; rest < count; rest++)
        sum += row[rest] * error[rest];
    for (unsigned lane = 0; lane < LANES; lane++)
        sum += part[lane];
    update_row(row, x, error, count);
    return sum;
}

void bp_learn(const int8_t x[BP_INPUTS], unsigned label)
{
    if (label >= BP_CLASSES)
        return;
    forward(x);
    float *error = delta[0], *below = delta[1];
    float *row = weight + BP_WEIGHTS, *own_bias = bias + BP_UNITS;
    const float *to = activity + BP_INPUTS + BP_UNITS - BP_CLASSES;
    take_errors(to, error, label);
    for (unsigned l = BP_LAYERS; l-- > 0;) {
        unsigned inputs = widths[l], outputs = widths[l + 1];
        const float *from = to - inputs;
        row -= inputs * outputs;
        own_bias -= outputs;
        update_row(own_bias, 1.0f, error, outputs);
        if (l == 0) {
            for (unsigned i = 0; i < inputs; i++)
                if (!BP_SKIPS || from[i] != 0.0f)
                    update_row(row + i * outputs, from[i], error, outputs);
            return;
        }
        for (unsigned i = 0; i < inputs; i++)
            below[i] = from[i] > 0.0f
                ? update_and_multiply(row + i * outputs, from[i], error, outputs)
                : 0.0f;
        float *swap = error;
        error = below;
        below = swap;
        to = from;
    }
}

/* ---- state ----------------------------------------------------------------------- */

/* SplitMix64 in counter form. */
static uint64_t draw(uint64_t key, uint64_t place)
{
    uint64_t z = key + (place + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void bp_reset(uint64_t seed)
{
    uint32_t at = 0;
    for (unsigned l = 0; l < BP_LAYERS; l++) {
        float bound = sqrtf(6.0f / (float)widths[l]);
        for (uint32_t end = at + (uint32_t)widths[l] * widths[l + 1]; at < end; at++)
            weight[at] = ((float)(draw(seed, at) >> 40) * 0x1p-23f - 1.0f) * bound;
    }
    for (unsigned u = 0; u < BP_UNITS; u++)
        bias[u] = 0.0f;
}

void bp_set_rate(float new_rate)
{
    rate = new_rate;
}

/* A multilayer perceptron that learns by backpropagation, one sample at a time, in float32.
 *
 * ReLU between layers, softmax and cross-entropy at the end, plain SGD. The calls are those
 * of a generated ff_model.h, so that the two can take turns in one program. The shape comes
 * from the compiler's command line:
 *
 *     -DBP_WIDTHS=784,200,100,10    input, hidden layers, classes
 *     -DBP_LAYERS=3                 layers of weights
 *     -DBP_WEIGHTS=177800           weights in all of them
 *     -DBP_UNITS=310                biases in all of them
 *     -DBP_INPUTS=784 -DBP_WIDEST=784 -DBP_CLASSES=10
 *     -DBP_NORMALISES=1             scale each sample to unit RMS, as the rival does
 *     -DBP_SKIPS=1                  pass over inputs that are zero
 */
#ifndef BACKPROP_H
#define BACKPROP_H

#include <stdint.h>

/* Return the class of highest probability, the first of equals. */
unsigned bp_predict(const int8_t x[BP_INPUTS]);

/* Learn from one sample. A label that is no class changes nothing. */
void bp_learn(const int8_t x[BP_INPUTS], unsigned label);

/* Draw new weights, uniform with variance 2 / inputs; biases become zero. */
void bp_reset(uint64_t seed);

/* Set the step size. */
void bp_set_rate(float rate);

#endif

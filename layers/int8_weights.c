/* SPDX-License-Identifier: MIT */
/* Symmetric rounding of weights with a scale an output channel.
 *
 * Rounding to the nearest makes each weight's error as small as it can be, but what counts is the error of
 * the sum of products. What is multiplied stands behind a ReLU: it is not below 0, and its mean is large
 * beside its deviation. So the errors of the weights, each times the mean of its input, add up to an error
 * that every pixel has, and that no later average removes. Where a kernel has several taps, those of one
 * input channel see values that hardly differ, and so their errors add up, too.
 *
 * Therefore sums are rounded first: the sum of each input channel's taps goes to the nearest integer or,
 * where it lies nearly between two and the errors of all channels, times their means, do not add up to 0, to
 * the other one. The taps then are rounded to the nearest, but for the few that make up the sum, which are
 * those that lie nearest to the other integer. It costs each weight next to nothing.
 *
 * A weight that is far larger than the others makes the steps wide for all. Of a few scales the one with the
 * least sum of squared errors is taken, where the largest weights are cut off: with one tap. With nine it
 * gained nothing. */
#define DNI_VECTOR_WIDTH 4
#include "layers/int8_weights.h"

#include "layers/kernels/vector.h"

#include <math.h>

enum { LARGEST = 127, BINS = 512, MOST_TAPS = 9 };

/* A channel that is smaller than this is taken for zeros, so that nothing overflows. */
static const float smallest = 0x1p-100f;

/* To the nearest integer, ties to even: beside 1.5 * 2^23 a float's last bit is 1. */
static float nearest(float x) {
    return x + 0x1.8p23f - 0x1.8p23f;
}

static float clamp(float x) {
    const float low = x < -LARGEST ? -LARGEST : x;
    return low > LARGEST ? LARGEST : low;
}

static float mean_of(const float *mean, size_t channel) {
    return mean ? mean[channel] : 1.0f;
}

/* ---- the scale ---- */

static float largest_of(const float *weight, size_t count) {
    float largest = 0.0f;
    for (size_t i = 0; i < count; i++) largest = fabsf(weight[i]) > largest ? fabsf(weight[i]) : largest;
    return largest;
}

/* The errors, in steps, of a vector of weights when the largest are cut off. */
static vec error_sizes(const float *weight, float inverse) {
    const vec x = vec_load(weight) * inverse;
    const vec size = (vec)((vec_mask)x & INT32_MAX), cut = -vec_max(-size, vec_all(-LARGEST));
    return size - (cut + 0x1.8p23f - 0x1.8p23f);
}

/* The sum of squared errors, in steps, each times the square of its input's mean: the deviation behind a ReLU
 * grows with the mean. */
static float squared_error(const float *weight, const float *mean, size_t count, float inverse) {
    vec sums = vec_zero();
    float sum = 0.0f;
    size_t i = 0;
    for (; i + VW <= count; i += VW) {
        const vec error = error_sizes(weight + i, inverse) * (mean ? vec_load(mean + i) : vec_all(1.0f));
        sums += error * error;
    }
    for (; i < count; i++) {
        const float x = weight[i] * inverse, error = (x - nearest(clamp(x))) * mean_of(mean, i);
        sum += error * error;
    }
    for (int lane = 0; lane < VW; lane++) sum += sums[lane];
    return sum;
}

/* The size of the weight that becomes 127. */
static float best_largest(const float *weight, const float *mean, size_t count, float largest) {
    static const float shares[] = {1.0f, 0.96f, 0.92f, 0.88f, 0.84f, 0.8f, 0.75f, 0.7f};
    float best = largest, least = INFINITY;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const float cut = largest * shares[i];
        const float error = squared_error(weight, mean, count, LARGEST / cut) * shares[i] * shares[i];
        if (error >= least) continue;
        least = error;
        best = cut;
    }
    return best;
}

/* ---- which sums go to the other integer ---- */

static float sum_of(const float *weight, size_t taps, float inverse) {
    float sum = 0.0f;
    for (size_t t = 0; t < taps; t++) sum += clamp(weight[t] * inverse);
    return sum;
}

/* The errors of the channels' sums, by size and sign: how much a change of those in a bin by one step
 * changes the weighted sum of all errors, which is `total`. */
typedef struct errors {
    double total, above[BINS], below[BINS];
} errors;

static void add_error(errors *all, float error, float mean) {
    const int bin = (int)(fabsf(error) * 2 * BINS);
    all->total += (double)error * (double)mean;
    (error > 0.0f ? all->above : all->below)[bin < BINS ? bin : BINS - 1] += (double)mean;
}

/* The error from which on sums are changed: so many that `total` is used up, the largest errors first. */
static float threshold(const double *bins, double total) {
    int bin = BINS;
    for (; bin > 1 && total > 0.5 * bins[bin - 1]; bin--) total -= bins[bin - 1];
    return (float)bin / (2 * BINS);
}

static void balance(dni_int8_rounding *r, const float *weight, const float *mean, size_t channels,
                    size_t taps) {
    errors all = {.total = 0.0};
    for (size_t c = 0; c < channels; c++) {
        const float sum = sum_of(weight + c * taps, taps, r->inverse);
        add_error(&all, sum - nearest(sum), mean_of(mean, c));
    }
    if (all.total > 0.0)
        r->up = threshold(all.above, all.total);
    else
        r->down = -threshold(all.below, -all.total);
}

dni_int8_rounding dni_int8_rounding_of(const float *weight, const float *mean, size_t channels, size_t taps) {
    dni_int8_rounding r = {.up = 1.0f, .down = -1.0f};
    float largest = largest_of(weight, channels * taps);
    if (largest < smallest) return r;
    if (taps == 1) largest = best_largest(weight, mean, channels, largest);
    r.scale = largest / LARGEST;
    r.inverse = LARGEST / largest;
    balance(&r, weight, mean, channels, taps);
    return r;
}

/* ---- the weights ---- */

/* The tap that takes a step in `direction` with the least additional error; taps: there is none. */
static size_t cheapest(const float *value, const float *integer, size_t taps, float direction) {
    size_t best = taps;
    float most = -INFINITY;
    for (size_t t = 0; t < taps; t++) {
        const float gain = (value[t] - integer[t]) * direction;
        if (gain <= most || integer[t] * direction >= LARGEST) continue;
        most = gain;
        best = t;
    }
    return best;
}

/* With one tap there is no other that could make up the sum. */
static int8_t round_one(const dni_int8_rounding *rounding, float weight) {
    const float value = clamp(weight * rounding->inverse), integer = nearest(value), error = value - integer;
    return (int8_t)clamp(integer + (error >= rounding->up ? 1.0f : error <= rounding->down ? -1.0f : 0.0f));
}

static void round_taps(const dni_int8_rounding *rounding, const float *weight, size_t taps, int8_t *rounded) {
    float value[MOST_TAPS], integer[MOST_TAPS], total = 0.0f;
    for (size_t t = 0; t < taps; t++) {
        value[t] = clamp(weight[t] * rounding->inverse);
        integer[t] = nearest(value[t]);
        total += integer[t];
    }
    const float sum = sum_of(weight, taps, rounding->inverse), error = sum - nearest(sum);
    const float wanted = nearest(sum) + (error >= rounding->up     ? 1.0f
                                         : error <= rounding->down ? -1.0f
                                                                   : 0.0f);
    const float direction = wanted > total ? 1.0f : -1.0f;
    for (; total != wanted; total += direction) {
        const size_t t = cheapest(value, integer, taps, direction);
        if (t == taps) break;
        integer[t] += direction;
    }
    for (size_t t = 0; t < taps; t++) rounded[t] = (int8_t)integer[t];
}

void dni_int8_round(const dni_int8_rounding *rounding, const float *weight, size_t taps, int8_t *rounded) {
    if (taps == 1)
        *rounded = round_one(rounding, *weight);
    else
        round_taps(rounding, weight, taps, rounded);
}

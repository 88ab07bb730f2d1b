/* SPDX-License-Identifier: MIT */
/* Symmetric rounding of weights: those of an output channel become integers of -127 to 127 with a common
 * scale.
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
 * The scale is searched (layers/kernels/int8_scale.h) where there is one tap. With nine it gained nothing.
 *
 * Every width of a vector gives the same integers. */
#ifndef DN_LAYERS_KERNELS_INT8_WEIGHTS_H
#define DN_LAYERS_KERNELS_INT8_WEIGHTS_H

#include "layers/kernels/int8_scale.h"

#include <stdbool.h>

enum { BINS = 512, MOST_TAPS = 9 };

/* Half as many floats as a vector has, and as many doubles. */
typedef float vec_half __attribute__((vector_size(DNI_VECTOR_WIDTH * 2)));
typedef double vec_double __attribute__((vector_size(DNI_VECTOR_WIDTH * 4)));

/* The weights of an output channel, (channels, taps), taps being at most MOST_TAPS. mean (channels): what is
 * expected of what they are multiplied by; NULL: all the same. */
typedef struct weight_row {
    const float *weight, *mean;
    size_t channels, taps;
} weight_row;

/* How they are rounded. */
typedef struct weight_rounding {
    float scale;   /* a weight is about scale * integer */
    float inverse; /* integers a unit; both are 0 where all weights are */
    float up,
        down; /* beyond these errors an input channel's sum goes to the integer that is not the nearest */
} weight_rounding;

DNI_INLINE vec clamp_weights(vec x) {
    return -vec_max(-vec_max(x, vec_all(-LARGEST_WEIGHT)), vec_all(-LARGEST_WEIGHT));
}

static inline float clamp_weight(float x) {
    const float low = x < -LARGEST_WEIGHT ? -LARGEST_WEIGHT : x;
    return low > LARGEST_WEIGHT ? LARGEST_WEIGHT : low;
}

static inline float nearest(float x) {
    return x + 0x1.8p23f - 0x1.8p23f;
}

static inline float largest_weight(const weight_row *row) {
    const size_t count = row->channels * row->taps, whole = count / VW * VW;
    vec largest = vec_zero();
    float most = 0.0f;
    for (size_t i = 0; i < whole; i += VW)
        largest = vec_max((vec)((vec_mask)vec_load(row->weight + i) & INT32_MAX), largest);
    for (size_t i = whole; i < count; i++) most = fmaxf(fabsf(row->weight[i]), most);
    for (int lane = 0; lane < VW; lane++) most = largest[lane] > most ? largest[lane] : most;
    return most;
}

/* ---- which sums go to the other integer ---- */

/* The sum of a channel's taps, in steps. */
static inline float sum_of(const float *weight, size_t taps, float inverse) {
    float sum = 0.0f;
    for (size_t t = 0; t < taps; t++) sum += clamp_weight(weight[t] * inverse);
    return sum;
}

/* Those of a vector of channels from c on; 0 for channels that there are not. */
DNI_INLINE vec sums_of(const weight_row *row, size_t c, float inverse) {
    if (row->taps == 1 && c + VW <= row->channels) return clamp_weights(vec_load(row->weight + c) * inverse);
    float sums[VW] = {0};
    for (size_t i = 0; i < VW && c + i < row->channels; i++)
        sums[i] = sum_of(row->weight + (c + i) * row->taps, row->taps, inverse);
    return vec_load(sums);
}

DNI_INLINE vec errors_of(const weight_row *row, size_t c, float inverse) {
    const vec sum = sums_of(row, c, inverse);
    return sum - vec_nearest(sum);
}

DNI_INLINE vec means_of(const weight_row *row, size_t c) {
    if (!row->mean) return vec_all(1.0f);
    if (c + VW <= row->channels) return vec_load(row->mean + c);
    float means[VW] = {0};
    memcpy(means, row->mean + c, (row->channels - c) * sizeof *means);
    return vec_load(means);
}

#if DNI_VECTOR_WIDTH == 16 /* what follows goes through memory in GCC 12 */
DNI_INLINE vec_double half_as_double(vec x, const int half) {
    return _mm512_cvtps_pd(half ? _mm512_extractf32x8_ps(x, 1) : _mm512_castps512_ps256(x));
}
#else
DNI_INLINE vec_double half_as_double(vec x, const int half) {
    vec_half floats;
    memcpy(&floats, (const char *)&x + (size_t)half * sizeof floats, sizeof floats);
    return __builtin_convertvector(floats, vec_double);
}
#endif

DNI_INLINE double sum_of_all(const vec_double halves[2]) {
    const vec_double sums = halves[0] + halves[1];
    double sum = 0.0;
    for (int lane = 0; lane < VW / 2; lane++) sum += sums[lane];
    return sum;
}

/* The sum of the channels' errors, each times its mean. */
DNI_INLINE double total_error(const weight_row *row, float inverse) {
    vec_double totals[2] = {{0}, {0}};
    for (size_t c = 0; c < row->channels; c += VW) {
        const vec error = errors_of(row, c, inverse), mean = means_of(row, c);
        DNI_UNROLL for (int half = 0; half < 2; half++) totals[half] +=
            half_as_double(error, half) * half_as_double(mean, half);
    }
    return sum_of_all(totals);
}

/* Adds, for each bin of errors from `from` on, what a change of its channels' sums by one step changes of the
 * total. direction: 1 for errors above 0, -1 for those below. */
DNI_INLINE void fill_bins(const weight_row *row, float inverse, float direction, int from, double *bins) {
    const vec least = vec_all((float)from / (2 * BINS));
    for (int bin = from; bin < BINS; bin++) bins[bin] = 0.0;
    for (size_t c = 0; c < row->channels; c += VW) {
        const vec error = errors_of(row, c, inverse) * direction;
        unsigned found = vec_bits(error >= least);
        if (!found) continue;
        float errors[VW], means[VW];
        vec_store(errors, error);
        vec_store(means, means_of(row, c));
        for (; found; found &= found - 1) {
            const int lane = __builtin_ctz(found), bin = (int)(errors[lane] * 2 * BINS);
            bins[bin < BINS ? bin : BINS - 1] += (double)means[lane];
        }
    }
}

/* The bins that are likely to do: errors being spread evenly, those of one side use up the total from
 * 0.5 - total / sum of means on. */
DNI_INLINE int likely_bins(const weight_row *row, double total) {
    vec_double sums[2] = {{0}, {0}};
    for (size_t c = 0; c < row->channels; c += VW) {
        const vec mean = means_of(row, c);
        DNI_UNROLL for (int half = 0; half < 2; half++) sums[half] += half_as_double(mean, half);
    }
    const double share = 3.0 * BINS * total / (sum_of_all(sums) + 0x1p-100);
    return share >= 0.0 && share < BINS - 2 ? 2 + (int)share : BINS - 1;
}

/* The size of error from which on sums are changed: so many that `total` is used up, the largest errors
 * first. Bins are filled as far as they are likely to be needed, and further only where that does not do. */
DNI_INLINE float threshold(const weight_row *row, float inverse, float direction, double total) {
    double bins[BINS];
    for (int filled = likely_bins(row, total);; filled = filled < BINS / 4 ? 4 * filled : BINS - 1) {
        const int from = BINS - filled;
        fill_bins(row, inverse, direction, from, bins);
        double left = total;
        int bin = BINS;
        for (; bin > from && left > 0.5 * bins[bin - 1]; bin--) left -= bins[bin - 1];
        if (bin > from || from == 1) return (float)bin / (2 * BINS);
    }
}

/* A channel whose weights are all smaller than 2^-100 is taken for zeros, so that nothing overflows. */
DNI_INLINE weight_rounding weight_rounding_of(const weight_row *row) {
    weight_rounding r = {.up = 1.0f, .down = -1.0f};
    float largest = largest_weight(row);
    if (largest < 0x1p-100f) return r;
    if (row->taps == 1) largest = best_largest(row->weight, row->mean, row->channels, largest);
    r.scale = largest / LARGEST_WEIGHT;
    r.inverse = LARGEST_WEIGHT / largest;
    const double total = total_error(row, r.inverse);
    if (total > 0.0)
        r.up = threshold(row, r.inverse, 1.0f, total);
    else
        r.down = -threshold(row, r.inverse, -1.0f, -total);
    return r;
}

/* ---- the weights ---- */

/* Integers of at most 127 in size, as bytes. */
DNI_INLINE void vec_store_bytes(int8_t *to, vec integers) {
#if defined(__AVX512F__) && DNI_VECTOR_WIDTH == 16
    _mm_storeu_si128((void *)to, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(integers)));
#elif defined(__AVX2__) && DNI_VECTOR_WIDTH == 8
    const __m256i wide = _mm256_cvtps_epi32(integers);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storel_epi64((void *)to, _mm_packs_epi16(words, words));
#else
    for (int i = 0; i < VW; i++) to[i] = (int8_t)integers[i];
#endif
}

/* VW weights of one tap each, which has no other that could make up the sum. */
DNI_INLINE void round_vector(const weight_rounding *rounding, const float *weight, int8_t *rounded) {
    const vec value = clamp_weights(vec_load(weight) * rounding->inverse), integer = vec_nearest(value);
    const vec error = value - integer, step = vec_all(1.0f);
    const vec up = (vec)((vec_mask)step & (error >= rounding->up));
    const vec down = (vec)((vec_mask)step & (error <= rounding->down));
    vec_store_bytes(rounded, clamp_weights(integer + up - down));
}

/* The tap that takes a step in `direction` with the least additional error; taps: there is none. */
static inline size_t cheapest(const float *value, const float *integer, size_t taps, float direction) {
    size_t best = taps;
    float most = -INFINITY;
    for (size_t t = 0; t < taps; t++) {
        const float gain = (value[t] - integer[t]) * direction;
        if (gain <= most || integer[t] * direction >= LARGEST_WEIGHT) continue;
        most = gain;
        best = t;
    }
    return best;
}

/* Those of one input channel, (taps). */
static inline void round_taps(const weight_rounding *rounding, const float *weight, size_t taps,
                              int8_t *rounded) {
    float value[MOST_TAPS], integer[MOST_TAPS], total = 0.0f;
    for (size_t t = 0; t < taps; t++) {
        value[t] = clamp_weight(weight[t] * rounding->inverse);
        integer[t] = nearest(value[t]);
        total += integer[t];
    }
    const float sum = sum_of(weight, taps, rounding->inverse), error = sum - nearest(sum);
    const float wanted = nearest(sum) + (error >= rounding->up     ? 1.0f
                                         : error <= rounding->down ? -1.0f
                                                                   : 0.0f);
    const float direction = wanted > total ? 1.0f : -1.0f;
    while (total != wanted) {
        const size_t t = cheapest(value, integer, taps, direction);
        if (t == taps) break;
        integer[t] += direction;
        total += direction;
    }
    for (size_t t = 0; t < taps; t++) rounded[t] = (int8_t)integer[t];
}

#endif

/* SPDX-License-Identifier: MIT */
/* Products of bytes, summed in 32-bit integers: what the int8 kernels share, for every tier.
 *
 * A pixel of a convolution's input, whose values are not below 0, is rounded to 0 .. 255 with a scale of its
 * own: its largest value becomes 255. The weights of an output channel are rounded to -127 .. 127 with a
 * scale of the channel's (layers/kernels/int8_weights.h). A sum of their products, times both scales, is the
 * result.
 * No picture is looked at beforehand, and what is rounded in one place depends on no other pixel: whatever
 * the batch, the range of rows and the number of threads, the bits are the same.
 *
 * A sum of K products is at most 255 * 127 * K in size, so that 32 bits hold it up to K = 66311, which is
 * MOST_CHANNELS. DenseNets have at most 2208. The sum is exact, in whatever order it is made.
 *
 * Values that lie side by side in depth, four of them or as many as a tier's instruction takes, are
 * multiplied in one step. They are called a quad here, and weights are packed by quads: (quad, output
 * channel of a block, DEPTH). With an OFFSET the sums begin with that times the sum of the weights, which
 * stands before them.
 *
 * The includer defines DNI_VECTOR_WIDTH, MICRO_ROWS and MICRO_VECTORS, as for microkernel.h. A tier gives:
 *
 *   DEPTH                         values in a quad
 *   OFFSET                        what a pixel's values in memory are too small by: 0 or 128
 *   int8_value                    such a value
 *   int8_sum                      sums of VW output channels of a pixel, in registers
 *   int8_line, int8_load_line()   a quad of VW output channels' weights
 *   int8_quad, int8_load_quad()   a quad of a pixel's values, as the line's counterpart
 *   int8_begin(), int8_add()      sums to begin with; the products of a quad and a line are added
 *   int8_total()                  the sums as floats
 *   int8_round()                  4 * VW floats to the nearest of 0 .. 255, ties to even; what is below 0, to
 * 0 */
#ifndef DN_LAYERS_KERNELS_INT8_H
#define DN_LAYERS_KERNELS_INT8_H

#include "layers/kernels/microkernel.h"

#include <string.h>

enum {
    STEP_VECTORS = 4,
    STEP = STEP_VECTORS * VW, /* channels that are rounded at once */
    MOST_CHANNELS = INT32_MAX / (255 * 127),
};

#if DNI_VECTOR_WIDTH == 16
#include "layers/kernels/int8_avx512vnni.h"
#elif defined(__AVXVNNI__) || defined(__AVX512VNNI__)
#include "layers/kernels/int8_avxvnni.h"
#elif defined(__AVX2__)
#include "layers/kernels/int8_avx2.h"
#elif defined(DNI_NEON)
#include "layers/kernels/int8_neondot.h"
#else
#include "layers/kernels/int8_portable.h"
#endif

/* Bytes before an output channel's weights. */
enum { START = OFFSET ? (int)sizeof(int32_t) : 0 };

/* `count` rounded up to whole steps. */
static inline int whole_steps(int count) {
    return (count + STEP - 1) / STEP * STEP;
}

static inline int quads_of(int channels) {
    return (channels + DEPTH - 1) / DEPTH;
}

/* Bytes of an output channel's weights over that many input channels, and of what its sum begins with. */
static inline size_t weights_size(int channels) {
    return START + (size_t)quads_of(channels) * DEPTH;
}

/* Puts the weights of `count` input channels from c on, both multiples of DEPTH, among those of a block of
 * `width` output channels, for number o of them. What stands before the block's weights was filled with
 * zeros. */
DNI_INLINE void put_weights(int8_t *block, int width, int o, int c, const int8_t *weight, const int count) {
    int8_t *to = block + START * width + (c / DEPTH * width + o) * DEPTH;
    for (int i = 0; i < count; i += DEPTH, to += width * DEPTH) memcpy(to, weight + i, DEPTH);
    if (START == 0) return;
    int32_t begin;
    memcpy(&begin, block + START * o, sizeof begin);
    for (int i = 0; i < count; i++) begin += OFFSET * weight[i];
    memcpy(block + START * o, &begin, sizeof begin);
}

/* The scale of a pixel by its largest value, and what its values are multiplied by before they are rounded.
 * Below 2^-100 all are taken for 0: nothing that is computed here overflows or becomes denormal. */
typedef struct pixel_scale {
    float scale, inverse;
} pixel_scale;

static inline pixel_scale scale_of(float largest) {
    if (!(largest > 0x1p-100f)) return (pixel_scale){0.0f, 0.0f};
    return (pixel_scale){largest / 255.0f, 255.0f / largest};
}

/* The largest number of a vector. */
DNI_INLINE float vec_largest(vec a) {
    float largest = a[0];
    for (int i = 1; i < VW; i++) largest = a[i] > largest ? a[i] : largest;
    return largest;
}

DNI_INLINE void int8_begin_all(int8_sum sum[][MICRO_VECTORS], const int8_t *b, const int rows,
                               const int vectors) {
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = int8_begin(b + j * VW * START);
    }
}

#if !defined(DNI_NEON)
/* sum (rows, vectors) = a (rows, quads) * b (quads, vectors * VW; dense). a[r] points to row r. rows and
 * vectors must be constants, so that every sum is a register. */
DNI_INLINE void int8_micro_kernel(int8_sum sum[][MICRO_VECTORS], const int8_value *const *a, const int8_t *b,
                                  int quads, const int rows, const int vectors) {
    int8_begin_all(sum, b, rows, vectors);
    b += vectors * VW * START;
    DEPTH_LOOP for (int k = 0; k < quads * DEPTH; k += DEPTH, b += vectors * VW * DEPTH) {
        int8_line line[MICRO_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = int8_load_line(b + j * VW * DEPTH);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const int8_quad quad = int8_load_quad(a[r] + k);
            DNI_UNROLL for (int j = 0; j < vectors; j++) int8_add(&sum[r][j], quad, line[j]);
        }
    }
}
#else
/* The same. NEON multiplies by one lane of a vector: one of each row holds four quads. */
DNI_INLINE void int8_micro_kernel(int8_sum sum[][MICRO_VECTORS], const int8_value *const *a, const int8_t *b,
                                  int quads, const int rows, const int vectors) {
    int8_begin_all(sum, b, rows, vectors);
    b += vectors * VW * START;
    const int whole = quads / INT8_LANES * INT8_LANES;
    DEPTH_LOOP for (int k = 0; k < whole * DEPTH; k += INT8_LANES * DEPTH) {
        int8_quad quad[MICRO_ROWS];
        DNI_UNROLL for (int r = 0; r < rows; r++) quad[r] = int8_load_quads(a[r] + k);
        DNI_UNROLL for (int lane = 0; lane < INT8_LANES; lane++, b += vectors * VW * DEPTH)
            int8_add_line(sum, quad, b, lane, rows, vectors);
    }
    DEPTH_LOOP for (int k = whole * DEPTH; k < quads * DEPTH; k += DEPTH, b += vectors * VW * DEPTH) {
        int8_quad quad[MICRO_ROWS];
        DNI_UNROLL for (int r = 0; r < rows; r++) quad[r] = int8_load_quad(a[r] + k);
        int8_add_line(sum, quad, b, 0, rows, vectors);
    }
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* Products of bytes, summed in 32-bit integers: what the int8 kernels share, for every tier.
 *
 * A pixel of a convolution's input, whose values are not below 0, is rounded to 0 .. 255 with a scale of its
 * own: its largest value becomes 255. The weights of an output channel are rounded to -127 .. 127 with a
 * scale of the channel's (layers/int8_weights.h). A sum of their products, times both scales, is the result.
 * No picture is looked at beforehand, and what is rounded in one place depends on no other pixel: whatever
 * the batch, the range of rows and the number of threads, the bits are the same.
 *
 * A sum of K products is at most 255 * 127 * K in size, so that 32 bits hold it up to K = 66311, which is
 * MOST_CHANNELS. DenseNets have at most 2208. The sum is exact, in whatever order it is made.
 *
 * Bytes that lie side by side in depth, four of them, are multiplied in one step. So weights are packed by
 * quads of depth: (quad, output channel of a block, 4).
 *
 * The includer defines DNI_VECTOR_WIDTH, MICRO_ROWS and MICRO_VECTORS, as for microkernel.h. A tier gives:
 *
 *   int8_sum                      sums of VW output channels of a pixel, in registers
 *   int8_line, int8_load_line()   a quad of VW output channels' weights
 *   int8_quad, int8_load_quad()   a quad of a pixel's values, as the line's counterpart
 *   int8_zero(), int8_add()       sums of nothing; the products of a quad and a line are added
 *   int8_total()                  the sums as floats
 *   int8_round()                  4 * VW floats to the nearest of 0 .. 255, ties to even */
#ifndef DN_LAYERS_KERNELS_INT8_H
#define DN_LAYERS_KERNELS_INT8_H

#include "layers/kernels/microkernel.h"

#include <string.h>

enum {
    DEPTH = 4,         /* bytes in a quad */
    STEP = DEPTH * VW, /* channels that are rounded at once */
    MOST_CHANNELS = INT32_MAX / (255 * 127),
};

#if defined(__AVX512VNNI__)
#include "layers/kernels/int8_avx512vnni.h"
#else
#include "layers/kernels/int8_portable.h"
#endif

/* `count` rounded up to whole steps. */
static inline int whole_steps(int count) {
    return (count + STEP - 1) / STEP * STEP;
}

static inline int quads_of(int channels) {
    return (channels + DEPTH - 1) / DEPTH;
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

/* sum (rows, vectors) += a (rows, quads) * b (quads, vectors * VW; dense). a[r] points to row r. rows and
 * vectors must be constants, so that every sum is a register. */
DNI_INLINE void int8_micro_kernel(int8_sum sum[][MICRO_VECTORS], const uint8_t *const *a, const int8_t *b,
                                  int quads, const int rows, const int vectors) {
    DEPTH_LOOP for (int k = 0; k < quads * DEPTH; k += DEPTH, b += vectors * STEP) {
        int8_line line[MICRO_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = int8_load_line(b + j * STEP);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const int8_quad quad = int8_load_quad(a[r] + k);
            DNI_UNROLL for (int j = 0; j < vectors; j++) int8_add(&sum[r][j], quad, line[j]);
        }
    }
}

#endif

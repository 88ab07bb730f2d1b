/* SPDX-License-Identifier: MIT */
/* The micro-kernel: the innermost loop of every float32 matrix product here.
 *
 * A product of matrices is cut into register tiles: blocks of the result whose sums stay in registers while
 * the micro-kernel runs over the depth. A register tile has MICRO_ROWS rows or fewer (pixels, or Winograd's
 * tiles) and MICRO_VECTORS vectors of output channels or fewer.
 *
 * The includer defines DNI_VECTOR_WIDTH and MICRO_VECTORS. */
#ifndef DN_LAYERS_KERNELS_MICROKERNEL_H
#define DN_LAYERS_KERNELS_MICROKERNEL_H

#include "layers/kernels/vector.h"

/* The output channels, counted in vectors, are divided into the fewest blocks of at most MICRO_VECTORS
 * vectors, whose sizes are as equal as possible: how many blocks there are, and the first vector of block
 * i. */
static inline int blocks_of(int vectors) {
    return (vectors + MICRO_VECTORS - 1) / MICRO_VECTORS;
}

static inline int first_vector_of(int vectors, int i) {
    return vectors * i / blocks_of(vectors);
}

/* Unrolling the loop over depth makes compilers spill sums where there are 16 vector registers, so it stays a
 * loop there. With the 32 of AVX-512 it may be unrolled, which saves the loop counter. */
#if DNI_VECTOR_WIDTH < 16
#define DEPTH_LOOP DNI_KEEP_LOOP
#else
#define DEPTH_LOOP
#endif

/* sum (rows, vectors * VW) += a (rows, depth; `stride` floats from row to row) * b (depth, vectors * VW;
 * dense).
 *
 * rows and vectors must be constants, so that every sum is a register. One step of depth is then `vectors`
 * loads, `rows` broadcasts and rows * vectors multiply-adds. Each sum adds its products in the order of
 * depth, whatever the size of the register tile. */
DNI_INLINE void micro_kernel(vec sum[][MICRO_VECTORS], const float *a, size_t stride, const float *b,
                             int depth, const int rows, const int vectors) {
    DEPTH_LOOP for (int k = 0; k < depth; k++, b += vectors * VW) {
        vec line[MICRO_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = vec_load(b + j * VW);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const vec factor = vec_all(a[(size_t)r * stride + (size_t)k]);
            DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_fma(factor, line[j], sum[r][j]);
        }
    }
}

#endif

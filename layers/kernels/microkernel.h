/* SPDX-License-Identifier: MIT */
/* The micro-kernel: the innermost loop of every float32 matrix product here.
 *
 * A product of matrices is cut into register tiles: blocks of the result whose sums stay in registers while
 * the micro-kernel runs over the depth. A register tile has MICRO_ROWS rows or fewer (pixels, or Winograd's
 * tiles) and MICRO_VECTORS vectors of output channels or fewer.
 *
 * The includer defines DNI_VECTOR_WIDTH and MICRO_VECTORS; with DNI_NEON also MICRO_ROWS. */
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

/* Unrolling the loop over depth makes compilers spill sums where there are 16 vector registers, or where the
 * register tile leaves none of 32 (NEON), so it stays a loop there. With AVX-512 it may be unrolled, which
 * saves the loop counter. */
#if DNI_VECTOR_WIDTH < 16
#define DEPTH_LOOP DNI_KEEP_LOOP
#else
#define DEPTH_LOOP
#endif

#if defined(DNI_NEON)
/* NEON multiplies a vector by one lane of another. So a vector of each row of a is loaded and serves VW steps
 * of depth, where other tiers broadcast a number in each step. Does the whole vectors of depth, and returns
 * how many steps these are. */
DNI_INLINE int multiply_by_lanes(vec sum[][MICRO_VECTORS], const float *a, size_t stride, const float *b,
                                 int depth, const int rows, const int vectors) {
    int k = 0;
    DEPTH_LOOP for (; k + VW <= depth; k += VW) {
        vec factor[MICRO_ROWS];
        DNI_UNROLL for (int r = 0; r < rows; r++) factor[r] = vec_load(a + (size_t)r * stride + (size_t)k);
        DNI_UNROLL for (int lane = 0; lane < VW; lane++, b += vectors * VW) {
            vec line[MICRO_VECTORS];
            vec_load_fence();
            DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = vec_load(b + j * VW);
            DNI_UNROLL for (int r = 0; r < rows; r++) {
                DNI_UNROLL for (int j = 0; j < vectors; j++) {
                    sum[r][j] = vec_fma_lane(factor[r], lane, line[j], sum[r][j]);
                }
            }
        }
    }
    return k;
}
#endif

/* sum (rows, vectors * VW) += a (rows, depth; `stride` floats from row to row) * b (depth, vectors * VW;
 * dense).
 *
 * rows and vectors must be constants, so that every sum is a register. One step of depth is then `vectors`
 * loads, `rows` broadcasts and rows * vectors multiply-adds. Each sum adds its products in the order of
 * depth, whatever the size of the register tile. */
DNI_INLINE void micro_kernel(vec sum[][MICRO_VECTORS], const float *a, size_t stride, const float *b,
                             int depth, const int rows, const int vectors) {
    int done = 0;
#if defined(DNI_NEON)
    done = multiply_by_lanes(sum, a, stride, b, depth, rows, vectors);
    b += done * vectors * VW;
#endif
    DEPTH_LOOP for (int k = done; k < depth; k++, b += vectors * VW) {
        vec line[MICRO_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = vec_load(b + j * VW);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const vec factor = vec_all(a[(size_t)r * stride + (size_t)k]);
            DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_fma(factor, line[j], sum[r][j]);
        }
    }
}

#endif

/* The innermost loop of every matrix product here: a tile of sums that stays in registers.
 *
 * The includer defines DNI_VECTOR_WIDTH and TILE_VECTORS, the most vectors a row of the tile has. */
#ifndef DN_LAYERS_TILE_H
#define DN_LAYERS_TILE_H

#include "layers/kernels/vector.h"

/* Output channels, counted in vectors, are divided into blocks of TILE_VECTORS at most, which differ by one
 * vector at most: how many blocks, and the first vector of block i. */
static inline int tile_blocks(int vectors) {
    return (vectors + TILE_VECTORS - 1) / TILE_VECTORS;
}

static inline int tile_block_start(int vectors, int i) {
    return vectors * i / tile_blocks(vectors);
}

/* With 16 registers, steps that are unrolled make the compiler move sums about; with 32 they do not, and save the
 * counting. */
#if DNI_VECTOR_WIDTH < 16
#define TILE_STEPS DNI_KEEP_LOOP
#else
#define TILE_STEPS
#endif

/* sum (rows, vectors * VW) += a (rows, depth; `stride` floats a row) * b (depth, vectors * VW; dense).
 *
 * rows and vectors must be constants, so that every sum is a register: then one step of depth is `vectors`
 * loads, `rows` broadcasts and rows * vectors multiply-adds. Each sum adds its products in the order of
 * depth, whatever the tile's size. */
DNI_INLINE void tile_multiply(vec sum[][TILE_VECTORS], const float *a, size_t stride, const float *b,
                              int depth, const int rows, const int vectors) {
    TILE_STEPS for (int k = 0; k < depth; k++, b += vectors * VW) {
        vec line[TILE_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = vec_load(b + j * VW);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const vec factor = vec_all(a[(size_t)r * stride + (size_t)k]);
            DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_fma(factor, line[j], sum[r][j]);
        }
    }
}

#endif

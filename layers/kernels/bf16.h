/* SPDX-License-Identifier: MIT */
/* Products of bfloat16 numbers, summed in float32 with AVX512-BF16: for files whose name ends in _avx512bf16.
 *
 * The includer defines DNI_VECTOR_WIDTH as 16, and MICRO_VECTORS.
 *
 * A bfloat16 number is the upper half of a float32 number: its sign, its exponent and 7 bits of its fraction.
 * Rounding to it has a relative error of at most 2^-8. The instruction VDPBF16PS multiplies two pairs of
 * numbers and adds both products to a float32 sum, for each of sixteen sums, in the time of one float32
 * multiply-add, which is half as many products. It takes denormal numbers for zero. Both operands hold pairs
 * of neighbours in depth, the first one in the lower half of 32 bits; an odd depth is filled up with a
 * zero. */
#ifndef DN_LAYERS_KERNELS_BF16_H
#define DN_LAYERS_KERNELS_BF16_H

#include "layers/kernels/microkernel.h"

#include <string.h>

typedef uint32_t bf16_pair;

/* Sixteen pairs of a number of `first` and one of `second`. */
DNI_INLINE void bf16_store_pairs(bf16_pair *to, vec first, vec second) {
    const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
    const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

/* Rounds 32 floats, neighbours in depth, to 16 pairs. */
DNI_INLINE void bf16_store(bf16_pair *to, vec first, vec second) {
    _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}

/* Rounds sixteen floats to eight pairs. */
DNI_INLINE void bf16_store_half(bf16_pair *to, vec values) {
    _mm256_storeu_si256((void *)to, (__m256i)_mm512_cvtneps_pbh(values));
}

/* micro_kernel() over pairs: a (rows, pairs; `stride` pairs from row to row), b (pairs, vectors * VW;
 * dense). */
DNI_INLINE void bf16_micro_kernel(vec sum[][MICRO_VECTORS], const bf16_pair *a, size_t stride,
                                  const bf16_pair *b, int pairs, const int rows, const int vectors) {
    for (int k = 0; k < pairs; k++, b += vectors * VW) {
        __m512bh line[MICRO_VECTORS];
        DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = (__m512bh)_mm512_loadu_si512(b + j * VW);
        DNI_UNROLL for (int r = 0; r < rows; r++) {
            const __m512bh factor = (__m512bh)_mm512_set1_epi32((int)a[(size_t)r * stride + (size_t)k]);
            DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
                _mm512_dpbf16_ps(sum[r][j], factor, line[j]);
        }
    }
}

#endif

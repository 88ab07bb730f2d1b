/* SPDX-License-Identifier: MIT */
/* int8.h's operations by AVX2: bytes are widened to 16 bits, and VPMADDWD multiplies a pair of them by
 * another pair and adds the two products to a 32-bit number, for eight output channels. With the addition to
 * the sum that is two instructions for 16 products, where a float32 multiply-add is one for 8.
 *
 * Nothing saturates, since a pair's products are at most 2 * 255 * 127. VPMADDUBSW, which multiplies bytes as
 * they are, adds two such products in 16 bits and saturates at 32767, unless pixels had seven bits.
 *
 * A quad is a pair. Pixels are widened when they are rounded, so that a pair is broadcast by its load alone;
 * weights when they are loaded, by the load's instruction, so that they stay bytes in memory. */
#ifndef DN_LAYERS_KERNELS_INT8_AVX2_H
#define DN_LAYERS_KERNELS_INT8_AVX2_H

#include "layers/kernels/vector.h"

#include <string.h>

enum { DEPTH = 2, OFFSET = 0 };

typedef uint16_t int8_value;
typedef __m256i int8_sum, int8_line, int8_quad;

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    (void)from;
    return _mm256_setzero_si256();
}

DNI_INLINE int8_line int8_load_line(const int8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)from));
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    int32_t two;
    memcpy(&two, from, sizeof two);
    return _mm256_set1_epi32(two);
}

/* Written as intrinsics, GCC 12 makes all products before it adds one, and keeps the sums in memory. */
DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, int8_line line) {
    __m256i products;
    __asm__("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(*sum), "=x"(products) : "x"(quad), "x"(line));
}

DNI_INLINE vec int8_total(int8_sum sum) {
    return _mm256_cvtepi32_ps(sum);
}

/* Packing takes numbers below 0 for 0, and does so in each half of its operands. */
DNI_INLINE void int8_round_two(int8_value *to, vec a, vec b) {
    const __m256i halves = _mm256_packus_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
    _mm256_storeu_si256((void *)to, _mm256_permute4x64_epi64(halves, _MM_SHUFFLE(3, 1, 2, 0)));
}

DNI_INLINE void int8_round(int8_value *to, vec a, vec b, vec c, vec d) {
    int8_round_two(to, a, b);
    int8_round_two(to + 2 * VW, c, d);
}

#endif

/* SPDX-License-Identifier: MIT */
/* int8.h's operations by VPDPBUSD in 256 bits: AVX-VNNI, or AVX512-VNNI with AVX512-VL, whose code it is in
 * another encoding. The product is that of int8_avx512vnni.h. */
#ifndef DN_LAYERS_KERNELS_INT8_AVXVNNI_H
#define DN_LAYERS_KERNELS_INT8_AVXVNNI_H

#include "layers/kernels/vector.h"

#include <string.h>

enum { DEPTH = 4, OFFSET = 0 };

typedef uint8_t int8_value;
typedef __m256i int8_sum, int8_line, int8_quad;

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    (void)from;
    return _mm256_setzero_si256();
}

DNI_INLINE int8_line int8_load_line(const int8_t *from) {
    return _mm256_loadu_si256((const void *)from);
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    return _mm256_set1_epi32(four);
}

/* Written as an intrinsic, GCC 12 keeps the sums in memory, at half the rate. */
DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, int8_line line) {
#if defined(__AVXVNNI__)
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(*sum) : "x"(quad), "x"(line));
#else
    __asm__("vpdpbusd %2, %1, %0" : "+x"(*sum) : "x"(quad), "x"(line));
#endif
}

DNI_INLINE vec int8_total(int8_sum sum) {
    return _mm256_cvtepi32_ps(sum);
}

/* Packing saturates at both ends, so that numbers below 0 become 0, but it does so in each half of its
 * operands. */
DNI_INLINE void int8_round(int8_value *to, vec a, vec b, vec c, vec d) {
    const __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
    const __m256i high = _mm256_packs_epi32(_mm256_cvtps_epi32(c), _mm256_cvtps_epi32(d));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256((void *)to, _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order));
}

#endif

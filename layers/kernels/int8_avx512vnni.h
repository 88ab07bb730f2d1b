/* SPDX-License-Identifier: MIT */
/* int8.h's operations by AVX512-VNNI: VPDPBUSD multiplies a quad of unsigned bytes by one of signed bytes
 * and adds the four products to a 32-bit sum, for each of sixteen sums, in the time of one float32
 * multiply-add. */
#ifndef DN_LAYERS_KERNELS_INT8_AVX512VNNI_H
#define DN_LAYERS_KERNELS_INT8_AVX512VNNI_H

#include "layers/kernels/vector.h"

#include <string.h>

enum { DEPTH = 4, OFFSET = 0 };

typedef uint8_t int8_value;
typedef __m512i int8_sum, int8_line, int8_quad;

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    (void)from;
    return _mm512_setzero_si512();
}

DNI_INLINE int8_line int8_load_line(const int8_t *from) {
    return _mm512_loadu_si512(from);
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    return _mm512_set1_epi32(four);
}

/* Written as an intrinsic, GCC 12 keeps the sums in memory, at half the rate. */
DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, int8_line line) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(quad), "v"(line));
}

DNI_INLINE vec int8_total(int8_sum sum) {
    return _mm512_cvtepi32_ps(sum);
}

/* Packing saturates at both ends, so that numbers below 0 become 0, but it does so in each quarter of its
 * operands. */
DNI_INLINE void int8_round(int8_value *to, vec a, vec b, vec c, vec d) {
    const __m512i low = _mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b));
    const __m512i high = _mm512_packs_epi32(_mm512_cvtps_epi32(c), _mm512_cvtps_epi32(d));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
}

#endif

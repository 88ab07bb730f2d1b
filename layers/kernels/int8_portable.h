/* SPDX-License-Identifier: MIT */
/* int8.h's operations in plain GNU C, with SSE2's product of 16-bit pairs (PMADDWD) where the baseline has
 * it: C has no operator for that. The vector width is 4. */
#ifndef DN_LAYERS_KERNELS_INT8_PORTABLE_H
#define DN_LAYERS_KERNELS_INT8_PORTABLE_H

#include "layers/kernels/vector.h"

#include <string.h>

enum { DEPTH = 4, OFFSET = 0 };

typedef uint8_t int8_value;
typedef int32_t int8_ints __attribute__((vector_size(DNI_VECTOR_WIDTH * 4)));

#if defined(__SSE2__)
#include <emmintrin.h>

/* 16-bit numbers, by output channel and depth: those of channels 0 and 1, and of 2 and 3. */
typedef struct int8_line {
    __m128i first, second;
} int8_line;

/* Of each channel the products of depths 0 and 1, and those of 2 and 3. */
typedef struct int8_sum {
    __m128i first, second;
} int8_sum;

typedef __m128i int8_quad; /* 16-bit numbers, twice */

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    (void)from;
    return (int8_sum){_mm_setzero_si128(), _mm_setzero_si128()};
}

DNI_INLINE int8_line int8_load_line(const int8_t *from) {
    const __m128i bytes = _mm_loadu_si128((const void *)from);
    return (int8_line){_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8),
                       _mm_srai_epi16(_mm_unpackhi_epi8(bytes, bytes), 8)};
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    const __m128i once = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), _mm_setzero_si128());
    return _mm_unpacklo_epi64(once, once);
}

DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, int8_line line) {
    sum->first = _mm_add_epi32(sum->first, _mm_madd_epi16(quad, line.first));
    sum->second = _mm_add_epi32(sum->second, _mm_madd_epi16(quad, line.second));
}

DNI_INLINE vec int8_total(int8_sum sum) {
    const __m128 first = _mm_castsi128_ps(sum.first), second = _mm_castsi128_ps(sum.second);
    const __m128 even = _mm_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0));
    const __m128 odd = _mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1));
    return _mm_cvtepi32_ps(_mm_add_epi32(_mm_castps_si128(even), _mm_castps_si128(odd)));
}
#else
typedef int8_ints int8_sum;

typedef struct int8_line {
    int8_ints depth[4];
} int8_line;

typedef struct int8_quad {
    int32_t depth[4];
} int8_quad;

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    (void)from;
    return (int8_sum){0};
}

DNI_INLINE int8_line int8_load_line(const int8_t *from) {
    int8_line line;
    DNI_UNROLL for (int d = 0; d < 4; d++) line.depth[d] =
        (int8_ints){from[d], from[4 + d], from[8 + d], from[12 + d]};
    return line;
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    return (int8_quad){{from[0], from[1], from[2], from[3]}};
}

DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, int8_line line) {
    DNI_UNROLL for (int d = 0; d < 4; d++) *sum += line.depth[d] * quad.depth[d];
}

DNI_INLINE vec int8_total(int8_sum sum) {
    return __builtin_convertvector(sum, vec);
}
#endif

/* Beside 1.5 * 2^23 a float's last bit is 1, and adding rounds to it. */
DNI_INLINE void int8_round_one(int8_value *to, vec a) {
    const float large = 0x1.8p23f;
    const int8_ints rounded = (int8_ints)(vec_relu(a) + large) - (int8_ints)vec_all(large);
    DNI_UNROLL for (int i = 0; i < VW; i++) to[i] = (int8_value)rounded[i];
}

DNI_INLINE void int8_round(int8_value *to, vec a, vec b, vec c, vec d) {
    int8_round_one(to, a);
    int8_round_one(to + VW, b);
    int8_round_one(to + 2 * VW, c);
    int8_round_one(to + 3 * VW, d);
}

#endif

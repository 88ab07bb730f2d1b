/* SPDX-License-Identifier: MIT */
/* int8.h's operations by NEON's dot product of signed bytes (SDOT, FEAT_DotProd): four products are added to
 * a 32-bit sum, for each of four output channels, in the time of one float32 multiply-add.
 *
 * Pixels are unsigned. They are stored less 128, and 128 times the sum of the weights is what a sum begins
 * with. The product of unsigned by signed bytes (USDOT, FEAT_I8MM) would need neither, but is in fewer CPUs.
 * */
#ifndef DN_LAYERS_KERNELS_INT8_NEONDOT_H
#define DN_LAYERS_KERNELS_INT8_NEONDOT_H

#include "layers/kernels/vector.h"

#include <string.h>

enum { DEPTH = 4, OFFSET = 128, INT8_LANES = 4 };

typedef uint8_t int8_value;
typedef int32x4_t int8_sum;
typedef int8x16_t int8_line, int8_quad; /* a quad is one lane of its vector */

DNI_INLINE int8_sum int8_begin(const int8_t *from) {
    return vreinterpretq_s32_s8(vld1q_s8(from));
}

DNI_INLINE int8_quad int8_load_quads(const int8_value *from) {
    return vreinterpretq_s8_u8(vld1q_u8(from));
}

DNI_INLINE int8_quad int8_load_quad(const int8_value *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

/* Written as an intrinsic, GCC 12 gives the sum another register, as with vec_fma_lane(). */
DNI_INLINE void int8_add(int8_sum *sum, int8_quad quad, const int lane, int8_line line) {
#if defined(DNI_ROLLED)
    const int32x4_t one = vdupq_n_s32(vreinterpretq_s32_s8(quad)[lane]);
    *sum = vdotq_s32(*sum, line, vreinterpretq_s8_s32(one));
#else
    __asm__("sdot %0.4s, %1.16b, %2.4b[%3]" : "+w"(*sum) : "w"(line), "w"(quad), "i"(lane));
#endif
}

/* The products of one lane of each row's quads and a line of each vector, from b on. */
DNI_INLINE void int8_add_line(int8_sum sum[][MICRO_VECTORS], const int8_quad *quad, const int8_t *b,
                              const int lane, const int rows, const int vectors) {
    int8_line line[MICRO_VECTORS];
    vec_load_fence();
    DNI_UNROLL for (int j = 0; j < vectors; j++) line[j] = vld1q_s8(b + j * VW * DEPTH);
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) int8_add(&sum[r][j], quad[r], lane, line[j]);
    }
}

DNI_INLINE vec int8_total(int8_sum sum) {
    return vcvtq_f32_s32(sum);
}

/* Narrowing saturates at both ends, so that numbers below 0 become 0. */
DNI_INLINE void int8_round(int8_value *to, vec a, vec b, vec c, vec d) {
    const int16x8_t low = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(a)), vqmovn_s32(vcvtnq_s32_f32(b)));
    const int16x8_t high = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(c)), vqmovn_s32(vcvtnq_s32_f32(d)));
    const uint8x16_t bytes = vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
    vst1q_u8(to, veorq_u8(bytes, vdupq_n_u8(OFFSET)));
}

#endif

/* SPDX-License-Identifier: MIT */
/* Vectors of floats in GNU C, so that one kernel source serves every vector width.
 *
 * The includer defines DNI_VECTOR_WIDTH, the number of floats in a vector: 4, 8 or 16. The arithmetic is
 * written with the compiler's vector types, on every CPU. Only what C has no operator for is written with an
 * intrinsic, where the file's instruction set has one.
 *
 * A kernel for NEON also defines DNI_NEON: every CPU with AArch64 has it, so the compiler's macros do not
 * tell such a file from a portable one. Portable kernels use no intrinsics there, and their results have the
 * same bits on all architectures. */
#ifndef DN_LAYERS_KERNELS_VECTOR_H
#define DN_LAYERS_KERNELS_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#if defined(DNI_NEON)
#include <arm_neon.h>
#elif defined(__FMA__)
#include <immintrin.h>
#endif

#define DNI_INLINE static inline __attribute__((always_inline))

/* Before a function whose loops need all registers: inlined, it would share them with its caller. */
#define DNI_APART __attribute__((noinline)) static

/* DNI_UNROLL stands before a loop over registers: its count is a constant, and it must be unrolled whole,
 * because registers cannot be indexed. DNI_KEEP_LOOP stands before a loop that must not be unrolled.
 * DNI_ROLLED keeps all loops: with a sanitizer's checks in them compilers take minutes for a file. */
#if defined(DNI_ROLLED)
#define DNI_UNROLL
#define DNI_KEEP_LOOP
#elif defined(__clang__)
#define DNI_UNROLL    _Pragma("clang loop unroll(full)")
#define DNI_KEEP_LOOP _Pragma("clang loop unroll(disable)")
#else
#define DNI_UNROLL    _Pragma("GCC unroll 64")
#define DNI_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

enum { VW = DNI_VECTOR_WIDTH };

typedef float vec __attribute__((vector_size(DNI_VECTOR_WIDTH * 4)));
typedef int32_t vec_mask __attribute__((vector_size(DNI_VECTOR_WIDTH * 4)));
/* A vector in memory, at any address that a float may have. */
typedef float vec_memory __attribute__((vector_size(DNI_VECTOR_WIDTH * 4), aligned(4), may_alias));

DNI_INLINE vec vec_load(const float *from) {
    return *(const vec_memory *)from;
}

DNI_INLINE void vec_store(float *to, vec value) {
    *(vec_memory *)to = value;
}

DNI_INLINE vec vec_zero(void) {
    return (vec){0};
}

DNI_INLINE vec vec_all(float value) {
    return value - vec_zero();
}

/* What C has no operator for: a * b + c, rounded once where the instruction set has a fused multiply-add, and
 * the larger of two numbers. */
#if defined(__AVX512F__) && DNI_VECTOR_WIDTH == 16
DNI_INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}

DNI_INLINE vec vec_max(vec a, vec b) {
    return _mm512_max_ps(a, b);
}
#elif defined(__FMA__) && DNI_VECTOR_WIDTH == 8
DNI_INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}

DNI_INLINE vec vec_max(vec a, vec b) {
    return _mm256_max_ps(a, b);
}
#elif defined(DNI_NEON)
DNI_INLINE vec vec_fma(vec a, vec b, vec c) {
    return vfmaq_f32(c, a, b);
}

DNI_INLINE vec vec_max(vec a, vec b) {
    return vmaxq_f32(a, b);
}
#else
DNI_INLINE vec vec_fma(vec a, vec b, vec c) {
    return a * b + c;
}

DNI_INLINE vec vec_max(vec a, vec b) {
    const vec_mask greater = a > b;
    return (vec)(((vec_mask)a & greater) | ((vec_mask)b & ~greater));
}
#endif

#if defined(DNI_NEON)
/* a[lane] * b + c, in one instruction; lane must be a constant. Written as an intrinsic, GCC 12 gives the sum
 * another register than c, and pays for that with moves and spills where sums fill the registers. */
DNI_INLINE vec vec_fma_lane(vec a, const int lane, vec b, vec c) {
#if defined(DNI_ROLLED)
    return vec_fma(vec_all(a[lane]), b, c);
#else
    __asm__("fmla %0.4s, %1.4s, %2.s[%3]" : "+w"(c) : "w"(b), "w"(a), "i"(lane));
    return c;
#endif
}

/* Loads behind it are not moved in front of it. GCC moves loads as far up as it can, and out of registers. */
DNI_INLINE void vec_load_fence(void) {
    __asm__ volatile("" ::: "memory");
}
#endif

/* Bit i: whether a comparison holds in lane i. */
DNI_INLINE unsigned vec_bits(vec_mask holds) {
#if defined(__AVX512DQ__) && DNI_VECTOR_WIDTH == 16
    return _mm512_movepi32_mask((__m512i)holds);
#elif defined(__FMA__) && DNI_VECTOR_WIDTH == 8
    return (unsigned)_mm256_movemask_ps((__m256)holds);
#else
    unsigned bits = 0;
    for (int i = 0; i < VW; i++) bits |= (unsigned)holds[i] & 1u << i;
    return bits;
#endif
}

/* k * x + y, under its name in BLAS. */
DNI_INLINE vec vec_axpy(float k, vec x, vec y) {
    return vec_fma(vec_all(k), x, y);
}

/* 0 for what is not a number, which x86's maximum and a comparison give by themselves. */
DNI_INLINE vec vec_relu(vec a) {
#if defined(DNI_NEON)
    return vmaxnmq_f32(a, vec_zero());
#else
    return vec_max(a, vec_zero());
#endif
}

#endif

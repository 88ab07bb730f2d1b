/* SPDX-License-Identifier: MIT */
/* The one list of convolution kernels, the macro that defines a kernel, and what kernels share.
 *
 * DNI_CONV2D_KERNELS() declares the kernels below and fills the table dni_conv2d_kernels, from which
 * selection, tests and bench take them. A new kernel needs a line here and a DNI_CONV2D_KERNEL() in its
 * file. */
#ifndef DN_LAYERS_CONV2D_KERNELS_H
#define DN_LAYERS_CONV2D_KERNELS_H

#include "layers/conv2d.h"

/* Those for the instruction sets of x86-64, tier by tier. With AVX2 alone there is no 3x3 convolution in
 * int8: a direct one takes twice the time of Winograd's in float32. Winograd's in bfloat16 stands behind the
 * direct one in int8: it multiplies a third as often at half the rate, and rounds less. */
#if defined(__x86_64__)
#define DNI_CONV2D_KERNELS_X86(KERNEL)                                                                       \
    KERNEL(conv2d_f32_avx2_blocked)                                                                          \
    KERNEL(conv1x1_f32_avx2_strassen)                                                                        \
    KERNEL(conv3x3_f32_avx2_winograd4_compact)                                                               \
    KERNEL(conv3x3_f32_avx2_winograd4)                                                                       \
    KERNEL(stem_f32_avx2_winograd4)                                                                          \
    KERNEL(conv1x1_int8_avx2_blocked)                                                                        \
    KERNEL(conv1x1_int8_avxvnni_blocked)                                                                     \
    KERNEL(conv3x3_int8_avxvnni_direct)                                                                      \
    KERNEL(conv2d_f32_avx512_blocked)                                                                        \
    KERNEL(conv1x1_f32_avx512_strassen)                                                                      \
    KERNEL(conv3x3_f32_avx512_winograd4_compact)                                                             \
    KERNEL(conv3x3_f32_avx512_winograd4)                                                                     \
    KERNEL(stem_f32_avx512_winograd4)                                                                        \
    KERNEL(conv1x1_bf16_avx512_blocked)                                                                      \
    KERNEL(conv1x1_int8_avx512_blocked)                                                                      \
    KERNEL(conv3x3_int8_avx512_direct)                                                                       \
    KERNEL(conv3x3_bf16_avx512_winograd2x4)
#else
#define DNI_CONV2D_KERNELS_X86(KERNEL)
#endif

/* Those for AArch64. */
#if defined(__aarch64__)
#define DNI_CONV2D_KERNELS_AARCH64(KERNEL)                                                                   \
    KERNEL(conv2d_f32_neon_blocked)                                                                          \
    KERNEL(conv1x1_f32_neon_strassen)                                                                        \
    KERNEL(conv3x3_f32_neon_winograd4_compact)                                                               \
    KERNEL(conv3x3_f32_neon_winograd4)                                                                       \
    KERNEL(stem_f32_neon_winograd4)                                                                          \
    KERNEL(conv1x1_int8_neon_blocked)                                                                        \
    KERNEL(conv3x3_int8_neon_direct)
#else
#define DNI_CONV2D_KERNELS_AARCH64(KERNEL)
#endif

/* All kernels: the reference, then tier by tier, in each the general kernel first, special ones behind it,
 * and those that round last. Of the kernels that support a convolution the last one is selected, so that a
 * tier's float32 is preferred to what rounds in the tiers below it: it is faster, and exact. */
#define DNI_CONV2D_KERNELS(KERNEL)                                                                           \
    KERNEL(conv2d_f32_reference)                                                                             \
    KERNEL(conv2d_f32_portable_blocked)                                                                      \
    KERNEL(conv1x1_f32_portable_strassen)                                                                    \
    KERNEL(conv3x3_f32_portable_winograd4_compact)                                                           \
    KERNEL(conv3x3_f32_portable_winograd4)                                                                   \
    KERNEL(stem_f32_portable_winograd4)                                                                      \
    KERNEL(conv1x1_int8_portable_blocked)                                                                    \
    KERNEL(conv3x3_int8_portable_direct)                                                                     \
    DNI_CONV2D_KERNELS_AARCH64(KERNEL)                                                                       \
    DNI_CONV2D_KERNELS_X86(KERNEL)

#define DNI_CONV2D_DECLARE(NAME) extern const dni_conv2d_kernel dni_##NAME;
DNI_CONV2D_KERNELS(DNI_CONV2D_DECLARE)
#undef DNI_CONV2D_DECLARE

/* Defines the kernel dni_<NAME> for TIER (PORTABLE, NEON, AVX2 or AVX512) from these functions. The dots are
 * the tolerance and, behind it, further fields, such as .expands = true. */
#define DNI_CONV2D_KERNEL_OF(NAME, TIER, PACKED_SIZE, PACK, SCRATCH_SIZE, RUN, ...)                          \
    const dni_conv2d_kernel dni_##NAME = {.name = #NAME,                                                     \
                                          .isa = DNI_ISA_##TIER,                                             \
                                          .accepts = accepts,                                                \
                                          .packed_size = PACKED_SIZE,                                        \
                                          .pack = PACK,                                                      \
                                          .scratch_size = SCRATCH_SIZE,                                      \
                                          .run = RUN,                                                        \
                                          .tolerance = __VA_ARGS__}

/* The same from the file's packed_size(), pack(), scratch_size() and run(). */
#define DNI_CONV2D_KERNEL(NAME, TIER, ...)                                                                   \
    DNI_CONV2D_KERNEL_OF(NAME, TIER, packed_size, pack, scratch_size, run, __VA_ARGS__)

/* Divides the work between `threads` threads: into `unit_ranges` ranges of units (tiles of pixels) times
 * `block_ranges` ranges of blocks (of output channels), such that the largest share is as small as possible.
 * Among equals it takes the fewest ranges of blocks, because every range of blocks packs its own copy of the
 * pixels. No range is empty: there are fewer than threads where there is less work. */
void dni_conv2d_split(int64_t units, int blocks, int threads, int *unit_ranges, int *block_ranges);

#endif

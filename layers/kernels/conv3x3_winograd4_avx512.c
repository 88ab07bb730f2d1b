/* Winograd's F(4x4, 3x3) with AVX-512: tiles of 8 patches x 48 channels, 28 of 32 registers. */
#define DNI_VECTOR_WIDTH 16
#define TILE_VECTORS     3
#define TILE_ROWS        8
#include "layers/kernels/conv3x3_winograd4.inc"

const dni_conv2d_kernel dni_conv3x3_f32_avx512_winograd4 = {
    .name = "conv3x3_f32_avx512_winograd4",
    .isa = DNI_ISA_AVX512,
    .tolerance = 6e-6, /* twice the most measured; the transforms weigh with up to 3.4 */
    .expands = true,
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

const dni_conv2d_kernel dni_conv3x3_f32_avx512_winograd4_compact = {
    .name = "conv3x3_f32_avx512_winograd4_compact",
    .isa = DNI_ISA_AVX512,
    .tolerance = 6e-6, /* twice the most measured; the transforms weigh with up to 3.4 */
    .accepts = accepts,
    .packed_size = compact_size,
    .pack = pack_compact,
    .scratch_size = compact_scratch_size,
    .run = run_compact,
};

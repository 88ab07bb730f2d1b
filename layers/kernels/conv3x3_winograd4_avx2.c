/* Winograd's F(4x4, 3x3) with AVX2 and FMA: tiles of 4 patches x 24 channels fill the 16 registers. */
#define DNI_VECTOR_WIDTH 8
#define TILE_VECTORS     3
#define TILE_ROWS        4
#include "layers/kernels/conv3x3_winograd4.inc"

const dni_conv2d_kernel dni_conv3x3_f32_avx2_winograd4 = {
    .name = "conv3x3_f32_avx2_winograd4",
    .isa = DNI_ISA_AVX2,
    .tolerance = 6e-6, /* twice the most measured; the transforms weigh with up to 3.4 */
    .expands = true,
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

const dni_conv2d_kernel dni_conv3x3_f32_avx2_winograd4_compact = {
    .name = "conv3x3_f32_avx2_winograd4_compact",
    .isa = DNI_ISA_AVX2,
    .tolerance = 6e-6, /* twice the most measured; the transforms weigh with up to 3.4 */
    .accepts = accepts,
    .packed_size = compact_size,
    .pack = pack_compact,
    .scratch_size = compact_scratch_size,
    .run = run_compact,
};

/* 1x1 convolution with one level of Strassen-Winograd with AVX2 and FMA: tiles of 2 x 4 pixels, products of 4 x 3 vectors of eight sums. */
#define DNI_VECTOR_WIDTH 8
#define TILE_VECTORS     3
#define TILE_ROWS        4
#include "layers/kernels/conv1x1_strassen.inc"

const dni_conv2d_kernel dni_conv1x1_f32_avx2_strassen = {
    .name = "conv1x1_f32_avx2_strassen",
    .isa = DNI_ISA_AVX2,
    .tolerance = 5e-6, /* float32 sums, and differences of operands as large as they */
    .expands = true,
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

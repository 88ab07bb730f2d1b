/* 1x1 convolution with one level of Strassen-Winograd with AVX-512: tiles of 2 x 7 pixels, products of 7 x 3 vectors of sixteen sums. */
#define DNI_VECTOR_WIDTH 16
#define TILE_VECTORS     3
#define TILE_ROWS        7
#include "layers/kernels/conv1x1_strassen.inc"

const dni_conv2d_kernel dni_conv1x1_f32_avx512_strassen = {
    .name = "conv1x1_f32_avx512_strassen",
    .isa = DNI_ISA_AVX512,
    .tolerance = 5e-6, /* float32 sums, and differences of operands as large as they */
    .expands = true,
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

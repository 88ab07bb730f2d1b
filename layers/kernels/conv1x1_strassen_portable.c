/* 1x1 convolution with one level of Strassen-Winograd in plain GNU C: tiles of 2 x 3 pixels, products of 3 x 3
 * vectors of four sums. */
#define DNI_VECTOR_WIDTH 4
#define TILE_VECTORS     3
#define TILE_ROWS        3
#include "layers/kernels/conv1x1_strassen.inc"

const dni_conv2d_kernel dni_conv1x1_f32_portable_strassen = {
    .name = "conv1x1_f32_portable_strassen",
    .isa = DNI_ISA_PORTABLE,
    .tolerance = 5e-6, /* float32 sums, and differences of operands as large as they */
    .expands = true,
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

/* The blocked convolution with AVX2 and FMA. 4 x 3 vectors of eight sums, three of B and a number of A are
 * all 16 registers; 48 channels are two blocks. */
#define DNI_VECTOR_WIDTH 8
#define TILE_PIXELS      4
#define TILE_VECTORS     3
#include "layers/kernels/conv2d_blocked.inc"

const dni_conv2d_kernel dni_conv2d_f32_avx2_blocked = {
    .name = "conv2d_f32_avx2_blocked",
    .isa = DNI_ISA_AVX2,
    .tolerance = 4e-6, /* float32 sums of up to 2160 products */
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

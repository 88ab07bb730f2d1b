/* The stem with AVX2 and FMA: tiles of 4 outputs x 24 channels. */
#define DNI_VECTOR_WIDTH 8
#define TILE_VECTORS     3
#define TILE_ROWS        4
#include "layers/kernels/stem_direct.inc"

const dni_conv2d_kernel dni_stem_f32_avx2_direct = {
    .name = "stem_f32_avx2_direct",
    .isa = DNI_ISA_AVX2,
    .tolerance = 2e-6, /* float32 sums of 147 products */
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

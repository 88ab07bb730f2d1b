/* The stem with AVX-512: tiles of 7 outputs x 48 channels; 16 of them are a row of 112. */
#define DNI_VECTOR_WIDTH 16
#define TILE_VECTORS     3
#define TILE_ROWS        7
#include "layers/kernels/stem_direct.inc"

const dni_conv2d_kernel dni_stem_f32_avx512_direct = {
    .name = "stem_f32_avx512_direct",
    .isa = DNI_ISA_AVX512,
    .tolerance = 2e-6, /* float32 sums of 147 products */
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

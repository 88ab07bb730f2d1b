/* The stem in plain GNU C: tiles of 3 outputs x 12 channels. */
#define DNI_VECTOR_WIDTH 4
#define TILE_VECTORS     3
#define TILE_ROWS        3
#include "layers/kernels/stem_direct.inc"

const dni_conv2d_kernel dni_stem_f32_portable_direct = {
    .name = "stem_f32_portable_direct",
    .isa = DNI_ISA_PORTABLE,
    .tolerance = 2e-6, /* float32 sums of 147 products */
    .accepts = accepts,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .run = run,
};

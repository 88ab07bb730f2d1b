/* The stem in plain GNU C: tiles of 3 outputs x 12 channels. */
#define DNI_VECTOR_WIDTH 4
#define TILE_VECTORS     3
#define TILE_ROWS        3
#include "layers/kernels/stem_direct.inc"

DNI_CONV2D_KERNEL(stem_f32_portable_direct, PORTABLE, TOLERANCE);

/* The blocked convolution with AVX2 and FMA. 4 x 3 vectors of eight sums, three of B and a number of A are
 * all 16 registers; 48 channels are two blocks. */
#define DNI_VECTOR_WIDTH 8
#define TILE_PIXELS      4
#define TILE_VECTORS     3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_avx2_blocked, AVX2, TOLERANCE);

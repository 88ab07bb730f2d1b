/* The blocked convolution in plain GNU C. 3 x 3 vectors of four sums leave SSE2's 16 registers room for the
 * three vectors of B, a number of A and a product, without a fused multiply-add; 48 channels are four blocks.
 */
#define DNI_VECTOR_WIDTH 4
#define TILE_PIXELS      3
#define TILE_VECTORS     3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_portable_blocked, PORTABLE, TOLERANCE);

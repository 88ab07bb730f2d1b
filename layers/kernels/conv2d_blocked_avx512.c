/* The blocked convolution with AVX-512. 7 x 3 vectors of sixteen sums, three of B and a number of A are 25 of
 * 32 registers. 7 divides the feature maps of a 224x224 image (56, 28, 14, 7), and three vectors are
 * DenseNet-161's growth of 48: no ragged edge there. */
#define DNI_VECTOR_WIDTH 16
#define TILE_PIXELS      7
#define TILE_VECTORS     3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_avx512_blocked, AVX512, TOLERANCE);

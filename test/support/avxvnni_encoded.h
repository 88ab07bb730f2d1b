/* SPDX-License-Identifier: MIT */
/* The kernels for AVX-VNNI, compiled to the same instructions in AVX512-VNNI's encoding: so tests run them on
 * CPUs that have AVX512-VNNI alone. Only on x86-64. */
#ifndef TEST_SUPPORT_AVXVNNI_ENCODED_H
#define TEST_SUPPORT_AVXVNNI_ENCODED_H

#include "layers/conv2d.h"

extern const dni_conv2d_kernel conv1x1_int8_avxvnni_encoded, conv3x3_int8_avxvnni_encoded;

#endif

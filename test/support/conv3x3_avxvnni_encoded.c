/* SPDX-License-Identifier: MIT */
/* The 3x3 kernel of bytes for AVX-VNNI in AVX512-VNNI's encoding: avxvnni_encoded.h. */
#include "test/support/avxvnni_encoded.h"

#if defined(__AVX512VNNI__)
#define dni_conv3x3_int8_avxvnni_direct conv3x3_int8_avxvnni_encoded
#include "layers/kernels/conv3x3_int8_avxvnni.c"
#endif

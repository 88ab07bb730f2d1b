/* SPDX-License-Identifier: MIT */
/* The 1x1 kernel of bytes for AVX-VNNI in AVX512-VNNI's encoding: avxvnni_encoded.h. */
#include "test/support/avxvnni_encoded.h"

#if defined(__AVX512VNNI__)
#define dni_conv1x1_int8_avxvnni_blocked conv1x1_int8_avxvnni_encoded
#include "layers/kernels/conv1x1_int8_avxvnni.c"
#endif

/* SPDX-License-Identifier: MIT */
/* Shared by the tests of weight files: comparison of what was read. */
#ifndef TEST_SUPPORT_WEIGHTS_H
#define TEST_SUPPORT_WEIGHTS_H

#include "core/tensor_dict.h"

/* Same names in any order, dtypes, shapes and bits; strides may differ. */
void weights_assert_same(const dni_tensor_dict *a, const dni_tensor_dict *b);

#endif

/* SPDX-License-Identifier: MIT */
/* What code a model runs, as a word of the key of a digest. */
#ifndef TEST_SUPPORT_MODEL_CODE_H
#define TEST_SUPPORT_MODEL_CODE_H

#include "densenet/densenet.h"

#include <stddef.h>

/* The tier, and what the chosen kernels need of the CPU beside it: "avx512+bf16+vnni". */
void model_code(const dn_model *model, char *name, size_t size);

#endif

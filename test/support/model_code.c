/* SPDX-License-Identifier: MIT */
/* What code a model runs. */
#include "test/support/model_code.h"

#include "core/cpu.h"
#include "layers/conv2d.h"

#include <stdio.h>
#include <string.h>

static unsigned features_needed(const dn_model *model) {
    unsigned needed = 0;
    const char *convolution;
    for (int i = 0; (convolution = dn_model_convolution(model, i)); i++)
        for (size_t k = 0; k < dni_conv2d_kernel_count; k++)
            if (strcmp(dni_conv2d_kernels[k]->name, dn_model_kernel(model, convolution)) == 0)
                needed |= dni_conv2d_kernels[k]->features;
    return needed;
}

void model_code(const dn_model *model, char *name, size_t size) {
    const unsigned needed = features_needed(model);
    snprintf(name, size, "%s%s%s%s%s", dn_model_tier(model), needed & DNI_CPU_AVX512_BF16 ? "+bf16" : "",
             needed & DNI_CPU_AVX512_VNNI ? "+vnni" : "", needed & DNI_CPU_AVX_VNNI ? "+avxvnni" : "",
             needed & DNI_CPU_DOTPROD ? "+dotprod" : "");
}

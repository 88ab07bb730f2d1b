/* SPDX-License-Identifier: MIT */
/* The table of convolution kernels, the selection of one, the size of the result, and the division of work
 * between threads. */
#include "layers/conv2d.h"

#include "layers/conv2d_kernels.h"

#define ADDRESS(NAME) &dni_##NAME,
const dni_conv2d_kernel *const dni_conv2d_kernels[] = {DNI_CONV2D_KERNELS(ADDRESS)};
#undef ADDRESS
const size_t dni_conv2d_kernel_count = sizeof dni_conv2d_kernels / sizeof *dni_conv2d_kernels;

bool dni_conv2d_supports(const dni_conv2d_kernel *kernel, const dni_conv2d *conv,
                         dni_conv2d_requirements requirements) {
    return kernel->isa <= requirements.isa && !(kernel->features & ~requirements.features) &&
           kernel->precision <= requirements.precision && !(requirements.compact && kernel->expands) &&
           kernel->accepts(conv);
}

const dni_conv2d_kernel *dni_conv2d_select(const dni_conv2d *conv, dni_conv2d_requirements requirements) {
    size_t i = dni_conv2d_kernel_count - 1;
    while (i > 0 && !dni_conv2d_supports(dni_conv2d_kernels[i], conv, requirements)) i--;
    return dni_conv2d_kernels[i];
}

int64_t dni_conv2d_output_size(const dni_conv2d *conv, int64_t input_size) {
    int64_t size = input_size;
    if (conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL) size /= 2;
    size += 2 * conv->pad;
    if (size < conv->kernel) return 0;
    size = (size - conv->kernel) / conv->stride + 1;
    if (conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL) size = (size - 1) / 2 + 1;
    return size;
}

void dni_conv2d_split(int64_t units, int blocks, int threads, int *unit_ranges, int *block_ranges) {
    int64_t best = INT64_MAX;
    if (units < 1) units = 1;
    for (int b = 1; b <= threads && b <= blocks; b++) {
        const int u = units < threads / b ? (int)units : threads / b;
        const int64_t share = (units + u - 1) / u * ((blocks + b - 1) / b);
        if (share >= best) continue;
        best = share;
        *unit_ranges = u;
        *block_ranges = b;
    }
}

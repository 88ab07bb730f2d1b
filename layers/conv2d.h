/* SPDX-License-Identifier: MIT */
/* Two-dimensional convolution, fused with the layers around it: batch norm, ReLU and pooling.
 *
 * One operation, y = epilogue(conv(prologue(x))), in many variants: a reference that defines it, and fast
 * kernels for certain shapes and instruction sets. Every variant is a dni_conv2d_kernel in one list,
 * dni_conv2d_kernels, from which selection, tests and bench take it.
 *
 * These prologues and epilogues occur (Huang et al. 2017; torchvision/models/densenet.py):
 *
 *   layer       kernel       prologue              epilogue
 *   stem        7x7/2 pad 3  NONE             ->   BIAS_RELU_MAXPOOL   norm0 is folded into weight and bias
 *   conv1       1x1          BN_RELU          ->   BIAS_RELU           norm1 is the prologue, norm2 is folded
 *   conv2       3x3 pad 1    NONE             ->   NONE                y is its slice of the block buffer
 *   transition  1x1          BN_RELU_AVGPOOL  ->   NONE                pooling comes before the convolution
 *
 * The transition may pool first, because pooling and a 1x1 convolution are both linear and commute. */
#ifndef DN_LAYERS_CONV2D_H
#define DN_LAYERS_CONV2D_H

#include "core/cpu.h"
#include "core/pool.h"
#include "core/tensor.h"

#include <stdbool.h>

/* Rows of an image that kernels may compute as a unit: see dni_conv2d_kernel.run. */
enum { DNI_CONV2D_STRIP = 4 };

typedef enum dni_prologue {
    DNI_PROLOGUE_NONE,
    DNI_PROLOGUE_BN_RELU,         /* max(0, scale[c] * x + shift[c]) */
    DNI_PROLOGUE_BN_RELU_AVGPOOL, /* the same, then the mean of 2x2, stride 2, floor mode */
} dni_prologue;

typedef enum dni_epilogue {
    DNI_EPILOGUE_NONE,
    DNI_EPILOGUE_BIAS_RELU,         /* max(0, y + bias[o]) */
    DNI_EPILOGUE_BIAS_RELU_MAXPOOL, /* the same, then max pool 3x3, stride 2, pad 1, floor mode */
} dni_epilogue;

/* What a kernel rounds the factors of its products to, the finest first. */
typedef enum dni_precision {
    DNI_PRECISION_F32,  /* nothing */
    DNI_PRECISION_BF16, /* bfloat16, 8 significant bits, summed in float32 */
    DNI_PRECISION_INT8, /* bytes with a scale, summed in 32-bit integers */
} dni_precision;

/* The shape of the operation. Immutable; it does not depend on the size of the image. */
typedef struct dni_conv2d {
    int in_channels, out_channels;
    int kernel, stride, pad; /* square */
    dni_prologue prologue;
    dni_epilogue epilogue;
    /* Every image of x is surrounded by `border` pixels that can be read through its strides and are part of
     * the convolution's input: zeros around a whole image, or the neighbouring rows where x is a range of
     * rows of a larger image. Pixels further out are zeros, and need not be stored. At most `pad`, and 0
     * unless the prologue is NONE. */
    int border;
    /* Nothing in x is below 0, as behind a ReLU: promised where the prologue is NONE. */
    bool nonnegative;
} dni_conv2d;

/* Its parameters, float32. */
typedef struct dni_conv2d_params {
    const float *weight;        /* (out, in, kernel, kernel), dense */
    const float *scale, *shift; /* (in): of the prologue; NULL with DNI_PROLOGUE_NONE */
    const float *bias;          /* (out): of the epilogue; NULL with DNI_EPILOGUE_NONE */
    const float *input_mean;    /* (in): expected of what is multiplied; NULL: all the same */
} dni_conv2d_params;

typedef struct dni_conv2d_kernel {
    const char *name;  /* operation, type, tier, technique: "conv3x3_f32_avx512_winograd4" */
    dni_isa isa;       /* the tier that it needs */
    unsigned features; /* the CPU's features that it needs beyond the tier: DNI_CPU_... */
    dni_precision precision;
    /* For tests: the largest relative error that is allowed against the reference, on data of unit variance.
     * It is the largest absolute difference divided by the largest absolute value. */
    double tolerance;
    bool expands; /* whether the packed parameters take more bytes than the weights */

    /* Whether it can compute this convolution. */
    bool (*accepts)(const dni_conv2d *conv);

    /* pack() writes packed_size() bytes to `packed`, which is aligned to DNI_ALIGNMENT. They hold all that
     * run() needs of `params`, which may be freed. */
    size_t (*packed_size)(const dni_conv2d *conv);
    void (*pack)(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed);

    /* The bytes of scratch memory that run() needs for an x of this shape and this number of threads; may be
     * 0. The data of x is not read. */
    size_t (*scratch_size)(const dni_conv2d *conv, const dni_tensor *x, int threads);

    /* x: (N, H, W, in), y: (N, H', W', out), where H' and W' are given by dni_conv2d_output_size(). Both are
     * float32 with stride[3] == 1 and any other strides, and do not overlap. Writes all of y and nothing
     * else. The bits of y are the same for:
     *
     *   - any number of threads of the pool;
     *   - any other images in the batch;
     *   - any range of an image's rows that begins at a multiple of DNI_CONV2D_STRIP rows, and ends at one or
     *     at the last row (only at stride 1 without pooling). */
    void (*run)(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool);
} dni_conv2d_kernel;

/* All variants: the reference comes first, and later ones are better. There are dni_conv2d_kernel_count of
 * them. */
extern const dni_conv2d_kernel *const dni_conv2d_kernels[];
extern const size_t dni_conv2d_kernel_count;

/* What a caller requires of a kernel. */
typedef struct dni_conv2d_requirements {
    dni_isa isa;             /* the best tier that may be used */
    unsigned features;       /* those that may be used beyond tiers: DNI_CPU_... */
    dni_precision precision; /* the coarsest rounding that a kernel may do */
    bool compact;            /* whether kernels that expand the weights are excluded */
} dni_conv2d_requirements;

/* Whether a kernel accepts `conv` and meets the requirements. */
bool dni_conv2d_supports(const dni_conv2d_kernel *kernel, const dni_conv2d *conv,
                         dni_conv2d_requirements requirements);

/* The last kernel in the list that supports the convolution. Never NULL, because the reference always
 * does. */
const dni_conv2d_kernel *dni_conv2d_select(const dni_conv2d *conv, dni_conv2d_requirements requirements);

/* The height, or width, of y for that of x, after prologue, convolution and epilogue. It is 0 or less where x
 * is too small. */
int64_t dni_conv2d_output_size(const dni_conv2d *conv, int64_t input_size);

#endif

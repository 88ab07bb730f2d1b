/* Two-dimensional convolution, with what stands before and behind it in a DenseNet drawn in.
 *
 * One operation, y = epilogue(conv(prologue(x))), in many variants: a reference that is its definition, and
 * kernels for the shapes and instruction sets they accept. Every variant is a dni_conv2d_kernel in one list,
 * dni_conv2d_kernels, which feeds selection, tests and bench alike.
 *
 * Which prologue and epilogue occur (Huang et al. 2017; torchvision/models/densenet.py):
 *   stem        7x7/2 pad 3  NONE             -> BIAS_RELU_MAXPOOL   norm0 folded into weight and bias
 *   conv1       1x1          BN_RELU          -> BIAS_RELU           norm1 before it, norm2 folded
 *   conv2       3x3 pad 1    NONE             -> NONE                straight into its slice of the block
 * buffer transition  1x1          BN_RELU_AVGPOOL  -> NONE                pooled first: both are linear, so
 * it commutes */
#ifndef DN_LAYERS_CONV2D_H
#define DN_LAYERS_CONV2D_H

#include "core/cpu.h"
#include "core/pool.h"
#include "core/tensor.h"

#include <stdbool.h>

/* Rows of an image that kernels may treat as a unit. */
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

/* What is computed. Immutable, valid for any image size. */
typedef struct dni_conv2d {
    int in_channels, out_channels;
    int kernel, stride, pad; /* square */
    dni_prologue prologue;
    dni_epilogue epilogue;
    /* Every image of x is surrounded by `border` pixels, readable through its strides, that belong to what the
     * convolution sees: zeros around a whole image, neighbours where x is some rows of a larger one. Beyond
     * them are zeros that nobody needs to store. At most `pad`, and only with DNI_PROLOGUE_NONE. */
    int border;
} dni_conv2d;

/* The numbers it is computed with; all float32. */
typedef struct dni_conv2d_params {
    const float *weight;        /* (out, in, kernel, kernel), dense */
    const float *scale, *shift; /* (in): the prologue's; NULL with DNI_PROLOGUE_NONE */
    const float *bias;          /* (out): the epilogue's; NULL with DNI_EPILOGUE_NONE */
} dni_conv2d_params;

typedef struct dni_conv2d_kernel {
    const char *name; /* operation, type, tier, technique: "conv3x3_f32_avx512_winograd4" */
    dni_isa isa;      /* the tier it needs */
    bool bf16;        /* rounds factors to bfloat16, which needs AVX512-BF16 besides */
    /* Largest relative error (max abs difference over max abs value) allowed against the reference in double
     * precision, on data of unit variance; for tests. */
    double tolerance;
    bool expands; /* whether packed parameters take more bytes than the weights */

    bool (*accepts)(const dni_conv2d *conv);

    /* Prepared parameters: pack() writes packed_size() bytes, aligned to DNI_ALIGNMENT, that hold everything
     * run() needs: params can go away. */
    size_t (*packed_size)(const dni_conv2d *conv);
    void (*pack)(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed);

    /* Bytes of scratch for x of this shape (its data is not looked at) on that many threads; may be 0. */
    size_t (*scratch_size)(const dni_conv2d *conv, const dni_tensor *x, int threads);

    /* x: (N, H, W, in), y: (N, H', W', out) with H', W' as dni_conv2d_output_size() says; both float32 with
     * stride[3] == 1 and any other strides; they do not overlap. Writes all of y and nothing else. The
     * result's bits do not depend on the pool's threads, nor an image's on its neighbours in the batch, nor, at
     * stride 1 without pooling, a row's on which others are computed with it, as long as x begins at a multiple
     * of DNI_CONV2D_STRIP rows of its image and ends at one or with it. */
    void (*run)(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool);
} dni_conv2d_kernel;

/* All variants, the reference first, then better ones later; dni_conv2d_kernel_count of them. */
extern const dni_conv2d_kernel *const dni_conv2d_kernels[];
extern const size_t dni_conv2d_kernel_count;

/* What a caller has and wants of a kernel. */
typedef struct dni_conv2d_wish {
    dni_isa isa;  /* the best tier that may be used */
    bool bf16;    /* bfloat16 where there is a kernel for it; dni_cpu_has_bf16() must hold */
    bool compact; /* none that expands the weights */
} dni_conv2d_wish;

/* Whether a kernel accepts `conv` and grants the wish. */
bool dni_conv2d_suits(const dni_conv2d_kernel *kernel, const dni_conv2d *conv, dni_conv2d_wish wish);

/* The last variant in the list that suits: never NULL, for the reference suits every wish. */
const dni_conv2d_kernel *dni_conv2d_select(const dni_conv2d *conv, dni_conv2d_wish wish);

/* Height or width of y for that of x, through prologue, convolution and epilogue; <= 0 when nothing is left.
 */
int64_t dni_conv2d_output_size(const dni_conv2d *conv, int64_t input_size);

#endif

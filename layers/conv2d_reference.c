/* SPDX-License-Identifier: MIT */
/* The definition of dni_conv2d: any kernel size, stride, padding, prologue, epilogue and strides of x and y,
 * in double precision and in the order of the formula. Every other kernel is tested against this one.
 *
 * It deviates in one point: weights are packed as (kernel, kernel, in, out), so that all output channels of a
 * pixel are summed at the same time and each value of the prologue is computed once per tap. */
#include "layers/conv2d_kernels.h"

#include "core/memory.h"

#include <string.h>

/* The packed parameters: float32 arrays, one behind the other. */
typedef struct parameters {
    const float *weight; /* (kernel, kernel, in, out) */
    const float *scale, *shift, *bias;
} parameters;

static size_t weight_count(const dni_conv2d *conv) {
    return (size_t)conv->kernel * (size_t)conv->kernel * (size_t)conv->in_channels *
           (size_t)conv->out_channels;
}

static parameters unpack(const dni_conv2d *conv, const void *packed) {
    parameters p = {.weight = packed};
    p.scale = p.weight + weight_count(conv);
    p.shift = p.scale + conv->in_channels;
    p.bias = p.shift + conv->in_channels;
    return p;
}

static bool accepts(const dni_conv2d *conv) {
    (void)conv;
    return true;
}

static size_t packed_size(const dni_conv2d *conv) {
    const size_t vectors = 2 * (size_t)conv->in_channels + (size_t)conv->out_channels;
    return (weight_count(conv) + vectors) * sizeof(float);
}

static void copy(float *out, const float *in, int count) {
    if (in)
        memcpy(out, in, (size_t)count * sizeof *out);
    else
        memset(out, 0, (size_t)count * sizeof *out);
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const int in = conv->in_channels, out = conv->out_channels, taps = conv->kernel * conv->kernel;
    float *weight = packed;
    for (int tap = 0; tap < taps; tap++)
        for (int c = 0; c < in; c++)
            for (int o = 0; o < out; o++)
                weight[((size_t)tap * (size_t)in + (size_t)c) * (size_t)out + (size_t)o] =
                    params->weight[((size_t)o * (size_t)in + (size_t)c) * (size_t)taps + (size_t)tap];
    float *vectors = weight + weight_count(conv);
    copy(vectors, params->scale, in);
    copy(vectors + in, params->shift, in);
    copy(vectors + 2 * in, params->bias, out);
}

/* The sums of all output channels of a pixel, in double precision, for each thread. */
static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    (void)x;
    return dni_align_up((size_t)conv->out_channels * sizeof(double)) * (size_t)threads;
}

static double bn_relu(double value, double scale, double shift) {
    const double y = scale * value + shift;
    return y > 0.0 ? y : 0.0;
}

/* Channel c of pixel (y, x) of the convolution's input. The pixel is in the image or its border. */
static double prologue(const dni_conv2d *conv, const parameters *p, const float *image,
                       const int64_t stride[4], int64_t y, int64_t x, int c) {
    const double scale = (double)p->scale[c], shift = (double)p->shift[c];
    if (conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL) {
        const float *at = image + 2 * y * stride[1] + 2 * x * stride[2] + c;
        return 0.25 * (bn_relu((double)at[0], scale, shift) + bn_relu((double)at[stride[2]], scale, shift) +
                       bn_relu((double)at[stride[1]], scale, shift) +
                       bn_relu((double)at[stride[1] + stride[2]], scale, shift));
    }
    const double value = (double)image[y * stride[1] + x * stride[2] + c];
    return conv->prologue == DNI_PROLOGUE_BN_RELU ? bn_relu(value, scale, shift) : value;
}

/* All output channels of the convolution at (y, x), without epilogue. */
static void convolve_pixel(const dni_conv2d *conv, const parameters *p, const dni_tensor *input,
                           const float *image, int64_t y, int64_t x, double *sums) {
    const int in = conv->in_channels, out = conv->out_channels;
    const int shrink = conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    const int64_t height = input->shape[1] / shrink, width = input->shape[2] / shrink, edge = conv->border;
    for (int o = 0; o < out; o++) sums[o] = 0.0;
    for (int ky = 0; ky < conv->kernel; ky++) {
        for (int kx = 0; kx < conv->kernel; kx++) {
            const int64_t sy = y * conv->stride + ky - conv->pad, sx = x * conv->stride + kx - conv->pad;
            if (sy < -edge || sy >= height + edge || sx < -edge || sx >= width + edge) continue;
            const float *weight = p->weight + (size_t)(ky * conv->kernel + kx) * (size_t)in * (size_t)out;
            for (int c = 0; c < in; c++, weight += out) {
                const double value = prologue(conv, p, image, input->stride, sy, sx, c);
                for (int o = 0; o < out; o++) sums[o] += value * (double)weight[o];
            }
        }
    }
}

/* Pixel (y, x) after max pooling: the largest of 3x3 pixels of the convolution, where padding does not count.
 * After ReLU nothing is below 0, so the search starts from 0. */
static void convolve_maxpool(const dni_conv2d *conv, const parameters *p, const dni_tensor *input,
                             const float *image, int64_t y, int64_t x, double *sums, float *out) {
    const dni_conv2d unpooled = {.in_channels = conv->in_channels,
                                 .out_channels = conv->out_channels,
                                 .kernel = conv->kernel,
                                 .stride = conv->stride,
                                 .pad = conv->pad,
                                 .border = conv->border,
                                 .prologue = conv->prologue,
                                 .epilogue = DNI_EPILOGUE_BIAS_RELU};
    const int64_t height = dni_conv2d_output_size(&unpooled, input->shape[1]);
    const int64_t width = dni_conv2d_output_size(&unpooled, input->shape[2]);
    for (int o = 0; o < conv->out_channels; o++) out[o] = 0.0f;
    for (int64_t cy = 2 * y - 1; cy <= 2 * y + 1; cy++) {
        for (int64_t cx = 2 * x - 1; cx <= 2 * x + 1; cx++) {
            if (cy < 0 || cy >= height || cx < 0 || cx >= width) continue;
            convolve_pixel(&unpooled, p, input, image, cy, cx, sums);
            for (int o = 0; o < conv->out_channels; o++) {
                const float value = (float)(sums[o] + (double)p->bias[o]);
                if (value > out[o]) out[o] = value;
            }
        }
    }
}

static void convolve_epilogue(const dni_conv2d *conv, const parameters *p, const dni_tensor *input,
                              const float *image, int64_t y, int64_t x, double *sums, float *out) {
    if (conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL) {
        convolve_maxpool(conv, p, input, image, y, x, sums, out);
        return;
    }
    convolve_pixel(conv, p, input, image, y, x, sums);
    for (int o = 0; o < conv->out_channels; o++) {
        double value = sums[o];
        if (conv->epilogue == DNI_EPILOGUE_BIAS_RELU) {
            value += (double)p->bias[o];
            if (value < 0.0) value = 0.0;
        }
        out[o] = (float)value;
    }
}

typedef struct work {
    const dni_conv2d *conv;
    parameters params;
    const dni_tensor *x, *y;
    char *scratch;
    int64_t threads;
} work;

/* Every `threads`-th row of y, counted through all images. */
static void run_rows(void *context, size_t thread) {
    const work *w = context;
    const dni_tensor *x = w->x, *y = w->y;
    double *sums =
        (void *)(w->scratch + thread * dni_align_up((size_t)w->conv->out_channels * sizeof(double)));
    for (int64_t row = (int64_t)thread; row < y->shape[0] * y->shape[1]; row += w->threads) {
        const int64_t n = row / y->shape[1], h = row % y->shape[1];
        const float *image = (const float *)x->data + n * x->stride[0];
        float *out = (float *)y->data + n * y->stride[0] + h * y->stride[1];
        for (int64_t i = 0; i < y->shape[2]; i++, out += y->stride[2])
            convolve_epilogue(w->conv, &w->params, x, image, h, i, sums, out);
    }
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    const int threads = dni_pool_threads(pool);
    work w = {conv, unpack(conv, packed), x, y, scratch, threads};
    dni_pool_run(pool, run_rows, &w, (size_t)threads);
}

/* The tolerance: one rounding to float32. */
DNI_CONV2D_KERNEL(conv2d_f32_reference, PORTABLE, 1e-7);

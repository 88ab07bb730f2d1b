/* SPDX-License-Identifier: MIT */
/* Grids from measured ranges, and a convolution of bytes: weights are rounded, and norm, scales and zeros of
 * the grids are folded into weights, scales of the sums and bias. */
#include "bench/peers/onednn_int8.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- grids ---- */

void widen(const network *net, const char *name, float *low, float *high) {
    const dni_tensor *range = dni_tensor_dict_find(net->ranges, name);
    if (!range || range->dtype != DNI_F32) server_fail("no range of %s", name);
    *low = fminf(*low, ((const float *)range->data)[0]);
    *high = fmaxf(*high, ((const float *)range->data)[1]);
}

grid grid_between(float low, float high) {
    const float scale = (high - low) / 255.0f;
    return (grid){scale, (int)lrintf(-low / scale)};
}

grid grid_of(const network *net, const char *prefix, const char *map) {
    char name[128];
    float low = 0.0f, high = 0.0f;
    snprintf(name, sizeof name, "%s.%s", prefix, map);
    widen(net, name, &low, &high);
    return grid_between(low, high);
}

/* ---- convolution ---- */

static int is_depthwise(const int8_convolution *conv) {
    return !conv->name;
}

dnnl_memory_desc_t nhwc(dnnl_data_type_t type, int images, int channels, int size) {
    return tensor4(type, images, channels, size, size, dnnl_nhwc);
}

static dnnl_memory_desc_t weights_desc(const int8_convolution *conv, dnnl_format_tag_t whole,
                                       dnnl_format_tag_t grouped) {
    const dnnl_dims_t dims = {conv->out, conv->in, conv->kernel, conv->kernel};
    const dnnl_dims_t groups = {conv->out, 1, 1, 1, 1};
    dnnl_memory_desc_t desc;
    CHECK(is_depthwise(conv) ? dnnl_memory_desc_init_by_tag(&desc, 5, groups, dnnl_s8, grouped)
                             : dnnl_memory_desc_init_by_tag(&desc, 4, dims, dnnl_s8, whole));
    return desc;
}

/* The description of the primitive, whose result is scales[o] * (sum + bias[o]), and then what is behind. */
static dnnl_primitive_desc_t describe(const network *net, const int8_convolution *conv, const float *scales) {
    const int pad = conv->kernel / 2, out_size = (conv->size + 2 * pad - conv->kernel) / conv->stride + 1;
    const dnnl_memory_desc_t source = nhwc(conv->source, conv->images, conv->in, conv->size);
    const dnnl_memory_desc_t goal = nhwc(conv->goal, conv->images, conv->out, out_size);
    const dnnl_memory_desc_t weights = weights_desc(conv, dnnl_format_tag_any, dnnl_format_tag_any);
    const dnnl_memory_desc_t bias = vector(conv->out);
    const dnnl_dims_t strides = {conv->stride, conv->stride}, padding = {pad, pad};
    dnnl_convolution_desc_t operation;
    CHECK(dnnl_convolution_forward_desc_init(&operation, dnnl_forward_inference, dnnl_convolution_direct,
                                             &source, &weights, &bias, &goal, strides, padding, padding));
    dnnl_primitive_attr_t attributes;
    CHECK(dnnl_primitive_attr_create(&attributes));
    CHECK(dnnl_primitive_attr_set_output_scales(attributes, conv->out, 1 << 1, scales));
    if (conv->cuts) {
        dnnl_post_ops_t operations;
        CHECK(dnnl_post_ops_create(&operations));
        CHECK(dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f));
        if (conv->to.zero)
            CHECK(dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_linear, 1.0f,
                                               (float)conv->to.zero));
        CHECK(dnnl_primitive_attr_set_post_ops(attributes, operations));
        CHECK(dnnl_post_ops_destroy(operations));
    }
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_primitive_desc_create(&desc, &operation, attributes, net->engine, NULL));
    CHECK(dnnl_primitive_attr_destroy(attributes));
    return desc;
}

/* One output channel: `taps` weights times `factor` as integers. Returns what 1 stands for; `sum` is that of
 * the integers. */
static float quantise(const float *weights, float factor, size_t taps, int8_t *out, int *sum) {
    float largest = 0.0f;
    for (size_t t = 0; t < taps; t++) largest = fmaxf(largest, fabsf(weights[t] * factor));
    const float unit = largest > 0.0f ? largest / 127.0f : 1.0f;
    *sum = 0;
    for (size_t t = 0; t < taps; t++) {
        out[t] = (int8_t)lrintf(weights[t] * factor / unit);
        *sum += out[t];
    }
    return unit;
}

/* Weights as integers (out, taps), the scales of the sums, and the bias, which is in units of the sums. The
 * zeros of both grids are in the bias, but for that of `to` behind a ReLU. */
static void prepare(const network *net, const int8_convolution *conv, int8_t *integers, float *scales,
                    float *bias) {
    const size_t taps = is_depthwise(conv) ? 1 : (size_t)(conv->in * conv->kernel * conv->kernel);
    const float *plain = is_depthwise(conv) ? NULL : weight(net, "%s.weight", conv->name), one = 1.0f;
    float *factor = server_floats((size_t)conv->out), *shift = server_floats((size_t)conv->out);
    for (int o = 0; o < conv->out; o++) factor[o] = 1.0f;
    if (conv->norm) affine(net, conv->norm, conv->out, factor, shift);
    for (int o = 0; o < conv->out; o++) {
        int sum;
        const float *weights = plain ? plain + (size_t)o * taps : &one;
        const float unit =
            conv->from.scale * quantise(weights, factor[o], taps, integers + (size_t)o * taps, &sum);
        const float zero = conv->cuts ? 0.0f : conv->to.scale * (float)conv->to.zero;
        scales[o] = unit / conv->to.scale;
        bias[o] = (shift[o] + zero) / unit - (float)(conv->from.zero * sum);
    }
    free(factor);
    free(shift);
}

step *convolve_int8(const network *net, sequence *program, const int8_convolution *conv, const void *from,
                    void *to) {
    const size_t out = (size_t)conv->out;
    int8_t *integers = malloc(out * (size_t)(conv->in * conv->kernel * conv->kernel));
    if (!integers) server_fail("out of memory");
    float *scales = server_floats(out), *bias = server_floats(out);
    prepare(net, conv, integers, scales, bias);
    const dnnl_primitive_desc_t desc = describe(net, conv, scales);
    const dnnl_memory_desc_t plain = weights_desc(conv, dnnl_oihw, dnnl_goihw), biases = vector(conv->out);
    step *s = append(program);
    argument(s, DNNL_ARG_SRC, memory(net, dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0), from));
    argument(s, DNNL_ARG_WEIGHTS,
             reordered(net, &plain, integers, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)));
    argument(s, DNNL_ARG_BIAS, memory(net, &biases, bias)); /* keeps `bias` */
    argument(s, DNNL_ARG_DST, memory(net, dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0), to));
    s->primitive = primitive(desc);
    free(integers);
    free(scales);
    return s;
}

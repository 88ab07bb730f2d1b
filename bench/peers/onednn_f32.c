/* SPDX-License-Identifier: MIT */
/* DenseNet on oneDNN's C API, wired by hand, as good as that library allows:
 *
 * - channels in blocks of 16 (nChw16c); at one image a channel prefix of a block buffer is then a dense
 * tensor of its own, so every convolution writes straight into its slice and nothing is concatenated;
 * - norm0 and norm2 folded into the convolutions before them, ReLU as a post-op; norm1, the transitions' norm
 *   and norm5 as batch normalisation with fused ReLU;
 * - transitions pool first and convolve then: both are linear;
 * - 3x3 convolutions by Winograd or directly, whichever is faster for that size on this machine;
 * - a batch goes through blocks 1 to 3 image by image, which keeps it in the cache, and through block 4's
 *   convolutions together, which reads their weights once.
 *
 * Threads are OpenMP's: the driver sets OMP_NUM_THREADS. Whatever is made lives until the process ends. */
#include "bench/peers/onednn.h"
#include "core/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };

/* Scratch: after norm1, after conv1, after conv2 where images go together. */
enum { NORMALISED, BOTTLENECK, SLICES };

static dnnl_memory_desc_t blocked(int n, int c, int h, int w) {
    return tensor4(dnnl_f32, n, c, h, w, dnnl_nChw16c);
}

/* ---- batch norm and pooling ---- */

/* ReLU(batch norm) of one image's first channels. */
static void batch_norm_relu(const network *net, sequence *program, const char *norm, int channels, int size,
                            const float *from, float *to) {
    const dnnl_memory_desc_t data = blocked(1, channels, size, size);
    dnnl_batch_normalization_desc_t operation;
    CHECK(dnnl_batch_normalization_forward_desc_init(&operation, dnnl_forward_inference, &data, 1e-5f,
                                                     dnnl_use_global_stats | dnnl_use_scaleshift |
                                                         dnnl_fuse_norm_relu));
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_primitive_desc_create(&desc, &operation, NULL, net->engine, NULL));

    const dnnl_dims_t pair = {2, channels};
    dnnl_memory_desc_t scale_shift;
    CHECK(dnnl_memory_desc_init_by_tag(&scale_shift, 2, pair, dnnl_f32, dnnl_nc));
    float *values = server_floats(2 * (size_t)channels);
    memcpy(values, weight(net, "%s.weight", norm), (size_t)channels * sizeof(float));
    memcpy(values + channels, weight(net, "%s.bias", norm), (size_t)channels * sizeof(float));
    const dnnl_memory_desc_t statistics = vector(channels);

    step *s = append(program);
    s->primitive = primitive(desc);
    argument(s, DNNL_ARG_SRC, memory(net, &data, from));
    argument(s, DNNL_ARG_MEAN, memory(net, &statistics, weight(net, "%s.running_mean", norm)));
    argument(s, DNNL_ARG_VARIANCE, memory(net, &statistics, weight(net, "%s.running_var", norm)));
    argument(s, DNNL_ARG_SCALE_SHIFT, memory(net, &scale_shift, values));
    argument(s, DNNL_ARG_DST, memory(net, &data, to));
}

/* ---- convolution ---- */

typedef struct convolution {
    const char *name; /* of its weight, without ".weight" */
    const char *norm; /* the batch norm behind it, to be folded, with its ReLU; NULL: neither */
    int images, in, out, size, kernel, stride;
    dnnl_format_tag_t layout; /* of its input */
} convolution;

/* The primitive for one algorithm; 0 when oneDNN has none for this shape. */
static int describe(const network *net, const convolution *conv, dnnl_alg_kind_t algorithm,
                    dnnl_primitive_desc_t *desc) {
    const int pad = conv->kernel / 2, out_size = (conv->size + 2 * pad - conv->kernel) / conv->stride + 1;
    const dnnl_memory_desc_t source =
        tensor4(dnnl_f32, conv->images, conv->in, conv->size, conv->size, conv->layout);
    const dnnl_memory_desc_t goal = blocked(conv->images, conv->out, out_size, out_size);
    const dnnl_memory_desc_t kernel =
        tensor4(dnnl_f32, conv->out, conv->in, conv->kernel, conv->kernel, dnnl_format_tag_any);
    const dnnl_memory_desc_t bias = vector(conv->out);
    const dnnl_dims_t strides = {conv->stride, conv->stride}, padding = {pad, pad};
    dnnl_convolution_desc_t operation;
    if (dnnl_convolution_forward_desc_init(&operation, dnnl_forward_inference, algorithm, &source, &kernel,
                                           conv->norm ? &bias : NULL, &goal, strides, padding,
                                           padding) != dnnl_success)
        return 0;
    dnnl_primitive_attr_t attributes;
    CHECK(dnnl_primitive_attr_create(&attributes));
    if (conv->norm) {
        dnnl_post_ops_t operations;
        CHECK(dnnl_post_ops_create(&operations));
        CHECK(dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f));
        CHECK(dnnl_primitive_attr_set_post_ops(attributes, operations));
        CHECK(dnnl_post_ops_destroy(operations));
    }
    const dnnl_status_t status = dnnl_primitive_desc_create(desc, &operation, attributes, net->engine, NULL);
    CHECK(dnnl_primitive_attr_destroy(attributes));
    return status == dnnl_success;
}

/* The step of a convolution by the described primitive, with its weights in place. */
static step convolution_step(const network *net, const convolution *conv, dnnl_primitive_desc_t desc,
                             const float *from, float *to) {
    const size_t taps = (size_t)(conv->in * conv->kernel * conv->kernel), out = (size_t)conv->out;
    const float *plain = weight(net, "%s.weight", conv->name);
    float *folded = server_floats(out * taps), *shift = server_floats(out), *scale = server_floats(out);
    for (size_t o = 0; o < out; o++) scale[o] = 1.0f;
    if (conv->norm) affine(net, conv->norm, conv->out, scale, shift);
    for (size_t o = 0; o < out; o++)
        for (size_t t = 0; t < taps; t++) folded[o * taps + t] = plain[o * taps + t] * scale[o];

    const dnnl_memory_desc_t oihw =
        tensor4(dnnl_f32, conv->out, conv->in, conv->kernel, conv->kernel, dnnl_oihw);
    const dnnl_memory_desc_t *source = dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *goal = dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0);
    const dnnl_memory_desc_t *kernel = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    step s = {0};
    argument(&s, DNNL_ARG_SRC, memory(net, source, from));
    argument(&s, DNNL_ARG_WEIGHTS, reordered(net, &oihw, folded, kernel));
    if (conv->norm) {
        const dnnl_memory_desc_t bias = vector(conv->out);
        argument(&s, DNNL_ARG_BIAS, memory(net, &bias, shift)); /* keeps `shift` */
    } else {
        free(shift);
    }
    argument(&s, DNNL_ARG_DST, memory(net, goal, to));
    s.primitive = primitive(desc);
    free(folded);
    free(scale);
    return s;
}

/* Seconds of the fastest of ten runs. */
static double step_time(const network *net, const step *s) {
    double best = HUGE_VAL;
    for (int run = 0; run < 10; run++) {
        const double start = dni_clock_seconds();
        CHECK(dnnl_primitive_execute(s->primitive, net->stream, s->argument_count, s->arguments));
        CHECK(dnnl_stream_wait(net->stream));
        best = fmin(best, dni_clock_seconds() - start);
    }
    return best;
}

/* Winograd's algorithm where oneDNN accepts it and it is faster; measured once for each block. */
static dnnl_alg_kind_t best_algorithm(const network *net, const convolution *conv, const float *from,
                                      float *to) {
    const dnnl_alg_kind_t algorithms[] = {dnnl_convolution_direct, dnnl_convolution_winograd};
    dnnl_alg_kind_t best = dnnl_convolution_direct;
    double best_time = HUGE_VAL;
    for (int i = 0; i < 2; i++) {
        dnnl_primitive_desc_t desc;
        if (!describe(net, conv, algorithms[i], &desc)) continue;
        const step s = convolution_step(net, conv, desc, from, to);
        const double time = step_time(net, &s);
        if (time < best_time) best_time = time, best = algorithms[i];
    }
    fprintf(stderr, "onednn: 3x3 at %dx%d, %d together: %s\n", conv->size, conv->size, conv->images,
            best == dnnl_convolution_winograd ? "winograd" : "direct");
    return best;
}

static step *convolve(const network *net, sequence *program, const convolution *conv,
                      dnnl_alg_kind_t algorithm, const float *from, float *to) {
    dnnl_primitive_desc_t desc;
    if (!describe(net, conv, algorithm, &desc)) server_fail("%s: oneDNN has no kernel for it", conv->name);
    step *s = append(program);
    *s = convolution_step(net, conv, desc, from, to);
    return s;
}

/* ---- the network ---- */

static dnnl_memory_t destination(const step *s) {
    return s->arguments[s->argument_count - 1].memory;
}

/* The dense layers of a block over `images` images at once, in buffers of `stride` floats an image. */
static void dense_block(network *net, sequence *program, int block, int images, int channels, int size,
                        float *buffer, size_t stride) {
    const dn_config *config = net->config;
    const int middle = config->bottleneck * config->growth;
    const size_t area = (size_t)size * (size_t)size, slice = (size_t)config->growth * area;
    float *normalised = net->scratch[NORMALISED], *bottleneck = net->scratch[BOTTLENECK];
    float *slices = net->scratch[SLICES];
    dnnl_alg_kind_t algorithm = dnnl_convolution_direct;
    for (int layer = 0; layer < config->layers[block]; layer++, channels += config->growth) {
        char prefix[64], norm1[80], norm2[80], conv1[80], conv2[80];
        snprintf(prefix, sizeof prefix, "features.denseblock%d.denselayer%d", block + 1, layer + 1);
        snprintf(norm1, sizeof norm1, "%s.norm1", prefix);
        snprintf(norm2, sizeof norm2, "%s.norm2", prefix);
        snprintf(conv1, sizeof conv1, "%s.conv1", prefix);
        snprintf(conv2, sizeof conv2, "%s.conv2", prefix);
        const size_t input = (size_t)channels * area;
        for (int i = 0; i < images; i++)
            batch_norm_relu(net, program, norm1, channels, size, buffer + (size_t)i * stride,
                            normalised + (size_t)i * input);
        const convolution first = {conv1, norm2, images, channels, middle, size, 1, 1, dnnl_nChw16c};
        const convolution second = {conv2, NULL, images, middle, config->growth, size, 3, 1, dnnl_nChw16c};
        convolve(net, program, &first, dnnl_convolution_direct, normalised, bottleneck);
        if (layer == 0) algorithm = best_algorithm(net, &second, bottleneck, slices);
        convolve(net, program, &second, algorithm, bottleneck, images == 1 ? buffer + input : slices);
        for (int i = 0; images > 1 && i < images; i++) {
            step *copy = append(program);
            copy->from = slices + (size_t)i * slice;
            copy->to = buffer + (size_t)i * stride + input;
            copy->bytes = slice * sizeof(float);
        }
    }
}

/* Norm, ReLU, pooling, convolution into the first channels of the next buffer. Returns that memory. */
static dnnl_memory_t transition(network *net, sequence *program, int block, int channels, int size,
                                const float *from, float *to) {
    char norm[64], conv[64];
    snprintf(norm, sizeof norm, "features.transition%d.norm", block + 1);
    snprintf(conv, sizeof conv, "features.transition%d.conv", block + 1);
    batch_norm_relu(net, program, norm, channels, size, from, net->scratch[NORMALISED]);
    const dnnl_memory_desc_t whole = blocked(1, channels, size, size);
    const dnnl_memory_desc_t pooled = blocked(1, channels, size / 2, size / 2);
    pool(net, program, dnnl_pooling_avg_exclude_padding, &whole, &pooled, 2, 2, 0, net->scratch[NORMALISED],
         net->scratch[BOTTLENECK]);
    const convolution halve = {conv, NULL, 1, channels, channels / 2, size / 2, 1, 1, dnnl_nChw16c};
    return destination(convolve(net, program, &halve, dnnl_convolution_direct, net->scratch[BOTTLENECK], to));
}

/* norm5, ReLU, the mean of each channel and the classifier. */
static void finish(network *net, int features, int size, const float *maps, size_t stride) {
    const dnnl_memory_desc_t source = blocked(1, features, size, size), goal = blocked(1, features, 1, 1);
    for (int i = 0; i < net->batch; i++) {
        batch_norm_relu(net, &net->together, "features.norm5", features, size, maps + (size_t)i * stride,
                        net->scratch[NORMALISED]);
        pool(net, &net->together, dnnl_pooling_avg_exclude_padding, &source, &goal, size, 1, 0,
             net->scratch[NORMALISED], net->features + (size_t)i * (size_t)features);
    }
    classify(net, features);
}

static void pool_stem(network *net, int channels, int size, float *to) {
    const dnnl_memory_desc_t source = blocked(1, channels, 2 * size, 2 * size);
    const dnnl_memory_desc_t goal = blocked(1, channels, size, size);
    pool(net, &net->one, dnnl_pooling_max, &source, &goal, 3, 2, 1, net->scratch[BOTTLENECK], to);
}

void build_f32(network *net) {
    const dn_config *config = net->config;
    const size_t batch = (size_t)net->batch;
    /* No tensor of one image is larger than the stem's output, nor block 4's than this times the batch. */
    const size_t largest = (size_t)LANES * 7 * 112 * 112 + (size_t)config->features * 49 * batch;
    for (int i = NORMALISED; i <= SLICES; i++) net->scratch[i] = server_floats(largest);
    net->features = server_floats(batch * (size_t)config->features);
    net->logits = server_floats(batch * SERVER_LOGITS);

    const convolution stem = {
        "features.conv0", "features.norm0", 1, 3, config->initial_channels, SERVER_SIZE, 7, 2, dnnl_nchw};
    const step *first =
        convolve(net, &net->one, &stem, dnnl_convolution_direct, net->inputs, net->scratch[BOTTLENECK]);
    net->entry = first->arguments[0].memory;
    int channels = config->initial_channels, size = SERVER_SIZE / 4;
    float *buffer = NULL;
    for (int block = 0; block < 4; block++) {
        const int width = channels + config->layers[block] * config->growth,
                  images = block < 3 ? 1 : net->batch;
        const size_t stride = (size_t)(width * size * size);
        float *previous = buffer;
        buffer = server_floats((size_t)images * stride);
        if (block == 0)
            pool_stem(net, channels, size, buffer);
        else
            net->exit = transition(net, &net->one, block - 1, 2 * channels, 2 * size, previous, buffer);
        dense_block(net, block < 3 ? &net->one : &net->together, block, images, channels, size, buffer,
                    stride);
        if (block == 3) {
            net->last = buffer;
            net->last_bytes = stride * sizeof(float);
            finish(net, width, size, buffer, stride);
        }
        channels = width / 2;
        size /= 2;
    }
}

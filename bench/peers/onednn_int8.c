/* SPDX-License-Identifier: MIT */
/* DenseNet in int8 on oneDNN's C API, wired by hand, as good as that library allows:
 *
 * - weights are int8, symmetric, with a scale an output channel; maps are uint8 with one scale, measured
 *   beforehand (ranges.py), and channels innermost, the one layout that the fast kernels take;
 * - norm0 and norm2 are folded into the convolutions before them, and their ReLU is what uint8 cuts off.
 *   norm1 and the transitions' norm are depthwise 1x1 convolutions: one pass over bytes, and one number a
 *   channel is exact as a weight. Batch normalisation of int8 takes as long and keeps seven bits;
 * - the maps of a block share scale and zero point. The kernels refuse a destination inside a larger tensor
 *   (a reference takes over that is 300 times slower), so each layer joins its slice with what there is;
 * - the stem reads int8, for which the padding's zero is zero; norm5, means and classifier are float32;
 * - transitions pool first; a batch goes through the blocks as in onednn_f32.c. */
#include "bench/peers/onednn_int8.h"

#include <math.h>
#include <stdio.h>

/* Scratch: the maps of a block so far, in turn in one of two; after the norm; after conv1 or pooling, also
 * the stem's output; and a layer's slice, also the stem's input. */
enum { JOINED, NORMALISED = 2, BOTTLENECK, SLICE, SCRATCH_COUNT };
_Static_assert((int)SCRATCH_COUNT <= (int)NETWORK_SCRATCH, "the network has room for them");

/* Of all maps of a block together. */
static grid block_grid(const network *net, int block) {
    char name[128];
    float low = 0.0f, high = 0.0f;
    if (block == 0)
        widen(net, "features.pool0.output", &low, &high);
    else {
        snprintf(name, sizeof name, "features.transition%d.conv.output", block);
        widen(net, name, &low, &high);
    }
    for (int layer = 0; layer < net->config->layers[block]; layer++) {
        snprintf(name, sizeof name, "features.denseblock%d.denselayer%d.conv2.output", block + 1, layer + 1);
        widen(net, name, &low, &high);
    }
    return grid_between(low, high);
}

/* Batch norm and ReLU. */
static void norm_relu(const network *net, sequence *program, const char *norm, int images, int channels,
                      int size, grid from, grid to, const void *source) {
    const int8_convolution each = {.norm = norm,
                                   .images = images,
                                   .in = channels,
                                   .out = channels,
                                   .size = size,
                                   .kernel = 1,
                                   .stride = 1,
                                   .source = dnnl_u8,
                                   .goal = dnnl_u8,
                                   .from = from,
                                   .to = to};
    convolve_int8(net, program, &each, source, net->scratch[NORMALISED]);
}

/* A layer's slice behind the channels so far. */
static void join(const network *net, sequence *program, int images, int channels, int size, const void *from,
                 void *to) {
    const int growth = net->config->growth;
    const dnnl_memory_desc_t parts[] = {nhwc(dnnl_u8, images, channels, size),
                                        nhwc(dnnl_u8, images, growth, size)};
    const dnnl_memory_desc_t whole = nhwc(dnnl_u8, images, channels + growth, size);
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_concat_primitive_desc_create(&desc, &whole, 2, 1, parts, NULL, net->engine));
    step *s = append(program);
    s->primitive = primitive(desc);
    argument(s, DNNL_ARG_MULTIPLE_SRC, memory(net, &parts[0], from));
    argument(s, DNNL_ARG_MULTIPLE_SRC + 1, memory(net, &parts[1], net->scratch[SLICE]));
    argument(s, DNNL_ARG_DST, memory(net, &whole, to));
}

/* The dense layers of a block over `images` images at once, from its entry. Returns where its maps are. */
static const void *dense_block(const network *net, sequence *program, int block, int images, int channels,
                               int size, const void *maps) {
    const dn_config *config = net->config;
    const int middle = config->bottleneck * config->growth;
    const grid all = block_grid(net, block);
    for (int layer = 0; layer < config->layers[block]; layer++, channels += config->growth) {
        char prefix[64], norm1[80], norm2[80], conv1[80], conv2[80];
        snprintf(prefix, sizeof prefix, "features.denseblock%d.denselayer%d", block + 1, layer + 1);
        snprintf(norm1, sizeof norm1, "%s.norm1", prefix);
        snprintf(norm2, sizeof norm2, "%s.norm2", prefix);
        snprintf(conv1, sizeof conv1, "%s.conv1", prefix);
        snprintf(conv2, sizeof conv2, "%s.conv2", prefix);
        const grid input = grid_of(net, conv1, "input"), between = grid_of(net, conv2, "input");
        const int8_convolution first = {conv1, norm2,   images,  channels, middle,  size, 1,
                                        1,     dnnl_u8, dnnl_u8, input,    between, 0};
        const int8_convolution second = {
            conv2, NULL, images, middle, config->growth, size, 3, 1, dnnl_u8, dnnl_u8, between, all, 0};
        norm_relu(net, program, norm1, images, channels, size, all, input, maps);
        convolve_int8(net, program, &first, net->scratch[NORMALISED], net->scratch[BOTTLENECK]);
        convolve_int8(net, program, &second, net->scratch[BOTTLENECK], net->scratch[SLICE]);
        void *joined = net->scratch[JOINED + layer % 2];
        join(net, program, images, channels, size, maps, joined);
        maps = joined;
    }
    return maps;
}

/* Norm, ReLU, pooling and convolution. Returns the memory of the result. */
static dnnl_memory_t transition(const network *net, sequence *program, int block, int channels, int size,
                                const void *from, void *to) {
    char name[64], norm[80], conv[80];
    snprintf(name, sizeof name, "features.transition%d", block + 1);
    snprintf(norm, sizeof norm, "%s.norm", name);
    snprintf(conv, sizeof conv, "%s.conv", name);
    const grid normal = grid_of(net, name, "relu.output"), next = block_grid(net, block + 1);
    const dnnl_memory_desc_t whole = nhwc(dnnl_u8, 1, channels, size),
                             half = nhwc(dnnl_u8, 1, channels, size / 2);
    norm_relu(net, program, norm, 1, channels, size, block_grid(net, block), normal, from);
    pool(net, program, dnnl_pooling_avg_exclude_padding, &whole, &half, 2, 2, 0, net->scratch[NORMALISED],
         net->scratch[BOTTLENECK]);
    const int8_convolution halve = {conv, NULL,    1,       channels, channels / 2, size / 2, 1,
                                    1,    dnnl_u8, dnnl_u8, normal,   next,         0};
    const step *last = convolve_int8(net, program, &halve, net->scratch[BOTTLENECK], to);
    return last->arguments[last->argument_count - 1].memory;
}

/* The picture as int8, the stem's convolution, norm and ReLU, and pooling to `to`. */
static void stem(network *net, void *to) {
    sequence *program = &net->one;
    float low = 0.0f, high = 0.0f;
    widen(net, "features.conv0.input", &low, &high);
    const grid input = {fmaxf(-low, high) / 127.0f, 0};
    const float scale = 1.0f / input.scale;
    const dnnl_memory_desc_t planes = tensor4(dnnl_f32, 1, 3, SERVER_SIZE, SERVER_SIZE, dnnl_nchw);
    const dnnl_memory_desc_t bytes = nhwc(dnnl_s8, 1, 3, SERVER_SIZE);
    dnnl_primitive_attr_t attributes;
    CHECK(dnnl_primitive_attr_create(&attributes));
    CHECK(dnnl_primitive_attr_set_output_scales(attributes, 1, 0, &scale));
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_reorder_primitive_desc_create(&desc, &planes, net->engine, &bytes, net->engine, attributes));
    CHECK(dnnl_primitive_attr_destroy(attributes));
    step *s = append(program);
    s->primitive = primitive(desc);
    net->entry = memory(net, &planes, net->inputs);
    argument(s, DNNL_ARG_FROM, net->entry);
    argument(s, DNNL_ARG_TO, memory(net, &bytes, net->scratch[SLICE]));

    const int channels = net->config->initial_channels, size = SERVER_SIZE / 2;
    const int8_convolution first = {"features.conv0",
                                    "features.norm0",
                                    1,
                                    3,
                                    channels,
                                    SERVER_SIZE,
                                    7,
                                    2,
                                    dnnl_s8,
                                    dnnl_u8,
                                    input,
                                    block_grid(net, 0),
                                    1};
    convolve_int8(net, program, &first, net->scratch[SLICE], net->scratch[BOTTLENECK]);
    const dnnl_memory_desc_t whole = nhwc(dnnl_u8, 1, channels, size),
                             half = nhwc(dnnl_u8, 1, channels, size / 2);
    pool(net, program, dnnl_pooling_max, &whole, &half, 3, 2, 1, net->scratch[BOTTLENECK], to);
}

/* norm5 and ReLU to float32, the mean of each channel, and the classifier. */
static void finish(network *net, int features, int size, const void *maps) {
    const int8_convolution norm = {.norm = "features.norm5",
                                   .images = net->batch,
                                   .in = features,
                                   .out = features,
                                   .size = size,
                                   .kernel = 1,
                                   .stride = 1,
                                   .source = dnnl_u8,
                                   .goal = dnnl_f32,
                                   .from = block_grid(net, 3),
                                   .to = {1.0f, 0},
                                   .cuts = 1};
    convolve_int8(net, &net->together, &norm, maps, net->scratch[NORMALISED]);
    const dnnl_memory_desc_t whole = nhwc(dnnl_f32, net->batch, features, size);
    const dnnl_memory_desc_t means = nhwc(dnnl_f32, net->batch, features, 1);
    pool(net, &net->together, dnnl_pooling_avg_exclude_padding, &whole, &means, size, 1, 0,
         net->scratch[NORMALISED], net->features);
    classify(net, features);
}

void build_int8(network *net) {
    const dn_config *config = net->config;
    const size_t batch = (size_t)net->batch;
    /* No map of bytes of one image has more than the stem's, nor of float32 than norm5's. */
    const size_t largest =
        (size_t)config->initial_channels * 112 * 112 / sizeof(float) + (size_t)config->features * 49 * batch;
    for (int i = 0; i < SCRATCH_COUNT; i++) net->scratch[i] = server_floats(largest);
    net->features = server_floats(batch * (size_t)config->features);
    net->logits = server_floats(batch * SERVER_LOGITS);

    int channels = config->initial_channels, size = SERVER_SIZE / 4;
    void *entry = net->scratch[JOINED + 1];
    stem(net, entry);
    for (int block = 0; block < 3; block++) {
        const void *maps = dense_block(net, &net->one, block, 1, channels, size, entry);
        channels += config->layers[block] * config->growth;
        if (block == 2) {
            net->last_bytes = (size_t)(channels / 2 * (size / 2) * (size / 2));
            entry = net->last = server_floats(batch * net->last_bytes / sizeof(float) + 1);
        }
        net->exit = transition(net, &net->one, block, channels, size, maps, entry);
        channels /= 2;
        size /= 2;
    }
    const void *maps = dense_block(net, &net->together, 3, net->batch, channels, size, entry);
    finish(net, channels + config->layers[3] * config->growth, size, maps);
}

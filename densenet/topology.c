/* SPDX-License-Identifier: MIT */
/* The walk over parts and tensors. Names and order: torchvision/models/densenet.py. */
#include "densenet/topology.h"

#include "core/error.h"

#include <stdio.h>

int dni_block_first_channels(const dn_config *config, int block) {
    return block == 0 ? config->initial_channels : dni_block_channels(config, block - 1) / 2;
}

int dni_block_channels(const dn_config *config, int block) {
    return dni_block_first_channels(config, block) + config->layers[block] * config->growth;
}

dn_status dni_config_check(const dn_config *config, dn_error *error) {
    enum { LIMIT = 4096 }; /* keeps every product of two of the numbers an int */
    const int numbers[] = {config->growth,    config->layers[0],  config->layers[1],       config->layers[2],
                           config->layers[3], config->bottleneck, config->initial_channels};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] < 1 || numbers[i] > LIMIT)
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: %d is no number of channels or layers (1 to %d)",
                            config->name, numbers[i], LIMIT);
    const int features = dni_block_channels(config, DNI_BLOCKS - 1);
    if (config->features != features)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: %d features do not fit its layers, which give %d",
                        config->name, config->features, features);
    return DN_OK;
}

int dni_convolution_count(const dn_config *config) {
    int count = 1 + DNI_BLOCKS - 1;
    for (int b = 0; b < DNI_BLOCKS; b++) count += 2 * config->layers[b];
    return count;
}

int dni_part_count(const dn_config *config) {
    return dni_convolution_count(config) + 2;
}

static dni_part stem(const dn_config *config) {
    return (dni_part){
        .role = DNI_STEM,
        .in_channels = DNI_INPUT_CHANNELS,
        .out_channels = config->initial_channels,
        .conv = "features.conv0",
        .norm_behind = "features.norm0",
    };
}

static dni_part dense_conv1(const dn_config *config, int block, int layer) {
    dni_part part = {
        .role = DNI_CONV1,
        .block = block,
        .layer = layer,
        .in_channels = dni_block_first_channels(config, block) + layer * config->growth,
        .out_channels = config->bottleneck * config->growth,
    };
    char prefix[DNI_NAME_SIZE - 8];
    snprintf(prefix, sizeof prefix, "features.denseblock%d.denselayer%d", block + 1, layer + 1);
    snprintf(part.norm_before, sizeof part.norm_before, "%s.norm1", prefix);
    snprintf(part.conv, sizeof part.conv, "%s.conv1", prefix);
    snprintf(part.norm_behind, sizeof part.norm_behind, "%s.norm2", prefix);
    snprintf(part.input_norm, sizeof part.input_norm, "%s", part.norm_before);
    return part;
}

static dni_part dense_conv2(const dn_config *config, int block, int layer) {
    dni_part part = {
        .role = DNI_CONV2,
        .block = block,
        .layer = layer,
        .in_channels = config->bottleneck * config->growth,
        .out_channels = config->growth,
        .out_offset = dni_block_first_channels(config, block) + layer * config->growth,
    };
    char prefix[DNI_NAME_SIZE - 8];
    snprintf(prefix, sizeof prefix, "features.denseblock%d.denselayer%d", block + 1, layer + 1);
    snprintf(part.conv, sizeof part.conv, "%s.conv2", prefix);
    snprintf(part.input_norm, sizeof part.input_norm, "%s.norm2", prefix);
    return part;
}

static dni_part transition(const dn_config *config, int block) {
    dni_part part = {
        .role = DNI_TRANSITION,
        .block = block,
        .in_channels = dni_block_channels(config, block),
        .out_channels = dni_block_first_channels(config, block + 1),
    };
    snprintf(part.norm_before, sizeof part.norm_before, "features.transition%d.norm", block + 1);
    snprintf(part.conv, sizeof part.conv, "features.transition%d.conv", block + 1);
    snprintf(part.input_norm, sizeof part.input_norm, "%s", part.norm_before);
    return part;
}

dni_part dni_part_at(const dn_config *config, int index) {
    if (index == 0) return stem(config);
    index--;
    for (int b = 0; b < DNI_BLOCKS; b++) {
        if (index < 2 * config->layers[b])
            return index % 2 ? dense_conv2(config, b, index / 2) : dense_conv1(config, b, index / 2);
        index -= 2 * config->layers[b];
        if (b == DNI_BLOCKS - 1) break;
        if (index == 0) return transition(config, b);
        index--;
    }
    if (index == 0)
        return (dni_part){
            .role = DNI_FINAL_NORM,
            .block = DNI_BLOCKS - 1,
            .in_channels = config->features,
            .out_channels = config->features,
            .norm_before = "features.norm5",
        };
    return (dni_part){
        .role = DNI_CLASSIFIER,
        .block = DNI_BLOCKS - 1,
        .in_channels = config->features,
        .out_channels = DN_LOGITS,
        .conv = "classifier",
    };
}

dni_conv2d dni_part_conv2d(const dni_part *part) {
    dni_conv2d conv = {
        .in_channels = part->in_channels, .out_channels = part->out_channels, .kernel = 1, .stride = 1};
    switch (part->role) {
    case DNI_STEM:
        conv.kernel = 7;
        conv.stride = 2;
        conv.pad = 3;
        conv.epilogue = DNI_EPILOGUE_BIAS_RELU_MAXPOOL;
        break;
    case DNI_CONV1:
        conv.prologue = DNI_PROLOGUE_BN_RELU;
        conv.epilogue = DNI_EPILOGUE_BIAS_RELU;
        break;
    case DNI_CONV2:
        conv.kernel = 3;
        conv.pad = 1;
        conv.border = 1;
        conv.nonnegative = true;
        break;
    case DNI_TRANSITION:
        conv.prologue = DNI_PROLOGUE_BN_RELU_AVGPOOL;
        break;
    case DNI_FINAL_NORM:
    case DNI_CLASSIFIER:
        break; /* no convolutions */
    }
    if (!*part->norm_behind) conv.epilogue = DNI_EPILOGUE_NONE;
    return conv;
}

/* ---- tensors ---- */

dni_tensor_walk dni_tensor_walk_start(const dn_config *config) {
    return (dni_tensor_walk){.config = config, .part = dni_part_at(config, 0), .next_part = 1};
}

/* Tensor `index` of a norm; false behind the last. */
static bool norm_tensor(dni_tensor_walk *walk, const char *norm, int channels, int index) {
    static const struct {
        const char *name;
        dni_tensor_role role;
    } tensors[] = {{"weight", DNI_NORM_WEIGHT},
                   {"bias", DNI_NORM_BIAS},
                   {"running_mean", DNI_NORM_MEAN},
                   {"running_var", DNI_NORM_VARIANCE}};
    if (!*norm || index < 0 || index >= 4) return false;
    snprintf(walk->name, sizeof walk->name, "%s.%s", norm, tensors[index].name);
    walk->role = tensors[index].role;
    walk->rank = 1;
    walk->shape[0] = channels;
    return true;
}

static void conv_tensor(dni_tensor_walk *walk) {
    const dni_part *part = &walk->part;
    const dni_conv2d conv = dni_part_conv2d(part);
    snprintf(walk->name, sizeof walk->name, "%s.weight", part->conv);
    walk->shape[0] = part->out_channels;
    walk->shape[1] = part->in_channels;
    walk->shape[2] = walk->shape[3] = conv.kernel;
    walk->rank = part->role == DNI_CLASSIFIER ? 2 : 4;
    walk->role = part->role == DNI_CLASSIFIER ? DNI_CLASSIFIER_WEIGHT : DNI_CONV_WEIGHT;
}

static void classifier_bias(dni_tensor_walk *walk) {
    snprintf(walk->name, sizeof walk->name, "%s.bias", walk->part.conv);
    walk->shape[0] = walk->part.out_channels;
    walk->rank = 1;
    walk->role = DNI_CLASSIFIER_BIAS;
}

/* Tensor `index` of the walk's part: norm before, convolution, norm behind; false behind the last. */
static bool part_tensor(dni_tensor_walk *walk, int index) {
    const dni_part *part = &walk->part;
    if (norm_tensor(walk, part->norm_before, part->in_channels, index)) return true;
    if (*part->norm_before) index -= 4;
    if (index == 0 && *part->conv) return conv_tensor(walk), true;
    if (index == 1 && part->role == DNI_CLASSIFIER) return classifier_bias(walk), true;
    return norm_tensor(walk, part->norm_behind, part->out_channels, index - 1);
}

bool dni_tensor_walk_next(dni_tensor_walk *walk) {
    while (!part_tensor(walk, walk->next_tensor)) {
        if (walk->next_part == dni_part_count(walk->config)) return false;
        walk->part = dni_part_at(walk->config, walk->next_part++);
        walk->next_tensor = 0;
    }
    walk->next_tensor++;
    return true;
}

/* SPDX-License-Identifier: MIT */
/* The structure of a DenseNet, written down once: its parts, their order, their names and their shapes.
 *
 * A network is a list of parts in the order of execution: the stem; conv1 and conv2 of every dense layer,
 * with a transition after each of the first three blocks; norm5; the classifier. Loading, seeding,
 * calibration, the model and the hash all follow this list. */
#ifndef DN_DENSENET_TOPOLOGY_H
#define DN_DENSENET_TOPOLOGY_H

#include "densenet/densenet.h"
#include "layers/conv2d.h"

#include <stdbool.h>

enum { DNI_BLOCKS = 4, DNI_NAME_SIZE = 64, DNI_INPUT_CHANNELS = 3, DNI_MIN_INPUT = 32 };

typedef enum dni_role {
    DNI_STEM,       /* conv0, norm0, ReLU, max pool: into the first channels of block 0 */
    DNI_CONV1,      /* norm1, ReLU, conv1, norm2, ReLU: block -> bottleneck */
    DNI_CONV2,      /* conv2: bottleneck -> the layer's own channels of the block */
    DNI_TRANSITION, /* norm, ReLU, conv, average pool: into the first channels of the next block */
    DNI_FINAL_NORM, /* norm5 */
    DNI_CLASSIFIER,
} dni_role;

typedef struct dni_part {
    dni_role role;
    int block, layer; /* from 0; a transition belongs to the block it follows */
    int in_channels, out_channels;
    int out_offset; /* of conv2: the first of its channels in the block */
    /* PyTorch's module names; "" where the part has none. `conv` is the classifier's too. */
    char norm_before[DNI_NAME_SIZE], conv[DNI_NAME_SIZE], norm_behind[DNI_NAME_SIZE];
    char input_norm[DNI_NAME_SIZE]; /* behind whose ReLU the convolution's factors stand */
} dni_part;

int dni_part_count(const dn_config *config);
dni_part dni_part_at(const dn_config *config, int index);
/* The number of parts that are convolutions: these are parts 0 .. count - 1. */
int dni_convolution_count(const dn_config *config);
/* The fused convolution of such a part: with its norm and ReLU before, and its norm and ReLU behind unless
 * norm_behind is "". */
dni_conv2d dni_part_conv2d(const dni_part *part);

/* The channels of a block before its first layer, and after its last one. */
int dni_block_first_channels(const dn_config *config, int block);
int dni_block_channels(const dn_config *config, int block);

/* DN_ERR_ARGUMENT unless every number of the configuration is positive and agrees with the others. */
dn_status dni_config_check(const dn_config *config, dn_error *error);

typedef enum dni_tensor_role {
    DNI_CONV_WEIGHT,
    DNI_NORM_WEIGHT,
    DNI_NORM_BIAS,
    DNI_NORM_MEAN,
    DNI_NORM_VARIANCE,
    DNI_CLASSIFIER_WEIGHT,
    DNI_CLASSIFIER_BIAS,
} dni_tensor_role;

/* An iterator over every tensor of a network, in the order of PyTorch's state_dict:
 *     for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk);) ... */
typedef struct dni_tensor_walk {
    /* the current tensor */
    char name[DNI_NAME_SIZE + 16];
    dni_tensor_role role;
    int rank;
    int64_t shape[4];
    /* the iterator's own */
    const dn_config *config;
    int next_part, next_tensor;
    dni_part part;
} dni_tensor_walk;

dni_tensor_walk dni_tensor_walk_start(const dn_config *config);
bool dni_tensor_walk_next(dni_tensor_walk *walk); /* false: there are no more */

#endif

/* SPDX-License-Identifier: MIT */
/* The prepared network: the convolutions in the order of execution, each with its kernel and its packed
 * parameters. */
#ifndef DN_DENSENET_MODEL_H
#define DN_DENSENET_MODEL_H

#include "densenet/densenet.h"
#include "densenet/prepared_conv.h"

struct dn_model {
    dn_config config;
    char hash[33];                        /* of the weights it was made from */
    dn_precision precision;               /* as asked for */
    dni_conv2d_requirements requirements; /* by which its kernels were chosen */
    int conv_count;
    dni_prepared_conv *convs;
    float *norm5_scale, *norm5_shift;           /* (features) */
    float *classifier_weight, *classifier_bias; /* (1000, features), (1000); NULL where absent */
    void *memory;                               /* one block that holds all numbers of the above */
    size_t size;
    const dn_allocator *allocator;
};

#endif

/* SPDX-License-Identifier: MIT */
/* One convolution of the network, ready to run: batch norms folded, kernel chosen, parameters packed. */
#ifndef DN_DENSENET_PREPARED_CONV_H
#define DN_DENSENET_PREPARED_CONV_H

#include "core/tensor_dict.h"
#include "densenet/topology.h"
#include "layers/conv2d.h"

typedef struct dni_prepared_conv {
    dni_part part;
    dni_conv2d conv;
    const dni_conv2d_kernel *kernel;
    void *packed; /* kernel->packed_size() bytes of the owner's */
} dni_prepared_conv;

/* With the best kernel that meets the requirements; `packed` must still be set. */
dni_prepared_conv dni_prepared_conv_of(dni_part part, dni_conv2d_requirements requirements);

/* The floats of room that packing needs. */
size_t dni_prepared_conv_room(const dni_prepared_conv *prepared);
/* Folds and packs the part's weight and the norms among `tensors` into `packed`. The weight may lie at the
 * beginning of `room`. */
void dni_prepared_conv_pack(const dni_prepared_conv *prepared, const dni_tensor_dict *tensors,
                            const float *weight, float *room);

void dni_prepared_conv_run(const dni_prepared_conv *prepared, const dni_tensor *x, const dni_tensor *y,
                           void *scratch, dni_pool *pool);

#endif

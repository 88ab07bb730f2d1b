/* SPDX-License-Identifier: MIT */
/* SGD and Adam over one flat parameter vector, with torch.optim's arithmetic.
 *
 *     SGD    g += weight_decay * p;  v = g in the first step, momentum * v + g later;
 *            p -= lr * v, with Nesterov p -= lr * (g + momentum * v)
 *     Adam   g += weight_decay * p;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
 *            p -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon)      (Kingma & Ba 2015)
 *
 * All it remembers is `state`, one block of floats, and `steps`: saving both and putting them back resumes it
 * with the same bits. */
#ifndef DN_HEAD_OPTIMIZER_H
#define DN_HEAD_OPTIMIZER_H

#include "head/training.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dni_optimizer {
    dn_train_options options;
    size_t count; /* parameters */
    uint64_t steps;
    float *state; /* SGD with momentum: v (count); Adam: m, v (2, count); NULL for plain SGD */
} dni_optimizer;

/* Floats in the state. */
size_t dni_optimizer_state_count(const dn_train_options *options, size_t count);

dn_status dni_optimizer_create(dni_optimizer *optimizer, const dn_train_options *options, size_t count,
                               dn_error *error);
void dni_optimizer_free(dni_optimizer *optimizer);

void dni_optimizer_step(dni_optimizer *optimizer, float *parameters, const float *gradient);

#endif

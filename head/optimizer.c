/* SPDX-License-Identifier: MIT */
/* SGD and Adam, one pass over the parameters a step. */
#include "head/optimizer.h"

#include "core/error.h"
#include "core/memory.h"

#include <math.h>
#include <string.h>

size_t dni_optimizer_state_count(const dn_train_options *options, size_t count) {
    if (options->optimizer == DN_ADAM) return 2 * count;
    return options->momentum != 0.0f ? count : 0;
}

dn_status dni_optimizer_create(dni_optimizer *optimizer, const dn_train_options *options, size_t count,
                               dn_error *error) {
    *optimizer = (dni_optimizer){.options = *options, .count = count};
    const size_t state_count = dni_optimizer_state_count(options, count);
    if (state_count == 0) return DN_OK;
    optimizer->state = dni_allocate(NULL, state_count * sizeof(float));
    if (!optimizer->state) return dni_no_memory(error, "an optimizer of %zu parameters", count);
    memset(optimizer->state, 0, state_count * sizeof(float));
    return DN_OK;
}

void dni_optimizer_free(dni_optimizer *optimizer) {
    dni_release(NULL, optimizer->state,
                dni_optimizer_state_count(&optimizer->options, optimizer->count) * sizeof(float));
    *optimizer = (dni_optimizer){0};
}

static void sgd_plain(const dn_train_options *o, size_t count, float *p, const float *gradient) {
    for (size_t i = 0; i < count; i++) p[i] -= o->learning_rate * (gradient[i] + o->weight_decay * p[i]);
}

/* The state starts as zeros, so that momentum * v + g gives v = g in the first step. */
static void sgd_momentum(const dn_train_options *o, size_t count, float *v, float *p, const float *gradient) {
    for (size_t i = 0; i < count; i++) {
        const float g = gradient[i] + o->weight_decay * p[i];
        v[i] = o->momentum * v[i] + g;
        p[i] -= o->learning_rate * (o->nesterov ? g + o->momentum * v[i] : v[i]);
    }
}

static void adam(const dn_train_options *o, size_t count, uint64_t step, float *state, float *p,
                 const float *gradient) {
    const float beta1 = o->beta1, beta2 = o->beta2;
    const double correction1 = 1.0 - pow((double)beta1, (double)step);
    const double correction2 = 1.0 - pow((double)beta2, (double)step);
    const float rate = (float)((double)o->learning_rate / correction1);
    const float root = (float)sqrt(correction2);
    float *m = state, *v = state + count;
    for (size_t i = 0; i < count; i++) {
        const float g = gradient[i] + o->weight_decay * p[i];
        m[i] = beta1 * m[i] + (1.0f - beta1) * g;
        v[i] = beta2 * v[i] + (1.0f - beta2) * g * g;
        p[i] -= rate * m[i] / (sqrtf(v[i]) / root + o->epsilon);
    }
}

void dni_optimizer_step(dni_optimizer *optimizer, float *parameters, const float *gradient) {
    const dn_train_options *o = &optimizer->options;
    optimizer->steps++;
    if (o->optimizer == DN_ADAM)
        adam(o, optimizer->count, optimizer->steps, optimizer->state, parameters, gradient);
    else if (optimizer->state)
        sgd_momentum(o, optimizer->count, optimizer->state, parameters, gradient);
    else
        sgd_plain(o, optimizer->count, parameters, gradient);
}

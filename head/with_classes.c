/* SPDX-License-Identifier: MIT */
/* A trained head for other classes: the rows of its last layer in another order, more of them or fewer. */
#include "head/mlp.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static dn_status check(const int *sources, int classes, int old_classes, dn_error *error) {
    if (classes < 2) return dni_fail(error, DN_ERR_ARGUMENT, "classes must be at least 2, not %d", classes);
    for (int c = 0; c < classes; c++)
        if (sources[c] < -1 || sources[c] >= old_classes)
            return dni_fail(error, DN_ERR_ARGUMENT, "sources[%d] must be -1 to %d, not %d", c,
                            old_classes - 1, sources[c]);
    return DN_OK;
}

/* weight: (classes, in), bias: (classes), all zero. For a new class zeros are as good a start as random
 * numbers: only units of hidden layers that begin alike stay alike. */
static void take_rows(float *weight, float *bias, const dni_linear *last, const int *sources, int classes) {
    const size_t in = (size_t)last->in;
    for (int c = 0; c < classes; c++) {
        if (sources[c] < 0) continue;
        memcpy(weight + (size_t)c * in, last->weight + (size_t)sources[c] * in, in * sizeof *weight);
        bias[c] = last->bias[sources[c]];
    }
}

dn_status dn_head_with_classes(dn_head **out, const dn_head *head, const int *sources, int classes,
                               dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, sources);
    dn_status status = check(sources, classes, dn_head_classes(head), error);
    if (status) return status;
    dni_linear linears[DNI_MAX_LINEAR];
    for (int i = 0; i < head->linear_count; i++) linears[i] = dni_head_linear(head, i);
    dni_linear *last = &linears[head->linear_count - 1];
    float *weight = calloc((size_t)classes, ((size_t)last->in + 1) * sizeof *weight);
    if (!weight) return dni_no_memory(error, "a layer of %d classes", classes);
    float *bias = weight + (size_t)classes * (size_t)last->in;
    take_rows(weight, bias, last, sources, classes);
    *last = (dni_linear){.in = last->in, .out = classes, .weight = weight, .bias = bias};
    dn_head *made = NULL;
    status = dni_head_from_linears(&made, linears, head->linear_count, head->dropout, error);
    if (!status) status = dni_head_copy_scale(made, head, error);
    free(weight);
    if (status)
        dn_head_free(made);
    else
        *out = made;
    return status;
}

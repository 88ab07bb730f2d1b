/* SPDX-License-Identifier: MIT */
/* The layers of a head on their way. */
#include "ftrain/import/imported_head.h"

#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

outcome imported_head_add(imported_head *head, int in, int out) {
    float *weight = new_matrix((size_t)out, (size_t)in, sizeof *weight);
    float *bias = weight ? new_array((size_t)out, sizeof *bias) : NULL;
    if (!bias) {
        free(weight);
        return OUTCOME_MACHINE;
    }
    head->weights[head->count] = weight;
    head->biases[head->count] = bias;
    head->layers[head->count++] = (dni_linear){.in = in, .out = out, .weight = weight, .bias = bias};
    return OUTCOME_OK;
}

outcome imported_head_split_logit(imported_head *head) {
    const int last = head->count - 1, in = head->layers[last].in;
    float *weight = head->weights[last], *bias = head->biases[last];
    head->count--;
    const outcome code = imported_head_add(head, in, 2);
    if (!code) {
        memcpy(head->weights[last] + in, weight, (size_t)in * sizeof *weight);
        head->biases[last][1] = bias[0];
    }
    free(weight);
    free(bias);
    return code;
}

void imported_head_free(imported_head *head) {
    for (int i = 0; i < head->count; i++) {
        free(head->weights[i]);
        free(head->biases[i]);
    }
    for (int i = 0; head->classes && i < head->class_count; i++) free(head->classes[i]);
    free(head->classes);
    json_decref(head->recipe);
    *head = (imported_head){.count = 0};
}

/* SPDX-License-Identifier: MIT */
/* A head that was trained elsewhere, made one of this program's. */
#ifndef FTRAIN_IMPORT_IMPORTED_HEAD_H
#define FTRAIN_IMPORT_IMPORTED_HEAD_H

#include "ftrain/shell/outcome.h"
#include "head/mlp.h"
#include "io/file.h"

#include <jansson.h>
#include <stdbool.h>

enum { IMPORTED_LAYERS = DNI_MAX_LINEAR };

/* Layers under construction, their numbers from malloc, and what the file says of classes. */
typedef struct imported_head {
    float *weights[IMPORTED_LAYERS], *biases[IMPORTED_LAYERS];
    dni_linear layers[IMPORTED_LAYERS];
    int count;
    char **classes; /* (outputs): names; NULL: the file has none */
    int class_count;
    json_t *recipe; /* what it was, for the model file */
} imported_head;

/* Both read a file's head; `prefix` is that of dni_linears_find(). They return OUTCOME_OK or, after a
 * message, another outcome; either way imported_head_free() is to follow. */
outcome import_torch(imported_head *out, const dni_file *file, const char *prefix);
outcome import_scikit_learn(imported_head *out, const dni_file *file);
void imported_head_free(imported_head *head);

/* Memory for one more layer, whose numbers are all 0. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome imported_head_add(imported_head *head, int in, int out);

/* Turns a last layer of one output, which is the logit of the second of two classes, into one of two: the
 * first's logit is 0, so that softmax of both is the sigmoid of the one. Returns OUTCOME_OK or, after a
 * message, another outcome. */
outcome imported_head_split_logit(imported_head *head);

#endif

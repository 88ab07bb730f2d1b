/* SPDX-License-Identifier: MIT */
/* The model that a training goes on from: ftrain train --from MODEL. */
#ifndef FTRAIN_TRAIN_ORIGIN_H
#define FTRAIN_TRAIN_ORIGIN_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/options.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"
#include "io/dataset.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct origin {
    dn_classifier *classifier; /* NULL: the training begins anew */
    const char *path;
    char hash[33];             /* of the file's bytes */
    dn_head *head;             /* the model's, for the data's classes */
    int kept, added, left_out; /* classes: in both, in the data alone, in the model alone */
    bool is_measured;          /* where no class was added: */
    dn_metrics valid, test;    /* what the model's head reaches as it is */
} origin;

/* Without --from *out is empty. Else reads the model, and fills in what the options take from it: layers and,
 * unless it was given, dropout. Returns OUTCOME_OK or, after a message, another outcome; either way
 * origin_free() is to follow. */
outcome origin_open(origin *out, train_options *options);
void origin_free(origin *self);

/* Makes the head for the data's classes, which are the model's in any order or, with --new-classes, others.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome origin_match_classes(origin *self, const dni_dataset *data, const train_options *options);

/* Evaluates the model's head on the two sets, of the plain view. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome origin_measure(origin *self, const feature_set *valid, const feature_set *test);

/* The head that a training with these options begins with: one of `start`, as it is in origin.head, or, where
 * that is NULL, a new one. */
dn_status origin_start(dn_head **out, const dn_head *start, const train_options *options, int features,
                       int classes, dn_error *error);

/* For the recipe: {"model", "xxh3", "recipe"}, the recipe without lists and objects; of the model that this one
 * itself came from only "model" and "xxh3". */
json_t *origin_json(const origin *self);

#endif

/* SPDX-License-Identifier: MIT */
/* What a model says of one picture: as data, and as the JSON object that every command and server gives. */
#ifndef FTRAIN_FEATURES_PREDICTION_H
#define FTRAIN_FEATURES_PREDICTION_H

#include "head/classifier/classifier.h"
#include "io/duplicates.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct ranked_class {
    float probability;
    int index; /* in label order */
} ranked_class;

typedef struct prediction {
    const char *const *classes; /* names in label order */
    int class_count;
    const float *probabilities; /* (class_count) */
    ranked_class *order;        /* (class_count): by falling probability */
    int shown;                  /* so many of the most probable classes are told */
    bool tells_own;             /* whether the model keeps the keys of its own pictures */
    const char *own;            /* "train", "valid": what it used this picture for; NULL: it did not */
    bool is_near_copy;          /* of one that it used: not the same bytes */
    const float *thresholds;    /* (class_count): of the classes in its set; NULL: no set is told */
    double unfamiliarity;       /* percentile, 0 to 1 (head/novelty.h); NaN: the model has no numbers */
} prediction;

/* Fills in `order`, which the caller owns; equal probabilities stay in the model's order. */
void prediction_sort(const prediction *self);

/* Whether the picture's set holds the class. */
bool prediction_holds(const prediction *self, int class_index);

/* Looks the picture up among the model's own, and fills in what is told of that. `index`: of info's keys. */
void prediction_find_own(prediction *self, const dn_classifier_info *info, const dn_picture_index *index,
                         const dni_fingerprint *print);

/* {"path", "class", "probabilities", "own", "near_copy", "set", "unfamiliar", "unfamiliar_percentile"}: "own"
 * and "near_copy" of one of the model's own pictures alone, the set where sets are told, the last two where
 * they are known. NULL without memory. `path` may be of any bytes. */
json_t *prediction_json(const prediction *self, const char *path);

#endif

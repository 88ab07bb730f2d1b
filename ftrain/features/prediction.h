/* What a model says of one picture: as data, and as the JSON object that every command and server gives. */
#ifndef FTRAIN_FEATURES_PREDICTION_H
#define FTRAIN_FEATURES_PREDICTION_H

#include <jansson.h>
#include <stdbool.h>

typedef struct prediction {
    const char *const *classes; /* names in label order */
    int class_count;
    const float *probabilities; /* (class_count) */
    int *order;                 /* (class_count): classes by falling probability */
    int shown;                  /* so many of the most probable classes are told */
    const float *thresholds;    /* (class_count): of the classes in its set; NULL: no set is told */
} prediction;

/* Fills in `order`, which the caller owns; equal probabilities stay in the model's order. */
void prediction_sort(const prediction *self);

/* Whether the picture's set holds the class. */
bool prediction_holds(const prediction *self, int class_index);

/* {"path", "class", "probabilities", "set"}, the last where sets are told; NULL without memory. `path` may
 * be of any bytes. */
json_t *prediction_json(const prediction *self, const char *path);

#endif

/* From samples to feature arrays, through the feature store. */
#ifndef FTRAIN_FEATURES_FEATURES_H
#define FTRAIN_FEATURES_FEATURES_H

#include "ftrain/shell/outcome.h"
#include "core/pool.h"
#include "densenet/densenet.h"
#include "head/training.h"
#include "io/dataset.h"
#include "io/view.h"

#include <stdbool.h>

/* Some samples, and the views of each that are wanted: view_count >= 1. */
typedef struct feature_source {
    const dni_samples *samples;
    const dni_view *views;
    int view_count;
} feature_source;

typedef struct feature_request {
    const dn_config *config;
    const char *hash; /* of the backbone's weights */
    dn_preprocessing preprocessing;
    dn_precision precision;
    dn_memory memory;
    /* The backbone's weights, asked for only when something must be computed; they stay the callee's.
     * Returns OUTCOME_OK or, after a message, another outcome. */
    outcome (*weights)(void *context, const dn_weights **out);
    void *context;
    const char *cache; /* folder of the store; NULL: the store is `path` */
    const char *path;
    dni_pool *pool;
    bool strict; /* the first picture that cannot be used is an error */
    bool quiet;
} feature_request;

/* The features of those samples that could be used, in their order. */
typedef struct feature_set {
    const dni_view *views; /* the source's */
    int view_count;
    float *values; /* (count, view_count, features) */
    int *labels;
    size_t *places; /* (count): of each among the source's samples */
    int count;
} feature_set;

dn_features feature_set_view(const feature_set *set);
void feature_set_free(feature_set *set);

/* Fills out[i] from sources[i]; out may be NULL, then only the store is filled. What the store lacks is
 * computed, each picture decoded once for all its views. Pictures that cannot be used are named on stderr and
 * counted in *skipped. Returns OUTCOME_OK or, after a message, another outcome, with all of `out` empty. */
outcome features_collect(const feature_request *request, const feature_source *sources, size_t count,
                         feature_set *out, size_t *skipped);

/* The folder for caches: `option`, or the user's; made if it is not there. NULL after a message. From malloc. */
char *features_cache(const char *option);

#endif

/* SPDX-License-Identifier: MIT */
/* From samples to feature sets, through the feature store. */
#ifndef FTRAIN_FEATURES_FEATURES_H
#define FTRAIN_FEATURES_FEATURES_H

#include "core/pool.h"
#include "densenet/densenet.h"
#include "ftrain/backbone/model_attach.h"
#include "ftrain/backbone/network_options.h"
#include "ftrain/features/feature_set.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"

#include <stdbool.h>

/* Rows of many commands. */
#define CACHE_OPTION(type, member)                                                                           \
    OPT_TEXT("cache", 0, type, member, "FOLDER", "where features are kept (default ~/.cache/densenet)")
#define FEATURES_OPTION(type, member)                                                                        \
    OPT_TEXT("features", 0, type, member, "FEATURES", "a file of 'ftrain extract' instead of the cache")
#define STORE_OPTION(type, member)                                                                           \
    OPT_CHOICE(                                                                                              \
        "store", 0, type, member, "as-is|fp32|bf16",                                                         \
        "what features are kept as; bf16: half the disk; as-is (default): as the file has them, or fp32")

enum { MOST_VIEWS = 64 };

/* Some samples, and the views of each that are wanted: 1 to MOST_VIEWS. */
typedef struct feature_source {
    const dni_samples *samples;
    const dni_view *views;
    int view_count;
} feature_source;

/* What the user chooses about features in every command that needs them. */
typedef struct feature_options {
    const char *cache; /* the folder of caches; NULL: the user's own */
    const char *file;  /* a feature store outside the cache; NULL: the cache's */
    int form;          /* what it keeps vectors as: a dni_feature_form; the cache has a file for each */
    bool strict;       /* the first picture that cannot be used is an error */
    bool quiet;        /* no progress */
} feature_options;

typedef struct feature_request {
    const dn_config *config;
    const char *hash; /* of the backbone's weights */
    lazy_weights *weights;
    dn_preprocessing preprocessing;
    network_options network; /* its threads are the pool's */
    feature_options options;
    const char *cache; /* the folder of caches: features_cache() */
    dni_pool *pool;
    bool fingerprints; /* the sets are to have them, too */
    /* The data set whose splits the sources are, one after the other, for the store to say which picture each
     * record is of, and its folder; NULL: what the store says of pictures stays. */
    const dni_dataset *described;
    const char *folder;
} feature_request;

/* Fills out[i] from sources[i], with those samples that could be used in their order; out may be NULL, then
 * only the store is filled. What the store lacks is computed, each picture decoded once for all its views.
 * Pictures that cannot be used are named on stderr and added to *skipped; where the machine fails on one the
 * run ends. Returns OUTCOME_OK or, after a message, another outcome, with all of `out` empty. */
outcome features_collect(const feature_request *request, const feature_source *sources, size_t count,
                         feature_set *out, size_t *skipped);

/* The folder for caches: `option`, or the user's; made if it is not there. *out is from malloc, or NULL.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome features_cache(char **out, const char *option);

#endif

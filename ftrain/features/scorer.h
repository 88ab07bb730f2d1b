/* A model at work on samples: their features, through the store, and what the head makes of them. */
#ifndef FTRAIN_FEATURES_SCORER_H
#define FTRAIN_FEATURES_SCORER_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

typedef struct scorer_options {
    const char *model, *weights, *cache, *features;
    int precision; /* a dn_precision's value */
    int memory;    /* a dn_memory's value */
    int threads;
    bool strict, quiet;
} scorer_options;

typedef struct scorer {
    dn_classifier *classifier;
    feature_request request;
    /* what the request points to */
    const char *weights_option;
    dn_weights *weights; /* once asked for */
    dni_pool *pool;
    char *cache;
} scorer;

/* Those samples that could be used, in their order. */
typedef struct scores {
    float *log_probabilities; /* (count, classes) */
    int *labels;              /* (count) */
    size_t *places;           /* (count): of each among the samples */
    int count;
} scores;

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Either way to be closed. */
outcome scorer_open(scorer *out, const scorer_options *options);
void scorer_close(scorer *of);

/* out[i] from sources[i], each of one view. Pictures that cannot be used are named and added to *skipped. */
outcome scorer_run(scorer *of, const feature_source *sources, size_t count, scores *out, size_t *skipped);
/* Computes what the store lacks of the source's views, and nothing else. */
outcome scorer_fill(scorer *of, const feature_source *source, size_t *skipped);

void scores_free(scores *of); /* also of cleared ones */

#endif

/* SPDX-License-Identifier: MIT */
/* A model at work on samples: their features, through the store, and what the head makes of them. */
#ifndef FTRAIN_FEATURES_SCORER_H
#define FTRAIN_FEATURES_SCORER_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

typedef struct scorer_options {
    const char *model, *weights;
    network_options network;
    feature_options features;
} scorer_options;

typedef struct scorer {
    const char *model; /* its file */
    dn_classifier *classifier;
    feature_request request;
    /* what the request points to */
    lazy_weights weights;
    dni_pool *pool;
    char *cache;
} scorer;

/* Those samples that could be used, in their order. */
typedef struct scores {
    float *log_probabilities; /* (count, classes) */
    int *labels;              /* (count) */
    size_t *sample_index;     /* (count): of each among the samples */
    dni_fingerprint *prints;  /* (count); NULL unless self->request asks for them */
    double *unfamiliarity;    /* (count): percentiles, 0 to 1; NULL: the model has no numbers for them */
    float *novelty;           /* (count): the scores that they come from; likewise */
    int count;
} scores;

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Either way to be closed. */
outcome scorer_open(scorer *out, const scorer_options *options);
void scorer_close(scorer *self);

/* Attaches the network to the classifier, for pictures one at a time. */
outcome scorer_attach(scorer *self);

/* out[i] from sources[i], each of one view. Pictures that cannot be used are named and added to *skipped. */
outcome scorer_run(scorer *self, const feature_source *sources, size_t count, scores *out, size_t *skipped);
/* Computes what the store lacks of the source's views, and nothing else. */
outcome scorer_fill(scorer *self, const feature_source *source, size_t *skipped);

void scores_free(scores *scored); /* also of cleared ones */

#endif

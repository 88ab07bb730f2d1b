/* SPDX-License-Identifier: MIT */
/* Why a picture deserves a look: what `audit` would say of it, picture by picture. */
#ifndef FTRAIN_REVIEW_FINDINGS_H
#define FTRAIN_REVIEW_FINDINGS_H

#include "ftrain/features/extraction.h"
#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/picture_set.h"

typedef struct finding {
    bool is_unusable;    /* it cannot be decoded */
    size_t copy_of;      /* the first picture of its group of copies, which may be itself */
    bool has_copies;     /* the group has others */
    bool is_same;        /* one of these has the same bytes */
    double colour_score; /* modified z-scores; above DNI_OUTLIER_Z it stands out */
    int colour_cue;
    double feature_score;
    int likely; /* the class that its label should probably be; -1: no doubt */
    double given_probability, likely_probability;
    double unfamiliarity; /* percentile among the model's validation pictures; 0 where nothing tells it */
} finding;

typedef struct findings {
    finding *of; /* (pictures) */
    bool has_features;
    bool labels_judged;
} findings;

typedef struct findings_request {
    const extraction_options *extraction; /* with weights, where features are wanted and no model is given */
    scorer *scorer;                       /* whose network is asked for features; NULL: no model is given */
    dni_pool *pool;
} findings_request;

/* Labels are the folders', all splits together. Pictures that cannot be used are named, and counted nowhere.
 * Returns OUTCOME_OK or, after a message, another outcome; either way findings_free() is to follow. */
outcome findings_make(findings *out, const picture_set *set, const findings_request *request);
void findings_free(findings *self);

#endif

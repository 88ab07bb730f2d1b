/* SPDX-License-Identifier: MIT */
/* What 'ftrain evaluate' finds out, as data. */
#ifndef FTRAIN_EVALUATE_EVALUATION_H
#define FTRAIN_EVALUATE_EVALUATION_H

#include "ftrain/evaluate/recalibration.h"
#include "ftrain/evaluate/set_metrics.h"
#include "ftrain/evaluate/strangers.h"
#include "ftrain/evaluate/without_own.h"
#include "ftrain/features/class_sets.h"
#include "ftrain/features/score_metrics.h"
#include "ftrain/features/scorer.h"
#include "ftrain/shell/decisions.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"

typedef struct evaluation_options {
    scorer_options scorer;
    decision_options decisions;
    class_set_options sets;
    const char *split;        /* to evaluate; NULL: test, or the data folder itself where it has no test */
    const char *calibrate_on; /* split to fit temperature and threshold on; NULL: valid where there is one;
                                 "none": neither is fitted */
    const char *unfamiliar;   /* a folder of pictures of another kind; NULL: none */
} evaluation_options;

/* The evaluated pictures under one perturbation. */
typedef struct robustness_row {
    char name[DNI_VIEW_NAME];
    score_metrics metrics;
    double roc_auc; /* macro average over the classes */
    double change;  /* of accuracy, against the same pictures as they are */
} robustness_row;

typedef struct evaluation {
    const dn_classifier_info *info;
    const char *data;    /* the data folder */
    const char *split;   /* that was evaluated; NULL: the data folder itself */
    dni_samples samples; /* that were asked for */
    scores scores;       /* of those that could be used: samples.items[scores.sample_index[i]] is picture i */
    size_t skipped;      /* pictures that could not be used, of all splits */
    heeded_decisions decisions;

    score_metrics metrics;
    double *roc_aucs, *average_precisions; /* (classes): each against the rest */
    double roc_auc, average_precision;     /* macro averages */
    dn_reliability reliability;
    recalibration recalibration;
    without_own without_own;
    int unfamiliar; /* pictures at the line of unfamiliarity or beyond it; -1: the model cannot tell */
    strangers strangers;
    class_sets sets;
    set_metrics set_metrics; /* of those; empty where none are asked for */
    robustness_row *rows;    /* (row_count), in the order asked for; none until robustness_run() */
    int row_count;

    scorer scorer; /* owns what info points to */
} evaluation;

/* Returns OUTCOME_OK or, after a message, another outcome; either way to be freed. `options` and `data`
 * must outlive it. */
outcome evaluation_run(evaluation *out, const evaluation_options *options, const char *data);
void evaluation_free(evaluation *result);

/* The class that is predicted for picture i of the scores. */
int evaluation_predicted(const evaluation *result, int i);

#endif

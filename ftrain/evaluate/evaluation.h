/* What 'ftrain evaluate' finds out, as data. */
#ifndef FTRAIN_EVALUATE_EVALUATION_H
#define FTRAIN_EVALUATE_EVALUATION_H

#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"

typedef struct evaluation_options {
    scorer_options scorer;
    const char *split;        /* to judge; NULL: test, or the data folder itself where it has no test */
    const char *calibrate_on; /* split to fit temperature and threshold on; NULL: valid where there is one;
                                 "none": neither is fitted */
} evaluation_options;

/* Predictions, and what they are worth; not defined is NaN. */
typedef struct judgement {
    dn_metrics metrics;
    int *confusion;            /* (classes, classes), row: truth */
    dn_class_metrics *classes; /* (classes) */
    double balanced_accuracy;
} judgement;

/* Temperature and threshold, fitted on one split and judged on another. */
typedef struct calibration {
    const char *split; /* that they were fitted on; NULL: they were not */
    int count;         /* pictures in it */
    double temperature;
    dn_metrics metrics; /* of the judged pictures at that temperature */
    dn_reliability reliability;
    dn_threshold threshold; /* of two classes; NaN where there is none */
    /* Of the judged pictures; loss and Brier score, which a cut has none of, are 0. Empty without a
     * threshold. */
    judgement at_threshold;
} calibration;

/* The judged pictures under one perturbation. */
typedef struct robustness_row {
    char name[DNI_VIEW_NAME];
    judgement judged;
    double roc_auc; /* macro average over the classes */
    double change;  /* of accuracy, against the same pictures as they are */
} robustness_row;

typedef struct evaluation {
    const dn_classifier_info *info;
    const char *split;   /* that was judged; NULL: the data folder itself */
    dni_samples samples; /* that were asked for */
    scores scores;       /* of those that could be used: samples.items[scores.places[i]] is picture i */
    size_t skipped;      /* pictures that could not be used, of all splits */

    judgement judged;
    double *roc_aucs, *average_precisions; /* (classes): each against the rest */
    double roc_auc, average_precision;     /* macro averages */
    dn_ranking ranking;                    /* of class 1, for the curves of two classes; else empty */
    dn_reliability reliability;
    calibration calibration;
    robustness_row *rows; /* (row_count), in the order asked for; none until robustness_run() */
    int row_count;

    scorer scorer; /* owns what info points to */
} evaluation;

/* Returns OUTCOME_OK or, after a message, another outcome; either way to be freed. `options` must outlive it. */
outcome evaluation_run(evaluation *out, const evaluation_options *options, const char *data);
void evaluation_free(evaluation *of);

/* The class that picture i of the judged ones is said to be of. */
int evaluation_predicted(const evaluation *of, int i);

/* Metrics and confusion of scores. Either way to be freed with judgement_free(). */
outcome judge_scores(judgement *out, const scores *of, int classes);
void judgement_free(judgement *of);

#endif

/* SPDX-License-Identifier: MIT */
/* How good predictions are: accuracy, ranking and calibration.
 *
 * All of `log_probabilities`, natural logarithms (count, classes), as dn_head_log_probabilities() gives
 * them, against `labels` (count), each in [0, classes). The prediction is the most probable class, the
 * first of equal ones. What is not defined (the recall of a class without pictures) is NaN. */
#ifndef DN_HEAD_METRICS_H
#define DN_HEAD_METRICS_H

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- accuracy ---- */

/* Wilson's 95 % interval (Wilson 1927) of `successes` in `count` trials, from *low to *high: 0 to 1 when
 * there are none. */
DN_API void dn_wilson_interval(int successes, int count, double *low, double *high);

/* How good predictions are, all classes together. */
typedef struct dn_metrics {
    int count;                          /* pictures */
    int correct;                        /* of them, those whose prediction is the label */
    double accuracy;                    /* their share, 0 to 1 */
    double accuracy_low, accuracy_high; /* Wilson's interval */
    double loss;                        /* mean negative log-likelihood */
    /* Mean over pictures of the sum over classes of (probability - truth)^2, 0 to 2 (Brier 1950); for two
     * classes twice the form that looks at one of them. */
    double brier;
} dn_metrics;

/* Into *out: the metrics of all pictures. `confusion` may be NULL, else it gets classes x classes counts,
 * row: truth, column: prediction. All are 0, accuracy_high 1, without pictures. */
DN_API void dn_metrics_compute(dn_metrics *out, const float *log_probabilities, const int *labels, int count,
                               int classes, int *confusion);

/* How good predictions are for one class. */
typedef struct dn_class_metrics {
    int count;                      /* pictures of the class */
    int predicted;                  /* pictures said to be of it */
    int correct;                    /* both */
    double precision;               /* correct / predicted */
    double recall;                  /* correct / count */
    double f1;                      /* the harmonic mean of the two */
    double recall_low, recall_high; /* Wilson's interval; 0 to 1 without pictures */
} dn_class_metrics;

/* From a matrix that dn_metrics_compute() has filled in `confusion`; out: (classes). */
DN_API void dn_class_metrics_compute(dn_class_metrics *out, const int *confusion, int classes);
/* The mean recall of the classes that have pictures; of: (classes). */
DN_API double dn_balanced_accuracy(const dn_class_metrics *of, int classes);

/* ---- ranking: how well a class's probability sorts its pictures before the others ---- */

/* Pictures scored `score` or higher, and how many of them are of the class and not of it. The score is the
 * class's log-probability; with two classes its log-odds, which keep their precision near 0 and near 1. */
typedef struct dn_ranking_point {
    double score;        /* see above */
    int true_positives;  /* pictures of the class */
    int false_positives; /* pictures of another one */
} dn_ranking_point;

/* One class against the rest. The points of the ROC curve are (false_positives / negatives, true_positives
 * / positives), beginning at (0, 0); of the precision-recall curve, (true_positives / positives,
 * true_positives / (true_positives + false_positives)). */
typedef struct dn_ranking {
    dn_ranking_point *points; /* by falling score, one for each score that occurs */
    int count;                /* of points */
    int positives;            /* pictures of the class */
    int negatives;            /* all others */
} dn_ranking;

/* Sorts the pictures by class `class_index`. The points are the caller's, for dn_ranking_free(). */
DN_API dn_status dn_ranking_compute(dn_ranking *out, const float *log_probabilities, const int *labels,
                                    int count, int classes, int class_index, dn_error *error);
/* Frees the points and clears `ranking`; also of a cleared one, or NULL. */
DN_API void dn_ranking_free(dn_ranking *ranking);

/* The area under the ROC curve by trapezoids: ties count one half. NaN unless there are both positives and
 * negatives. */
DN_API double dn_ranking_roc_auc(const dn_ranking *ranking);
/* The sum over points of precision times gain in recall, without interpolation. NaN unless there are both
 * positives and negatives: where all are positives, any order gives 1, and that says nothing. */
DN_API double dn_ranking_average_precision(const dn_ranking *ranking);

/* Both of every class, into `roc_auc` and `average_precision`, each (classes). */
DN_API dn_status dn_ranking_all(double *roc_auc, double *average_precision, const float *log_probabilities,
                                const int *labels, int count, int classes, dn_error *error);
/* The mean of those of `count` values that are not NaN, NaN without any: turns the above into macro
 * averages. */
DN_API double dn_mean_defined(const double *values, int count);

/* Where to cut between two classes: a picture whose log-odds of class 1 are above is class 1. */
typedef struct dn_threshold {
    double log_odds;          /* of class 1 against class 0 */
    double probability;       /* of class 1, the same as log_odds */
    double balanced_accuracy; /* of the cut on the pictures it was fitted on */
} dn_threshold;

/* The cut with the highest balanced accuracy, half way (in log-odds) between the two neighbouring scores; of
 * several equally good ones the middle one. All NaN where no cut can be judged: one of the two classes is
 * missing, or all scores are equal. To be fitted on other pictures than it is judged on. */
DN_API dn_status dn_threshold_fit(dn_threshold *out, const float *log_probabilities, const int *labels,
                                  int count, dn_error *error);
/* Into `confusion`, (2, 2): rows are labels, columns what is predicted by the cut at `threshold`. */
DN_API void dn_threshold_confusion(const dn_threshold *threshold, const float *log_probabilities,
                                   const int *labels, int count, int *confusion);

/* ---- calibration: whether a probability of 0.8 is right 8 times in 10 ---- */

/* Into how many bins probabilities are sorted. */
#define DN_RELIABILITY_BINS 15

/* Pictures whose predictions were equally sure. */
typedef struct dn_reliability_bin {
    int count;         /* pictures */
    int correct;       /* of them, those whose prediction is the label */
    double confidence; /* the mean probability of the predicted classes */
} dn_reliability_bin;

/* Pictures by the probability of the predicted class; bin b holds those in (b / 15, (b + 1) / 15]. */
typedef struct dn_reliability {
    dn_reliability_bin bins[DN_RELIABILITY_BINS]; /* by rising probability */
    /* Expected calibration error (Guo et al. 2017): |accuracy - confidence| of a bin, weighted by its
     * share of the pictures. */
    double error;
} dn_reliability;

/* Into *out: all pictures, in their bins. */
DN_API void dn_reliability_compute(dn_reliability *out, const float *log_probabilities, const int *labels,
                                   int count, int classes);

/* Temperature scaling (Guo et al. 2017): the T from 0.01 to 100 for which softmax(log p / T) has the lowest
 * mean negative log-likelihood. Above 1, the probabilities were too sure. NaN without pictures; at a limit
 * where the pictures only pull one way: 0.01 where every prediction is right. */
DN_API double dn_temperature_fit(const float *log_probabilities, const int *labels, int count, int classes);
/* out, (count, classes): `log_probabilities` at that `temperature`; may be the input. */
DN_API void dn_temperature_apply(const float *log_probabilities, int count, int classes, double temperature,
                                 float *out);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* Sets of classes with a guarantee: split conformal prediction.
 *
 *     dn_conformal_create(&conformal, probabilities, labels, count, classes, &error);
 *     dn_conformal_thresholds(conformal, 0.9, false, thresholds, &error);
 *     dn_conformal_sets(thresholds, probabilities_of_others, others, classes, sets);
 *
 * Of pictures that come from where the calibration pictures come from, the sets hold the true class in a
 * share of at least `coverage`, on average over all draws of both, whatever the classifier is (Vovk,
 * Gammerman & Shafer 2005). The guarantee needs calibration pictures that the classifier was neither
 * trained nor chosen on. How good the classifier is shows in how small the sets are: a set can hold several
 * classes, or none.
 *
 * The score of a picture is 1 - the probability of its true class, which gives the sets of least mean size
 * (least ambiguous sets: Sadinle, Lei & Wasserman 2019). With n calibration pictures the quantile is their
 * score of rank ceil((n + 1) coverage) (Angelopoulos & Bates 2021), and a set holds every class whose score
 * is not above it. Without ties the mean coverage then lies between `coverage` and `coverage` + 1 / (n +
 * 1). */
#ifndef DN_HEAD_CONFORMAL_H
#define DN_HEAD_CONFORMAL_H

#include "core/status.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What calibration leaves: the sorted scores of each class, from which the sets of any coverage follow.
 * Immutable, and may be read by many threads. */
typedef struct dn_conformal dn_conformal;

/* probabilities: (count, classes), each in [0, 1]; labels: (count), the true classes. count >= 1, classes
 * >= 2. A class without pictures is fine. Nothing of the arrays is kept. */
DN_API dn_status dn_conformal_create(dn_conformal **out, const float *probabilities, const int *labels,
                                     int count, int classes, dn_error *error);
/* Frees `conformal`; NULL is fine. */
DN_API void dn_conformal_free(dn_conformal *conformal);
/* How many classes it was calibrated for. */
DN_API int dn_conformal_classes(const dn_conformal *conformal);
/* Calibration pictures of class `class_index`; of all classes together for class_index -1. */
DN_API int dn_conformal_count(const dn_conformal *conformal, int class_index);

/* So many calibration pictures a coverage needs: with fewer, ceil((n + 1) coverage) is above n, and only sets
 * of all classes are sure to reach it. 0 < coverage < 1. */
DN_API int dn_conformal_needed(double coverage);

/* thresholds: (classes): a class is in the set where its probability is at least its threshold; 0 where
 * there are fewer calibration pictures than needed, which puts the class into every set. `per_class` false:
 * one threshold from all pictures, and the coverage holds for all classes together. `per_class` true: a
 * threshold for each class from the pictures of that class alone (Mondrian, or class-conditional,
 * prediction: Vovk 2012), and the coverage holds for the pictures of each class by themselves.
 * DN_ERR_ARGUMENT unless 0 < coverage < 1. */
DN_API dn_status dn_conformal_thresholds(const dn_conformal *conformal, double coverage, bool per_class,
                                         float *thresholds, dn_error *error);

/* sets: (count, classes): whether the set of each picture holds each class, by its probabilities, (count,
 * classes), and the thresholds, (classes), of dn_conformal_thresholds(). */
DN_API void dn_conformal_sets(const float *thresholds, const float *probabilities, int count, int classes,
                              bool *sets);

#ifdef __cplusplus
}
#endif

#endif

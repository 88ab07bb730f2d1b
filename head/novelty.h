/* SPDX-License-Identifier: MIT */
/* How unfamiliar a picture is: how far its features lie from those that a head was trained on.
 *
 * A head always names a class, also for a picture of something that it has never seen. This tells such
 * pictures by two published scores of a feature vector x, after a projection to those directions in which the
 * training vectors are largest, one for every 8 of them, at most 64:
 *
 *   neighbours    the distance to the 10th nearest training vector, all vectors scaled to length 1 (Sun,
 *                 Ming, Zhu & Li 2022, "Out-of-distribution detection with deep nearest neighbors");
 *   Mahalanobis   the distance to the nearest class mean under one covariance that all classes share (Lee,
 *                 Lee, Lee & Shin 2018), shrunk towards a multiple of the identity (OAS: Chen, Wiesel,
 *                 Eldar & Hero 2010).
 *
 * Each finds strange pictures that the other takes for ordinary ones, so the score is the larger of the two,
 * after each is scaled so that the validation pictures have median 0 and 95 % quantile 1. What it comes to is
 * told as the percentile among the validation pictures, which the fit has not seen: 0.99 when 99 % of them
 * have a lower score. bench/README.md has figures of this score beside others.
 *
 *     dn_novelty_fit(&novelty, &train, &valid, 2208, 2, 1, &error);
 *     dn_novelty_score(novelty, features, count, NULL, percentiles, &error);
 *     if (percentiles[0] >= DN_NOVELTY_LINE) ...
 *
 * Once made it is never changed, and may be read by many threads. */
#ifndef DN_HEAD_NOVELTY_H
#define DN_HEAD_NOVELTY_H

#include "core/status.h"
#include "head/training.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From this percentile on a picture counts as unfamiliar: 5 % of the validation pictures do, too. */
#define DN_NOVELTY_LINE 0.95

/* What a fit leaves. Nothing changes it, so any number of threads may use it. */
typedef struct dn_novelty dn_novelty;

/* Fits on view 0 of the pictures of `train`, of at most 4096 of them, which `seed` chooses where there are
 * more; then measures those of `valid`, which should be none of them: at least one of each. Vectors
 * have `features` values, labels lie in [0, classes). The same arguments give the same bits when the BLAS
 * library runs one thread. At most 2 MB for up to 2208 features. DN_ERR_ARGUMENT also for features that are
 * not finite. */
DN_API dn_status dn_novelty_fit(dn_novelty **out, const dn_features *train, const dn_features *valid,
                                int features, int classes, uint64_t seed, dn_error *error);
/* The same on vectors that are read. A status of `read` ends it. */
DN_API dn_status dn_novelty_fit_from_rows(dn_novelty **out, const dn_feature_rows *train,
                                          const dn_feature_rows *valid, int features, int classes,
                                          uint64_t seed, dn_error *error);
/* Frees `novelty`; NULL is fine. */
DN_API void dn_novelty_free(dn_novelty *novelty);

/* Values in a feature vector. */
DN_API int dn_novelty_features(const dn_novelty *novelty);
/* Validation pictures that percentiles are told by; with n of them, in steps of 1 / n. */
DN_API int dn_novelty_pictures(const dn_novelty *novelty);
/* Bytes that it takes in memory and in a model file. */
DN_API size_t dn_novelty_size(const dn_novelty *novelty);

/* features: (count, features). scores: (count), the higher the stranger, without upper limit: for sorting.
 * percentiles: (count), the share of the validation pictures with a lower score, 0 to 1. Either may be NULL.
 * A vector that is not finite has percentile 1. */
DN_API dn_status dn_novelty_score(const dn_novelty *novelty, const float *features, int count, float *scores,
                                  double *percentiles, dn_error *error);

#ifdef __cplusplus
}
#endif

#endif

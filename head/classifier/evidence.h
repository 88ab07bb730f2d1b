/* SPDX-License-Identifier: MIT */
/* Class activation maps: where in the feature map a class's logit comes from.
 *
 * The features are the spatial mean of the map A, so the logit's gradient at every place of channel k is
 * g_k over the number of places, with g the gradient with respect to the features, and Grad-CAM's weights
 * (Selvaraju et al. 2017) are g itself: evidence = max(0, sum over k of g_k A_k). For a head without
 * hidden layers the mean of the sums, before the maximum, is the logit without its intercept (Zhou et al.
 * 2016). */
#ifndef DN_HEAD_CLASSIFIER_EVIDENCE_H
#define DN_HEAD_CLASSIFIER_EVIDENCE_H

#include <stddef.h>

/* map: (places, features); gradient: (features); out: (places), the sums as they are, of either sign. */
void dni_evidence_sums(const float *map, size_t places, size_t features, const float *gradient, float *out);

/* The map's value at (y, x) in 0..1 of its height and width, bilinear between the middles of its places
 * and constant beyond the outermost ones. */
float dni_evidence_at(const float *evidence, int height, int width, float y, float x);

/* The share of the evidence, between places taken as dni_evidence_at() does, that lies in the ellipse
 * around the middle whose axes are these shares of the width and height. NaN when there is none anywhere.
 * `area` (may be NULL) gets the ellipse's share of the whole, which even evidence would have. */
double dni_evidence_inside(const float *evidence, int height, int width, double ellipse_width,
                           double ellipse_height, double *area);

#endif

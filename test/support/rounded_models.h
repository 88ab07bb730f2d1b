/* SPDX-License-Identifier: MIT */
/* What the tests of bfloat16 and int8 share: a model beside the same one in float32. Failures end the running
 * test. */
#ifndef TEST_SUPPORT_ROUNDED_MODELS_H
#define TEST_SUPPORT_ROUNDED_MODELS_H

#include "densenet/densenet.h"

#include <stddef.h>

/* Values of the longest feature vector, densenet161's. */
enum { MOST_FEATURES = 2208 };

/* A model of this precision, which it says itself; the caller's. */
dn_model *model_in(const dn_weights *weights, dn_precision precision);

/* inputs: (count, side, side, 3); features: (count, features). */
void compute_features(const dn_model *model, const float *inputs, int count, int side, int threads,
                      float *features);

/* The cosine of the angle between two vectors. */
double cosine(const float *a, const float *b, size_t count);

/* Two and three threads, and each picture alone, give the bits of `features`, (count, features). */
void assert_same_bits(const dn_model *model, const float *inputs, int count, int side, const float *features);

#endif

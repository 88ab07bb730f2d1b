/* SPDX-License-Identifier: MIT */
/* What a dn_novelty holds, for the files that fit it, score with it and keep it in a model file. */
#ifndef DN_HEAD_NOVELTY_PARTS_H
#define DN_HEAD_NOVELTY_PARTS_H

#include "head/novelty.h"

#include <stddef.h>

enum {
    DNI_NOVELTY_NEIGHBOUR = 10,    /* the k of the k-th nearest neighbour */
    DNI_NOVELTY_DIRECTIONS = 64,   /* at most */
    DNI_NOVELTY_TRAINING = 4096,   /* training vectors that are used and kept, at most */
    DNI_NOVELTY_VALIDATION = 4096, /* validation scores that are kept, at most */
    /* Of so many classes at most, with two pictures each or more on average, each has a mean of its own;
     * otherwise one mean is all classes'. */
    DNI_NOVELTY_MEANS = 1024,
};

/* The two scores, before they become one. */
enum { DNI_BY_NEIGHBOURS, DNI_BY_MAHALANOBIS, DNI_NOVELTY_SCORES };

typedef struct dni_novelty_shape {
    int features;
    int directions;
    int means;
    int training;   /* vectors */
    int validation; /* scores */
    int neighbour;  /* which nearest neighbour counts, 1 or more; the last one where there are fewer */
} dni_novelty_shape;

struct dn_novelty {
    dni_novelty_shape shape;
    float *memory;
    /* parts of it */
    float *basis;     /* (directions, features): rows of length 1 at right angles, or of zeros */
    float *whitening; /* (directions, directions): W with W^T W the inverse of the shared covariance */
    float *means;     /* (means, directions): of the classes that have pictures, times W */
    float *training;  /* (training, directions): projections of training vectors of length 1 */
    float *scaling; /* (2, 2): of each score, its median on validation, and from there to its 95 % quantile */
    float *scores;  /* (validation): of validation pictures, rising */
};

/* All numbers are 0. DN_ERR_MEMORY alone. */
dn_status dni_novelty_create(dn_novelty **out, const dni_novelty_shape *shape, dn_error *error);
/* Floats in the memory of such a shape. */
size_t dni_novelty_floats(const dni_novelty_shape *shape);

/* Both scores of each vector; out: (count, DNI_NOVELTY_SCORES). Uses neither scaling nor scores. */
dn_status dni_novelty_raw_scores(const dn_novelty *novelty, const float *features, int count, float *out,
                                 dn_error *error);
/* The one score that two come to. */
float dni_novelty_combine(const dn_novelty *novelty, const float raw[DNI_NOVELTY_SCORES]);

#endif

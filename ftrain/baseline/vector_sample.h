/* SPDX-License-Identifier: MIT */
/* Some of the vectors, in memory: support vector machines need products of all pairs, which bounds how many
 * they can learn from. */
#ifndef FTRAIN_BASELINE_VECTOR_SAMPLE_H
#define FTRAIN_BASELINE_VECTOR_SAMPLE_H

#include "ftrain/baseline/vectors.h"

typedef struct vector_sample {
    double *values;         /* (count, columns), standardised as the vectors are */
    int *labels;            /* (count) */
    size_t *samples;        /* (count): as the vectors have them */
    int counts[DNI_SPLITS]; /* the splits stand one after the other */
    int count;
    double variance; /* of all values of the training split together */
} vector_sample;

/* About `most` vectors, or all if there are no more: of every class of every split the same share, namely its
 * first, and at least one. Returns OUTCOME_OK or, after a message, another outcome; either way
 * vector_sample_free() is to follow. */
outcome vector_sample_take(vector_sample *out, const vectors *from, int classes, int most);
void vector_sample_free(vector_sample *sample);

#endif

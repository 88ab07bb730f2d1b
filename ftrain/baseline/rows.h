/* SPDX-License-Identifier: MIT */
/* The rows of the baselines' table: one simple way to classify each, chosen on valid, evaluated once on
 * test. */
#ifndef FTRAIN_BASELINE_ROWS_H
#define FTRAIN_BASELINE_ROWS_H

#include "ftrain/baseline/kernel_matrix.h"
#include "ftrain/baseline/vectors.h"
#include "ftrain/shell/outcome.h"
#include "head/dummy.h"
#include "head/significance.h"
#include "io/dataset.h"

#include <stdbool.h>

/* A row beside the reference, on the pictures that both judged. */
typedef struct row_pair {
    const char *reference; /* its name; NULL: the row is compared with none */
    int pictures;
    int only_this, only_reference; /* were right where the other was wrong */
    double p_value;                /* of McNemar's exact test; NaN: none */
} row_pair;

typedef struct baseline_row {
    char name[40];
    const char *about;  /* one sentence: what it learns from; NULL: nothing to say */
    char choice[40];    /* what validation chose: "C 10"; empty where there was nothing to choose */
    int correct, count; /* of test; 0 of 0 where `accuracy` is an expectation over draws */
    double accuracy, accuracy_low, accuracy_high; /* NaN: no interval */
    double balanced_accuracy;
    double roc_auc, loss; /* NaN where there are no scores, no probabilities */
    double seconds;
    bool is_model;   /* the row of -m, beside the baselines */
    bool is_of_cues; /* learns from file metadata or pixel statistics */
    /* (count) each, picture by picture: whether it was classified correctly, and its place among the
     * samples of test. NULL where `count` is 0. */
    bool *is_right;
    size_t *samples;
    row_pair pair;
    dni_versus_largest versus_largest; /* of the pictures that it judged; `count` 0: cleared */
} baseline_row;

/* The test split as a row judges it: (count) labels, and places among all samples of the split. */
typedef struct test_pictures {
    const int *labels;
    const size_t *samples;
    int count;
} test_pictures;

/* Frees what a row owns. All of the following fill in *out, which is to be cleared but for `about`,
 * `is_model` and `is_of_cues`, and freed either way. They return OUTCOME_OK or, after a message, another
 * outcome. */
void row_free(baseline_row *row);

outcome row_of_dummy(baseline_row *out, dni_dummy strategy, const int *train_counts, const int *test_counts,
                     const test_pictures *test, int classes);
/* Log-probabilities (test->count, classes) of the test split against its labels. */
outcome row_of_probabilities(baseline_row *out, const float *log_probabilities, const test_pictures *test,
                             int classes);
/* Both learn from train and choose C on valid; labels, samples: of all splits, one after the other. */
outcome row_of_logistic(baseline_row *out, const vectors *data, int classes);
/* `variance`: of all values of the training split, for gamma = 1 / (width * variance). */
outcome row_of_svm(baseline_row *out, const kernel_matrix *products, const int *labels, const size_t *samples,
                   const int counts[DNI_SPLITS], int width, double variance, int classes);

#endif

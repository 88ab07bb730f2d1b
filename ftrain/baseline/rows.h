/* The rows of the baselines' table: one simple way to classify each, chosen on valid, evaluated once on
 * test. */
#ifndef FTRAIN_BASELINE_ROWS_H
#define FTRAIN_BASELINE_ROWS_H

#include "ftrain/baseline/kernel_matrix.h"
#include "ftrain/baseline/vectors.h"
#include "ftrain/shell/outcome.h"
#include "head/dummy.h"
#include "io/dataset.h"

#include <stdbool.h>

typedef struct baseline_row {
    char name[40];
    const char *about;  /* one sentence: what it learns from; NULL: nothing to say */
    char choice[40];    /* what validation chose: "C 10"; empty where there was nothing to choose */
    int correct, count; /* of test; 0 of 0 where `accuracy` is an expectation over draws */
    double accuracy, accuracy_low, accuracy_high; /* NaN: no interval */
    double balanced_accuracy;
    double roc_auc, loss; /* NaN where there are no scores, no probabilities */
    double seconds;
    bool is_model; /* the row of -m, beside the baselines */
} baseline_row;

baseline_row row_of_dummy(dni_dummy strategy, const int *train_counts, const int *test_counts, int classes);
/* Log-probabilities (count, classes) of the test split against its labels. */
outcome row_of_probabilities(baseline_row *out, const float *log_probabilities, const int *labels, int count,
                             int classes);
/* Both learn from train and choose C on valid. */
outcome row_of_logistic(baseline_row *out, const vectors *data, int classes);
/* `variance`: of all values of the training split, for gamma = 1 / (width * variance). */
outcome row_of_svm(baseline_row *out, const kernel_matrix *products, const int *labels,
                   const int counts[DNI_SPLITS], int width, double variance, int classes);

#endif

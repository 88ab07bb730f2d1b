/* SPDX-License-Identifier: MIT */
/* Exact results from the counts of the classes. */
#include "head/dummy.h"

#include <math.h>

const char *dni_dummy_name(dni_dummy strategy) {
    static const char *const names[DNI_DUMMIES] = {"most frequent", "prior", "stratified", "uniform"};
    return names[strategy];
}

static int largest(const int *counts, int classes) {
    int found = 0;
    for (int k = 1; k < classes; k++)
        if (counts[k] > counts[found]) found = k;
    return found;
}

/* How probably a picture of whatever class is said to be of class k. */
static double chance(dni_dummy strategy, const int *train, int total, int classes, int k) {
    switch (strategy) {
    case DNI_DUMMY_STRATIFIED:
        return (double)train[k] / total;
    case DNI_DUMMY_UNIFORM:
        return 1.0 / classes;
    default:
        return largest(train, classes) == k;
    }
}

/* The probability the strategy gives class k; NaN where it claims certainty, whose log-loss is infinite. */
static double probability(dni_dummy strategy, const int *train, int total, int classes, int k) {
    switch (strategy) {
    case DNI_DUMMY_PRIOR:
        return (double)train[k] / total;
    case DNI_DUMMY_UNIFORM:
        return 1.0 / classes;
    default:
        return (double)NAN;
    }
}

dni_dummy_result dni_dummy_judge(dni_dummy strategy, const int *train, const int *test, int classes) {
    int train_total = 0, test_total = 0, present = 0;
    for (int k = 0; k < classes; k++) {
        train_total += train[k];
        test_total += test[k];
    }
    dni_dummy_result result = {0, 0, 0};
    for (int k = 0; k < classes; k++) {
        if (!test[k]) continue;
        const double recall = chance(strategy, train, train_total, classes, k);
        const double share = (double)test[k] / test_total;
        result.accuracy += share * recall;
        result.balanced_accuracy += recall;
        result.loss -= share * log(probability(strategy, train, train_total, classes, k));
        present++;
    }
    result.balanced_accuracy /= present;
    return result;
}

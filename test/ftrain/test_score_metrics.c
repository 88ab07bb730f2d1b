/* SPDX-License-Identifier: MIT */
/* Metrics of scores, and of the decisions that a threshold makes of them. */
#include "ftrain/features/score_metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PICTURES = 4 };

/* Probabilities of class 1: 0.1, 0.3, 0.4, 0.9; the third is of class 1, too. */
static scores four_pictures(float log_probabilities[2 * PICTURES], int labels[PICTURES]) {
    static const double probabilities[PICTURES] = {0.1, 0.3, 0.4, 0.9};
    static const int truth[PICTURES] = {0, 0, 1, 1};
    for (int i = 0; i < PICTURES; i++) {
        log_probabilities[2 * i] = (float)log(1 - probabilities[i]);
        log_probabilities[2 * i + 1] = (float)log(probabilities[i]);
        labels[i] = truth[i];
    }
    return (scores){.log_probabilities = log_probabilities, .labels = labels, .count = PICTURES};
}

static void test_scores_have_all_metrics(void **state) {
    (void)state;
    float log_probabilities[2 * PICTURES];
    int labels[PICTURES];
    const scores all = four_pictures(log_probabilities, labels);
    score_metrics found;
    assert_int_equal(score_metrics_compute(&found, &all, 2), OUTCOME_OK);
    assert_int_equal(found.overall.correct, 3);
    assert_float_equal(found.overall.loss, -(log(0.9) + log(0.7) + log(0.4) + log(0.9)) / 4, 1e-6);
    assert_int_equal(found.confusion.count, 3);
    const dni_confusion_cell *cell = &found.confusion.cells[1]; /* of class 1, taken for class 0 */
    assert_int_equal(cell->truth, 1);
    assert_int_equal(cell->predicted, 0);
    assert_int_equal(cell->count, 1);
    assert_float_equal(found.balanced_accuracy, 0.75, 1e-12);
    score_metrics_free(&found);
}

/* A decision has no probability: a loss of 0 would be that of a perfect model. */
static void test_decisions_of_a_threshold_have_neither_loss_nor_brier_score(void **state) {
    (void)state;
    float log_probabilities[2 * PICTURES];
    int labels[PICTURES];
    const scores all = four_pictures(log_probabilities, labels);
    const dn_threshold threshold = {
        .log_odds = log(0.35 / 0.65), .probability = 0.35, .balanced_accuracy = 1};
    score_metrics found;
    assert_int_equal(score_metrics_at_threshold(&found, &all, &threshold), OUTCOME_OK);
    assert_int_equal(found.overall.correct, 4);
    assert_float_equal(found.overall.accuracy, 1, 1e-12);
    assert_float_equal(found.balanced_accuracy, 1, 1e-12);
    assert_true(isnan(found.overall.loss));
    assert_true(isnan(found.overall.brier));
    score_metrics_free(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_have_all_metrics),
        cmocka_unit_test(test_decisions_of_a_threshold_have_neither_loss_nor_brier_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

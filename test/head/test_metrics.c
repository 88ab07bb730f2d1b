/* SPDX-License-Identifier: MIT */
/* Metrics, ranking and calibration against scikit-learn, scipy and numpy
 * (test/golden/head/oracle_metrics.py).
 *
 * Tolerances: the golden file has twelve digits, and sums are in double on both sides: 1e-10. */
#include "test/support/head.h"

#include "layers/loss.h"
#include "head/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double slack = 1e-10;

typedef struct sample {
    const char *name;
    int count, classes;
    float *y;
    int *labels;
} sample;

/* Ties, few pictures, a class missing, one class alone, probabilities that round to 0 and 1. */
static const sample cases[] = {
    {"binary", 120, 2, NULL, NULL},  {"ties", 90, 2, NULL, NULL},          {"sure", 80, 2, NULL, NULL},
    {"three", 90, 3, NULL, NULL},    {"three_ties", 60, 3, NULL, NULL},    {"ten", 150, 10, NULL, NULL},
    {"missing", 40, 5, NULL, NULL},  {"one_class", 30, 2, NULL, NULL},     {"one_picture", 1, 3, NULL, NULL},
    {"extreme", 60, 2, NULL, NULL},  {"extreme_three", 60, 3, NULL, NULL}, {"equal", 20, 2, NULL, NULL},
    {"separated", 4, 2, NULL, NULL}, {"reversed", 4, 2, NULL, NULL},
};

enum { CASES = sizeof cases / sizeof *cases };

static double *golden_of(const sample *s, const char *key, size_t count) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", s->name, key);
    return golden_array_of("test/golden/head/metrics.txt", name, count);
}

static sample load(const sample *from) {
    sample s = *from;
    const size_t count = (size_t)s.count, values = count * (size_t)s.classes;
    double *y = golden_of(from, "y", values), *labels = golden_of(from, "labels", count);
    s.y = malloc(values * sizeof *s.y);
    s.labels = malloc(count * sizeof *s.labels);
    assert_non_null(s.y);
    assert_non_null(s.labels);
    for (size_t i = 0; i < values; i++) s.y[i] = (float)y[i];
    for (size_t i = 0; i < count; i++) s.labels[i] = (int)labels[i];
    free(labels);
    free(y);
    return s;
}

static void unload(sample *s) {
    free(s->y);
    free(s->labels);
}

/* Close, or undefined on both sides. */
static void assert_same(const sample *s, const char *what, double value, double expected, double tolerance) {
    if (isnan(value) && isnan(expected)) return;
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s/%s is %.12g, not %.12g", s->name, what, value, expected);
}

static void assert_golden(const sample *s, const char *key, double value, double tolerance) {
    double *expected = golden_of(s, key, 1);
    assert_same(s, key, value, expected[0], tolerance);
    free(expected);
}

static void test_accuracy_loss_brier_and_confusion_are_the_oracles(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        sample s = load(&cases[c]);
        const int cells = s.classes * s.classes;
        int *confusion = malloc((size_t)cells * sizeof *confusion);
        assert_non_null(confusion);
        double *expected = golden_of(&s, "confusion", (size_t)cells);
        dn_metrics metrics;
        dn_metrics_compute(&metrics, s.y, s.labels, s.count, s.classes, confusion);
        assert_int_equal(metrics.count, s.count);
        assert_golden(&s, "accuracy", metrics.accuracy, slack);
        assert_golden(&s, "loss", metrics.loss, slack);
        assert_golden(&s, "brier", metrics.brier, slack);
        for (int i = 0; i < cells; i++) assert_int_equal(confusion[i], (int)expected[i]);
        free(expected);
        free(confusion);
        unload(&s);
    }
}

static void test_precision_recall_and_f1_are_scikit_learns_where_they_are_defined(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        sample s = load(&cases[c]);
        const size_t classes = (size_t)s.classes;
        int *confusion = malloc(classes * classes * sizeof *confusion);
        dn_class_metrics *of = malloc(classes * sizeof *of);
        assert_non_null(confusion);
        assert_non_null(of);
        dn_metrics metrics;
        dn_metrics_compute(&metrics, s.y, s.labels, s.count, s.classes, confusion);
        dn_class_metrics_compute(of, confusion, s.classes);
        double *precision = golden_of(&s, "precision", classes), *recall = golden_of(&s, "recall", classes);
        double *f1 = golden_of(&s, "f1", classes);
        for (size_t i = 0; i < classes; i++) {
            assert_same(&s, "precision", of[i].precision, precision[i], slack);
            assert_same(&s, "recall", of[i].recall, recall[i], slack);
            assert_same(&s, "f1", of[i].f1, f1[i], slack);
            double low, high;
            dn_wilson_interval(of[i].correct, of[i].count, &low, &high);
            assert_close(of[i].recall_low, low, 0.0);
            assert_close(of[i].recall_high, high, 0.0);
        }
        assert_golden(&s, "balanced", dn_balanced_accuracy(of, s.classes), slack);
        free(f1);
        free(recall);
        free(precision);
        free(of);
        free(confusion);
        unload(&s);
    }
}

static void test_roc_auc_and_average_precision_are_scikit_learns_with_ties(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        sample s = load(&cases[c]);
        const size_t classes = (size_t)s.classes;
        double auc[10], ap[10];
        double *expected_auc = golden_of(&s, "auc", classes), *expected_ap = golden_of(&s, "ap", classes);
        assert_int_equal(dn_ranking_all(auc, ap, s.y, s.labels, s.count, s.classes, NULL), DN_OK);
        for (size_t i = 0; i < classes; i++) {
            assert_same(&s, "auc", auc[i], expected_auc[i], slack);
            assert_same(&s, "ap", ap[i], expected_ap[i], slack);
        }
        assert_golden(&s, "macro_auc", dn_mean_defined(auc, s.classes), slack);
        assert_golden(&s, "macro_ap", dn_mean_defined(ap, s.classes), slack);
        free(expected_ap);
        free(expected_auc);
        unload(&s);
    }
}

static void test_points_of_roc_and_precision_recall_curves_are_scikit_learns(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        if (cases[c].classes != 2) continue;
        sample s = load(&cases[c]);
        dn_ranking r;
        assert_int_equal(dn_ranking_compute(&r, s.y, s.labels, s.count, 2, 1, NULL), DN_OK);
        assert_int_equal(r.positives + r.negatives, s.count);
        if (r.positives && r.negatives) {
            double *roc = golden_of(&s, "roc", 2 * (size_t)r.count);
            double *pr = golden_of(&s, "pr", 2 * (size_t)r.count);
            for (int i = 0; i < r.count; i++) {
                const double tp = r.points[i].true_positives, fp = r.points[i].false_positives;
                assert_same(&s, "roc", fp / r.negatives, roc[2 * i], slack);
                assert_same(&s, "roc", tp / r.positives, roc[2 * i + 1], slack);
                assert_same(&s, "pr", tp / r.positives, pr[2 * i], slack);
                assert_same(&s, "pr", tp / (tp + fp), pr[2 * i + 1], slack);
                if (i) assert_true(r.points[i - 1].score > r.points[i].score);
            }
            free(pr);
            free(roc);
        }
        dn_ranking_free(&r);
        unload(&s);
    }
}

static void test_reliability_and_its_error_follow_guos_formula(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        sample s = load(&cases[c]);
        double *bins = golden_of(&s, "bins", 2 * DN_RELIABILITY_BINS);
        dn_reliability r;
        dn_reliability_compute(&r, s.y, s.labels, s.count, s.classes);
        for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
            assert_int_equal(r.bins[b].count, (int)bins[2 * b]);
            assert_int_equal(r.bins[b].correct, (int)bins[2 * b + 1]);
            assert_int_equal(isnan(r.bins[b].confidence) != 0, r.bins[b].count == 0);
        }
        assert_golden(&s, "ece", r.error, slack);
        free(bins);
        unload(&s);
    }
}

static void test_temperature_is_the_minimum_that_brent_finds(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        sample s = load(&cases[c]);
        const double temperature = dn_temperature_fit(s.y, s.labels, s.count, s.classes);
        double *expected = golden_of(&s, "temperature", 1);
        /* Where the minimum is flat, both stop where the slope is lost in rounding. */
        assert_same(&s, "temperature", temperature, expected[0], 1e-8 * expected[0]);
        double *calibrated = golden_of(&s, "calibrated", (size_t)s.count * (size_t)s.classes);
        dn_temperature_apply(s.y, s.count, s.classes, expected[0], s.y);
        for (int i = 0; i < s.count * s.classes; i++)
            assert_same(&s, "calibrated", (double)s.y[i], calibrated[i], 1e-6 * (1 + fabs(calibrated[i])));
        free(calibrated);
        free(expected);
        unload(&s);
    }
}

static void test_threshold_is_the_middle_one_of_the_best_cuts(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        if (cases[c].classes != 2) continue;
        sample s = load(&cases[c]);
        double *expected = golden_of(&s, "threshold", 3);
        dn_threshold t;
        assert_int_equal(dn_threshold_fit(&t, s.y, s.labels, s.count, NULL), DN_OK);
        assert_same(&s, "threshold", t.log_odds, expected[0], 1e-9);
        assert_same(&s, "threshold probability", t.probability, expected[1], 1e-9);
        assert_same(&s, "threshold balanced accuracy", t.balanced_accuracy, expected[2], slack);
        if (!isnan(t.log_odds)) {
            int confusion[4];
            dn_class_metrics of[2];
            dn_threshold_confusion(&t, s.y, s.labels, s.count, confusion);
            dn_class_metrics_compute(of, confusion, 2);
            assert_close(dn_balanced_accuracy(of, 2), t.balanced_accuracy, slack);
        }
        free(expected);
        unload(&s);
    }
}

static void test_a_temperature_moves_no_prediction_that_a_threshold_makes(void **state) {
    (void)state;
    sample s = load(&cases[0]);
    int plain[4], scaled[4];
    dn_threshold before, after;
    assert_int_equal(dn_threshold_fit(&before, s.y, s.labels, s.count, NULL), DN_OK);
    dn_threshold_confusion(&before, s.y, s.labels, s.count, plain);
    dn_temperature_apply(s.y, s.count, 2, 3.0, s.y);
    assert_int_equal(dn_threshold_fit(&after, s.y, s.labels, s.count, NULL), DN_OK);
    dn_threshold_confusion(&after, s.y, s.labels, s.count, scaled);
    assert_close(after.log_odds, before.log_odds / 3.0, 1e-6); /* float32 log-probabilities */
    assert_memory_equal(plain, scaled, sizeof plain);
    unload(&s);
}

enum { COUNT = 200, CLASSES = 4 };

/* The scores of test/golden/head/oracle_head.py: uniform noise, the true class raised by 0.2, times 4,
 * through log-softmax. */
static float *make_log_probabilities(int *labels) {
    float *y = stream_values("test/scores", (size_t)COUNT * CLASSES);
    for (int n = 0; n < COUNT; n++) {
        labels[n] = (7 * n + n / 5) % CLASSES;
        y[n * CLASSES + labels[n]] += 0.2f;
    }
    for (int i = 0; i < COUNT * CLASSES; i++) y[i] *= 4.0f;
    dni_log_softmax_forward(y, COUNT, CLASSES, y);
    return y;
}

static void test_scores_through_the_heads_own_softmax_are_judged_as_by_scikit_learn(void **state) {
    (void)state;
    int labels[COUNT], confusion[CLASSES * CLASSES];
    float *y = make_log_probabilities(labels);
    double *accuracy = golden_array("metrics/accuracy", 1), *loss = golden_array("metrics/loss", 1);
    double *expected = golden_array("metrics/confusion", (size_t)CLASSES * CLASSES);
    dn_metrics metrics;
    dn_metrics_compute(&metrics, y, labels, COUNT, CLASSES, confusion);
    assert_int_equal(metrics.count, COUNT);
    assert_int_equal(metrics.correct, (int)(accuracy[0] * COUNT + 0.5));
    assert_close(metrics.accuracy, accuracy[0], 1e-12);
    /* Log-probabilities are float32: 6e-8 relative each. */
    assert_close(metrics.loss, loss[0], 1e-6);
    for (int i = 0; i < CLASSES * CLASSES; i++) assert_int_equal(confusion[i], (int)expected[i]);
    free(expected);
    free(loss);
    free(accuracy);
    free(y);
}

static void test_interval_is_wilsons_as_scipy_has_it(void **state) {
    (void)state;
    static const int trials[][2] = {{0, 10}, {10, 10}, {1, 1}, {67, 134}, {119, 134}, {8897, 10000}};
    double *expected = golden_array("metrics/wilson", 12);
    for (int c = 0; c < 6; c++) {
        double low, high;
        dn_wilson_interval(trials[c][0], trials[c][1], &low, &high);
        /* This golden file has ten digits. */
        assert_close(low, expected[2 * c], 1e-9);
        assert_close(high, expected[2 * c + 1], 1e-9);
    }
    free(expected);
}

static void test_rows_of_the_confusion_are_truth_and_ties_go_to_the_first_class(void **state) {
    (void)state;
    const float y[] = {-0.1f, -3.0f, -0.7f, -0.7f, -2.0f, -0.2f};
    const int labels[] = {1, 1, 0};
    int confusion[4] = {9, 9, 9, 9};
    dn_metrics metrics;
    dn_metrics_compute(&metrics, y, labels, 3, 2, confusion);
    const int expected[4] = {0, 1, 2, 0};
    assert_memory_equal(confusion, expected, sizeof expected);
    assert_int_equal(metrics.correct, 0);
}

static void test_no_pictures_leave_everything_open(void **state) {
    (void)state;
    int confusion[4] = {9, 9, 9, 9};
    dn_metrics metrics;
    dn_metrics_compute(&metrics, NULL, NULL, 0, 2, confusion);
    assert_int_equal(metrics.count, 0);
    assert_close(metrics.accuracy, 0.0, 0.0);
    assert_close(metrics.accuracy_low, 0.0, 0.0);
    assert_close(metrics.accuracy_high, 1.0, 0.0);
    for (int i = 0; i < 4; i++) assert_int_equal(confusion[i], 0);

    dn_class_metrics of[2];
    dn_class_metrics_compute(of, confusion, 2);
    assert_true(isnan(of[0].precision) && isnan(of[0].recall) && isnan(of[0].f1));
    assert_true(isnan(dn_balanced_accuracy(of, 2)));
    dn_ranking r;
    assert_int_equal(dn_ranking_compute(&r, NULL, NULL, 0, 2, 1, NULL), DN_OK);
    assert_int_equal(r.count, 0);
    assert_true(isnan(dn_ranking_roc_auc(&r)) && isnan(dn_ranking_average_precision(&r)));
    dn_ranking_free(&r);
    dn_reliability reliability;
    dn_reliability_compute(&reliability, NULL, NULL, 0, 2);
    assert_true(isnan(reliability.error));
    assert_true(isnan(dn_temperature_fit(NULL, NULL, 0, 2)));
    dn_threshold threshold;
    assert_int_equal(dn_threshold_fit(&threshold, NULL, NULL, 0, NULL), DN_OK);
    assert_true(isnan(threshold.log_odds));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_loss_brier_and_confusion_are_the_oracles),
        cmocka_unit_test(test_precision_recall_and_f1_are_scikit_learns_where_they_are_defined),
        cmocka_unit_test(test_roc_auc_and_average_precision_are_scikit_learns_with_ties),
        cmocka_unit_test(test_points_of_roc_and_precision_recall_curves_are_scikit_learns),
        cmocka_unit_test(test_reliability_and_its_error_follow_guos_formula),
        cmocka_unit_test(test_temperature_is_the_minimum_that_brent_finds),
        cmocka_unit_test(test_threshold_is_the_middle_one_of_the_best_cuts),
        cmocka_unit_test(test_a_temperature_moves_no_prediction_that_a_threshold_makes),
        cmocka_unit_test(test_scores_through_the_heads_own_softmax_are_judged_as_by_scikit_learn),
        cmocka_unit_test(test_interval_is_wilsons_as_scipy_has_it),
        cmocka_unit_test(test_rows_of_the_confusion_are_truth_and_ties_go_to_the_first_class),
        cmocka_unit_test(test_no_pictures_leave_everything_open),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

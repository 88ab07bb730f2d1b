/* Metrics against scikit-learn and scipy. */
#include "head_support.h"

#include "layers/loss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 200, CLASSES = 4 };

/* The oracle's scores: uniform noise, the true class raised by 0.2, times 4, through log-softmax. */
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

static void test_accuracy_loss_and_confusion_are_scikit_learns(void **state) {
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
    static const int cases[][2] = {{0, 10}, {10, 10}, {1, 1}, {67, 134}, {119, 134}, {8897, 10000}};
    double *expected = golden_array("metrics/wilson", 12);
    for (int c = 0; c < 6; c++) {
        const int correct = cases[c][0], count = cases[c][1];
        float *y = calloc((size_t)count * 2, sizeof *y);
        int *labels = calloc((size_t)count, sizeof *labels);
        assert_non_null(y);
        assert_non_null(labels);
        for (int n = 0; n < count; n++) y[2 * n + (n < correct ? 0 : 1)] = 1.0f;
        dn_metrics metrics;
        dn_metrics_compute(&metrics, y, labels, count, 2, NULL);
        assert_int_equal(metrics.correct, correct);
        /* The golden file has ten digits. */
        assert_close(metrics.accuracy_low, expected[2 * c], 1e-9);
        assert_close(metrics.accuracy_high, expected[2 * c + 1], 1e-9);
        free(labels);
        free(y);
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_loss_and_confusion_are_scikit_learns),
        cmocka_unit_test(test_interval_is_wilsons_as_scipy_has_it),
        cmocka_unit_test(test_rows_of_the_confusion_are_truth_and_ties_go_to_the_first_class),
        cmocka_unit_test(test_no_pictures_leave_everything_open),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

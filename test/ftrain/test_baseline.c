/* SPDX-License-Identifier: MIT */
/* The baselines against scikit-learn on the same numbers (test/golden/head/oracle_baseline.py). */
#include "core/rng.h"
#include "ftrain/baseline/pairs.h"
#include "ftrain/baseline/rows.h"
#include "ftrain/baseline/kernel_matrix.h"
#include "ftrain/baseline/svm.h"
#include "ftrain/baseline/vector_sample.h"
#include "head/dummy.h"
#include "head/logistic.h"
#include "test/support/head.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 5, TRAIN = 60, TEST = 30 };

static double *golden(const char *name, size_t count) {
    return golden_array_of("test/golden/head/baseline.txt", name, count);
}

/* As vectors() of the oracle: class k shifted by k. */
static void fill(double *x, int *labels, const char *name, int count, int classes) {
    dni_rng rng = dni_rng_named(1, name);
    for (int i = 0; i < count; i++) {
        labels[i] = i % classes;
        for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = (double)dni_rng_uniform(&rng);
        x[i * WIDTH] += 0.4 * labels[i];
        x[i * WIDTH + 1] -= 0.3 * labels[i];
    }
}

typedef struct problem {
    double x[(TRAIN + TEST) * WIDTH];
    int labels[TRAIN + TEST];
} problem;

static problem problem_of(int classes) {
    problem p;
    char name[32];
    snprintf(name, sizeof name, "baseline/train%d", classes);
    fill(p.x, p.labels, name, TRAIN, classes);
    snprintf(name, sizeof name, "baseline/test%d", classes);
    fill(p.x + TRAIN * WIDTH, p.labels + TRAIN, name, TEST, classes);
    return p;
}

/* The optimum, wherever the two solvers stop: gradients of 1e-8 and 1e-10 a picture leave less than 1e-5 in
 * the logarithms. */
static void test_logistic_regression_is_scikit_learns(void **state) {
    (void)state;
    static const double cs[] = {0.01, 1, 100};
    for (int classes = 2; classes <= 3; classes++) {
        const problem p = problem_of(classes);
        for (size_t i = 0; i < 3; i++) {
            double weights[3 * (WIDTH + 1)];
            float log_probabilities[TEST * 3];
            dn_error error;
            dni_array_matrix array = {.values = p.x, .width = WIDTH, .columns = WIDTH};
            const dni_matrix x = dni_matrix_of_array(&array);
            const dni_matrix_part train = {.matrix = &x, .count = TRAIN};
            const dni_matrix_part test = {.matrix = &x, .first = TRAIN, .count = TEST};
            assert_int_equal(dni_logistic_fit(weights, &train, p.labels, classes, cs[i], &error), DN_OK);
            assert_int_equal(
                dni_logistic_log_probabilities(weights, &test, classes, log_probabilities, &error), DN_OK);
            char name[32];
            snprintf(name, sizeof name, "logistic%d/%g", classes, cs[i]);
            double *expected = golden(name, (size_t)(TEST * classes));
            for (int k = 0; k < TEST * classes; k++)
                assert_close((double)log_probabilities[k], expected[k], 1e-5);
            free(expected);
        }
    }
}

static void test_logistic_regression_of_what_never_varies_gives_the_shares(void **state) {
    (void)state;
    const double x[4] = {0, 0, 0, 0};
    const int labels[4] = {0, 1, 1, 1};
    double weights[4];
    float log_probabilities[2];
    dni_array_matrix array = {.values = x, .width = 1, .columns = 1};
    const dni_matrix matrix = dni_matrix_of_array(&array);
    const dni_matrix_part all = {.matrix = &matrix, .count = 4}, first = {.matrix = &matrix, .count = 1};
    assert_int_equal(dni_logistic_fit(weights, &all, labels, 2, 1, NULL), DN_OK);
    assert_int_equal(dni_logistic_log_probabilities(weights, &first, 2, log_probabilities, NULL), DN_OK);
    assert_close((double)log_probabilities[0], log(0.25), 1e-5);
    assert_close((double)log_probabilities[1], log(0.75), 1e-5);
}

static void test_numbers_that_are_not_finite_are_an_error(void **state) {
    (void)state;
    const double x[2] = {(double)NAN, 1};
    const int labels[2] = {0, 1};
    double weights[4];
    dn_error error;
    dni_array_matrix array = {.values = x, .width = 1, .columns = 1};
    const dni_matrix matrix = dni_matrix_of_array(&array);
    const dni_matrix_part all = {.matrix = &matrix, .count = 2};
    assert_int_equal(dni_logistic_fit(weights, &all, labels, 2, 1, &error), DN_ERR_DATA_DIVERGED);
    assert_non_null(strstr(error.message, "nan"));
}

static double variance(const double *x, int count) {
    double mean = 0, squares = 0;
    for (int i = 0; i < count; i++) mean += x[i] / count;
    for (int i = 0; i < count; i++) squares += (x[i] - mean) * (x[i] - mean) / count;
    return squares;
}

/* Both solve by libsvm to a tolerance of 1e-3 of the dual, on kernels that differ in rounding. */
static void test_support_vector_machine_is_scikit_learns(void **state) {
    (void)state;
    for (int classes = 2; classes <= 3; classes++) {
        const problem p = problem_of(classes);
        kernel_matrix products;
        svm *machine;
        assert_int_equal(kernel_matrix_of_vectors(&products, p.x, TRAIN + TEST, WIDTH), OUTCOME_OK);
        const double gamma = 1 / (WIDTH * variance(p.x, TRAIN * WIDTH));
        assert_int_equal(svm_fit(&machine, &products, p.labels, TRAIN, gamma, 10), OUTCOME_OK);
        char name[32];
        snprintf(name, sizeof name, "svm%d/classes", classes);
        double *expected = golden(name, TEST),
               *decisions = classes == 2 ? golden("svm2/decisions", TEST) : NULL;
        for (int i = 0; i < TEST; i++) {
            double decision;
            assert_int_equal(svm_classify(machine, TRAIN + i, &decision), (int)expected[i]);
            if (decisions) assert_close(decision, decisions[i], 5e-3);
        }
        free(expected);
        free(decisions);
        svm_free(machine);
        kernel_matrix_free(&products);
    }
}

static void test_products_of_pixels_give_their_distances(void **state) {
    (void)state;
    enum { COUNT = 3, SIZE = 5000 };
    uint8_t *values = malloc(COUNT * SIZE);
    dni_rng rng = dni_rng_named(1, "pixels");
    for (int i = 0; i < COUNT * SIZE; i++) values[i] = (uint8_t)dni_rng_below(&rng, 256);
    const pixel_set set = {.values = values, .count = COUNT, .size = SIZE};
    kernel_matrix products;
    assert_int_equal(kernel_matrix_of_pixels(&products, &set), OUTCOME_OK);
    for (int a = 0; a < COUNT; a++)
        for (int b = 0; b < COUNT; b++) {
            double distance = 0;
            for (int k = 0; k < SIZE; k++) {
                const double d = (double)values[a * SIZE + k] - (double)values[b * SIZE + k];
                distance += d * d;
            }
            const double *g = products.values;
            assert_close(g[a * COUNT + a] + g[b * COUNT + b] - 2 * g[a * COUNT + b], distance,
                         1e-6 * 5000 * 65025);
        }
    double as_double[SIZE];
    for (int k = 0; k < SIZE; k++) as_double[k] = values[k];
    assert_close(pixel_variance(&set, 1), variance(as_double, SIZE), 1e-6);
    kernel_matrix_free(&products);
    free(values);
}

/* Drawn lots are the mean of 20000 draws there: three standard errors are 0.003. */
static void test_dummies_are_scikit_learns(void **state) {
    (void)state;
    static const char *const names[DNI_DUMMIES] = {"dummy/most_frequent", "dummy/prior", "dummy/stratified",
                                                   "dummy/uniform"};
    const int train[3] = {5, 9, 2}, test[3] = {3, 4, 6};
    for (int strategy = 0; strategy < DNI_DUMMIES; strategy++) {
        const dni_dummy_result result = dni_dummy_judge((dni_dummy)strategy, train, test, 3);
        const double slack = strategy < DNI_DUMMY_STRATIFIED ? 1e-8 : 3e-3;
        double *expected = golden(names[strategy], 2);
        assert_close(result.accuracy, expected[0], slack);
        assert_close(result.balanced_accuracy, expected[1], slack);
        free(expected);
    }
    double *loss = golden("dummy/prior_loss", 1);
    assert_close(dni_dummy_judge(DNI_DUMMY_PRIOR, train, test, 3).loss, *loss, 1e-8);
    free(loss);
    assert_true(isnan(dni_dummy_judge(DNI_DUMMY_STRATIFIED, train, test, 3).loss));
}

/* Labels that the vectors give away are learnt; a column that never varies does no harm. */
static void test_rows_choose_on_valid_and_judge_on_test(void **state) {
    (void)state;
    enum { COUNT = 40, COLUMNS = 2 };
    double values[COUNT * COLUMNS];
    int labels[COUNT];
    size_t samples[COUNT];
    for (int i = 0; i < COUNT; i++) {
        labels[i] = i % 2;
        samples[i] = i < 30 ? (size_t)i : (size_t)(100 + i);
        values[i * COLUMNS] = labels[i] + 0.01 * i;
        values[i * COLUMNS + 1] = 7;
    }
    vectors data = {.labels = labels,
                    .samples = samples,
                    .counts = {20, 10, 10},
                    .array = {.values = values, .width = COLUMNS, .columns = COLUMNS}};
    data.x = dni_matrix_of_array(&data.array);
    assert_int_equal(vectors_standardise(&data), OUTCOME_OK);
    assert_true(data.scale[1] == 0);
    baseline_row row;
    memset(&row, 0, sizeof row);
    assert_int_equal(row_of_logistic(&row, &data, 2), OUTCOME_OK);
    assert_int_equal(row.correct, 10);
    assert_close(row.roc_auc, 1, 0);
    for (size_t i = 0; i < 10; i++) {
        assert_true(row.is_right[i]);
        assert_int_equal(row.samples[i], 130 + i);
    }
    row_free(&row);
    vector_sample sample;
    kernel_matrix products;
    assert_int_equal(vector_sample_take(&sample, &data, 2, COUNT), OUTCOME_OK);
    assert_int_equal(sample.count, COUNT);
    assert_close(sample.variance, 0.5, 1e-12); /* of one column that varies and one that does not */
    assert_int_equal(kernel_matrix_of_vectors(&products, sample.values, COUNT, COLUMNS), OUTCOME_OK);
    assert_int_equal(row_of_svm(&row, &products, sample.labels, sample.samples, sample.counts, COLUMNS,
                                sample.variance, 2),
                     OUTCOME_OK);
    assert_int_equal(row.correct, 10);
    assert_true(isnan(row.loss));
    row_free(&row);
    kernel_matrix_free(&products);
    vector_sample_free(&sample);

    /* A quarter: of each class of each split its first pictures. */
    assert_int_equal(vector_sample_take(&sample, &data, 2, COUNT / 4), OUTCOME_OK);
    assert_memory_equal(sample.counts, ((int[]){6, 4, 4}), sizeof sample.counts);
    assert_int_equal(sample.count, 14);
    for (size_t i = 0; i < 6; i++) assert_int_equal(sample.samples[i], i);
    assert_int_equal(sample.samples[10], 130);
    assert_close(sample.values[2 * 7], (values[2 * 21] - data.mean[0]) * data.scale[0], 0);
    vector_sample_free(&sample);
    free(data.mean);
    free(data.scale);
}

/* ---- pairs ---- */

/* A row that judged these samples, right where the text has a "1". */
static baseline_row judged(const char *name, const char *verdicts, size_t first) {
    const size_t count = strlen(verdicts);
    baseline_row row = {.count = (int)count,
                        .is_right = test_malloc(count * sizeof(bool)),
                        .samples = test_malloc(count * sizeof(size_t))};
    snprintf(row.name, sizeof row.name, "%s", name);
    for (size_t i = 0; i < count; i++) {
        row.is_right[i] = verdicts[i] == '1';
        row.samples[i] = first + i;
        row.correct += row.is_right[i];
    }
    row.accuracy = (double)row.correct / row.count;
    return row;
}

static void forget(baseline_row *rows, int count) {
    for (int i = 0; i < count; i++) {
        test_free(rows[i].is_right);
        test_free(rows[i].samples);
    }
}

static void test_rows_are_compared_with_the_best_on_the_same_pictures(void **state) {
    (void)state;
    baseline_row rows[] = {judged("weak", "1000000011", 0), judged("best", "1111111100", 0),
                           judged("as good", "1111111100", 0)};
    assert_int_equal(pairs_reference(rows, 3), 1);
    assert_int_equal(pairs_compare(rows, 3, 10), OUTCOME_OK);
    assert_string_equal(rows[0].pair.reference, "best");
    assert_int_equal(rows[0].pair.pictures, 10);
    assert_int_equal(rows[0].pair.only_this, 2);
    assert_int_equal(rows[0].pair.only_reference, 7);
    assert_close(rows[0].pair.p_value, 0.1796875, 1e-12); /* scipy: binomtest(2, 9).pvalue */
    assert_null(rows[1].pair.reference);
    assert_true(isnan(rows[1].pair.p_value));
    assert_int_equal(rows[2].pair.only_this + rows[2].pair.only_reference, 0);
    assert_close(rows[2].pair.p_value, 1, 0);
    forget(rows, 3);
}

static void test_the_model_is_the_reference_where_there_is_one(void **state) {
    (void)state;
    baseline_row rows[] = {judged("best", "1111", 0), judged("the model", "1110", 0)};
    rows[1].is_model = true;
    assert_int_equal(pairs_reference(rows, 2), 1);
    assert_int_equal(pairs_compare(rows, 2, 4), OUTCOME_OK);
    assert_string_equal(rows[0].pair.reference, "the model");
    assert_int_equal(rows[0].pair.only_this, 1);
    forget(rows, 2);
}

/* A row of fewer pictures, all right, is neither the best nor compared on pictures that it never saw. */
static void test_only_pictures_that_both_judged_count(void **state) {
    (void)state;
    baseline_row rows[] = {judged("few", "111", 6), judged("all", "11110000", 0)};
    assert_int_equal(pairs_compare(rows, 2, 9), OUTCOME_OK);
    assert_string_equal(rows[0].pair.reference, "all");
    assert_int_equal(rows[0].pair.pictures, 2);
    assert_int_equal(rows[0].pair.only_this, 2);
    assert_close(rows[0].pair.p_value, 0.5, 1e-12);
    forget(rows, 2);
}

static void test_expectations_are_compared_with_nothing(void **state) {
    (void)state;
    baseline_row rows[] = {{.name = "dummy, uniform", .accuracy = 0.5},
                           {.name = "dummy, stratified", .accuracy = 0.6}};
    assert_int_equal(pairs_reference(rows, 2), -1);
    assert_int_equal(pairs_compare(rows, 2, 8), OUTCOME_OK);
    assert_true(isnan(rows[0].pair.p_value) && !rows[0].pair.reference);
}

static void test_the_most_frequent_class_of_train_is_right_on_its_pictures_of_test(void **state) {
    (void)state;
    const int train[] = {2, 5, 5}, counts[] = {1, 2, 1}, labels[] = {0, 1, 1, 2};
    const size_t samples[] = {0, 2, 3, 7};
    const test_pictures test = {labels, samples, 4};
    baseline_row row;
    assert_int_equal(row_of_dummy(&row, DNI_DUMMY_MOST_FREQUENT, train, counts, &test, 3), OUTCOME_OK);
    assert_int_equal(row.correct, 2);
    assert_int_equal(row.count, 4);
    assert_close(row.accuracy, 0.5, 0);
    assert_true(!row.is_right[0] && row.is_right[1] && row.is_right[2] && !row.is_right[3]);
    assert_int_equal(row.samples[3], 7);
    row_free(&row);
    assert_int_equal(row_of_dummy(&row, DNI_DUMMY_UNIFORM, train, counts, &test, 3), OUTCOME_OK);
    assert_int_equal(row.count, 0);
    assert_null(row.is_right);
    row_free(&row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logistic_regression_is_scikit_learns),
        cmocka_unit_test(test_logistic_regression_of_what_never_varies_gives_the_shares),
        cmocka_unit_test(test_numbers_that_are_not_finite_are_an_error),
        cmocka_unit_test(test_support_vector_machine_is_scikit_learns),
        cmocka_unit_test(test_products_of_pixels_give_their_distances),
        cmocka_unit_test(test_dummies_are_scikit_learns),
        cmocka_unit_test(test_rows_choose_on_valid_and_judge_on_test),
        cmocka_unit_test(test_rows_are_compared_with_the_best_on_the_same_pictures),
        cmocka_unit_test(test_the_model_is_the_reference_where_there_is_one),
        cmocka_unit_test(test_only_pictures_that_both_judged_count),
        cmocka_unit_test(test_expectations_are_compared_with_nothing),
        cmocka_unit_test(test_the_most_frequent_class_of_train_is_right_on_its_pictures_of_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

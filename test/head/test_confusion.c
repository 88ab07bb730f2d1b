/* SPDX-License-Identifier: MIT */
/* Confusion without its zeros: the same as the matrix, and as what dn_metrics_compute() and
 * dn_class_metrics_compute() make of it. */
#include "core/rng.h"
#include "head/confusion.h"
#include "head/metrics.h"
#include "head/prediction.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 7, COUNT = 300 };

/* Class 6 has no pictures, and class 5 is never predicted. */
static void draw(int labels[COUNT], int predictions[COUNT], int matrix[CLASSES * CLASSES]) {
    dni_rng random = dni_rng_named(11, "confusion");
    memset(matrix, 0, CLASSES * CLASSES * sizeof *matrix);
    for (int i = 0; i < COUNT; i++) {
        labels[i] = (int)dni_rng_below(&random, CLASSES - 1);
        predictions[i] = (int)dni_rng_below(&random, CLASSES - 2);
        matrix[labels[i] * CLASSES + predictions[i]]++;
    }
}

static void test_cells_are_those_of_the_matrix(void **state) {
    (void)state;
    int labels[COUNT], predictions[COUNT], matrix[CLASSES * CLASSES], *again;
    draw(labels, predictions, matrix);
    dni_confusion made, taken;
    assert_int_equal(dni_confusion_make(&made, labels, predictions, COUNT, NULL), DN_OK);
    assert_int_equal(dni_confusion_of_matrix(&taken, matrix, CLASSES, NULL), DN_OK);
    assert_int_equal(made.count, taken.count);
    assert_memory_equal(made.cells, taken.cells, made.count * sizeof *made.cells);
    assert_int_equal(dni_confusion_matrix(&again, &made, CLASSES, NULL), DN_OK);
    assert_memory_equal(again, matrix, sizeof matrix);
    free(again);
    dni_confusion_free(&made);
    dni_confusion_free(&taken);
}

static void test_pairs_begin_with_those_of_most_pictures(void **state) {
    (void)state;
    static const int labels[] = {0, 0, 1, 1, 1, 2, 2, 2, 2}, predictions[] = {0, 2, 0, 0, 1, 2, 2, 2, 1};
    static const dni_confusion_cell expected[] = {{1, 0, 2}, {0, 2, 1}, {2, 1, 1}};
    dni_confusion all, pairs;
    assert_int_equal(dni_confusion_make(&all, labels, predictions, 9, NULL), DN_OK);
    assert_int_equal(dni_confusion_pairs(&pairs, &all, NULL), DN_OK);
    assert_int_equal(pairs.count, 3);
    assert_memory_equal(pairs.cells, expected, sizeof expected);
    dni_confusion_free(&all);
    dni_confusion_free(&pairs);
}

static void test_no_picture_has_no_cell(void **state) {
    (void)state;
    dni_confusion all, pairs;
    assert_int_equal(dni_confusion_make(&all, NULL, NULL, 0, NULL), DN_OK);
    assert_int_equal(dni_confusion_pairs(&pairs, &all, NULL), DN_OK);
    assert_int_equal(all.count + pairs.count, 0);
    dni_confusion_free(&all);
    dni_confusion_free(&pairs);
}

static void test_class_metrics_are_those_of_the_matrix(void **state) {
    (void)state;
    int labels[COUNT], predictions[COUNT], matrix[CLASSES * CLASSES];
    draw(labels, predictions, matrix);
    dn_class_metrics found[CLASSES], expected[CLASSES];
    dni_class_metrics_of(found, labels, predictions, COUNT, CLASSES);
    dn_class_metrics_compute(expected, matrix, CLASSES);
    assert_int_equal(expected[CLASSES - 1].count, 0);
    assert_int_equal(expected[CLASSES - 2].predicted, 0);
    for (int c = 0; c < CLASSES; c++) {
        assert_memory_equal(&found[c].count, &expected[c].count, 3 * sizeof(int));
        assert_memory_equal(&found[c].precision, &expected[c].precision,
                            5 * sizeof(double)); /* NaN as well */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_are_those_of_the_matrix),
        cmocka_unit_test(test_pairs_begin_with_those_of_most_pictures),
        cmocka_unit_test(test_no_picture_has_no_cell),
        cmocka_unit_test(test_class_metrics_are_those_of_the_matrix),
    };
    return cmocka_run_group_tests_name("confusion", tests, NULL, NULL);
}

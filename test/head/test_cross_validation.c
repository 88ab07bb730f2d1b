/* SPDX-License-Identifier: MIT */
/* Folds: every picture once, classes spread evenly, groups whole, the same for the same seed; and what is
 * judged by them. */
#include "head/cross_validation.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 230, CLASSES = 3, FOLDS = 5 };

typedef struct pictures {
    int labels[COUNT], groups[COUNT], folds[COUNT];
} pictures;

/* Class 0 has half of them, class 1 three tenths, class 2 the rest; each a group of its own. */
static void make(pictures *p) {
    for (int i = 0; i < COUNT; i++) {
        p->labels[i] = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2;
        p->groups[i] = 1000 - 3 * i;
    }
}

static void deal(pictures *p, uint64_t seed) {
    dn_error error;
    if (dni_folds(p->folds, p->labels, p->groups, COUNT, CLASSES, FOLDS, seed, &error))
        fail_msg("%s", error.message);
}

/* Pictures of a class in a fold; of label -1 in all. */
static int tally(const pictures *p, int label, int fold) {
    int found = 0;
    for (int i = 0; i < COUNT; i++) found += p->folds[i] == fold && (label < 0 || p->labels[i] == label);
    return found;
}

static void test_every_class_is_spread_to_within_one_picture(void **state) {
    (void)state;
    pictures p;
    make(&p);
    deal(&p, 1);
    const int sizes[CLASSES] = {115, 69, 46};
    for (int f = 0; f < FOLDS; f++) {
        for (int c = 0; c < CLASSES; c++)
            assert_in_range(tally(&p, c, f), sizes[c] / FOLDS, (sizes[c] + FOLDS - 1) / FOLDS);
        assert_in_range(tally(&p, -1, f), COUNT / FOLDS - 1, COUNT / FOLDS + 1);
    }
}

static void test_pictures_of_one_group_stay_together(void **state) {
    (void)state;
    pictures p;
    make(&p);
    for (int i = 0; i < COUNT; i++) p.groups[i] = i % 40 < 20 ? i : i - i % 4; /* some alone, some in fours */
    deal(&p, 7);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(p.folds[i], 0, FOLDS - 1);
        for (int j = 0; j < i; j++)
            if (p.groups[i] == p.groups[j]) assert_int_equal(p.folds[i], p.folds[j]);
    }
    for (int f = 0; f < FOLDS; f++) assert_in_range(tally(&p, -1, f), COUNT / FOLDS - 6, COUNT / FOLDS + 6);
}

static void test_one_large_group_does_not_overfill_its_fold(void **state) {
    (void)state;
    pictures p;
    make(&p);
    for (int i = 0, found = 0; i < COUNT && found < 20; i++)
        if (p.labels[i] == 0) {
            p.groups[i] = 5000;
            found++;
        }
    deal(&p, 3);
    for (int f = 0; f < FOLDS; f++) assert_in_range(tally(&p, 0, f), 23, 23);
}

static void test_the_seed_decides(void **state) {
    (void)state;
    pictures first, again, other;
    make(&first);
    make(&again);
    make(&other);
    deal(&first, 1);
    deal(&again, 1);
    deal(&other, 2);
    assert_memory_equal(first.folds, again.folds, sizeof first.folds);
    assert_memory_not_equal(first.folds, other.folds, sizeof first.folds);
}

static void test_too_few_pictures_of_a_class_are_told(void **state) {
    (void)state;
    pictures p;
    dn_error error = {0};
    make(&p);
    for (int i = 0; i < COUNT; i++)
        if (p.labels[i] == 2) p.groups[i] = 2000 + i / 60; /* four contents in all */
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, COUNT, CLASSES, FOLDS, 1, &error),
                     DN_ERR_DATA_CLASSES);
    assert_non_null(strstr(error.message, "class 2 has 4 different pictures, too few for 5 folds"));
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, COUNT, CLASSES, 1, 1, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, 0, CLASSES, FOLDS, 1, &error), DN_ERR_ARGUMENT);
}

/* Two columns tell the class of every picture; the third is its number, the fourth always 1. */
static void fill(double (*x)[4], const pictures *p, double apart) {
    for (int i = 0; i < COUNT; i++) {
        const double jitter = (i * 7919 % 101) / 101.0 - 0.5;
        x[i][0] = apart * (p->labels[i] == 0) + jitter;
        x[i][1] = apart * (p->labels[i] == 1) - jitter;
        x[i][2] = i;
        x[i][3] = 1;
    }
}

static int cross_validated(const pictures *p, const int *columns, int column_count, double apart) {
    static double x[COUNT][4];
    static float predicted[COUNT][CLASSES];
    dn_error error;
    fill(x, p, apart);
    dni_array_matrix array = {.values = x[0], .width = 4, .columns = (size_t)column_count, .column = columns};
    const dni_matrix matrix = dni_matrix_of_array(&array);
    if (dni_cross_validate(predicted[0], &matrix, p->labels, p->folds, COUNT, CLASSES, FOLDS, 1, &error))
        fail_msg("%s", error.message);
    int correct = 0;
    for (int i = 0; i < COUNT; i++) {
        int best = 0;
        float sum = 0;
        for (int c = 0; c < CLASSES; c++) {
            if (predicted[i][c] > predicted[i][best]) best = c;
            sum += expf(predicted[i][c]);
        }
        assert_true(fabsf(sum - 1) < 1e-5f);
        correct += best == p->labels[i];
    }
    return correct;
}

static void test_cross_validation_reads_what_the_named_columns_tell(void **state) {
    (void)state;
    pictures p;
    make(&p);
    deal(&p, 1);
    assert_int_equal(cross_validated(&p, (int[]){0, 1}, 2, 4), COUNT);
    assert_int_equal(cross_validated(&p, (int[]){1, 3, 0}, 3, 4), COUNT);
}

/* The largest class is all that can be said; a fold may be unlucky. */
static void test_cross_validation_finds_nothing_where_nothing_is(void **state) {
    (void)state;
    pictures p;
    make(&p);
    deal(&p, 1);
    assert_in_range(cross_validated(&p, (int[]){0, 1, 2}, 3, 0), COUNT * 2 / 5, COUNT * 3 / 5);
    assert_in_range(cross_validated(&p, (int[]){3}, 1, 4), COUNT / 2 - FOLDS, COUNT / 2 + FOLDS);
}

/* A column that names the picture, and labels by lot: a fit that saw the judged fold would know them. */
static void test_a_fold_is_judged_by_the_others_alone(void **state) {
    (void)state;
    static double x[COUNT][COUNT / 2];
    static float predicted[COUNT][CLASSES];
    pictures p;
    make(&p);
    for (int i = 0; i < COUNT; i++) p.groups[i] = i;
    deal(&p, 3);
    memset(x, 0, sizeof x);
    for (int i = 0; i < COUNT; i++) x[i][i / 2] = 1;
    for (int i = 0; i < COUNT; i++) p.labels[i] = i * 7919 % 101 % 2; /* of pairs with a column in common */
    dn_error error;
    dni_array_matrix array = {.values = x[0], .width = COUNT / 2, .columns = COUNT / 2};
    const dni_matrix matrix = dni_matrix_of_array(&array);
    assert_int_equal(
        dni_cross_validate(predicted[0], &matrix, p.labels, p.folds, COUNT, CLASSES, FOLDS, 1000, &error),
        DN_OK);
    int correct = 0;
    for (int i = 0; i < COUNT; i++) correct += (predicted[i][1] > predicted[i][0]) == p.labels[i];
    assert_in_range(correct, COUNT / 5, COUNT * 7 / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_is_spread_to_within_one_picture),
        cmocka_unit_test(test_pictures_of_one_group_stay_together),
        cmocka_unit_test(test_one_large_group_does_not_overfill_its_fold),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_too_few_pictures_of_a_class_are_told),
        cmocka_unit_test(test_cross_validation_reads_what_the_named_columns_tell),
        cmocka_unit_test(test_cross_validation_finds_nothing_where_nothing_is),
        cmocka_unit_test(test_a_fold_is_judged_by_the_others_alone),
    };
    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Curves at given places, each class against the rest, against scikit-learn's and numpy's. */
#include "head/curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 4, MAX_PICTURES = 100, VALUES = 2 + 2 * CLASSES };

/* Quotients of counts in both; the means sum four of them. */
#define TOLERANCE 1e-12

typedef struct golden {
    float log_probabilities[MAX_PICTURES * CLASSES];
    int labels[MAX_PICTURES];
    int count;
    dn_ranking rankings[CLASSES];
} golden;

static void read_picture(golden *g, const char *line) {
    float *row = g->log_probabilities + g->count * CLASSES;
    assert_true(g->count < MAX_PICTURES);
    assert_int_equal(
        sscanf(line, "picture %d %f %f %f %f", &g->labels[g->count], row, row + 1, row + 2, row + 3),
        1 + CLASSES);
    g->count++;
}

static void check_place(const golden *g, const char *line) {
    double place, wanted[VALUES], rate = 0, precision = 0;
    int used, at;
    assert_int_equal(sscanf(line, "at %lf%n", &place, &at), 1);
    for (int i = 0; i < VALUES; i++, at += used)
        assert_int_equal(sscanf(line + at, "%lf%n", &wanted[i], &used), 1);
    for (int c = 0; c < CLASSES; c++) {
        assert_float_equal(dni_roc_at(&g->rankings[c], place), wanted[2 + c], TOLERANCE);
        assert_float_equal(dni_precision_at(&g->rankings[c], place), wanted[2 + CLASSES + c], TOLERANCE);
        rate += dni_roc_at(&g->rankings[c], place) / CLASSES;
        precision += dni_precision_at(&g->rankings[c], place) / CLASSES;
    }
    assert_float_equal(rate, wanted[0], TOLERANCE);
    assert_float_equal(precision, wanted[1], TOLERANCE);
}

static void test_curves_are_those_of_scikit_learn(void **state) {
    (void)state;
    static golden g;
    FILE *file = fopen("test/golden/head/curve.txt", "r");
    assert_non_null(file);
    char line[600];
    int places = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "picture", 7) == 0) {
            read_picture(&g, line);
            continue;
        }
        for (int c = 0; !places && c < CLASSES; c++)
            assert_int_equal(
                dn_ranking_compute(&g.rankings[c], g.log_probabilities, g.labels, g.count, CLASSES, c, NULL),
                DN_OK);
        check_place(&g, line);
        places++;
    }
    fclose(file);
    assert_int_equal(places, 21);
    for (int c = 0; c < CLASSES; c++) dn_ranking_free(&g.rankings[c]);
}

/* One step up, one to the right: the corner belongs to the upper end. */
static void test_a_perfect_ranking_goes_straight_up(void **state) {
    (void)state;
    dn_ranking_point points[] = {{-1, 3, 0}, {-2, 3, 5}};
    const dn_ranking perfect = {points, 2, 3, 5};
    assert_true(dni_roc_at(&perfect, 0) == 1.0);
    assert_true(dni_roc_at(&perfect, 1) == 1.0);
    assert_true(dni_precision_at(&perfect, 1) == 1.0);
    dn_ranking_point tied = {-1, 3, 5}; /* all scores equal: the diagonal */
    const dn_ranking equal = {&tied, 1, 3, 5};
    assert_true(dni_roc_at(&equal, 0) == 0.0);
    assert_float_equal(dni_roc_at(&equal, 0.25), 0.25, TOLERANCE);
    assert_float_equal(dni_precision_at(&equal, 0.25), 3.0 / 8, TOLERANCE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves_are_those_of_scikit_learn),
        cmocka_unit_test(test_a_perfect_ranking_goes_straight_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

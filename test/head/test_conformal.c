/* SPDX-License-Identifier: MIT */
/* Conformal sets against numpy's (test/golden/head/oracle_conformal.py), and their guarantee over many
 * divisions of one set of pictures.
 *
 * Sets are compared exactly: they are made of comparisons alone. */
#include "head/conformal.h"
#include "head/conformal_scores.h"

#include "core/rng.h"
#include "test/support/head.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct sample {
    const char *name;
    int calibration, pictures, classes;
} sample;

static const sample cases[] = {{"binary", 99, 40, 2}, {"sure", 60, 40, 2}, {"three", 80, 40, 3},
                               {"ties", 50, 40, 3},   {"few", 7, 20, 2},   {"missing", 30, 20, 4}};

static const char *const coverages[] = {"0.07", "0.5", "0.8", "0.9", "0.95", "0.99"};

/* ---- the oracle ---- */

static double *golden_of(const sample *s, const char *key, int count) {
    char name[96];
    snprintf(name, sizeof name, "%s/%s", s->name, key);
    return golden_array_of("test/golden/head/conformal.txt", name, (size_t)count);
}

static float *floats_of(const sample *s, const char *key, int count) {
    double *golden = golden_of(s, key, count);
    float *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < count; i++) values[i] = (float)golden[i];
    free(golden);
    return values;
}

static dn_conformal *calibrate(const sample *s) {
    float *p = floats_of(s, "p", s->calibration * s->classes);
    double *golden = golden_of(s, "labels", s->calibration);
    int *labels = malloc((size_t)s->calibration * sizeof *labels);
    assert_non_null(labels);
    for (int i = 0; i < s->calibration; i++) labels[i] = (int)golden[i];
    dn_conformal *made;
    assert_int_equal(dn_conformal_create(&made, p, labels, s->calibration, s->classes, NULL), DN_OK);
    free(labels);
    free(golden);
    free(p);
    return made;
}

static void compare_sets(const sample *s, const dn_conformal *conformal, const char *coverage,
                         bool per_class) {
    const int cells = s->pictures * s->classes;
    char key[64];
    snprintf(key, sizeof key, "sets_%s%s", per_class ? "per_class_" : "", coverage);
    double *expected = golden_of(s, key, cells);
    float *q = floats_of(s, "q", cells);
    float thresholds[4];
    bool sets[200];
    assert_int_equal(dn_conformal_thresholds(conformal, strtod(coverage, NULL), per_class, thresholds, NULL),
                     DN_OK);
    dn_conformal_sets(thresholds, q, s->pictures, s->classes, sets);
    for (int i = 0; i < cells; i++)
        if (sets[i] != (expected[i] > 0.5)) fail_msg("%s/%s: cell %d is %d", s->name, key, i, sets[i]);
    free(q);
    free(expected);
}

static void test_sets_are_those_of_the_formulas(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dn_conformal *conformal = calibrate(&cases[i]);
        for (size_t c = 0; c < sizeof coverages / sizeof *coverages; c++)
            for (int per_class = 0; per_class < 2; per_class++)
                compare_sets(&cases[i], conformal, coverages[c], per_class);
        dn_conformal_free(conformal);
    }
}

/* ---- the guarantee ---- */

enum { CLASSES = 3, OF_CLASS = 100, ALL = CLASSES * OF_CLASS, DIVISIONS = 500 };

/* A classifier that knows something: a logit is uniform noise in 0..3, and 1 more for the true class.
 * Picture i is of class i % CLASSES, and class 0 is harder: there half of the 1 is missing. */
static void make_pictures(float *probabilities, int *labels) {
    dni_rng rng = dni_rng_named(1, "conformal pictures");
    for (int i = 0; i < ALL; i++) {
        float *row = probabilities + i * CLASSES, sum = 0.0f;
        labels[i] = i % CLASSES;
        for (int c = 0; c < CLASSES; c++) {
            const float known = c != labels[i] ? 0.0f : c ? 1.0f : 0.5f;
            sum += row[c] = expf(3.0f * dni_rng_uniform(&rng) + known);
        }
        for (int c = 0; c < CLASSES; c++) row[c] /= sum;
    }
}

typedef struct division {
    float p[ALL * CLASSES];
    int labels[ALL];
    int calibration; /* the pictures in front, of which it is made; the others are judged */
} division;

static void add(division *to, int at, const float *probabilities, const int *labels, uint32_t picture) {
    memcpy(to->p + at * CLASSES, probabilities + picture * CLASSES, CLASSES * sizeof *to->p);
    to->labels[at] = labels[picture];
}

/* Adds each class's judged pictures, and those that their sets hold, to both; (CLASSES). */
static void judge(const division *d, double coverage, bool per_class, int *judged, int *held) {
    dn_conformal *conformal;
    float thresholds[CLASSES];
    static bool sets[ALL * CLASSES];
    const int first = d->calibration;
    assert_int_equal(dn_conformal_create(&conformal, d->p, d->labels, first, CLASSES, NULL), DN_OK);
    assert_int_equal(dn_conformal_thresholds(conformal, coverage, per_class, thresholds, NULL), DN_OK);
    dn_conformal_sets(thresholds, d->p + first * CLASSES, ALL - first, CLASSES, sets);
    for (int i = first; i < ALL; i++) {
        judged[d->labels[i]]++;
        held[d->labels[i]] += sets[(i - first) * CLASSES + d->labels[i]];
    }
    dn_conformal_free(conformal);
}

/* The mean over divisions of n calibration and m judged pictures is k / (n + 1), k = ceil((n + 1) coverage),
 * without ties: between coverage and coverage + 1 / (n + 1). One division's share has the variance of a
 * beta-binomial, below coverage (1 - coverage) (1 / (n + 2) + 1 / m); five standard errors of the mean of 500
 * are allowed, which chance passes once in two million. */
static void assert_bounds(int held, int judged, double coverage, int n, int m) {
    const double mean = (double)held / judged;
    const double error = sqrt(coverage * (1 - coverage) * (1.0 / (n + 2) + 1.0 / m) / DIVISIONS);
    if (mean < coverage - 5 * error || mean > coverage + 1.0 / (n + 1) + 5 * error)
        fail_msg("mean coverage %.4f is not in %.4f to %.4f", mean, coverage, coverage + 1.0 / (n + 1));
    assert_close(mean, ceil((n + 1) * coverage - 1e-9) / (n + 1), 5 * error);
}

static void test_mean_coverage_of_all_pictures_is_within_the_bounds(void **state) {
    (void)state;
    static float probabilities[ALL * CLASSES];
    static int labels[ALL];
    static division d = {.calibration = 99};
    make_pictures(probabilities, labels);
    dni_rng rng = dni_rng_named(1, "conformal divisions");
    for (int level = 0; level < 3; level++) {
        const double coverage = (const double[]){0.8, 0.9, 0.955}[level];
        int judged[CLASSES] = {0}, held[CLASSES] = {0};
        for (int i = 0; i < DIVISIONS; i++) {
            uint32_t order[ALL];
            for (uint32_t j = 0; j < ALL; j++) order[j] = j;
            dni_rng_shuffle(&rng, order, ALL);
            for (int j = 0; j < ALL; j++) add(&d, j, probabilities, labels, order[j]);
            judge(&d, coverage, false, judged, held);
        }
        assert_bounds(held[0] + held[1] + held[2], judged[0] + judged[1] + judged[2], coverage, 99, ALL - 99);
        /* The hard class pays for the others. */
        assert_true((double)held[0] / judged[0] < coverage - 0.02);
    }
}

static void test_mean_coverage_of_each_class_is_within_the_bounds(void **state) {
    (void)state;
    enum { OF_CALIBRATION = 39 };
    static float probabilities[ALL * CLASSES];
    static int labels[ALL];
    static division d = {.calibration = CLASSES * OF_CALIBRATION};
    make_pictures(probabilities, labels);
    dni_rng rng = dni_rng_named(1, "conformal divisions");
    int judged[CLASSES] = {0}, held[CLASSES] = {0};
    for (int i = 0; i < DIVISIONS; i++) {
        int calibrated = 0, rest = d.calibration;
        for (int c = 0; c < CLASSES; c++) {
            uint32_t order[OF_CLASS];
            for (uint32_t j = 0; j < OF_CLASS; j++) order[j] = j * CLASSES + (uint32_t)c;
            dni_rng_shuffle(&rng, order, OF_CLASS);
            for (int j = 0; j < OF_CLASS; j++)
                add(&d, j < OF_CALIBRATION ? calibrated++ : rest++, probabilities, labels, order[j]);
        }
        judge(&d, 0.9, true, judged, held);
    }
    for (int c = 0; c < CLASSES; c++)
        assert_bounds(held[c], judged[c], 0.9, OF_CALIBRATION, OF_CLASS - OF_CALIBRATION);
}

/* ---- too few, and what is refused ---- */

static void test_so_many_pictures_are_needed(void **state) {
    (void)state;
    assert_int_equal(dn_conformal_needed(0.5), 1);
    assert_int_equal(dn_conformal_needed(0.8), 4);
    assert_int_equal(dn_conformal_needed(0.9), 9);
    assert_int_equal(dn_conformal_needed(0.95), 19);
    assert_int_equal(dn_conformal_needed(0.99), 99);
    assert_int_equal(dn_conformal_needed(0.001), 1);
    for (int count = 8; count <= 9; count++) {
        float p[9 * 2], thresholds[2];
        int labels[9];
        for (int i = 0; i < count; i++) {
            p[2 * i] = 0.3f + 0.05f * (float)i;
            p[2 * i + 1] = 1.0f - p[2 * i];
            labels[i] = 0;
        }
        dn_conformal *conformal;
        assert_int_equal(dn_conformal_create(&conformal, p, labels, count, 2, NULL), DN_OK);
        assert_int_equal(dn_conformal_count(conformal, -1), count);
        assert_int_equal(dn_conformal_count(conformal, 0), count);
        assert_int_equal(dn_conformal_count(conformal, 1), 0);
        assert_int_equal(dn_conformal_thresholds(conformal, 0.9, false, thresholds, NULL), DN_OK);
        assert_true(thresholds[0] == (count < 9 ? 0.0f : 0.3f));
        assert_true(thresholds[1] == thresholds[0]);
        assert_int_equal(dn_conformal_thresholds(conformal, 0.9, true, thresholds, NULL), DN_OK);
        assert_true(thresholds[0] == (count < 9 ? 0.0f : 0.3f));
        assert_true(thresholds[1] == 0.0f); /* no picture of it */
        dn_conformal_free(conformal);
    }
}

static void test_what_cannot_be_is_refused(void **state) {
    (void)state;
    const float p[] = {0.25f, 0.75f, 0.5f, 0.5f};
    float thresholds[2];
    dn_conformal *conformal;
    dn_error error;
    assert_int_equal(dn_conformal_create(&conformal, p, (const int[]){0, 2}, 2, 2, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "label of picture 1 must be 0 to 1, not 2");
    assert_null(conformal);
    assert_int_equal(dn_conformal_create(&conformal, p, (const int[]){0, 1}, 0, 2, &error), DN_ERR_ARGUMENT);
    const float not_a_number[] = {0.25f, 0.75f, 0.5f, NAN};
    assert_int_equal(dn_conformal_create(&conformal, not_a_number, (const int[]){0, 1}, 2, 2, &error),
                     DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "probability of picture 1 must be in 0 to 1, not nan");
    assert_int_equal(dn_conformal_create(&conformal, p, (const int[]){0, 1}, 2, 2, &error), DN_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(dn_conformal_thresholds(conformal, (const double[]){0.0, 1.0, -0.5, (double)NAN}[i],
                                                 false, thresholds, &error),
                         DN_ERR_ARGUMENT);
    dn_conformal_free(conformal);
    dn_conformal_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_are_those_of_the_formulas),
        cmocka_unit_test(test_mean_coverage_of_all_pictures_is_within_the_bounds),
        cmocka_unit_test(test_mean_coverage_of_each_class_is_within_the_bounds),
        cmocka_unit_test(test_so_many_pictures_are_needed),
        cmocka_unit_test(test_what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Confident learning against the oracle, which was written from the paper; and out-of-fold probabilities:
 * what finds labels that were planted wrong. */
#include "head/confident_learning.h"

#include "core/rng.h"
#include "head/feature_rows.h"
#include "head/out_of_fold.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Of the thresholds: means of at most a few hundred exponentials, which two libraries round differently.
 * Counts and lists must be equal. */
#define TOLERANCE 1e-12

/* ---- against the oracle ---- */

typedef struct golden {
    char name[32];
    int count, classes;
    int *labels;
    float *log_probabilities;
} golden;

static double read_number(FILE *file) {
    char word[40];
    assert_int_equal(fscanf(file, "%39s", word), 1);
    return strtod(word, NULL);
}

static void expect_word(FILE *file, const char *wanted) {
    char word[40];
    assert_int_equal(fscanf(file, "%39s", word), 1);
    assert_string_equal(word, wanted);
}

static void expect_whole(FILE *file, const golden *of, const char *what, const int *found, int count) {
    expect_word(file, what);
    for (int i = 0; i < count; i++) {
        const int wanted = (int)read_number(file);
        if (found[i] != wanted) fail_msg("%s: %s[%d] is %d, not %d", of->name, what, i, found[i], wanted);
    }
}

static void expect_suspects(FILE *file, const golden *of, const dni_confident_learning *found) {
    expect_word(file, "suspected");
    const int wanted = (int)read_number(file);
    assert_int_equal(found->suspected, wanted);
    int listed = 0;
    for (int i = 0; i < of->count; i++) listed += found->likely[i] >= 0;
    assert_int_equal(listed, wanted);
    for (int k = 0; k < wanted; k++) {
        int sample, likely;
        assert_int_equal(fscanf(file, "%d:%d", &sample, &likely), 2);
        if (found->likely[sample] != likely)
            fail_msg("%s: sample %d is suspected of class %d, not %d", of->name, sample,
                     found->likely[sample], likely);
    }
}

static void compare(FILE *file, const golden *of) {
    dni_confident_learning found;
    dn_error error;
    assert_int_equal(
        dni_confident_learning_run(&found, of->log_probabilities, of->labels, of->count, of->classes, &error),
        DN_OK);
    expect_word(file, "thresholds");
    for (int c = 0; c < of->classes; c++) {
        const double wanted = read_number(file);
        if (isinf(wanted) ? !isinf(found.thresholds[c]) : fabs(found.thresholds[c] - wanted) > TOLERANCE)
            fail_msg("%s: threshold %d is %.15g, not %.15g", of->name, c, found.thresholds[c], wanted);
    }
    expect_whole(file, of, "joint", found.joint, of->classes * of->classes);
    expect_whole(file, of, "calibrated", found.calibrated, of->classes * of->classes);
    expect_whole(file, of, "wrong", &found.wrong, 1);
    expect_suspects(file, of, &found);
    expect_whole(file, of, "ranking", found.ranking, of->count);
    dni_confident_learning_free(&found);
}

static void test_counts_and_lists_are_those_of_the_oracle(void **state) {
    (void)state;
    FILE *file = fopen("test/golden/head/confident_learning.txt", "r");
    assert_non_null(file);
    golden of;
    int cases = 0;
    for (; fscanf(file, " case %31s %d %d", of.name, &of.count, &of.classes) == 3; cases++) {
        of.labels = calloc((size_t)of.count, sizeof *of.labels);
        of.log_probabilities = calloc((size_t)of.count * (size_t)of.classes, sizeof *of.log_probabilities);
        for (int i = 0; i < of.count; i++) {
            of.labels[i] = (int)read_number(file);
            for (int c = 0; c < of.classes; c++)
                of.log_probabilities[i * of.classes + c] = (float)read_number(file);
        }
        compare(file, &of);
        free(of.labels);
        free(of.log_probabilities);
    }
    fclose(file);
    assert_int_equal(cases, 9);
}

static void test_needs_two_classes_and_a_sample(void **state) {
    (void)state;
    dni_confident_learning found;
    dn_error error;
    assert_int_equal(dni_confident_learning_run(&found, NULL, NULL, 0, 2, &error), DN_ERR_ARGUMENT);
    dni_confident_learning_free(&found);
    assert_int_equal(dni_confident_learning_run(&found, (float[]){0}, (int[]){0}, 1, 1, &error),
                     DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "not 1 and 1"));
    dni_confident_learning_free(&found);
}

/* ---- out of fold ---- */

enum { SAMPLES = 240, WIDTH = 12, CLASSES = 3, FOLDS = 5 };

typedef struct blobs {
    float x[SAMPLES * WIDTH], log_probabilities[SAMPLES * CLASSES];
    int labels[SAMPLES], groups[SAMPLES];
    double c, loss;
} blobs;

/* Three overlapping clouds of points; every 11th label is moved to the next class. */
static void make_blobs(blobs *out) {
    dni_rng rng = dni_rng_named(7, "test/blobs");
    for (int i = 0; i < SAMPLES; i++) {
        const int truth = i % CLASSES;
        out->labels[i] = i % 11 == 5 ? (truth + 1) % CLASSES : truth;
        out->groups[i] = i;
        for (int k = 0; k < WIDTH; k++) {
            float sum = 0; /* of six uniform numbers: nearly normal */
            for (int j = 0; j < 6; j++) sum += dni_rng_uniform(&rng) - 0.5f;
            out->x[i * WIDTH + k] = sum + (k % CLASSES == truth ? 1.2f : 0.0f);
        }
    }
}

static dn_status judge_blobs(blobs *of) {
    dn_error error;
    const dn_features features = {.values = of->x, .labels = of->labels, .count = SAMPLES, .views = 1};
    dni_feature_array array;
    dn_feature_rows rows;
    assert_int_equal(dni_feature_array_rows(&rows, &array, &features, "blobs", WIDTH, NULL), DN_OK);
    return dni_out_of_fold(of->log_probabilities, &of->c, &of->loss, &rows, WIDTH, of->groups, CLASSES, FOLDS,
                           1, &error);
}

static void judge(blobs *of) {
    assert_int_equal(judge_blobs(of), DN_OK);
}

static void test_planted_labels_are_found(void **state) {
    (void)state;
    static blobs data;
    make_blobs(&data);
    judge(&data);
    dni_confident_learning found;
    dn_error error;
    assert_int_equal(
        dni_confident_learning_run(&found, data.log_probabilities, data.labels, SAMPLES, CLASSES, &error),
        DN_OK);
    int hits = 0;
    for (int i = 0; i < SAMPLES; i++) hits += found.likely[i] >= 0 && i % 11 == 5;
    assert_true(hits >= 19);                          /* of the 22 that are wrong */
    assert_in_range(found.suspected, hits, hits + 4); /* and few others */
    for (int i = 0; i < SAMPLES; i++)
        if (found.likely[i] >= 0 && i % 11 == 5) assert_int_equal(found.likely[i], i % CLASSES);
    dni_confident_learning_free(&found);
}

static void test_the_same_seed_gives_the_same_bits(void **state) {
    (void)state;
    static blobs first, second;
    make_blobs(&first);
    make_blobs(&second);
    judge(&first);
    judge(&second);
    assert_memory_equal(first.log_probabilities, second.log_probabilities, sizeof first.log_probabilities);
    assert_true(first.c >= 1e-5 && first.c <= 1 && first.loss > 0);
}

/* Points of noise that say nothing of their labels, each there twice: where copies may lie on both sides of
 * a fold, many a picture finds its own label again. */
static void test_copies_do_not_vouch_for_each_other(void **state) {
    (void)state;
    static blobs apart, together;
    dni_rng rng = dni_rng_named(3, "test/noise");
    for (int i = 0; i < SAMPLES; i += 2) {
        for (int k = 0; k < WIDTH; k++)
            apart.x[i * WIDTH + k] = apart.x[(i + 1) * WIDTH + k] = dni_rng_uniform(&rng);
        apart.labels[i] = apart.labels[i + 1] = (int)(dni_rng_uniform(&rng) * CLASSES);
        apart.groups[i] = apart.groups[i + 1] = i;
    }
    together = apart;
    for (int i = 0; i < SAMPLES; i++) together.groups[i] = i;
    judge(&apart);
    judge(&together);
    assert_true(together.loss < apart.loss - 0.005);
    assert_true(apart.loss > log(CLASSES) - 0.02); /* no better than knowing nothing */
}

static void test_a_class_that_is_too_small_is_refused(void **state) {
    (void)state;
    static blobs data;
    make_blobs(&data);
    for (int i = 0; i < SAMPLES; i++) data.labels[i] = i < FOLDS - 1 ? 2 : i % 2;
    assert_int_equal(judge_blobs(&data), DN_ERR_DATA_CLASSES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_and_lists_are_those_of_the_oracle),
        cmocka_unit_test(test_needs_two_classes_and_a_sample),
        cmocka_unit_test(test_planted_labels_are_found),
        cmocka_unit_test(test_the_same_seed_gives_the_same_bits),
        cmocka_unit_test(test_copies_do_not_vouch_for_each_other),
        cmocka_unit_test(test_a_class_that_is_too_small_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

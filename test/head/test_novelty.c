/* SPDX-License-Identifier: MIT */
/* Unfamiliarity: both scores, what they come to and the percentiles are scikit-learn's and numpy's; and what
 * must hold whatever the numbers are. */
#include "test/support/head.h"

#include "core/memory.h"
#include "head/novelty_parts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 3, TRAIN = 520, VALID = 60, STRANGERS = 20, NARROW = 12, WIDE = 96, LATENT = 64 };

#define GOLDEN "test/golden/head/novelty.txt"

/* ---- the oracle's sets ---- */

typedef struct split {
    float *values; /* (count, width) */
    int labels[TRAIN];
    dn_features features;
} split;

static bool are_strangers(const char *name) {
    return strcmp(name, "strangers") == 0;
}

/* What the oracle's stretched() does to element (n, 0) or any other of row n. */
static double stretch(double x, const char *name, int n, int i) {
    if (are_strangers(name)) return x * (1 + 0.04 * n);
    return i == 0 ? x + 0.5 * (n % CLASSES) : x;
}

static split finish(float *values, int count) {
    split out = {.values = values};
    for (int n = 0; n < count; n++) out.labels[n] = n % CLASSES;
    out.features = (dn_features){.values = values, .count = count, .views = 1};
    return out;
}

static split make_narrow(const char *name, int count) {
    char stream[64];
    snprintf(stream, sizeof stream, "novelty/narrow/%s", name);
    float *x = stream_values(stream, (size_t)count * NARROW);
    for (int n = 0; n < count; n++)
        for (int i = 0; i < NARROW; i++)
            x[n * NARROW + i] = (float)(0.5 + stretch((double)x[n * NARROW + i], name, n, i));
    return finish(x, count);
}

static split make_wide(const char *name, int count) {
    char stream[64];
    snprintf(stream, sizeof stream, "novelty/wide/%s", name);
    float *latent = stream_values(stream, (size_t)count * LATENT);
    snprintf(stream, sizeof stream, "novelty/wide/%s/noise", name);
    float *x = stream_values(stream, (size_t)count * WIDE);
    float *mixing = stream_values("novelty/wide/mixing", (size_t)LATENT * WIDE);
    for (int n = 0; n < count; n++)
        for (int i = 0; i < WIDE; i++) {
            double sum = (are_strangers(name) ? 0.05 * n : 1e-3) * (double)x[n * WIDE + i];
            for (int k = 0; k < LATENT; k++)
                sum += stretch((double)latent[n * LATENT + k], name, n, k) * (double)mixing[k * WIDE + i];
            x[n * WIDE + i] = (float)sum;
        }
    free(latent);
    free(mixing);
    return finish(x, count);
}

typedef struct oracle_set {
    split train, valid, strangers;
    dn_novelty *novelty;
    int width;
} oracle_set;

static dn_novelty *fit(const split *train, const split *valid, int width) {
    dn_features of_train = train->features, of_valid = valid->features;
    of_train.labels = train->labels;
    of_valid.labels = valid->labels;
    dn_novelty *novelty;
    dn_error error = {.message = ""};
    if (dn_novelty_fit(&novelty, &of_train, &of_valid, width, CLASSES, 1, &error))
        fail_msg("%s", error.message);
    return novelty;
}

static void open_set(oracle_set *set, split (*make)(const char *, int), int width) {
    *set = (oracle_set){.train = make("train", TRAIN),
                        .valid = make("valid", VALID),
                        .strangers = make("strangers", STRANGERS),
                        .width = width};
    set->novelty = fit(&set->train, &set->valid, width);
}

static void close_set(oracle_set *set) {
    dn_novelty_free(set->novelty);
    free(set->train.values);
    free(set->valid.values);
    free(set->strangers.values);
}

static double *golden(const char *set, const char *what, size_t count) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", set, what);
    return golden_array_of(GOLDEN, name, count);
}

/* float32 keeps 7 digits of a cosine near 1, and so 3 of a distance of 0.05, which is the least one here. The
 * combined score divides it by the spread of the validation pictures, which is a fifth of it. */
static void compare(const char *name, split (*make)(const char *, int), int width) {
    oracle_set set;
    open_set(&set, make, width);
    float raw[STRANGERS * DNI_NOVELTY_SCORES], scores[STRANGERS];
    double percentiles[STRANGERS];
    assert_int_equal(dni_novelty_raw_scores(set.novelty, set.strangers.values, STRANGERS, raw, NULL), DN_OK);
    assert_int_equal(
        dn_novelty_score(set.novelty, set.strangers.values, STRANGERS, scores, percentiles, NULL), DN_OK);
    double *expected = golden(name, "strangers", STRANGERS * DNI_NOVELTY_SCORES);
    for (int i = 0; i < STRANGERS * DNI_NOVELTY_SCORES; i++)
        assert_close((double)raw[i], expected[i], 1e-3 * expected[i]);
    free(expected);
    double *of_valid = golden(name, "valid_scores", VALID);
    assert_int_equal(dn_novelty_pictures(set.novelty), VALID);
    for (int i = 0; i < VALID; i++) assert_close((double)set.novelty->scores[i], of_valid[i], 5e-3);
    free(of_valid);
    double *combined = golden(name, "scores", STRANGERS), *ranks = golden(name, "percentiles", STRANGERS);
    for (int i = 0; i < STRANGERS; i++) {
        assert_close((double)scores[i], combined[i], 5e-3 * (1 + combined[i]));
        assert_close(percentiles[i], ranks[i], 1e-9);
    }
    free(combined);
    free(ranks);
    close_set(&set);
}

static void test_scores_and_percentiles_are_the_oracles_in_the_full_space(void **state) {
    (void)state;
    compare("narrow", make_narrow, NARROW);
}

static void test_scores_and_percentiles_are_the_oracles_in_the_reduced_space(void **state) {
    (void)state;
    compare("wide", make_wide, WIDE);
}

/* ---- what must hold ---- */

static void test_five_in_a_hundred_validation_pictures_are_beyond_the_line(void **state) {
    (void)state;
    oracle_set set;
    open_set(&set, make_narrow, NARROW);
    double percentiles[VALID];
    assert_int_equal(dn_novelty_score(set.novelty, set.valid.values, VALID, NULL, percentiles, NULL), DN_OK);
    int beyond = 0;
    for (int i = 0; i < VALID; i++) beyond += percentiles[i] >= DN_NOVELTY_LINE;
    assert_int_equal(beyond, VALID / 20);
    close_set(&set);
}

static void test_training_uses_view_0_alone(void **state) {
    (void)state;
    oracle_set set;
    open_set(&set, make_narrow, NARROW);
    float *views = calloc(2 * (size_t)TRAIN * NARROW, sizeof *views); /* view 1 is zeros */
    assert_non_null(views);
    for (int n = 0; n < TRAIN; n++)
        memcpy(views + 2 * n * NARROW, set.train.values + n * NARROW, NARROW * sizeof *views);
    split train = set.train;
    train.features.values = views;
    train.features.views = 2;
    dn_novelty *other = fit(&train, &set.valid, NARROW);
    assert_int_equal(dn_novelty_size(other), dn_novelty_size(set.novelty));
    assert_memory_equal(other->memory, set.novelty->memory, dn_novelty_size(other));
    dn_novelty_free(other);
    free(views);
    close_set(&set);
}

/* The most that any set needs: 10,000 pictures of 2208 features in more classes than there are means. */
static void test_the_size_is_bounded(void **state) {
    (void)state;
    const dni_novelty_shape most = {.features = 2208,
                                    .directions = DNI_NOVELTY_DIRECTIONS,
                                    .means = DNI_NOVELTY_MEANS,
                                    .training = DNI_NOVELTY_TRAINING,
                                    .validation = DNI_NOVELTY_VALIDATION};
    assert_true(dni_novelty_floats(&most) * sizeof(float) <= 2000000);

    enum { MANY = 5000, FEW = 3 };
    float *values = stream_values("novelty/many", (size_t)MANY * FEW);
    int *labels = malloc(MANY * sizeof *labels);
    assert_non_null(labels);
    for (int i = 0; i < MANY; i++) labels[i] = i % 2000;
    const dn_features data = {values, labels, MANY, 1};
    dn_novelty *novelty[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            dn_novelty_fit(&novelty[i], &data, &data, FEW, 2000, (uint64_t)(i == 2 ? 8 : 7), NULL), DN_OK);
    assert_int_equal(novelty[0]->shape.training, DNI_NOVELTY_TRAINING);
    assert_int_equal(novelty[0]->shape.validation, DNI_NOVELTY_VALIDATION);
    assert_int_equal(novelty[0]->shape.means, 1);
    const size_t size = dn_novelty_size(novelty[0]);
    assert_memory_equal(novelty[0]->memory, novelty[1]->memory, size); /* the same seed: the same bits */
    assert_memory_not_equal(novelty[0]->memory, novelty[2]->memory, size);
    for (int i = 1; i < DNI_NOVELTY_VALIDATION; i++)
        assert_true(novelty[0]->scores[i] >= novelty[0]->scores[i - 1]);
    for (int i = 0; i < 3; i++) dn_novelty_free(novelty[i]);
    free(values);
    free(labels);
}

/* One picture says nothing of how a class's pictures differ: the classes then share a mean. */
static void test_classes_of_one_picture_share_a_mean(void **state) {
    (void)state;
    oracle_set set;
    open_set(&set, make_narrow, NARROW);
    assert_int_equal(set.novelty->shape.means, CLASSES);
    int labels[TRAIN];
    for (int i = 0; i < TRAIN; i++) labels[i] = i;
    dn_features train = set.train.features, valid = set.valid.features;
    train.labels = labels;
    valid.labels = set.valid.labels;
    dn_novelty *novelty;
    assert_int_equal(dn_novelty_fit(&novelty, &train, &valid, NARROW, TRAIN, 1, NULL), DN_OK);
    assert_int_equal(novelty->shape.means, 1);
    dn_novelty_free(novelty);
    close_set(&set);
}

/* One training picture, one of validation, the same: everything else is stranger, and nothing is NaN. */
static void test_pictures_that_do_not_differ_can_be_fitted(void **state) {
    (void)state;
    static const float pictures[3 * NARROW] = {1, 2, 3, 4, [NARROW] = 1, 2, 3, 4, [2 * NARROW] = 1, 2, 3, 5};
    const int labels[2] = {0, 0};
    for (int count = 1; count <= 2; count++) {
        const dn_features data = {pictures, labels, count, 1};
        dn_novelty *novelty;
        assert_int_equal(dn_novelty_fit(&novelty, &data, &data, NARROW, 2, 1, NULL), DN_OK);
        float scores[3];
        double percentiles[3];
        assert_int_equal(dn_novelty_score(novelty, pictures, 3, scores, percentiles, NULL), DN_OK);
        for (int i = 0; i < 3; i++) assert_true(isfinite(scores[i]));
        assert_true(percentiles[0] <= 0.5);
        assert_true(percentiles[2] == 1.0);
        dn_novelty_free(novelty);
    }
    static const float nothing[NARROW]; /* all features 0: a network that is dead */
    const dn_features data = {nothing, labels, 1, 1};
    dn_novelty *novelty;
    float score;
    assert_int_equal(dn_novelty_fit(&novelty, &data, &data, NARROW, 2, 1, NULL), DN_OK);
    assert_int_equal(dn_novelty_score(novelty, nothing, 1, &score, NULL, NULL), DN_OK);
    assert_true(isfinite(score));
    dn_novelty_free(novelty);
}

static void test_a_vector_that_is_not_finite_is_unfamiliar(void **state) {
    (void)state;
    oracle_set set;
    open_set(&set, make_narrow, NARROW);
    float vectors[2 * NARROW];
    double percentiles[2];
    memcpy(vectors, set.valid.values, sizeof vectors);
    vectors[3] = NAN;
    vectors[NARROW] = INFINITY;
    assert_int_equal(dn_novelty_score(set.novelty, vectors, 2, NULL, percentiles, NULL), DN_OK);
    assert_true(percentiles[0] == 1.0 && percentiles[1] == 1.0);
    close_set(&set);
}

static void test_what_cannot_be_fitted_is_refused_by_name(void **state) {
    (void)state;
    float values[4] = {1, 2, 3, 4};
    int labels[2] = {0, 1};
    const dn_features good = {values, labels, 2, 1}, none = {values, labels, 0, 1};
    dn_novelty *novelty = (dn_novelty *)&values;
    dn_error error;
    assert_int_equal(dn_novelty_fit(&novelty, &none, &good, 2, 2, 1, &error), DN_ERR_DATA_EMPTY);
    assert_null(novelty);
    assert_string_equal(error.message, "train: no pictures (count 0)");
    assert_int_equal(dn_novelty_fit(&novelty, &good, &none, 2, 2, 1, &error), DN_ERR_DATA_EMPTY);
    assert_string_equal(error.message, "valid: no pictures (count 0)");
    assert_int_equal(dn_novelty_fit(&novelty, &good, &good, 0, 2, 1, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_novelty_fit(&novelty, &good, &good, 2, 1, 1, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "train: label of picture 1 must be 0 to 0, not 1");
    values[3] = INFINITY;
    assert_int_equal(dn_novelty_fit(&novelty, &good, &good, 2, 2, 1, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "train: feature 1 of picture 1, view 0, is inf");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_and_percentiles_are_the_oracles_in_the_full_space),
        cmocka_unit_test(test_scores_and_percentiles_are_the_oracles_in_the_reduced_space),
        cmocka_unit_test(test_five_in_a_hundred_validation_pictures_are_beyond_the_line),
        cmocka_unit_test(test_training_uses_view_0_alone),
        cmocka_unit_test(test_the_size_is_bounded),
        cmocka_unit_test(test_classes_of_one_picture_share_a_mean),
        cmocka_unit_test(test_pictures_that_do_not_differ_can_be_fitted),
        cmocka_unit_test(test_a_vector_that_is_not_finite_is_unfamiliar),
        cmocka_unit_test(test_what_cannot_be_fitted_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

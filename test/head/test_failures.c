/* SPDX-License-Identifier: MIT */
/* Heads, their training, checkpoints, calibration and familiarity, when the machine fails. */
#include "head/conformal.h"
#include "head/metrics.h"
#include "head/novelty.h"
#include "head/training.h"
#include "test/support/failures.h"
#include "test/support/files.h"
#include "test/support/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 24, FEATURES = 12, CLASSES = 2 };

static toy_data train, valid;
static dn_head *trained; /* is there before, and stays as it is */

/* By what it says, which takes memory as well. */
static dn_status add_head(uint64_t *digest, const dn_head *head, dn_error *error) {
    static float out[COUNT * CLASSES];
    const dn_status status = dn_head_log_probabilities(head, valid.values, COUNT, out, error);
    if (!status) digest_add(digest, out, sizeof out);
    return status;
}

static dn_head_options small_head(void) {
    static const int hidden[] = {8};
    dn_head_options options = dn_head_options_default();
    options.hidden = hidden;
    options.hidden_count = 1;
    return options;
}

static dn_train_options short_training(void) {
    dn_train_options options = dn_train_options_default();
    options.epochs = 2;
    options.batch = 8;
    options.balanced = 1;
    return options;
}

/* ---- heads ---- */

static dn_status make_heads(const void *context, uint64_t *digest, dn_error *error) {
    static const int sources[] = {1, -1, 0};
    const dn_head_options options = small_head();
    dn_head *head = NULL, *clone = NULL, *wider = NULL;
    float out[COUNT * CLASSES], gradient[FEATURES];
    (void)context;
    dn_status status = dn_head_create(&head, FEATURES, CLASSES, &options, error);
    if (status) assert_null(head);
    if (!status && (status = dn_head_clone(&clone, trained, error))) assert_null(clone);
    if (!status && (status = dn_head_with_classes(&wider, trained, sources, 3, error))) assert_null(wider);
    if (!status) status = dn_head_log_probabilities(clone, valid.values, COUNT, out, error);
    if (!status) digest_add(digest, out, sizeof out);
    if (!status) status = dn_head_feature_gradient(clone, valid.values, 1, gradient, error);
    if (!status) digest_add(digest, gradient, sizeof gradient);
    if (!status) digest_add(digest, dn_head_widths(wider, &(int){0}), 3 * sizeof(int));
    dn_head_free(head);
    dn_head_free(clone);
    dn_head_free(wider);
    return status;
}

static dn_status read_rows(void *context, const size_t *vectors, size_t count, float *out, dn_error *error) {
    const float *const values = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * FEATURES, values + vectors[i] * FEATURES, FEATURES * sizeof *out);
    return DN_OK;
}

static dn_feature_rows rows_of(const toy_data *data) {
    return (dn_feature_rows){.read = read_rows,
                             .context = data->values,
                             .labels = data->labels,
                             .count = data->features.count,
                             .views = data->features.views};
}

/* A failure leaves the head as it was. */
static dn_status train_head(const void *from_rows, uint64_t *digest, dn_error *error) {
    const dn_train_options options = short_training();
    const dn_feature_rows train_rows = rows_of(&train), valid_rows = rows_of(&valid);
    dn_train_result result;
    uint64_t before = 0, after = 0;
    dn_head *head;
    dn_status status = dn_head_clone(&head, trained, error);
    if (status) return status;
    status = add_head(&before, head, error);
    if (!status)
        status = from_rows ? dn_head_train_from_rows(head, &train_rows, &valid_rows, &options, &result, error)
                           : dn_head_train(head, &train.features, &valid.features, &options, &result, error);
    if (!status) {
        status = add_head(digest, head, error);
    } else if (before) {
        assert_int_equal(add_head(&after, head, NULL), DN_OK);
        assert_true(after == before);
    }
    dn_head_free(head);
    return status;
}

static void test_heads_are_made_and_trained(void **state) {
    (void)state;
    fail_each_allocation(&(scenario){.name = "heads", .run = make_heads});
    fail_each_allocation(&(scenario){.name = "training", .run = train_head});
    fail_each_allocation(&(scenario){.name = "training from rows", .run = train_head, .context = "rows"});
}

/* ---- checkpoints ---- */

static dn_status save_and_load(const void *path, uint64_t *digest, dn_error *error) {
    const dn_train_options options = short_training();
    dn_trainer *trainer = NULL, *other = NULL;
    dn_head *head = NULL;
    dn_epoch epoch;
    dn_train_result result;
    dn_status status =
        dn_trainer_create(&trainer, trained, &train.features, &valid.features, &options, error);
    if (status) assert_null(trainer);
    if (!status) status = dn_trainer_epoch(trainer, &epoch, error);
    if (!status) status = dn_trainer_save(trainer, path, "{\"of\": \"a test\"}", error);
    if (!status)
        status = dn_trainer_create(&other, trained, &train.features, &valid.features, &options, error);
    if (!status) {
        status = dn_trainer_load(other, path, "{\"of\": \"a test\"}", error);
        if (status) assert_int_equal(dn_trainer_epochs(other), 0); /* as it was */
    }
    if (!status) status = dn_trainer_epoch(other, &epoch, error);
    if (!status) status = dn_head_clone(&head, trained, error);
    if (!status) status = dn_trainer_finish(other, head, &result, error);
    if (!status) status = add_head(digest, head, error);
    if (!status) digest_add(digest, &result.best_epoch, sizeof result.best_epoch);
    dn_head_free(head);
    dn_trainer_free(other);
    dn_trainer_free(trainer);
    return status;
}

static void test_checkpoints(void **state) {
    const char *const path = folder_path(state, "m.checkpoint");
    const scenario it = {.name = "a checkpoint",
                         .run = save_and_load,
                         .context = path,
                         .folder = *state,
                         .output = path,
                         .most = 200};
    fail_each_allocation(&it);
    fail_each_file_call(&it);
    fail_each_write_for_space(&it);
    disturb_each_file_call(&it);
}

/* ---- what is made of features and probabilities ---- */

static dn_status judge_familiarity(const void *context, uint64_t *digest, dn_error *error) {
    float scores[COUNT];
    double percentiles[COUNT];
    dn_novelty *novelty;
    (void)context;
    dn_status status =
        dn_novelty_fit(&novelty, &train.features, &valid.features, FEATURES, CLASSES, 1, error);
    if (status) {
        assert_null(novelty);
        return status;
    }
    status = dn_novelty_score(novelty, valid.values, COUNT, scores, percentiles, error);
    if (!status) digest_add(digest, scores, sizeof scores);
    if (!status) digest_add(digest, percentiles, sizeof percentiles);
    dn_novelty_free(novelty);
    return status;
}

static dn_status calibrate(const void *context, uint64_t *digest, dn_error *error) {
    float probabilities[COUNT * CLASSES], thresholds[CLASSES];
    dn_conformal *conformal;
    (void)context;
    for (int i = 0; i < COUNT; i++) {
        probabilities[2 * i] = (float)(i + 1) / (COUNT + 2);
        probabilities[2 * i + 1] = 1 - probabilities[2 * i];
    }
    dn_status status = dn_conformal_create(&conformal, probabilities, valid.labels, COUNT, CLASSES, error);
    if (status) {
        assert_null(conformal);
        return status;
    }
    status = dn_conformal_thresholds(conformal, 0.8, true, thresholds, error);
    if (!status) digest_add(digest, thresholds, sizeof thresholds);
    dn_conformal_free(conformal);
    return status;
}

static dn_status rank(const void *context, uint64_t *digest, dn_error *error) {
    float logs[COUNT * CLASSES];
    double areas[CLASSES], precisions[CLASSES];
    dn_threshold cut;
    dn_ranking ranking = {.points = (dn_ranking_point *)1};
    (void)context;
    for (int i = 0; i < COUNT; i++) {
        logs[2 * i] = -0.1f * (float)(i % 7 + 1);
        logs[2 * i + 1] = -2.0f + 0.05f * (float)(i % 5);
    }
    dn_status status = dn_ranking_compute(&ranking, logs, valid.labels, COUNT, CLASSES, 1, error);
    if (status) assert_null(ranking.points);
    if (!status) digest_add(digest, ranking.points, (size_t)ranking.count * sizeof *ranking.points);
    dn_ranking_free(&ranking);
    if (!status) status = dn_ranking_all(areas, precisions, logs, valid.labels, COUNT, CLASSES, error);
    if (!status) status = dn_threshold_fit(&cut, logs, valid.labels, COUNT, error);
    if (status) return status;
    digest_add(digest, areas, sizeof areas);
    digest_add(digest, precisions, sizeof precisions);
    digest_add(digest, &cut, sizeof cut);
    return status;
}

static void test_what_is_made_of_features_and_probabilities(void **state) {
    (void)state;
    fail_each_allocation(&(scenario){.name = "familiarity", .run = judge_familiarity});
    fail_each_allocation(&(scenario){.name = "calibration", .run = calibrate});
    fail_each_allocation(&(scenario){.name = "ranking", .run = rank});
}

static int set_up(void **state) {
    const dn_head_options head = small_head();
    const dn_train_options training = short_training();
    train = toy_data_make("train", COUNT, 2, FEATURES);
    valid = toy_data_make("valid", COUNT, 1, FEATURES);
    if (dn_head_create(&trained, FEATURES, CLASSES, &head, NULL)) return -1;
    if (dn_head_train(trained, &train.features, &valid.features, &training, NULL, NULL)) return -1;
    return failures_set_up(state);
}

static int tear_down(void **state) {
    dn_head_free(trained);
    toy_data_free(&train);
    toy_data_free(&valid);
    return folder_tear_down(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_are_made_and_trained),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_what_is_made_of_features_and_probabilities),
    };
    return cmocka_run_group_tests_name("heads, when the machine fails", tests, set_up, tear_down);
}

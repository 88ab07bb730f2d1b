/* SPDX-License-Identifier: MIT */
/* Training on from a trained head: what it began with is kept until an epoch is better; other classes. */
#include "test/support/files.h"
#include "test/support/head.h"

#include "head/metrics.h"
#include "head/mlp.h"
#include "head/training.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 12, VIEWS = 2, TRAIN = 50, VALID = 30, EPOCHS = 8, HIDDEN = 16 };

typedef struct fixture {
    toy_data train, valid;
    dn_head *trained;
    dn_train_result first;
} fixture;

static dn_train_options make_options(void) {
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.batch = 16;
    options.learning_rate = 0.03f;
    options.seed = 7;
    return options;
}

static int set_up(void **state) {
    static const int hidden = HIDDEN;
    const dn_head_options head = {
        .struct_size = sizeof head, .hidden = &hidden, .hidden_count = 1, .dropout = 0.25f, .seed = 7};
    const dn_train_options options = make_options();
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->train = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    f->valid = toy_data_make("test/valid", VALID, 1, WIDTH);
    *state = f;
    return dn_head_create(&f->trained, WIDTH, 2, &head, NULL) ||
           dn_head_train(f->trained, &f->train.features, &f->valid.features, &options, &f->first, NULL);
}

static int tear_down(void **state) {
    fixture *f = *state;
    dn_head_free(f->trained);
    toy_data_free(&f->train);
    toy_data_free(&f->valid);
    free(f);
    return 0;
}

static dn_head *clone_of(const dn_head *head) {
    dn_head *copy;
    assert_int_equal(dn_head_clone(&copy, head, NULL), DN_OK);
    return copy;
}

static dn_trainer *make_trainer(const fixture *f, dn_train_options options) {
    dn_trainer *trainer;
    dn_error error;
    if (dn_trainer_create(&trainer, f->trained, &f->train.features, &f->valid.features, &options, &error))
        fail_msg("%s", error.message);
    return trainer;
}

/* The mean negative log-likelihood of view 0, without dropout. */
static double plain_loss(const dn_head *head, const dn_features *data) {
    double sum = 0.0;
    for (int i = 0; i < data->count; i++) {
        float log_probabilities[2];
        const float *x = data->values + (size_t)i * (size_t)data->views * WIDTH;
        assert_int_equal(dn_head_log_probabilities(head, x, 1, log_probabilities, NULL), DN_OK);
        sum -= (double)log_probabilities[data->labels[i]];
    }
    return sum / data->count;
}

/* Steps so long that every epoch is worse. */
static dn_train_options harmful_options(void) {
    dn_train_options options = make_options();
    options.learning_rate = 3.0f;
    options.epochs = 3;
    return options;
}

/* ---- the start is kept ---- */

static void test_where_every_epoch_is_worse_the_head_stays_bit_for_bit(void **state) {
    const fixture *f = *state;
    const dn_train_options options = harmful_options();
    dn_head *head = clone_of(f->trained);
    dn_train_result result;
    assert_int_equal(dn_head_train(head, &f->train.features, &f->valid.features, &options, &result, NULL),
                     DN_OK);
    assert_int_equal(result.best_epoch, 0);
    assert_int_equal(result.epochs, 3);
    assert_memory_equal(head->parameters, f->trained->parameters, head->parameter_count * sizeof(float));
    /* two sums of 30 and 50 float32 terms in double, over batches of other sizes: a few rounding errors */
    assert_close(result.valid_loss, f->first.valid_loss, 1e-6);
    assert_close(result.valid_loss, plain_loss(head, &f->valid.features), 1e-6);
    assert_close(result.train_loss, plain_loss(head, &f->train.features), 1e-6);
    dn_head_free(head);
}

/* The validation loss is never above the one it began with; where an epoch was better it is below. */
static void test_training_on_never_ends_above_its_start(void **state) {
    const fixture *f = *state;
    static const float rates[] = {1e-6f, 0.003f, 0.03f, 0.3f, 3.0f};
    int better = 0;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        dn_train_options options = make_options();
        options.learning_rate = rates[i];
        dn_head *head = clone_of(f->trained);
        dn_train_result result;
        assert_int_equal(dn_head_train(head, &f->train.features, &f->valid.features, &options, &result, NULL),
                         DN_OK);
        assert_close(result.valid_loss, plain_loss(head, &f->valid.features), 1e-6);
        if (result.best_epoch)
            assert_true(result.valid_loss < f->first.valid_loss + 1e-6);
        else
            assert_close(result.valid_loss, f->first.valid_loss, 1e-6);
        better += result.best_epoch > 0;
        dn_head_free(head);
    }
    assert_in_range(better, 1, sizeof rates / sizeof *rates - 1);
}

static void test_patience_counts_from_the_start(void **state) {
    const fixture *f = *state;
    dn_train_options options = harmful_options();
    options.patience = 2;
    dn_head *head = clone_of(f->trained);
    dn_train_result result;
    assert_int_equal(dn_head_train(head, &f->train.features, &f->valid.features, &options, &result, NULL),
                     DN_OK);
    assert_int_equal(result.epochs, 2);
    assert_int_equal(result.best_epoch, 0);
    dn_head_free(head);
}

/* A head that was never trained has no start that is worth keeping, however bad its epochs are. */
static void test_a_fresh_head_has_no_epoch_0(void **state) {
    const fixture *f = *state;
    static const int hidden = HIDDEN;
    const dn_head_options made = {
        .struct_size = sizeof made, .hidden = &hidden, .hidden_count = 1, .seed = 3};
    const dn_train_options options = harmful_options();
    dn_head *head;
    dn_train_result result;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, &made, NULL), DN_OK);
    assert_int_equal(dn_head_train(head, &f->train.features, &f->valid.features, &options, &result, NULL),
                     DN_OK);
    assert_in_range(result.best_epoch, 1, 3);
    dn_head_free(head);
}

static void test_a_training_left_before_any_epoch_was_better_is_taken_up(void **state) {
    const fixture *f = *state;
    char *folder = make_folder(), path[600];
    snprintf(path, sizeof path, "%s/checkpoint", folder);
    dn_trainer *first = make_trainer(f, harmful_options()), *second = make_trainer(f, harmful_options());
    dn_epoch epoch;
    dn_error error;
    assert_int_equal(dn_trainer_epoch(first, &epoch, NULL), DN_OK);
    assert_false(epoch.is_best);
    assert_int_equal(dn_trainer_save(first, path, NULL, NULL), DN_OK);
    if (dn_trainer_load(second, path, NULL, &error)) fail_msg("%s", error.message);
    dn_trainer *const trainers[] = {first, second};
    dn_head *heads[2];
    dn_train_result results[2];
    for (int i = 0; i < 2; i++) {
        while (!dn_trainer_is_done(trainers[i]))
            assert_int_equal(dn_trainer_epoch(trainers[i], &epoch, NULL), DN_OK);
        heads[i] = clone_of(f->trained);
        assert_int_equal(dn_trainer_finish(trainers[i], heads[i], &results[i], NULL), DN_OK);
        dn_trainer_free(trainers[i]);
    }
    assert_int_equal(results[0].best_epoch, 0);
    assert_memory_equal(&results[0], &results[1], sizeof *results);
    assert_memory_equal(heads[0]->parameters, heads[1]->parameters,
                        heads[0]->parameter_count * sizeof(float));
    dn_head_free(heads[0]);
    dn_head_free(heads[1]);
    remove_folder(folder);
}

/* ---- other classes ---- */

/* The logits' differences between old classes are the old ones; a new class's logit is 0. */
static void test_classes_come_go_and_change_places(void **state) {
    const fixture *f = *state;
    enum { NEW = 4 };
    static const int sources[NEW] = {1, -1, 0, 1};
    dn_head *head;
    assert_int_equal(dn_head_with_classes(&head, f->trained, sources, NEW, NULL), DN_OK);
    assert_int_equal(dn_head_classes(head), NEW);
    assert_close((double)head->dropout, 0.25, 0);
    for (int i = 0; i < VALID; i++) {
        float old[2], new[NEW];
        const float *x = f->valid.features.values + (size_t)i * WIDTH;
        assert_int_equal(dn_head_log_probabilities(f->trained, x, 1, old, NULL), DN_OK);
        assert_int_equal(dn_head_log_probabilities(head, x, 1, new, NULL), DN_OK);
        assert_close((double)new[2] - (double)new[0], (double)old[0] - (double)old[1], 1e-5);
        assert_close((double)new[0], (double)new[3], 0);
    }
    dn_head_free(head);
    static const int swapped[2] = {1, 0}, same[2] = {0, 1};
    dn_head *there, *back;
    assert_int_equal(dn_head_with_classes(&there, f->trained, swapped, 2, NULL), DN_OK);
    assert_int_equal(dn_head_with_classes(&back, there, swapped, 2, NULL), DN_OK);
    assert_memory_equal(back->parameters, f->trained->parameters, back->parameter_count * sizeof(float));
    dn_head_free(back);
    dn_head_free(there);
    assert_int_equal(dn_head_with_classes(&back, f->trained, same, 2, NULL), DN_OK);
    assert_memory_equal(back->parameters, f->trained->parameters, back->parameter_count * sizeof(float));
    assert_memory_equal(back->standardisation, f->trained->standardisation, 2 * WIDTH * sizeof(float));
    dn_head_free(back);
}

/* Logits are not to be had; with all classes new they are all 0. */
static void test_new_classes_begin_alike_and_are_learnt(void **state) {
    const fixture *f = *state;
    static const int sources[2] = {-1, -1};
    const dn_train_options options = make_options();
    dn_head *head;
    dn_train_result result;
    float log_probabilities[2];
    assert_int_equal(dn_head_with_classes(&head, f->trained, sources, 2, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(head, f->valid.features.values, 1, log_probabilities, NULL),
                     DN_OK);
    assert_close((double)log_probabilities[0], log(0.5), 1e-7);
    assert_int_equal(dn_head_train(head, &f->train.features, &f->valid.features, &options, &result, NULL),
                     DN_OK);
    assert_true(result.best_epoch > 0 && result.valid_loss < 0.9 * log(2.0));
    dn_head_free(head);
}

static void test_sources_out_of_range_are_refused_by_name_and_value(void **state) {
    const fixture *f = *state;
    static const int high[2] = {0, 2}, low[2] = {-2, 0};
    dn_head *head = (dn_head *)1;
    dn_error error;
    assert_int_equal(dn_head_with_classes(&head, f->trained, high, 2, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "sources[1] must be -1 to 1, not 2");
    assert_null(head);
    assert_int_equal(dn_head_with_classes(&head, f->trained, low, 2, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "sources[0] must be -1 to 1, not -2");
    assert_int_equal(dn_head_with_classes(&head, f->trained, high, 1, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "classes must be at least 2, not 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_every_epoch_is_worse_the_head_stays_bit_for_bit),
        cmocka_unit_test(test_training_on_never_ends_above_its_start),
        cmocka_unit_test(test_patience_counts_from_the_start),
        cmocka_unit_test(test_a_fresh_head_has_no_epoch_0),
        cmocka_unit_test(test_a_training_left_before_any_epoch_was_better_is_taken_up),
        cmocka_unit_test(test_classes_come_go_and_change_places),
        cmocka_unit_test(test_new_classes_begin_alike_and_are_learnt),
        cmocka_unit_test(test_sources_out_of_range_are_refused_by_name_and_value),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

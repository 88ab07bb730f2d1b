/* SPDX-License-Identifier: MIT */
/* Vectors that are read when they are needed: the same bits as from an array, and a read that fails ends the
 * call. */
#include "test/support/files.h"
#include "test/support/head.h"

#include "core/error.h"
#include "head/mlp.h"
#include "head/novelty.h"

#include <cblas.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More pictures than a pass reads at a time, and views that do not divide that number. */
enum { WIDTH = 12, VIEWS = 3, TRAIN = 301, VALID = 270, EPOCHS = 3 };

/* A reader that fails at one of its calls. */
typedef struct reader {
    const float *values;
    size_t vectors; /* that there are */
    size_t most;    /* of one call so far */
    int calls, fails_at;
} reader;

static dn_status read_vectors(void *context, const size_t *vectors, size_t count, float *out,
                              dn_error *error) {
    reader *self = context;
    if (++self->calls == self->fails_at) return dni_fail(error, DN_ERR_IO, "s.safetensors: cannot be read");
    if (count > self->most) self->most = count;
    for (size_t i = 0; i < count; i++) {
        assert_true(vectors[i] < self->vectors);
        memcpy(out + i * WIDTH, self->values + vectors[i] * WIDTH, WIDTH * sizeof *out);
    }
    return DN_OK;
}

typedef struct fixture {
    toy_data train, valid;
    reader reads_train, reads_valid;
    dn_feature_rows train_rows, valid_rows;
} fixture;

static dn_feature_rows rows_of(const toy_data *data, reader *from) {
    const dn_features *f = &data->features;
    *from = (reader){.values = data->values, .vectors = (size_t)f->count * (size_t)f->views};
    return (dn_feature_rows){
        .read = read_vectors, .context = from, .labels = f->labels, .count = f->count, .views = f->views};
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    openblas_set_num_threads(1);
    f->train = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    f->valid = toy_data_make("test/valid", VALID, 2, WIDTH);
    f->train_rows = rows_of(&f->train, &f->reads_train);
    f->valid_rows = rows_of(&f->valid, &f->reads_valid);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    toy_data_free(&f->train);
    toy_data_free(&f->valid);
    free(f);
    return 0;
}

static dn_train_options make_options(void) {
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.batch = 32;
    options.balanced = 1;
    return options;
}

static dn_head *make_head(void) {
    const int hidden = 16;
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = &hidden, .hidden_count = 1, .dropout = 0.25f, .seed = 7};
    dn_head *head;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, &options, NULL), DN_OK);
    return head;
}

static void assert_same_head(const dn_head *a, const dn_head *b) {
    assert_memory_equal(a->parameters, b->parameters, a->parameter_count * sizeof(float));
    assert_memory_equal(a->standardisation, b->standardisation, sizeof(float[2 * WIDTH]));
}

static void test_training_has_the_bits_of_one_on_arrays(void **state) {
    fixture *f = *state;
    const dn_train_options options = make_options();
    dn_head *from_arrays = make_head(), *from_rows = make_head();
    dn_train_result expected, found;
    for (int again = 0; again < 2; again++) { /* the second time both begin with what they have learnt */
        assert_int_equal(
            dn_head_train(from_arrays, &f->train.features, &f->valid.features, &options, &expected, NULL),
            DN_OK);
        assert_int_equal(
            dn_head_train_from_rows(from_rows, &f->train_rows, &f->valid_rows, &options, &found, NULL),
            DN_OK);
        assert_same_head(from_arrays, from_rows);
        assert_true(expected.valid_loss == found.valid_loss && expected.train_loss == found.train_loss);
    }
    assert_true(f->reads_train.most <= 256); /* what is in memory at a time does not grow with the pictures */
    assert_true(f->reads_valid.most <= 256);
    dn_head_free(from_rows);
    dn_head_free(from_arrays);
}

static void test_a_checkpoint_is_the_same_file_as_one_from_arrays(void **state) {
    fixture *f = *state;
    const dn_train_options options = make_options();
    char *folder = make_folder(), paths[2][600];
    dn_head *head = make_head();
    dn_trainer *trainers[2];
    dn_epoch epoch;
    assert_int_equal(
        dn_trainer_create(&trainers[0], head, &f->train.features, &f->valid.features, &options, NULL), DN_OK);
    assert_int_equal(
        dn_trainer_create_from_rows(&trainers[1], head, &f->train_rows, &f->valid_rows, &options, NULL),
        DN_OK);
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d", folder, i);
        assert_int_equal(dn_trainer_epoch(trainers[i], &epoch, NULL), DN_OK);
        assert_int_equal(dn_trainer_save(trainers[i], paths[i], NULL, NULL), DN_OK);
    }
    const file_bytes files[2] = {read_whole(paths[0]), read_whole(paths[1])};
    assert_int_equal(files[0].size, files[1].size);
    assert_memory_equal(files[0].data, files[1].data, files[0].size);
    assert_int_equal(dn_trainer_load(trainers[1], paths[0], NULL, NULL), DN_OK);
    for (int i = 0; i < 2; i++) {
        free(files[i].data);
        dn_trainer_free(trainers[i]);
    }
    dn_head_free(head);
    remove_folder(folder);
}

/* Trains with a reader that fails at its k-th call; false: there was no such call. */
static bool fails_at(fixture *f, reader *which, int k) {
    const dn_train_options options = make_options();
    dn_head *head = make_head(), *untouched = make_head();
    dn_error error = {0};
    f->reads_train.calls = f->reads_valid.calls = 0;
    which->fails_at = k;
    const dn_status status =
        dn_head_train_from_rows(head, &f->train_rows, &f->valid_rows, &options, NULL, &error);
    which->fails_at = 0;
    if (which->calls < k) {
        assert_int_equal(status, DN_OK);
    } else {
        assert_int_equal(status, DN_ERR_IO);
        assert_string_equal(error.message, "s.safetensors: cannot be read");
        assert_memory_equal(head->parameters, untouched->parameters, head->parameter_count * sizeof(float));
    }
    dn_head_free(untouched);
    dn_head_free(head);
    return status != DN_OK;
}

static void test_a_read_that_fails_ends_the_training_wherever_it_is(void **state) {
    fixture *f = *state;
    int train = 0, valid = 0;
    while (fails_at(f, &f->reads_train, train + 1)) train++;
    while (fails_at(f, &f->reads_valid, valid + 1)) valid++;
    assert_true(train > EPOCHS * (TRAIN / 32));
    assert_true(valid > EPOCHS * (VALID / 32));
}

static void assert_refused(const dn_feature_rows *train, const dn_feature_rows *valid, const char *message) {
    const dn_train_options options = make_options();
    dn_head *head = make_head();
    dn_error error = {0};
    assert_int_equal(dn_head_train_from_rows(head, train, valid, &options, NULL, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, message);
    dn_head_free(head);
}

static void test_rows_that_cannot_be_are_refused_by_split_and_value(void **state) {
    fixture *f = *state;
    dn_feature_rows bad = f->valid_rows;
    bad.read = NULL;
    assert_refused(&f->train_rows, &bad, "valid: read is NULL");
    bad = f->valid_rows;
    bad.labels = NULL;
    assert_refused(&f->train_rows, &bad, "valid: labels is NULL");
    f->train.values[(300 * VIEWS + 2) * WIDTH + 4] = NAN; /* not in the first block of a pass */
    assert_refused(&f->train_rows, &f->valid_rows, "train: feature 4 of picture 300, view 2, is nan");
    f->train.labels[299] = 2;
    assert_refused(&f->train_rows, &f->valid_rows, "train: label of picture 299 must be 0 to 1, not 2");
}

static void test_familiarity_has_the_bits_of_one_fitted_on_arrays(void **state) {
    fixture *f = *state;
    dn_novelty *from_arrays, *from_rows;
    assert_int_equal(dn_novelty_fit(&from_arrays, &f->train.features, &f->valid.features, WIDTH, 2, 1, NULL),
                     DN_OK);
    assert_int_equal(dn_novelty_fit_from_rows(&from_rows, &f->train_rows, &f->valid_rows, WIDTH, 2, 1, NULL),
                     DN_OK);
    float scores[2][VALID];
    double percentiles[2][VALID];
    assert_int_equal(dn_novelty_score(from_arrays, f->valid.values, VALID, scores[0], percentiles[0], NULL),
                     DN_OK);
    assert_int_equal(dn_novelty_score(from_rows, f->valid.values, VALID, scores[1], percentiles[1], NULL),
                     DN_OK);
    assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    assert_memory_equal(percentiles[0], percentiles[1], sizeof percentiles[0]);
    dn_novelty_free(from_rows);
    dn_novelty_free(from_arrays);
}

static void test_a_read_that_fails_ends_the_fit_of_familiarity(void **state) {
    fixture *f = *state;
    reader *const readers[] = {&f->reads_train, &f->reads_valid};
    /* The check's two blocks and the sample; the check's two blocks and those that are scored. */
    const int calls[] = {3, 4};
    for (int i = 0; i < 2; i++)
        for (int k = 1; k <= calls[i] + 1; k++) {
            dn_novelty *novelty;
            dn_error error = {0};
            readers[i]->calls = 0;
            readers[i]->fails_at = k;
            const dn_status status =
                dn_novelty_fit_from_rows(&novelty, &f->train_rows, &f->valid_rows, WIDTH, 2, 1, &error);
            assert_int_equal(status, k > calls[i] ? DN_OK : DN_ERR_IO);
            if (status) assert_null(novelty);
            dn_novelty_free(novelty);
            readers[i]->fails_at = 0;
        }
}

int main(void) {
#define WITH_DATA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_DATA(test_training_has_the_bits_of_one_on_arrays),
        WITH_DATA(test_a_checkpoint_is_the_same_file_as_one_from_arrays),
        WITH_DATA(test_a_read_that_fails_ends_the_training_wherever_it_is),
        WITH_DATA(test_rows_that_cannot_be_are_refused_by_split_and_value),
        WITH_DATA(test_familiarity_has_the_bits_of_one_fitted_on_arrays),
        WITH_DATA(test_a_read_that_fails_ends_the_fit_of_familiarity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* A training that is left and taken up again: the same bits, or a refusal that says why. */
#include "test/support/head.h"
#include "test/support/files.h"

#include "head/mlp.h"
#include "head/trainer.h"
#include "io/safetensors.h"

#include <cblas.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 12, VIEWS = 2, TRAIN = 50, VALID = 30, EPOCHS = 9 };

static const char provenance[] = "{\"weights_hash\": \"abc\", \"views\": [\"plain\", \"flip\"]}";

typedef struct fixture {
    toy_data train, valid;
    char *folder, path[600];
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->train = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    f->valid = toy_data_make("test/valid", VALID, 1, WIDTH);
    f->folder = make_folder();
    snprintf(f->path, sizeof f->path, "%s/checkpoint", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    remove_folder(f->folder);
    toy_data_free(&f->train);
    toy_data_free(&f->valid);
    free(f);
    return 0;
}

/* Everything that a training can remember: Adam's moments, a plateau, patience, dropout, views. */
static dn_train_options make_options(void) {
    dn_train_options options = dn_train_options_default();
    options.optimizer = DN_ADAM;
    options.epochs = EPOCHS;
    options.batch = 16;
    options.learning_rate = 0.05f;
    options.schedule = (dn_schedule){.kind = DN_PLATEAU, .warmup = 1, .epochs = 1, .factor = 0.5f};
    options.patience = 6;
    options.balanced = 1;
    options.label_smoothing = 0.05f;
    options.seed = 7;
    return options;
}

static dn_head *make_head(int hidden) {
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = &hidden, .hidden_count = 1, .dropout = 0.25f, .seed = 7};
    dn_head *head;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, &options, NULL), DN_OK);
    return head;
}

static dn_trainer *make_trainer(const fixture *f, dn_train_options options) {
    dn_head *head = make_head(16);
    dn_trainer *trainer;
    dn_error error;
    if (dn_trainer_create(&trainer, head, &f->train.features, &f->valid.features, &options, &error))
        fail_msg("%s", error.message);
    dn_head_free(head);
    return trainer;
}

static void run_epochs(dn_trainer *trainer, int epochs) {
    dn_epoch epoch;
    for (int e = 0; e < epochs && !dn_trainer_is_done(trainer); e++)
        assert_int_equal(dn_trainer_epoch(trainer, &epoch, NULL), DN_OK);
}

static dn_head *finish(dn_trainer *trainer, dn_train_result *result) {
    dn_head *head = make_head(16);
    assert_int_equal(dn_trainer_finish(trainer, head, result, NULL), DN_OK);
    dn_trainer_free(trainer);
    return head;
}

static void assert_same_heads(const dn_head *a, const dn_head *b) {
    assert_memory_equal(a->parameters, b->parameters, a->parameter_count * sizeof(float));
    assert_memory_equal(a->standardisation, b->standardisation, 2 * WIDTH * sizeof(float));
}

static void test_a_training_left_after_any_epoch_ends_with_the_same_bits(void **state) {
    const fixture *f = *state;
    dn_train_result whole, resumed;
    dn_head *expected = make_head(16);
    const dn_train_options options = make_options();
    assert_int_equal(dn_head_train(expected, &f->train.features, &f->valid.features, &options, &whole, NULL),
                     DN_OK);
    for (int k = 1; k <= EPOCHS; k++) {
        dn_trainer *first = make_trainer(f, options), *second = make_trainer(f, options);
        run_epochs(first, k);
        assert_int_equal(dn_trainer_save(first, f->path, provenance, NULL), DN_OK);
        assert_int_equal(dn_trainer_load(second, f->path, provenance, NULL), DN_OK);
        assert_int_equal(dn_trainer_epochs(second), dn_trainer_epochs(first));
        dn_trainer_free(first);
        run_epochs(second, EPOCHS);
        dn_head *head = finish(second, &resumed);
        assert_same_heads(expected, head);
        assert_memory_equal(&whole, &resumed, sizeof whole);
        dn_head_free(head);
    }
    dn_head_free(expected);
}

/* The schedules whose rates do not depend on the number of epochs. */
static void test_a_training_that_is_made_longer_ends_as_one_that_was_so_long_from_the_start(void **state) {
    static const dn_schedule_kind kinds[] = {DN_CONSTANT, DN_STEP, DN_PLATEAU};
    const fixture *f = *state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        dn_train_options options = make_options();
        options.schedule.kind = kinds[i];
        options.patience = 0;
        dn_train_result whole, longer;
        dn_head *expected = make_head(16);
        assert_int_equal(
            dn_head_train(expected, &f->train.features, &f->valid.features, &options, &whole, NULL), DN_OK);
        for (int epochs = 2; epochs < EPOCHS; epochs += 3) { /* more than are warm-up */
            options.epochs = epochs;
            dn_trainer *first = make_trainer(f, options);
            run_epochs(first, epochs);
            assert_true(dn_trainer_is_done(first));
            assert_int_equal(dn_trainer_save(first, f->path, provenance, NULL), DN_OK);
            dn_trainer_free(first);
            options.epochs = EPOCHS;
            dn_trainer *second = make_trainer(f, options);
            assert_int_equal(dn_trainer_load(second, f->path, provenance, NULL), DN_OK);
            assert_int_equal(dn_trainer_epochs(second), epochs);
            run_epochs(second, EPOCHS);
            dn_head *head = finish(second, &longer);
            assert_same_heads(expected, head);
            assert_memory_equal(&whole, &longer, sizeof whole);
            dn_head_free(head);
        }
        dn_head_free(expected);
    }
}

static void test_saving_the_same_state_gives_the_same_bytes(void **state) {
    const fixture *f = *state;
    file_bytes saved[2];
    dn_trainer *trainer = make_trainer(f, make_options());
    run_epochs(trainer, 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dn_trainer_save(trainer, f->path, provenance, NULL), DN_OK);
        saved[i] = read_whole(f->path);
        assert_int_equal(dn_trainer_load(trainer, f->path, provenance, NULL), DN_OK);
    }
    assert_int_equal(saved[0].size, saved[1].size);
    assert_memory_equal(saved[0].data, saved[1].data, saved[0].size);
    free(saved[1].data);
    free(saved[0].data);
    dn_trainer_free(trainer);
}

/* ---- refusals ---- */

static void assert_not_loaded(dn_trainer *trainer, const fixture *f, const char *of, const char *named) {
    dn_error error = {0};
    assert_int_equal(dn_trainer_load(trainer, f->path, of, &error), DN_ERR_MISMATCH);
    if (!strstr(error.message, named) || !strstr(error.message, f->path))
        fail_msg("'%s' does not say '%s' and the path", error.message, named);
    assert_int_equal(dn_trainer_epochs(trainer), 0);
}

static void save_state(const fixture *f) {
    dn_trainer *trainer = make_trainer(f, make_options());
    run_epochs(trainer, 3);
    assert_int_equal(dn_trainer_save(trainer, f->path, provenance, NULL), DN_OK);
    dn_trainer_free(trainer);
}

static void test_a_state_of_other_options_is_refused_by_name_and_both_values(void **state) {
    const fixture *f = *state;
    static const float weights[] = {1.0f, 2.0f};
    save_state(f);
#define REFUSED(field, value, named)                                                                         \
    do {                                                                                                     \
        dn_train_options o = make_options();                                                                 \
        o.field = (value);                                                                                   \
        dn_trainer *trainer = make_trainer(f, o);                                                            \
        assert_not_loaded(trainer, f, provenance, named);                                                    \
        dn_trainer_free(trainer);                                                                            \
    } while (0)
    REFUSED(optimizer, DN_SGD, "'optimizer' is \"adam\" there and \"sgd\" here");
    REFUSED(epochs, 8, "'epochs' is 9 there and 8 here");
    REFUSED(batch, 8, "'batch' is 16 there and 8 here");
    REFUSED(learning_rate, 0.051f, "'learning_rate' is 0.05");
    REFUSED(schedule.kind, DN_COSINE, "'schedule.kind' is \"plateau\" there and \"cosine\" here");
    REFUSED(schedule.warmup, 0, "'schedule.warmup' is 1 there and 0 here");
    REFUSED(schedule.epochs, 2, "'schedule.epochs' is 1 there and 2 here");
    REFUSED(schedule.factor, 0.25f, "'schedule.factor' is 0.5 there and 0.25 here");
    REFUSED(schedule.floor, 0.01f, "'schedule.floor' is 0.0 there and 0.01 here");
    REFUSED(patience, 5, "'patience' is 6 there and 5 here");
    REFUSED(momentum, 0.5f, "'momentum' is ");
    REFUSED(nesterov, 1, "'nesterov' is false there and true here");
    REFUSED(weight_decay, 0.5f, "'weight_decay' is ");
    REFUSED(beta1, 0.5f, "'beta1' is ");
    REFUSED(beta2, 0.5f, "'beta2' is ");
    REFUSED(epsilon, 0.5f, "'epsilon' is ");
    REFUSED(standardise, 0, "'standardise' is true there and false here");
    REFUSED(flip, 0, "'flip' is true there and false here");
    REFUSED(balanced, 0, "'balanced' is true there and false here");
    REFUSED(label_smoothing, 0.0f, "'label_smoothing' is ");
    REFUSED(seed, 8, "'seed' is \"7\" there and \"8\" here");
#undef REFUSED
    dn_train_options given = make_options();
    given.balanced = 0;
    dn_trainer *trainer = make_trainer(f, given);
    run_epochs(trainer, 1);
    assert_int_equal(dn_trainer_save(trainer, f->path, provenance, NULL), DN_OK);
    dn_trainer_free(trainer);
    given.class_weights = weights;
    trainer = make_trainer(f, given);
    assert_not_loaded(trainer, f, provenance, "'class_weights' is [] there and [1.0, 2.0] here");
    dn_trainer_free(trainer);
}

static void test_a_cosine_is_not_made_longer_and_the_message_says_why(void **state) {
    const fixture *f = *state;
    dn_train_options options = make_options();
    options.schedule = (dn_schedule){.kind = DN_COSINE};
    dn_trainer *trainer = make_trainer(f, options);
    run_epochs(trainer, 3);
    assert_int_equal(dn_trainer_save(trainer, f->path, provenance, NULL), DN_OK);
    dn_trainer_free(trainer);
    options.epochs = EPOCHS + 1;
    trainer = make_trainer(f, options);
    assert_not_loaded(
        trainer, f, provenance,
        "of a training of 9 epochs, which cannot be made longer, to 10: with the cosine schedule");
    dn_trainer_free(trainer);
    options.batch = 8; /* what else is different comes first */
    trainer = make_trainer(f, options);
    assert_not_loaded(trainer, f, provenance, "'batch' is 16 there and 8 here");
    dn_trainer_free(trainer);
}

static void test_a_state_of_other_data_layers_or_provenance_is_refused_by_name(void **state) {
    fixture *f = *state;
    save_state(f);
    const dn_train_options options = make_options();
    dn_trainer *trainer = make_trainer(f, options);
    assert_not_loaded(trainer, f, "{\"weights_hash\": \"abd\", \"views\": [\"plain\", \"flip\"]}",
                      "'weights_hash' is \"abc\" there and \"abd\" here");
    assert_not_loaded(trainer, f, NULL, "'weights_hash' is \"abc\" there and missing here");
    assert_not_loaded(trainer, f,
                      "{\"weights_hash\": \"abc\", \"views\": [\"plain\", \"flip\"], \"crop\": 64}",
                      "'crop' is missing there and 64 here");
    dn_trainer_free(trainer);

    const float kept = f->train.values[5];
    f->train.values[5] += 1.0f;
    trainer = make_trainer(f, options);
    assert_not_loaded(trainer, f, provenance, "'train features' is ");
    dn_trainer_free(trainer);
    f->train.values[5] = kept;
    f->valid.labels[0] = 1;
    trainer = make_trainer(f, options);
    assert_not_loaded(trainer, f, provenance, "'valid labels' is ");
    dn_trainer_free(trainer);
    f->valid.labels[0] = 0;

    dn_head *other = make_head(17);
    assert_int_equal(
        dn_trainer_create(&trainer, other, &f->train.features, &f->valid.features, &options, NULL), DN_OK);
    assert_not_loaded(trainer, f, provenance, "'layers' is [12, 16, 2] there and [12, 17, 2] here");
    dn_trainer_free(trainer);
    dn_head_free(other);
}

static void test_provenance_that_is_no_object_is_refused(void **state) {
    const fixture *f = *state;
    dn_error error = {0};
    dn_trainer *trainer = make_trainer(f, make_options());
    run_epochs(trainer, 1);
    assert_int_equal(dn_trainer_save(trainer, f->path, "[1]", &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "provenance must be a JSON object, not '[1]'"));
    dn_trainer_free(trainer);
}

/* Writing checks what reading would: a state that could not be taken up again never replaces one that can. */
static void test_what_could_not_be_loaded_is_not_saved(void **state) {
    const fixture *f = *state;
    enum { DEEP = 2048 }; /* as deep as jansson reads; the file would have it one deeper */
    static char deep[2 * 6 * DEEP];
    size_t used = 0;
    for (int i = 0; i < DEEP; i++) used += (size_t)sprintf(deep + used, "{\"a\":");
    deep[used - 4] = '}'; /* the innermost one is empty */
    used -= 3;
    for (int i = 1; i < DEEP; i++) used += (size_t)sprintf(deep + used, "}");
    dn_error error = {0};
    dn_trainer *trainer = make_trainer(f, make_options());
    run_epochs(trainer, 1);
    save_state(f);
    const file_bytes before = read_whole(f->path);
    assert_int_equal(dn_trainer_save(trainer, f->path, deep, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, f->path));
    trainer->best[3] = -INFINITY;
    assert_int_equal(dn_trainer_save(trainer, f->path, provenance, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "'best': element 3 is not finite"));
    const file_bytes after = read_whole(f->path);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    free(before.data);
    free(after.data);
    dn_trainer_free(trainer);
}

static void test_counts_out_of_all_proportion_are_refused(void **state) {
    const fixture *f = *state;
    static const int64_t counts[][5] = {
        {INT64_MAX, 1, 1, 0, 0},        {INT64_MAX / 2, INT64_MAX / 2, -4, 0, 0},
        {INT64_MIN, 1, 1, 0, 0},        {1, 1, INT64_MAX, 0, 0},
        {1, INT64_MIN, 4, 0, 0},        {1, 1, 4, INT64_MAX, 0},
        {1, 1, 4, 0, (int64_t)1 << 40}, {((int64_t)1 << 32) + 1, 1, 4, 0, 0},
    };
    save_state(f);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        dni_tensor_dict *dict;
        assert_int_equal(dni_safetensors_read(&dict, f->path, NULL), DN_OK);
        for (size_t j = 0; j < dni_tensor_dict_count(dict); j++)
            if (strcmp(dni_tensor_dict_at(dict, j)->name, "progress.counts") == 0)
                dni_tensor_dict_remove(dict, j);
        void *data;
        assert_int_equal(
            dni_tensor_dict_allocate(dict, "progress.counts", DNI_I64, 1, (const int64_t[]){5}, &data, NULL),
            DN_OK);
        memcpy(data, counts[i], sizeof counts[i]);
        char path[700];
        snprintf(path, sizeof path, "%s.odd", f->path);
        assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
        dni_tensor_dict_free(dict);
        dn_trainer *trainer = make_trainer(f, make_options());
        dn_error error = {0};
        assert_int_equal(dn_trainer_load(trainer, path, provenance, &error), DN_ERR_CORRUPT);
        assert_non_null(strstr(error.message, "'progress.counts'"));
        dn_trainer_free(trainer);
    }
}

/* A copy of the state with another tensor of that name is refused by it, and changes nothing. */
static void assert_tensor_refused(const fixture *f, const char *name, dni_tensor tensor, dn_status status,
                                  const char *words) {
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, f->path, NULL), DN_OK);
    for (size_t i = dni_tensor_dict_count(dict); i-- > 0;)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) dni_tensor_dict_remove(dict, i);
    assert_int_equal(dni_tensor_dict_add(dict, name, tensor, NULL), DN_OK);
    char path[700];
    snprintf(path, sizeof path, "%s.odd", f->path);
    assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_trainer *trainer = make_trainer(f, make_options());
    dn_error error = {.message = ""};
    assert_int_equal(dn_trainer_load(trainer, path, provenance, &error), status);
    if (!strstr(error.message, path) || !strstr(error.message, words))
        fail_msg("'%s' does not say '%s' and the path", error.message, words);
    assert_int_equal(dn_trainer_epochs(trainer), 0);
    dn_trainer_free(trainer);
}

static void test_tensors_that_cannot_be_are_refused(void **state) {
    const fixture *f = *state;
    static int64_t counts[6];
    static double measures[8];
    save_state(f);
    assert_tensor_refused(f, "progress.counts", dni_tensor_of(DNI_F64, measures, 1, (const int64_t[]){5}),
                          DN_ERR_TENSOR_DTYPE, "tensor 'progress.counts' is F64, not I64");
    assert_tensor_refused(f, "progress.counts", dni_tensor_of(DNI_I64, counts, 1, (const int64_t[]){6}),
                          DN_ERR_TENSOR_SHAPE, "tensor 'progress.counts' is of shape (6), not (5)");
    assert_tensor_refused(f, "progress.counts", dni_tensor_of(DNI_I64, counts, 2, (const int64_t[]){5, 1}),
                          DN_ERR_TENSOR_SHAPE, "tensor 'progress.counts' is of shape (5, 1), not (5)");
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, f->path, NULL), DN_OK);
    const dni_tensor *kept = dni_tensor_dict_find(dict, "progress.measures");
    const int64_t count = dni_tensor_count(kept);
    assert_true(count <= 8);
    for (int64_t i = 0; i < count; i++) {
        memcpy(measures, kept->data, (size_t)count * sizeof *measures);
        measures[i] = i % 2 ? (double)NAN : (double)INFINITY;
        assert_tensor_refused(f, "progress.measures", dni_tensor_of(DNI_F64, measures, 1, &count),
                              DN_ERR_CORRUPT, "tensor 'progress.measures' is not finite");
    }
    dni_tensor_dict_free(dict);
}

static void test_what_makes_no_sense_is_refused(void **state) {
    const fixture *f = *state;
    dn_error error = {0};
    dn_epoch epoch;
    dn_trainer *trainer = make_trainer(f, make_options());
    dn_head *head = make_head(16), *other = make_head(17);
    assert_int_equal(dn_trainer_finish(trainer, head, NULL, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_trainer_save(trainer, f->path, NULL, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no epoch was trained"));
    assert_int_equal(dn_trainer_load(trainer, f->path, NULL, &error), DN_ERR_NOT_FOUND);
    run_epochs(trainer, EPOCHS);
    assert_int_equal(dn_trainer_finish(trainer, other, NULL, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "layers"));
    assert_int_equal(dn_trainer_epoch(trainer, &epoch, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "the training is done"));
    char absent[700]; /* in a folder that is not there */
    snprintf(absent, sizeof absent, "%s.folder/file", f->path);
    assert_int_not_equal(dn_trainer_save(trainer, absent, NULL, &error), DN_OK);
    assert_non_null(strstr(error.message, absent));
    dn_head_free(other);
    dn_head_free(head);
    dn_trainer_free(trainer);
}

/* ---- broken files ---- */

static void test_a_file_cut_anywhere_is_refused_and_changes_nothing(void **state) {
    const fixture *f = *state;
    save_state(f);
    const file_bytes saved = read_whole(f->path);
    dn_trainer *trainer = make_trainer(f, make_options()), *untouched = make_trainer(f, make_options());
    for (size_t cut = 0; cut < saved.size; cut += cut < 600 ? 1 : 37) {
        write_whole(f->path, saved.data, cut);
        dn_error error = {0};
        assert_int_not_equal(dn_trainer_load(trainer, f->path, provenance, &error), DN_OK);
        assert_non_null(strstr(error.message, f->path));
    }
    run_epochs(trainer, EPOCHS);
    run_epochs(untouched, EPOCHS);
    dn_head *a = finish(trainer, NULL), *b = finish(untouched, NULL);
    assert_same_heads(a, b);
    dn_head_free(b);
    dn_head_free(a);
    free(saved.data);
}

/* A changed byte of the header or the progress may be one that changes nothing, or weights that are numbers
 * still; whatever is taken up must run. */
static void test_changed_bytes_are_refused_or_harmless(void **state) {
    const fixture *f = *state;
    save_state(f);
    const file_bytes saved = read_whole(f->path);
    int refused = 0;
    for (size_t at = 0; at < saved.size; at += at < 2200 ? 3 : 41) {
        const unsigned char kept = saved.data[at];
        saved.data[at] = (unsigned char)(kept ^ (1 << (at % 8)));
        write_whole(f->path, saved.data, saved.size);
        saved.data[at] = kept;
        dn_trainer *trainer = make_trainer(f, make_options());
        if (dn_trainer_load(trainer, f->path, provenance, NULL)) {
            assert_int_equal(dn_trainer_epochs(trainer), 0);
            refused++;
        } else {
            assert_in_range(dn_trainer_epochs(trainer), 1, EPOCHS);
        }
        dn_trainer_free(trainer);
    }
    assert_true(refused > 400);
    free(saved.data);
}

int main(void) {
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_a_training_left_after_any_epoch_ends_with_the_same_bits),
        WITH_FILES(test_a_training_that_is_made_longer_ends_as_one_that_was_so_long_from_the_start),
        WITH_FILES(test_saving_the_same_state_gives_the_same_bytes),
        WITH_FILES(test_a_cosine_is_not_made_longer_and_the_message_says_why),
        WITH_FILES(test_a_state_of_other_options_is_refused_by_name_and_both_values),
        WITH_FILES(test_a_state_of_other_data_layers_or_provenance_is_refused_by_name),
        WITH_FILES(test_provenance_that_is_no_object_is_refused),
        WITH_FILES(test_what_could_not_be_loaded_is_not_saved),
        WITH_FILES(test_counts_out_of_all_proportion_are_refused),
        WITH_FILES(test_tensors_that_cannot_be_are_refused),
        WITH_FILES(test_what_makes_no_sense_is_refused),
        WITH_FILES(test_a_file_cut_anywhere_is_refused_and_changes_nothing),
        WITH_FILES(test_changed_bytes_are_refused_or_harmless),
    };
    openblas_set_num_threads(1);
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}

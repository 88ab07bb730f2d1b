/* SPDX-License-Identifier: MIT */
/* Training: whole runs against torch, repeatability, and what is refused. */
#include "test/support/head.h"

#include "head/metrics.h"
#include "head/mlp.h"
#include "head/training.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The golden runs' data: 12 features, 2 views, 50 and 30 pictures. */
enum { WIDTH = 12, VIEWS = 2, TRAIN = 50, VALID = 30, EPOCHS = 8 };

static dn_train_options golden_options(void) {
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.batch = 16;
    options.learning_rate = 0.03f;
    options.weight_decay = 0.01f;
    options.seed = 7;
    return options;
}

static dn_head *make_head(int features, const int *hidden, int hidden_count, float dropout) {
    const dn_head_options options = {.struct_size = sizeof options,
                                     .hidden = hidden,
                                     .hidden_count = hidden_count,
                                     .dropout = dropout,
                                     .seed = 7};
    dn_head *head;
    dn_error error;
    if (dn_head_create(&head, features, 2, &options, &error)) fail_msg("%s", error.message);
    return head;
}

static dn_head *make_golden_head(void) {
    static const int hidden[] = {16, 8};
    return make_head(WIDTH, hidden, 2, 0.25f);
}

typedef struct curve {
    dn_epoch epochs[64];
    int count, stop_after;
} curve;

static int record(void *context, const dn_epoch *epoch) {
    curve *c = context;
    c->epochs[c->count++] = *epoch;
    return c->count == c->stop_after;
}

/* Trains on the golden runs' data. */
static dn_status train_golden(dn_head *head, dn_train_options options, curve *c, dn_train_result *result,
                              dn_error *error) {
    toy_data train = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    toy_data valid = toy_data_make("test/valid", VALID, VIEWS, WIDTH);
    options.on_epoch = c ? record : NULL;
    options.context = c;
    const dn_status status = dn_head_train(head, &train.features, &valid.features, &options, result, error);
    toy_data_free(&train);
    toy_data_free(&valid);
    return status;
}

/* ---- whole runs ---- */

static void assert_curve_is_torchs(const char *golden, const curve *c, const dn_train_result *result) {
    double *expected = golden_array(golden, (size_t)EPOCHS * 3);
    int best = 0;
    assert_int_equal(c->count, EPOCHS);
    for (int e = 0; e < EPOCHS; e++) {
        /* float32 on both sides, rounding differently over up to 32 steps. */
        assert_close(c->epochs[e].train_loss, expected[3 * e], 2e-5);
        assert_close(c->epochs[e].valid_loss, expected[3 * e + 1], 2e-5);
        assert_close(c->epochs[e].valid_accuracy, expected[3 * e + 2], 1e-9);
        assert_int_equal(c->epochs[e].epoch, e + 1);
        assert_int_equal(c->epochs[e].epochs, EPOCHS);
        assert_true(c->epochs[e].seconds >= 0.0);
        const int is_best = e == 0 || expected[3 * e + 1] < expected[3 * best + 1];
        if (is_best) best = e;
        assert_int_equal(c->epochs[e].is_best, is_best);
    }
    assert_int_equal(result->best_epoch, best + 1);
    assert_true(result->train_loss == c->epochs[best].train_loss);
    assert_true(result->valid_loss == c->epochs[best].valid_loss);
    assert_true(result->valid_accuracy == c->epochs[best].valid_accuracy);
    free(expected);
}

/* Order, views, dropout masks, first weights, standardisation and short last batch: all of it in the
 * curve. */
static void test_a_run_of_sgd_with_everything_has_torchs_loss_curve(void **state) {
    (void)state;
    dn_head *head = make_golden_head();
    curve c = {0};
    dn_train_result result;
    assert_int_equal(train_golden(head, golden_options(), &c, &result, NULL), DN_OK);
    assert_curve_is_torchs("training/sgd", &c, &result);
    dn_head_free(head);
}

static void test_a_run_of_adam_on_plain_features_has_torchs_loss_curve(void **state) {
    (void)state;
    static const int hidden[] = {10};
    dn_head *head = make_head(WIDTH, hidden, 1, 0.0f);
    dn_train_options options = golden_options();
    options.optimizer = DN_ADAM;
    options.weight_decay = 0.0f;
    options.standardise = 0;
    curve c = {0};
    dn_train_result result;
    assert_int_equal(train_golden(head, options, &c, &result, NULL), DN_OK);
    assert_curve_is_torchs("training/adam", &c, &result);
    assert_null(head->standardisation);
    dn_head_free(head);
}

static void test_a_run_with_schedule_class_weights_and_smoothing_has_torchs_loss_curve(void **state) {
    (void)state;
    static const float weights[] = {0.5f, 2.0f};
    dn_head *head = make_golden_head();
    dn_train_options options = golden_options();
    options.schedule = (dn_schedule){.kind = DN_COSINE, .floor = 0.004f};
    options.class_weights = weights;
    options.label_smoothing = 0.1f;
    curve c = {0};
    dn_train_result result;
    assert_int_equal(train_golden(head, options, &c, &result, NULL), DN_OK);
    assert_curve_is_torchs("training/everything", &c, &result);
    double *rates = golden_array("schedule/cosine_of_eight", EPOCHS);
    for (int e = 0; e < EPOCHS; e++) assert_close(c.epochs[e].learning_rate, rates[e], 1e-9);
    free(rates);
    dn_head_free(head);
}

static void test_balanced_classes_are_weighted_as_scikit_learn_does(void **state) {
    (void)state;
    double *expected = golden_array("class_weights/balanced", 2);
    const float weights[] = {(float)expected[0], (float)expected[1]};
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    for (int n = 0; n < TRAIN; n++) data.labels[n] = n % 5 != 0;
    dn_train_options options = golden_options();
    dn_head *balanced = make_golden_head(), *given = make_golden_head();
    options.balanced = 1;
    assert_int_equal(dn_head_train(balanced, &data.features, &data.features, &options, NULL, NULL), DN_OK);
    options.balanced = 0;
    options.class_weights = weights;
    assert_int_equal(dn_head_train(given, &data.features, &data.features, &options, NULL, NULL), DN_OK);
    assert_memory_equal(balanced->parameters, given->parameters, given->parameter_count * sizeof(float));
    dn_head_free(given);
    dn_head_free(balanced);
    toy_data_free(&data);
    free(expected);
}

static void test_patience_ends_training_so_many_epochs_after_the_best(void **state) {
    (void)state;
    dn_head *whole = make_golden_head(), *stopped = make_golden_head();
    dn_train_options options = golden_options();
    options.learning_rate = 0.3f; /* overfits at once */
    options.epochs = 40;
    dn_train_result all, few;
    curve c = {0};
    assert_int_equal(train_golden(whole, options, &c, &all, NULL), DN_OK);
    assert_int_equal(all.epochs, 40);
    options.patience = 4;
    int best = 1; /* the best when, for the first time, four epochs have not been better */
    for (int e = 2; e <= 40 && e - best <= 4; e++)
        if (c.epochs[e - 1].valid_loss < c.epochs[best - 1].valid_loss) best = e;
    assert_int_equal(train_golden(stopped, options, NULL, &few, NULL), DN_OK);
    assert_int_equal(few.best_epoch, best);
    assert_int_equal(few.epochs, best + 4);
    assert_true(few.epochs < 40);
    assert_true(few.valid_loss == c.epochs[best - 1].valid_loss);
    dn_head_free(stopped);
    dn_head_free(whole);
}

static void test_the_head_holds_the_best_epochs_weights(void **state) {
    (void)state;
    dn_head *head = make_golden_head();
    dn_train_options options = golden_options();
    options.learning_rate = 0.3f; /* overfits at once: the best epoch is not the last */
    options.epochs = 40;
    dn_train_result result;
    assert_int_equal(train_golden(head, options, NULL, &result, NULL), DN_OK);
    assert_in_range(result.best_epoch, 1, 39);

    toy_data valid = toy_data_make("test/valid", VALID, VIEWS, WIDTH);
    float plain[VALID * WIDTH], y[VALID * 2];
    for (int n = 0; n < VALID; n++)
        memcpy(plain + n * WIDTH, valid.values + n * VIEWS * WIDTH, WIDTH * sizeof(float));
    dn_metrics metrics;
    assert_int_equal(dn_head_log_probabilities(head, plain, VALID, y, NULL), DN_OK);
    dn_metrics_compute(&metrics, y, valid.labels, VALID, 2, NULL);
    assert_close(metrics.loss, result.valid_loss, 1e-6); /* other batch sizes, other rounding in BLAS */
    assert_close(metrics.accuracy, result.valid_accuracy, 1e-12);
    toy_data_free(&valid);
    dn_head_free(head);
}

static void test_the_same_seed_gives_the_same_bits_and_another_others(void **state) {
    (void)state;
    dn_head *first = make_golden_head(), *second = make_golden_head(), *other = make_golden_head();
    dn_train_options options = golden_options();
    openblas_set_num_threads(1);
    assert_int_equal(train_golden(first, options, NULL, NULL, NULL), DN_OK);
    assert_int_equal(train_golden(second, options, NULL, NULL, NULL), DN_OK);
    options.seed++;
    assert_int_equal(train_golden(other, options, NULL, NULL, NULL), DN_OK);
    const size_t size = first->parameter_count * sizeof(float);
    assert_memory_equal(first->parameters, second->parameters, size);
    assert_memory_not_equal(first->parameters, other->parameters, size);
    dn_head_free(other);
    dn_head_free(second);
    dn_head_free(first);
}

static void test_a_trained_head_trains_on_from_where_it_is(void **state) {
    (void)state;
    dn_head *head = make_golden_head();
    dn_train_options options = golden_options();
    dn_train_result first, second;
    curve c = {0};
    float standardisation[2 * WIDTH];
    assert_int_equal(train_golden(head, options, NULL, &first, NULL), DN_OK);
    memcpy(standardisation, head->standardisation, sizeof standardisation);
    assert_int_equal(train_golden(head, options, &c, &second, NULL), DN_OK);
    assert_true(c.epochs[0].train_loss < first.train_loss);
    assert_true(second.train_loss < first.train_loss);

    /* On other data too it keeps the standardisation that its weights were trained on. */
    toy_data other = toy_data_make("test/valid", VALID, VIEWS, WIDTH);
    assert_int_equal(dn_head_train(head, &other.features, &other.features, &options, NULL, NULL), DN_OK);
    assert_memory_equal(standardisation, head->standardisation, sizeof standardisation);
    toy_data_free(&other);
    dn_head_free(head);
}

/* ---- going on from a trained head ---- */

/* As a model file gives it back: layers alone, the standardisation folded into the first one. */
static dn_head *as_loaded(const dn_head *head) {
    dn_head *folded, *loaded;
    dni_linear linears[DNI_MAX_LINEAR];
    assert_int_equal(dni_head_fold_standardisation(&folded, head, NULL), DN_OK);
    for (int i = 0; i < folded->linear_count; i++) linears[i] = dni_head_linear(folded, i);
    assert_int_equal(dni_head_from_linears(&loaded, linears, folded->linear_count, 0.0f, NULL), DN_OK);
    dn_head_free(folded);
    return loaded;
}

static void test_a_clone_is_trained_on_and_the_original_stays(void **state) {
    (void)state;
    dn_head *fresh = make_golden_head(), *clone, *copy;
    assert_int_equal(train_golden(fresh, golden_options(), NULL, NULL, NULL), DN_OK);
    dn_head *loaded = as_loaded(fresh);
    assert_int_equal(dn_head_clone(&clone, loaded, NULL), DN_OK);
    assert_int_equal(dn_head_clone(&copy, loaded, NULL), DN_OK);
    assert_int_equal(train_golden(clone, golden_options(), NULL, NULL, NULL), DN_OK);
    const size_t size = loaded->parameter_count * sizeof(float);
    assert_memory_equal(copy->parameters, loaded->parameters, size);
    assert_null(loaded->standardisation);
    assert_int_not_equal(memcmp(clone->parameters, loaded->parameters, size), 0);
    int count;
    const int *widths = dn_head_widths(clone, &count);
    assert_int_equal(count, 4);
    assert_memory_equal(widths, ((const int[]){WIDTH, 16, 8, 2}), 4 * sizeof *widths);
    dn_head_free(copy);
    dn_head_free(clone);
    dn_head_free(loaded);
    dn_head_free(fresh);
}

/* The first epoch with next to no learning rate has the loss that the first training ended with, whether the
 * features are standardised again or not: the weights are understood as they were trained. */
static void test_a_loaded_head_goes_on_from_where_it_was(void **state) {
    (void)state;
    dn_head *fresh = make_golden_head();
    dn_train_options options = golden_options();
    dn_train_result first;
    assert_int_equal(train_golden(fresh, options, NULL, &first, NULL), DN_OK);
    for (int standardise = 0; standardise < 2; standardise++)
        for (int loaded = 0; loaded < 2; loaded++) {
            dn_head *head = loaded ? as_loaded(fresh) : NULL;
            if (!loaded) assert_int_equal(dn_head_clone(&head, fresh, NULL), DN_OK);
            options.standardise = standardise;
            options.epochs = 1;
            options.learning_rate = 1e-9f;
            curve c = {0};
            assert_int_equal(train_golden(head, options, &c, NULL, NULL), DN_OK);
            /* folded and unfolded in double, kept as float32: some units in the last place of each weight */
            assert_close(c.epochs[0].valid_loss, first.valid_loss, 2e-5);
            assert_true((head->standardisation != NULL) == (standardise || !loaded));
            dn_head_free(head);
        }
    dn_head_free(fresh);
}

/* More epochs lower the loss further than the first training, cut short, had come. */
static void test_training_on_lowers_the_loss(void **state) {
    (void)state;
    dn_head *fresh = make_golden_head();
    dn_train_options options = golden_options();
    dn_train_result first, second;
    options.epochs = 2;
    assert_int_equal(train_golden(fresh, options, NULL, &first, NULL), DN_OK);
    dn_head *head = as_loaded(fresh);
    options.seed = 8;
    assert_int_equal(train_golden(head, options, NULL, &second, NULL), DN_OK);
    assert_true(second.valid_loss < first.valid_loss);
    dn_head_free(head);
    dn_head_free(fresh);
}

/* A head that is handed to another's trainer loses its own standardisation with its own weights. */
static void test_a_head_takes_scale_and_weights_of_the_training_that_finishes_in_it(void **state) {
    (void)state;
    dn_head *standardised = make_golden_head(), *plain = make_golden_head();
    dn_train_options options = golden_options();
    assert_int_equal(train_golden(standardised, options, NULL, NULL, NULL), DN_OK);
    assert_non_null(standardised->standardisation);
    options.standardise = 0;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    dn_trainer *trainer;
    dn_epoch epoch;
    assert_int_equal(dn_trainer_create(&trainer, plain, &data.features, &data.features, &options, NULL),
                     DN_OK);
    assert_int_equal(dn_trainer_epoch(trainer, &epoch, NULL), DN_OK);
    assert_int_equal(dn_trainer_finish(trainer, plain, NULL, NULL), DN_OK);
    assert_int_equal(dn_trainer_finish(trainer, standardised, NULL, NULL), DN_OK);
    float expected[TRAIN * 2], found[TRAIN * 2];
    assert_int_equal(dn_head_log_probabilities(plain, data.values, TRAIN, expected, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(standardised, data.values, TRAIN, found, NULL), DN_OK);
    assert_memory_equal(found, expected, sizeof expected);
    dn_trainer_free(trainer);
    toy_data_free(&data);
    dn_head_free(plain);
    dn_head_free(standardised);
}

static void test_dropout_is_set_within_its_range(void **state) {
    (void)state;
    dn_head *trained = make_golden_head();
    assert_int_equal(train_golden(trained, golden_options(), NULL, NULL, NULL), DN_OK);
    dn_head *heads[2] = {as_loaded(trained), as_loaded(trained)};
    dn_error error;
    assert_int_equal(dn_head_set_dropout(heads[0], 1.0f, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "dropout must be at least 0 and below 1, not 1");
    assert_int_equal(dn_head_set_dropout(heads[0], 0.5f, &error), DN_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(train_golden(heads[i], golden_options(), NULL, NULL, NULL), DN_OK);
    assert_int_not_equal(
        memcmp(heads[0]->parameters, heads[1]->parameters, heads[0]->parameter_count * sizeof(float)), 0);
    for (int i = 0; i < 2; i++) dn_head_free(heads[i]);
    dn_head_free(trained);
}

static void test_without_flip_only_view_zero_is_looked_at(void **state) {
    (void)state;
    toy_data both = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    float plain[TRAIN * WIDTH];
    for (int n = 0; n < TRAIN; n++)
        memcpy(plain + n * WIDTH, both.values + n * VIEWS * WIDTH, WIDTH * sizeof(float));
    const dn_features single = {plain, both.labels, TRAIN, 1};
    dn_train_options options = golden_options();
    options.flip = 0;
    dn_head *first = make_golden_head(), *second = make_golden_head();
    assert_int_equal(dn_head_train(first, &both.features, &both.features, &options, NULL, NULL), DN_OK);
    options.flip = 1; /* nothing to draw from */
    assert_int_equal(dn_head_train(second, &single, &single, &options, NULL, NULL), DN_OK);
    assert_memory_equal(first->parameters, second->parameters, first->parameter_count * sizeof(float));
    assert_memory_equal(first->standardisation, second->standardisation, 2 * WIDTH * sizeof(float));
    dn_head_free(second);
    dn_head_free(first);
    toy_data_free(&both);
}

/* 800 pictures, 39 steps of Adam at 0.002: the published run went from 0.619 to 0.459. */
static void test_the_adam_options_take_three_epochs_on_plain_features(void **state) {
    (void)state;
    enum { FEATURES = 2208, PICTURES = 800 };
    const dn_head_options head_options = dn_head_options_default();
    dn_train_options options = dn_train_options_adam();
    assert_int_equal(options.optimizer, DN_ADAM);
    assert_int_equal(options.batch, 64);
    assert_true(options.learning_rate == 0.002f);
    curve c = {0};
    options.on_epoch = record;
    options.context = &c;
    toy_data data = toy_data_make("test/wide", PICTURES, 1, FEATURES);
    dn_head *head;
    assert_int_equal(dn_head_create(&head, FEATURES, 2, &head_options, NULL), DN_OK);
    assert_int_equal(dn_head_train(head, &data.features, &data.features, &options, NULL, NULL), DN_OK);
    assert_int_equal(c.count, 3);
    assert_true(c.epochs[2].train_loss < 0.75 * c.epochs[0].train_loss);
    assert_null(head->standardisation);
    dn_head_free(head);
    toy_data_free(&data);
}

/* The documented condition for same bits is one BLAS thread; with more, only the rounding may differ. */
static void test_two_blas_threads_change_no_more_than_rounding(void **state) {
    (void)state;
    enum { FEATURES = 2208, PICTURES = 128 };
    const dn_head_options head_options = dn_head_options_default();
    dn_train_options options = dn_train_options_default();
    options.epochs = 2;
    toy_data data = toy_data_make("test/wide", PICTURES, 1, FEATURES);
    dn_head *heads[2];
    dn_train_result results[2];
    for (int i = 0; i < 2; i++) {
        openblas_set_num_threads(i + 1);
        assert_int_equal(dn_head_create(&heads[i], FEATURES, 2, &head_options, NULL), DN_OK);
        assert_int_equal(dn_head_train(heads[i], &data.features, &data.features, &options, &results[i], NULL),
                         DN_OK);
    }
    openblas_set_num_threads(1);
    assert_close(results[0].valid_loss, results[1].valid_loss, 1e-5);
    const size_t size = heads[0]->parameter_count * sizeof(float);
    print_message("one and two BLAS threads: %s bits\n",
                  memcmp(heads[0]->parameters, heads[1]->parameters, size) == 0 ? "the same" : "different");
    dn_head_free(heads[1]);
    dn_head_free(heads[0]);
    toy_data_free(&data);
}

static void test_default_options_learn_a_weak_signal(void **state) {
    (void)state;
    enum { FEATURES = 200, PICTURES = 400 };
    const dn_head_options head_options = dn_head_options_default();
    const dn_train_options options = dn_train_options_default();
    toy_data train = toy_data_make("test/learn", PICTURES, 2, FEATURES);
    toy_data valid = toy_data_make("test/judge", PICTURES, 2, FEATURES);
    dn_head *head;
    dn_train_result result;
    assert_int_equal(dn_head_create(&head, FEATURES, 2, &head_options, NULL), DN_OK);
    assert_int_equal(dn_head_train(head, &train.features, &valid.features, &options, &result, NULL), DN_OK);
    assert_true(result.valid_accuracy > 0.95);
    dn_head_free(head);
    toy_data_free(&valid);
    toy_data_free(&train);
}

/* ---- standardisation ---- */

static void test_constant_features_are_taken_out_instead_of_exploding(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, 1, WIDTH);
    for (int n = 0; n < TRAIN; n++) {
        data.values[n * WIDTH + 3] = 0.1f;                              /* constant */
        data.values[n * WIDTH + 4] = 1000.0f + (n == 7 ? 6e-5f : 0.0f); /* one unit in the last place */
        data.values[n * WIDTH + 5] = n == 7 ? FLT_MIN : 0.0f;           /* next to nothing */
    }
    dn_head *head = make_golden_head();
    const dn_train_options options = golden_options();
    assert_int_equal(dn_head_train(head, &data.features, &data.features, &options, NULL, NULL), DN_OK);
    const float *inverse = head->standardisation + WIDTH;
    for (int i = 0; i < WIDTH; i++) {
        if (i >= 3 && i <= 5)
            assert_true(inverse[i] == 0.0f);
        else
            assert_true(inverse[i] > 0.0f && isfinite(inverse[i]));
    }
    float before[2], after[2];
    assert_int_equal(dn_head_log_probabilities(head, data.values, 1, before, NULL), DN_OK);
    data.values[3] = data.values[4] = data.values[5] = 1e6f;
    assert_int_equal(dn_head_log_probabilities(head, data.values, 1, after, NULL), DN_OK);
    assert_memory_equal(before, after, sizeof before);
    dn_head_free(head);
    toy_data_free(&data);
}

/* ---- failures ---- */

/* Trains a head that cannot be trained so and checks the status, the message, and that nothing changed. */
static void assert_refused(dn_train_options options, dn_features train, dn_features valid, dn_status status,
                           const char *named) {
    dn_head *head = make_golden_head(), *untouched = make_golden_head();
    dn_error error = {0};
    dn_train_result result = {.best_epoch = -1};
    assert_int_equal(dn_head_train(head, &train, &valid, &options, &result, &error), status);
    assert_int_equal(error.status, status);
    if (!strstr(error.message, named)) fail_msg("'%s' does not say '%s'", error.message, named);
    assert_int_equal(result.best_epoch, -1);
    assert_null(head->standardisation);
    assert_memory_equal(head->parameters, untouched->parameters, head->parameter_count * sizeof(float));
    dn_head_free(untouched);
    dn_head_free(head);
}

static void test_options_out_of_range_are_refused_by_name_and_value(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    const dn_features d = data.features;
    const dn_train_options good = golden_options();
#define REFUSED(field, value, named)                                                                         \
    do {                                                                                                     \
        dn_train_options o = good;                                                                           \
        o.field = (value);                                                                                   \
        assert_refused(o, d, d, DN_ERR_ARGUMENT, named);                                                     \
    } while (0)
    REFUSED(optimizer, (dn_optimizer)2, "optimizer must be DN_SGD (0) or DN_ADAM (1), not 2");
    REFUSED(epochs, 0, "epochs must be at least 1, not 0");
    REFUSED(batch, 0, "batch must be at least 1, not 0");
    REFUSED(batch, -3, "batch must be at least 1, not -3");
    REFUSED(learning_rate, NAN, "learning_rate must be above 0 and finite, not nan");
    REFUSED(learning_rate, 0.0f, "learning_rate must be above 0 and finite, not 0");
    REFUSED(learning_rate, INFINITY, "learning_rate must be above 0 and finite, not inf");
    REFUSED(momentum, 1.0f, "momentum must be at least 0 and below 1, not 1");
    REFUSED(momentum, NAN, "momentum must be at least 0 and below 1, not nan");
    REFUSED(weight_decay, -1.0f, "weight_decay must be at least 0 and finite, not -1");
    REFUSED(beta1, 1.0f, "beta1 must be at least 0 and below 1, not 1");
    REFUSED(beta2, -0.5f, "beta2 must be at least 0 and below 1, not -0.5");
    REFUSED(epsilon, 0.0f, "epsilon must be above 0 and finite, not 0");
    REFUSED(patience, -1, "patience must be at least 0, not -1");
    REFUSED(schedule.kind, (dn_schedule_kind)4,
            "schedule.kind must be DN_CONSTANT (0) to DN_PLATEAU (3), not 4");
    REFUSED(schedule.warmup, 8, "schedule.warmup must be 0 to 7 of 8 epochs, not 8");
    REFUSED(schedule.warmup, -1, "schedule.warmup must be 0 to 7 of 8 epochs, not -1");
    REFUSED(schedule, ((dn_schedule){.kind = DN_STEP, .factor = 0.5f}),
            "schedule.epochs must be at least 1, not 0");
    REFUSED(schedule, ((dn_schedule){.kind = DN_STEP, .epochs = 2, .factor = 1.0f}),
            "schedule.factor must be above 0 and below 1, not 1");
    REFUSED(schedule, ((dn_schedule){.kind = DN_PLATEAU, .epochs = 2, .factor = NAN}),
            "schedule.factor must be above 0 and below 1, not nan");
    REFUSED(schedule, ((dn_schedule){.kind = DN_COSINE, .floor = 0.5f}),
            "schedule.floor must be 0 to the learning_rate of 0.03, not 0.5");
    REFUSED(label_smoothing, 1.0f, "label_smoothing must be at least 0 and below 1, not 1");
    static const float weights[] = {1.0f, 0.0f};
    REFUSED(class_weights, weights, "class_weights[1] must be above 0 and finite, not 0");
#undef REFUSED
    dn_train_options nesterov = good;
    nesterov.nesterov = 1;
    nesterov.momentum = 0.0f;
    assert_refused(nesterov, d, d, DN_ERR_ARGUMENT, "momentum must be above 0 with nesterov, not 0");
    dn_train_options balanced = good;
    balanced.balanced = 1;
    balanced.class_weights = weights;
    assert_refused(balanced, d, d, DN_ERR_ARGUMENT, "class_weights must be NULL with balanced");
    balanced.class_weights = NULL;
    for (int n = 0; n < TRAIN; n++) data.labels[n] = 0;
    assert_refused(balanced, d, d, DN_ERR_DATA_CLASSES, "the training split has no picture of class 1");
    toy_data_free(&data);
}

static void test_features_that_cannot_be_are_refused_by_split_and_value(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    const dn_train_options options = golden_options();
    const dn_features good = data.features;
    dn_features bad = good;
    bad.count = 0;
    assert_refused(options, bad, good, DN_ERR_DATA_EMPTY, "train: no pictures (count 0)");
    assert_refused(options, good, bad, DN_ERR_DATA_EMPTY, "valid: no pictures (count 0)");
    bad.count = -1;
    assert_refused(options, bad, good, DN_ERR_ARGUMENT, "train: count must be at least 1, not -1");
    bad = good;
    bad.views = 0;
    assert_refused(options, good, bad, DN_ERR_ARGUMENT, "valid: views must be at least 1, not 0");
    data.labels[13] = 2;
    assert_refused(options, good, good, DN_ERR_ARGUMENT, "train: label of picture 13 must be 0 to 1, not 2");
    data.labels[13] = -1;
    assert_refused(options, good, good, DN_ERR_ARGUMENT, "label of picture 13 must be 0 to 1, not -1");
    data.labels[13] = 1;
    data.values[(5 * VIEWS + 1) * WIDTH + 4] = NAN;
    assert_refused(options, good, good, DN_ERR_ARGUMENT, "train: feature 4 of picture 5, view 1, is nan");
    toy_data_free(&data);
}

static void test_a_diverged_training_is_reported_and_leaves_the_head(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    dn_train_options options = golden_options();
    options.learning_rate = 1e10f;
    assert_refused(options, data.features, data.features, DN_ERR_DATA_DIVERGED,
                   "the training loss is no longer finite in epoch 1: try a learning_rate below 1e+10");
    /* One step only: its loss was still finite, that of its weights is not. */
    options.learning_rate = 1e30f;
    options.epochs = 1;
    options.batch = TRAIN;
    assert_refused(options, data.features, data.features, DN_ERR_DATA_DIVERGED,
                   "the validation loss is no longer finite in epoch 1");
    toy_data_free(&data);
}

static void test_a_callback_can_stop_and_the_head_stays(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    curve c = {.stop_after = 3};
    dn_train_options options = golden_options();
    options.on_epoch = record;
    options.context = &c;
    assert_refused(options, data.features, data.features, DN_ERR_CANCELLED, "stopped after epoch 3 of 8");
    assert_int_equal(c.count, 3);
    toy_data_free(&data);
}

typedef struct batch_count {
    int asked, stop_after;
} batch_count;

static int stop_after_some(void *context) {
    batch_count *count = context;
    return ++count->asked > count->stop_after;
}

static void test_a_training_can_be_stopped_between_two_batches(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    dn_train_options options = golden_options();
    options.batch = 1;
    batch_count count = {.stop_after = TRAIN + 2};
    options.is_cancelled = stop_after_some;
    options.context = &count;
    assert_refused(options, data.features, data.features, DN_ERR_CANCELLED, "stopped in epoch 2 of 8");
    assert_int_equal(count.asked, TRAIN + 3);
    toy_data_free(&data);
}

static void test_a_batch_above_the_data_is_the_whole_data(void **state) {
    (void)state;
    dn_head *first = make_golden_head(), *second = make_golden_head();
    dn_train_options options = golden_options();
    options.batch = TRAIN;
    assert_int_equal(train_golden(first, options, NULL, NULL, NULL), DN_OK);
    options.batch = 2147483647;
    assert_int_equal(train_golden(second, options, NULL, NULL, NULL), DN_OK);
    assert_memory_equal(first->parameters, second->parameters, first->parameter_count * sizeof(float));
    dn_head_free(second);
    dn_head_free(first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_of_sgd_with_everything_has_torchs_loss_curve),
        cmocka_unit_test(test_a_run_of_adam_on_plain_features_has_torchs_loss_curve),
        cmocka_unit_test(test_a_run_with_schedule_class_weights_and_smoothing_has_torchs_loss_curve),
        cmocka_unit_test(test_balanced_classes_are_weighted_as_scikit_learn_does),
        cmocka_unit_test(test_patience_ends_training_so_many_epochs_after_the_best),
        cmocka_unit_test(test_the_head_holds_the_best_epochs_weights),
        cmocka_unit_test(test_the_same_seed_gives_the_same_bits_and_another_others),
        cmocka_unit_test(test_a_trained_head_trains_on_from_where_it_is),
        cmocka_unit_test(test_a_clone_is_trained_on_and_the_original_stays),
        cmocka_unit_test(test_a_loaded_head_goes_on_from_where_it_was),
        cmocka_unit_test(test_training_on_lowers_the_loss),
        cmocka_unit_test(test_a_head_takes_scale_and_weights_of_the_training_that_finishes_in_it),
        cmocka_unit_test(test_dropout_is_set_within_its_range),
        cmocka_unit_test(test_without_flip_only_view_zero_is_looked_at),
        cmocka_unit_test(test_the_adam_options_take_three_epochs_on_plain_features),
        cmocka_unit_test(test_two_blas_threads_change_no_more_than_rounding),
        cmocka_unit_test(test_default_options_learn_a_weak_signal),
        cmocka_unit_test(test_constant_features_are_taken_out_instead_of_exploding),
        cmocka_unit_test(test_options_out_of_range_are_refused_by_name_and_value),
        cmocka_unit_test(test_features_that_cannot_be_are_refused_by_split_and_value),
        cmocka_unit_test(test_a_diverged_training_is_reported_and_leaves_the_head),
        cmocka_unit_test(test_a_callback_can_stop_and_the_head_stays),
        cmocka_unit_test(test_a_training_can_be_stopped_between_two_batches),
        cmocka_unit_test(test_a_batch_above_the_data_is_the_whole_data),
    };
    openblas_set_num_threads(1);
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Heads keep their bits from commit to commit: what each kind of training makes of the same features, and the
 * probabilities that it gives. Features reach a head as numbers, so that what kernels make of pictures
 * (test/densenet/test_digests.c) and this together fix what a picture is told to be. */
#include "head/mlp.h"
#include "test/support/blas_family.h"
#include "test/support/digests.h"
#include "test/support/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 45, TRAINED = 50, VALIDATED = 23, CLASSES = 2, EPOCHS = 7 };

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

static void check(const char *variant, const dn_head_options *head_options, const dn_train_options *options) {
    toy_data train = toy_data_make("digest train", TRAINED, 2, WIDTH),
             valid = toy_data_make("digest valid", VALIDATED, 1, WIDTH);
    float out[VALIDATED * CLASSES];
    dn_head *head, *folded;
    dn_error error;
    must(dn_head_create(&head, WIDTH, CLASSES, head_options, &error), &error);
    must(dn_head_train(head, &train.features, &valid.features, options, NULL, &error), &error);
    must(dn_head_log_probabilities(head, valid.values, VALIDATED, out, &error), &error);
    must(dni_head_fold_standardisation(&folded, head, &error), &error); /* as a model file holds it */
    digests_check(&(digest_key){"head", blas_family_name(), "fp32", variant}, folded->parameters,
                  folded->parameter_count * sizeof(float));
    digests_check(&(digest_key){"probabilities", blas_family_name(), "fp32", variant}, out, sizeof out);
    dn_head_free(folded);
    dn_head_free(head);
    toy_data_free(&train);
    toy_data_free(&valid);
}

static dn_head_options perceptron(void) {
    static const int hidden[] = {24, 9};
    dn_head_options options = dn_head_options_default();
    options.hidden = hidden;
    options.hidden_count = 2;
    return options;
}

static void test_heads_of_the_default_training(void **state) {
    (void)state;
    const dn_head_options head = perceptron();
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.batch = 16;
    check("default", &head, &options);
    options.standardise = !options.standardise;
    check(options.standardise ? "standardised" : "not-standardised", &head, &options);
    digests_verdict();
}

static void test_heads_of_sgd_with_all_that_it_has(void **state) {
    (void)state;
    const dn_head_options head = perceptron();
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.batch = 7;
    options.learning_rate = 0.01f;
    options.momentum = 0.9f;
    options.nesterov = 1;
    options.weight_decay = 1e-3f;
    options.flip = options.balanced = 1;
    options.label_smoothing = 0.1f;
    options.schedule = (dn_schedule){.kind = DN_COSINE, .warmup = 2};
    check("nesterov,cosine,smoothed", &head, &options);
    digests_verdict();
}

static void test_heads_of_adam(void **state) {
    (void)state;
    const dn_head_options head = perceptron();
    dn_train_options options = dn_train_options_adam();
    options.batch = 16;
    check("adam", &head, &options);
    digests_verdict();
}

static void test_logistic_regression(void **state) {
    (void)state;
    dn_head_options head = dn_head_options_default();
    head.hidden_count = 0;
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    check("logistic", &head, &options);
    digests_verdict();
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_the_default_training),
        cmocka_unit_test(test_heads_of_sgd_with_all_that_it_has),
        cmocka_unit_test(test_heads_of_adam),
        cmocka_unit_test(test_logistic_regression),
    };
    blas_family_choose(arguments);
    digests_open(count, arguments);
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    return failures || !digests_close() ? EXIT_FAILURE : EXIT_SUCCESS;
}

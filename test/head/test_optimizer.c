/* SPDX-License-Identifier: MIT */
/* SGD and Adam, step by step against torch, and taken up again from their state. */
#include "test/support/head.h"

#include "head/optimizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_optimizer_is_torchs(const char *golden, dn_train_options options, size_t state_count) {
    enum { COUNT = 40, STEPS = 10 };
    options.learning_rate = 0.05f;
    double *expected = golden_array(golden, (size_t)COUNT * STEPS);
    float *p = stream_values("test/start", COUNT);
    float *gradients = stream_values("test/gradients", (size_t)COUNT * STEPS);
    for (int i = 0; i < COUNT; i++) p[i] = 2.0f * p[i] - 1.0f;
    for (int i = 0; i < COUNT * STEPS; i++) gradients[i] = 2.0f * gradients[i] - 1.0f;
    dni_optimizer optimizer;
    assert_int_equal(dni_optimizer_state_count(&options, COUNT), state_count);
    assert_int_equal(dni_optimizer_create(&optimizer, &options, COUNT, NULL), DN_OK);
    for (int s = 0; s < STEPS; s++) {
        dni_optimizer_step(&optimizer, p, gradients + s * COUNT);
        /* Both sides are float32 and round in different places: a few units in the last place of 1. */
        for (int i = 0; i < COUNT; i++) assert_close((double)p[i], expected[s * COUNT + i], 1e-6);
    }
    dni_optimizer_free(&optimizer);
    free(gradients);
    free(p);
    free(expected);
}

static void test_sgd_steps_are_torchs(void **state) {
    (void)state;
    dn_train_options o = dn_train_options_default();
    o.momentum = 0.0f;
    o.weight_decay = 0.0f;
    assert_optimizer_is_torchs("optimizer/sgd", o, 0);
    o.weight_decay = 0.01f;
    assert_optimizer_is_torchs("optimizer/sgd_decay", o, 0);
    o.momentum = 0.9f;
    assert_optimizer_is_torchs("optimizer/momentum_decay", o, 40);
    o.nesterov = 1;
    assert_optimizer_is_torchs("optimizer/nesterov", o, 40);
    o.nesterov = 0;
    o.weight_decay = 0.0f;
    assert_optimizer_is_torchs("optimizer/momentum", o, 40);
}

static void test_adam_steps_are_torchs(void **state) {
    (void)state;
    dn_train_options o = dn_train_options_adam();
    assert_optimizer_is_torchs("optimizer/adam", o, 80);
    o.weight_decay = 0.01f;
    assert_optimizer_is_torchs("optimizer/adam_decay", o, 80);
}

static void test_an_optimizer_resumes_from_its_state_with_the_same_bits(void **state) {
    (void)state;
    enum { COUNT = 33 };
    const dn_train_options o = dn_train_options_adam();
    float *p = stream_values("test/start", COUNT), *gradient = stream_values("test/gradients", COUNT);
    float resumed[COUNT];
    dni_optimizer first, second;
    assert_int_equal(dni_optimizer_create(&first, &o, COUNT, NULL), DN_OK);
    assert_int_equal(dni_optimizer_create(&second, &o, COUNT, NULL), DN_OK);
    for (int s = 0; s < 3; s++) dni_optimizer_step(&first, p, gradient);
    memcpy(resumed, p, sizeof resumed);
    memcpy(second.state, first.state, dni_optimizer_state_count(&o, COUNT) * sizeof(float));
    second.steps = first.steps;
    dni_optimizer_step(&first, p, gradient);
    dni_optimizer_step(&second, resumed, gradient);
    assert_memory_equal(p, resumed, sizeof resumed);
    dni_optimizer_free(&second);
    dni_optimizer_free(&first);
    free(gradient);
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgd_steps_are_torchs),
        cmocka_unit_test(test_adam_steps_are_torchs),
        cmocka_unit_test(test_an_optimizer_resumes_from_its_state_with_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

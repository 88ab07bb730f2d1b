/* SPDX-License-Identifier: MIT */
/* Learning-rate schedules against torch's, epoch by epoch. */
#include "head/schedule.h"

#include "test/support/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EPOCHS = 12 };

/* Validation losses that the plateau schedule sees; the oracle has the same. */
static const double losses[EPOCHS] = {1.0, 0.9, 0.95, 0.9, 0.85, 0.86, 0.87, 0.88, 0.89, 0.9, 0.84, 0.9};

static void rates_of(dn_schedule schedule, double rates[EPOCHS]) {
    dn_train_options options = dn_train_options_default();
    options.epochs = EPOCHS;
    options.learning_rate = 0.03f;
    options.schedule = schedule;
    dni_schedule_state state = {0};
    double lowest = losses[0] + 1.0;
    for (int e = 1; e <= EPOCHS; e++) {
        rates[e - 1] = dni_schedule_rate(&options, &state, e);
        const int is_best = losses[e - 1] < lowest;
        if (is_best) lowest = losses[e - 1];
        dni_schedule_advance(&state, &options, e, is_best);
    }
}

/* torch computes each rate from the one before, here each has a formula: doubles that round differently, and
 * the golden file has ten digits. */
static void assert_rates_are_torchs(dn_schedule schedule, const char *golden) {
    double rates[EPOCHS], *expected = golden_array(golden, EPOCHS);
    rates_of(schedule, rates);
    for (int e = 0; e < EPOCHS; e++) assert_close(rates[e], expected[e], 1e-11);
    free(expected);
}

static void test_every_schedule_is_torchs(void **state) {
    (void)state;
    assert_rates_are_torchs((dn_schedule){.warmup = 3}, "schedule/warmup");
    assert_rates_are_torchs((dn_schedule){.kind = DN_STEP, .epochs = 5, .factor = 0.5f}, "schedule/step");
    assert_rates_are_torchs((dn_schedule){.kind = DN_COSINE, .floor = 0.004f}, "schedule/cosine");
    assert_rates_are_torchs((dn_schedule){.kind = DN_PLATEAU, .epochs = 2, .factor = 0.25f, .floor = 0.004f},
                            "schedule/plateau");
}

static void test_no_schedule_is_the_learning_rate_itself(void **state) {
    (void)state;
    double rates[EPOCHS];
    rates_of((dn_schedule){.kind = DN_CONSTANT}, rates);
    for (int e = 0; e < EPOCHS; e++) assert_true(rates[e] == (double)0.03f);
}

static void test_a_cosine_behind_a_warm_up_spans_the_epochs_that_are_left(void **state) {
    (void)state;
    double rates[EPOCHS], *warmup = golden_array("schedule/warmup", EPOCHS);
    double *cosine = golden_array("schedule/cosine_of_nine", 9);
    rates_of((dn_schedule){.kind = DN_COSINE, .warmup = 3, .floor = 0.004f}, rates);
    for (int e = 0; e < 3; e++) assert_close(rates[e], warmup[e], 1e-11);
    for (int e = 3; e < EPOCHS; e++) assert_close(rates[e], cosine[e - 3], 1e-11);
    free(cosine);
    free(warmup);
}

/* Losses 3 and 4 are no better than 2, but were met during the warm-up. */
static void test_a_plateau_does_not_count_the_warm_up(void **state) {
    (void)state;
    double rates[EPOCHS];
    rates_of((dn_schedule){.kind = DN_PLATEAU, .warmup = 4, .epochs = 2, .factor = 0.5f}, rates);
    const double rate = (double)0.03f;
    for (int e = 0; e < 4; e++) assert_close(rates[e], rate * (e + 1) / 5.0, 1e-15);
    for (int e = 4; e < 7; e++) assert_close(rates[e], rate, 1e-15);
    assert_close(rates[7], rate / 2.0, 1e-15); /* 6 and 7 were worse than 5 */
    assert_close(rates[8], rate / 2.0, 1e-15);
    assert_close(rates[9], rate / 4.0, 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_schedule_is_torchs),
        cmocka_unit_test(test_no_schedule_is_the_learning_rate_itself),
        cmocka_unit_test(test_a_cosine_behind_a_warm_up_spans_the_epochs_that_are_left),
        cmocka_unit_test(test_a_plateau_does_not_count_the_warm_up),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What long calls tell while they work, how they are stopped, what models and sessions say of themselves. */
#include "core/cpu.h"
#include "densenet/densenet.h"
#include "densenet/topology.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 2, HEIGHT = 64, WIDTH = 48, SEED = 7 };

static const dn_config small = {"small", 16, {2, 2, 2, 2}, 32, 4, 64};

static dn_weights *weights;
static float *inputs;
static dn_error error;

static int set_up(void **state) {
    (void)state;
    weights = seeded_weights(&small, SEED);
    inputs = seeded_inputs(SEED, (size_t)COUNT * HEIGHT * WIDTH * 3);
    return weights && inputs ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    dn_weights_free(weights);
    free(inputs);
    return 0;
}

static void must(dn_status status) {
    if (status) fail_msg("%s", error.message);
}

/* ---- progress ---- */

typedef struct watch {
    pthread_t caller;
    size_t calls, done, total;
    size_t stop_at; /* the call that asks to stop; 0: none */
    size_t lines;
    char log[64][256];
} watch;

static int tell(void *context, size_t done, size_t total) {
    watch *own = context;
    assert_true(pthread_equal(own->caller, pthread_self()));
    assert_true(done > own->done && done <= total);
    if (own->calls) assert_int_equal(total, own->total);
    own->done = done;
    own->total = total;
    return ++own->calls == own->stop_at;
}

static void keep_line(void *context, const char *line) {
    watch *own = context;
    assert_true(pthread_equal(own->caller, pthread_self()));
    assert_true(own->lines < 64);
    assert_true(*line && !strchr(line, '\n'));
    snprintf(own->log[own->lines++], sizeof *own->log, "%s", line);
}

static void test_making_a_model_tells_how_far_it_is(void **state) {
    (void)state;
    const size_t convolutions = (size_t)dni_convolution_count(dn_weights_config(weights));
    for (int threads = 1; threads <= 3; threads++) {
        watch seen = {.caller = pthread_self()};
        dn_model *model;
        dn_model_options options = dn_model_options_default();
        options.threads = threads;
        options.on_progress = tell;
        options.context = &seen;
        must(dn_model_create(&model, weights, &options, &error));
        assert_true(seen.calls > 1);
        assert_int_equal(seen.done, convolutions);
        assert_int_equal(seen.total, convolutions);
        dn_model_free(model);
    }
}

/* Prepared in steps or at once: the same network. */
static void test_a_model_that_tells_how_far_it_is_computes_the_same(void **state) {
    (void)state;
    const size_t features = (size_t)dn_weights_config(weights)->features;
    float *found[2];
    for (int i = 0; i < 2; i++) {
        watch seen = {.caller = pthread_self()};
        dn_model *model;
        dn_session *session;
        dn_model_options options = dn_model_options_default();
        dn_session_options session_options = dn_session_options_default();
        if (i) options.on_progress = tell;
        options.context = &seen;
        session_options.height = HEIGHT;
        session_options.width = WIDTH;
        found[i] = calloc(features, sizeof *found[i]);
        assert_non_null(found[i]);
        must(dn_model_create(&model, weights, &options, &error));
        must(dn_session_create(&session, model, &session_options, &error));
        must(dn_session_forward(session, inputs, 1, &(dn_outputs){.features = found[i]}, &error));
        dn_session_free(session);
        dn_model_free(model);
    }
    assert_memory_equal(found[0], found[1], features * sizeof *found[0]);
    free(found[0]);
    free(found[1]);
}

static void test_making_a_model_can_be_stopped(void **state) {
    (void)state;
    watch seen = {.caller = pthread_self(), .stop_at = 2};
    dn_model *model = (dn_model *)1;
    dn_model_options options = dn_model_options_default();
    options.threads = 1;
    options.on_progress = tell;
    options.context = &seen;
    assert_int_equal(dn_model_create(&model, weights, &options, &error), DN_ERR_CANCELLED);
    assert_int_equal(error.status, DN_ERR_CANCELLED);
    assert_non_null(strstr(error.message, "preparing weights was stopped by its callback at 8 of "));
    assert_null(model);
    assert_int_equal(seen.calls, 2);
    seen = (watch){.caller = pthread_self()};
    must(dn_model_create(&model, weights, &options, &error)); /* the weights are as good as before */
    dn_model_free(model);
}

static void test_calibration_tells_how_far_it_is(void **state) {
    (void)state;
    dn_weights *own = seeded_weights(dn_weights_config(weights), SEED);
    watch seen = {.caller = pthread_self()};
    dn_calibrate_options options = dn_calibrate_options_default();
    options.on_progress = tell;
    options.context = &seen;
    must(dn_weights_calibrate(own, inputs, COUNT, HEIGHT, WIDTH, &options, &error));
    assert_int_equal(seen.calls, dni_part_count(dn_weights_config(own)));
    assert_int_equal(seen.done, seen.total);
    dn_weights_free(own);
}

/* Whenever it is stopped, also after the last step: the weights are as they were. */
static void test_calibration_can_be_stopped(void **state) {
    (void)state;
    dn_weights *own = seeded_weights(dn_weights_config(weights), SEED);
    char before[33], after[33];
    dn_weights_hash(own, before);
    const size_t steps = (size_t)dni_part_count(dn_weights_config(own));
    for (size_t stop_at = 1; stop_at <= steps; stop_at++) {
        watch seen = {.caller = pthread_self(), .stop_at = stop_at};
        dn_calibrate_options options = dn_calibrate_options_default();
        options.threads = 2;
        options.on_progress = tell;
        options.context = &seen;
        assert_int_equal(dn_weights_calibrate(own, inputs, COUNT, HEIGHT, WIDTH, &options, &error),
                         DN_ERR_CANCELLED);
        assert_int_equal(seen.calls, stop_at);
        dn_weights_hash(own, after);
        assert_string_equal(before, after);
    }
    dn_weights_free(own);
}

/* ---- what was chosen ---- */

static void test_models_say_what_they_are(void **state) {
    (void)state;
    char *chosen = chosen_tier();
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
        if (!dni_cpu_has(isa)) continue;
        setenv("DN_ISA", dni_isa_name(isa), 1);
        for (int low = 0; low < 2; low++) {
            dn_model *model;
            dn_model_options options = dn_model_options_default();
            options.memory = low ? DN_MEMORY_LOW : DN_MEMORY_FAST;
            must(dn_model_create(&model, weights, &options, &error));
            assert_string_equal(dn_model_tier(model), dni_isa_name(isa));
            assert_int_equal(dn_model_memory(model), options.memory);
            assert_int_equal(dn_model_precision(model), DN_PRECISION_FLOAT32);
            int count = 0;
            for (const char *name; (name = dn_model_convolution(model, count)); count++)
                assert_non_null(dn_model_kernel(model, name));
            assert_int_equal(count, dni_convolution_count(dn_weights_config(weights)));
            assert_string_equal(dn_model_convolution(model, 0), "features.conv0");
            assert_null(dn_model_convolution(model, -1));
            dn_model_free(model);
        }
    }
    restore_tier(chosen);
    dn_model *model;
    dn_model_options options = dn_model_options_default();
    options.precision = DN_PRECISION_BFLOAT16;
    if (dn_model_create(&model, weights, &options, &error) == DN_OK)
        assert_int_equal(dn_model_precision(model), DN_PRECISION_BFLOAT16);
    dn_model_free(model);
}

static void test_sessions_say_what_they_are(void **state) {
    (void)state;
    dn_model *model;
    dn_session *session;
    dn_session_options options = dn_session_options_default();
    options.batch = COUNT;
    options.height = HEIGHT;
    options.width = WIDTH;
    options.threads = 3;
    must(dn_model_create(&model, weights, NULL, &error));
    must(dn_session_create(&session, model, &options, &error));
    int height, width;
    dn_session_input_size(session, &height, &width);
    assert_int_equal(height, HEIGHT);
    assert_int_equal(width, WIDTH);
    assert_int_equal(dn_session_batch(session), COUNT);
    assert_int_equal(dn_session_threads(session), 3);
    assert_ptr_equal(dn_session_model(session), model);
    dn_session_free(session);
    dn_model_free(model);
}

/* Each convolution has its line, and model and session one that names what they take. */
static void test_a_log_tells_what_was_chosen(void **state) {
    (void)state;
    watch seen = {.caller = pthread_self()};
    dn_model *model;
    dn_session *session;
    char expected[128];
    dn_model_options options = dn_model_options_default();
    dn_session_options session_options = dn_session_options_default();
    options.threads = 2;
    session_options.threads = 1;
    options.on_log = session_options.on_log = keep_line;
    options.context = session_options.context = &seen;
    must(dn_model_create(&model, weights, &options, &error));
    const size_t convolutions = (size_t)dni_convolution_count(dn_weights_config(weights));
    assert_int_equal(seen.lines, convolutions + 2);
    snprintf(expected, sizeof expected, "small: tier %s, float32, fast memory", dn_model_tier(model));
    assert_string_equal(seen.log[0], expected);
    for (size_t i = 0; i < convolutions; i++) {
        const char *name = dn_model_convolution(model, (int)i);
        snprintf(expected, sizeof expected, "%s: %s, ", name, dn_model_kernel(model, name));
        assert_int_equal(strncmp(seen.log[i + 1], expected, strlen(expected)), 0);
    }
    snprintf(expected, sizeof expected, "small: %zu bytes of weights, prepared on 2 threads",
             dn_model_size(model));
    assert_string_equal(seen.log[convolutions + 1], expected);

    seen.lines = 0;
    must(dn_session_create(&session, model, &session_options, &error));
    assert_int_equal(seen.lines, 1);
    snprintf(expected, sizeof expected, "session of small: 224x224, batch 1, 1 thread, 1 lane, %zu bytes",
             dn_session_arena_size(session));
    assert_string_equal(seen.log[0], expected);
    dn_session_free(session);
    dn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_making_a_model_tells_how_far_it_is),
        cmocka_unit_test(test_a_model_that_tells_how_far_it_is_computes_the_same),
        cmocka_unit_test(test_making_a_model_can_be_stopped),
        cmocka_unit_test(test_calibration_tells_how_far_it_is),
        cmocka_unit_test(test_calibration_can_be_stopped),
        cmocka_unit_test(test_models_say_what_they_are),
        cmocka_unit_test(test_sessions_say_what_they_are),
        cmocka_unit_test(test_a_log_tells_what_was_chosen),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

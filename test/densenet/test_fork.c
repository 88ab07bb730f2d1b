/* SPDX-License-Identifier: MIT */
/* What a parent made and a child process goes on with after fork(). */
#include "densenet/densenet.h"
#include "test/support/sanitizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 32, COUNT = 5, THREADS = 3, FEATURES = 8 };

static const dn_config tiny = {"tiny", 4, {1, 1, 1, 1}, 8, 4, FEATURES};

typedef struct network {
    dn_weights *weights;
    dn_model *model;
    dn_session *session;
    float inputs[COUNT * SIDE * SIDE * 3];
    float expected[COUNT * FEATURES]; /* of the session, in the parent */
} network;

static network it;

static dn_status open_session(dn_session **out, int threads) {
    dn_session_options options = dn_session_options_default();
    options.batch = COUNT;
    options.height = options.width = SIDE;
    options.threads = threads;
    return dn_session_create(out, it.model, &options, NULL);
}

static dn_status forward(dn_session *session, float *features, int count) {
    return dn_session_forward(session, it.inputs, count, &(dn_outputs){.features = features}, NULL);
}

static int set_up(void **state) {
    (void)state;
    if (dn_weights_random(&it.weights, &tiny, 1, NULL)) return -1;
    for (size_t i = 0; i < sizeof it.inputs / sizeof *it.inputs; i++) it.inputs[i] = (float)(i % 29) / 29.0f;
    if (dn_model_create(&it.model, it.weights, NULL, NULL)) return -1;
    if (open_session(&it.session, THREADS)) return -1;
    return forward(it.session, it.expected, COUNT) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_session_free(it.session);
    dn_model_free(it.model);
    dn_weights_free(it.weights);
    return 0;
}

static bool is_expected(const float *features, int count) {
    return memcmp(features, it.expected, (size_t)count * FEATURES * sizeof *features) == 0;
}

/* Runs `body` in a child, which has a minute for it, and returns its exit status; -1 where it did not get so
 * far. */
static int in_child(int (*body)(void)) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(body());
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return -1;
    if (WIFSIGNALED(status)) printf("the child was ended by signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A batch for all lanes, what is left over of one, and a picture on which all threads would work. */
static int use_the_parents_session(void) {
    float features[COUNT * FEATURES];
    for (int count = COUNT; count > 0; count--) {
        memset(features, 0, sizeof features);
        if (forward(it.session, features, count)) return 1;
        if (!is_expected(features, count)) return 2;
    }
    if (dn_session_threads(it.session) != 1) return 3;
    dn_session_free(it.session);
    dn_model_free(it.model);
    dn_weights_free(it.weights);
    return 0;
}

static int make_a_session(void) {
    dn_session *own;
    float features[COUNT * FEATURES];
    if (open_session(&own, THREADS)) return 1;
    if (dn_session_threads(own) != THREADS) return 2;
    if (forward(own, features, COUNT) || !is_expected(features, COUNT)) return 3;
    dn_session_free(own);
    return 0;
}

static int make_it_all(void) {
    dn_model *old = it.model;
    if (dn_weights_calibrate(it.weights, it.inputs, COUNT, SIDE, SIDE, NULL, NULL)) return 1;
    if (dn_model_create(&it.model, it.weights, NULL, NULL)) return 2;
    float features[COUNT * FEATURES];
    dn_session *own;
    if (open_session(&own, THREADS) || forward(own, features, COUNT)) return 3;
    dn_session_free(own);
    dn_model_free(it.model);
    it.model = old;
    return use_the_parents_session();
}

static int fork_again(void) {
    return in_child(use_the_parents_session);
}

/* ThreadSanitizer takes a child's threads for the parent's, and ends the child. */
static void skip_under_thread_sanitizer(void) {
#if SANITIZER_COUNTS_THREADS
    skip();
#endif
}

static void test_a_child_uses_its_parents_session_on_one_thread(void **state) {
    (void)state;
    assert_int_equal(in_child(use_the_parents_session), 0);
    assert_int_equal(in_child(fork_again), 0);
}

static void test_a_child_makes_sessions_with_workers(void **state) {
    (void)state;
    skip_under_thread_sanitizer();
    assert_int_equal(in_child(make_a_session), 0);
}

static void test_a_child_calibrates_and_makes_models(void **state) {
    (void)state;
    skip_under_thread_sanitizer();
    assert_int_equal(in_child(make_it_all), 0);
}

static void test_the_parent_goes_on_with_its_workers(void **state) {
    (void)state;
    float features[COUNT * FEATURES];
    assert_int_equal(dn_session_threads(it.session), THREADS);
    assert_int_equal(forward(it.session, features, COUNT), DN_OK);
    assert_true(is_expected(features, COUNT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_child_uses_its_parents_session_on_one_thread),
        cmocka_unit_test(test_a_child_makes_sessions_with_workers),
        cmocka_unit_test(test_a_child_calibrates_and_makes_models),
        cmocka_unit_test(test_the_parent_goes_on_with_its_workers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

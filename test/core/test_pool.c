/* SPDX-License-Identifier: MIT */
/* The worker pool. */
#include "core/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ITEMS = 10000 };

static void count_visit(void *context, size_t index) {
    atomic_fetch_add(&((atomic_int *)context)[index], 1);
}

static void assert_pool_visits_once(dni_pool *pool, size_t count) {
    static atomic_int visits[ITEMS];
    for (size_t i = 0; i < ITEMS; i++) atomic_store(&visits[i], 0);
    dni_pool_run(pool, count_visit, visits, count);
    for (size_t i = 0; i < ITEMS; i++) assert_int_equal(atomic_load(&visits[i]), i < count);
}

static void test_a_pool_runs_every_index_once(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 7, ITEMS};
    for (int threads = 1; threads <= 4; threads++) {
        dni_pool *pool;
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        assert_int_equal(dni_pool_threads(pool), threads);
        for (size_t i = 0; i < 5; i++) {
            assert_pool_visits_once(pool, counts[i]);
        }
        dni_pool_free(pool);
    }
    assert_pool_visits_once(NULL, ITEMS);
    assert_int_equal(dni_pool_threads(NULL), 1);
    dni_pool_free(NULL);
}

static void test_a_pool_of_no_size_has_a_thread_a_core(void **state) {
    (void)state;
    dni_pool *pool;
    assert_int_equal(dni_pool_create(&pool, 0, NULL), DN_OK);
    assert_int_equal(dni_pool_threads(pool), dni_pool_cores());
    dni_pool_free(pool);
    dn_error error;
    assert_int_equal(dni_pool_create(&pool, -1, &error), DN_ERR_ARGUMENT);
    assert_null(pool);
    assert_non_null(strstr(error.message, "-1"));
    assert_int_equal(dni_pool_create(&pool, 1025, NULL), DN_ERR_ARGUMENT);
}

typedef struct sums {
    const long *from;
    long *to;
} sums;

static void add_one(void *context, size_t index) {
    const sums *job = context;
    job->to[index] = job->from[(index + 1) % ITEMS] + 1;
}

/* Every loop reads what the one before wrote, mostly on other threads; between some of them the workers fall
 * asleep. */
static void test_a_loop_sees_all_that_the_loop_before_it_wrote(void **state) {
    (void)state;
    static long numbers[2][ITEMS];
    for (int threads = 2; threads <= 5; threads++) {
        dni_pool *pool;
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        memset(numbers, 0, sizeof numbers);
        for (int loop = 0; loop < 300; loop++) {
            if (loop % 100 == 99) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
            dni_pool_run(pool, add_one, &(sums){numbers[loop % 2], numbers[(loop + 1) % 2]}, ITEMS);
        }
        for (int i = 0; i < ITEMS; i++) assert_int_equal(numbers[0][i], 300);
        dni_pool_free(pool);
    }
}

/* Loops of few items, which are for some of the threads alone, between loops for all; asleep and awake. */
static void test_loops_for_some_of_the_threads_visit_every_index_once(void **state) {
    (void)state;
    static const int threads[] = {3, 17, 64};
    static const size_t counts[] = {2, ITEMS, 5, 64, 2, 16, 63, 1, 65};
    for (int t = 0; t < 3; t++) {
        dni_pool *pool;
        assert_int_equal(dni_pool_create(&pool, threads[t], NULL), DN_OK);
        for (size_t loop = 0; loop < 200; loop++) {
            if (loop % 20 == 19) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            assert_pool_visits_once(pool, counts[loop % 9]);
        }
        dni_pool_free(pool);
    }
}

/* In a process that may have one thread: 0 when the pool says so, which is all that it may do. */
static int ask_for_two_threads(void) {
    enum { NOBODY = 65534 };
    alarm(30);                                           /* rather than wait for ever */
    if (geteuid() == 0 && setuid(NOBODY) != 0) return 2; /* the limit is none for root */
    if (setrlimit(RLIMIT_NPROC, &(struct rlimit){1, 1}) != 0) return 3;
    dni_pool *pool;
    dn_error error;
    if (dni_pool_create(&pool, 1, &error) != DN_OK) return 4;
    dni_pool_free(pool);
    if (dni_pool_create(&pool, 2, &error) != DN_ERR_THREADS || pool) return 5;
    printf("%s\n", error.message);
    return strstr(error.message, "worker thread 2 of 2: cannot be started: ") ? 0 : 6;
}

static void test_a_thread_that_the_system_refuses_is_an_error(void **state) {
    (void)state;
    fflush(stdout);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int code = ask_for_two_threads();
        fflush(stdout);
        _exit(code);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_runs_every_index_once),
        cmocka_unit_test(test_a_pool_of_no_size_has_a_thread_a_core),
        cmocka_unit_test(test_a_loop_sees_all_that_the_loop_before_it_wrote),
        cmocka_unit_test(test_loops_for_some_of_the_threads_visit_every_index_once),
        cmocka_unit_test(test_a_thread_that_the_system_refuses_is_an_error),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

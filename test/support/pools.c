/* SPDX-License-Identifier: MIT */
/* Thread pools for a group of tests. */
#include "test/support/pools.h"

#include <stdio.h>
#include <stdlib.h>

dni_pool *pools[MAX_THREADS + 1];

static int most_threads(void) {
    const char *const said = getenv("DN_TEST_THREADS");
    const int most = said ? atoi(said) : 3;
    if (most >= 3 && most <= MAX_THREADS) return most;
    fprintf(stderr, "DN_TEST_THREADS=%s: it is a number from 3 to %d\n", said, MAX_THREADS);
    abort();
}

int more_threads(int threads) {
    const int most = most_threads();
    return threads < 2 ? threads + 1 : threads < most ? most : 0;
}

int create_pools(void **state) {
    (void)state;
    for (int threads = 1; threads; threads = more_threads(threads))
        if (dni_pool_create(&pools[threads], threads, NULL) != DN_OK) return -1;
    return 0;
}

int free_pools(void **state) {
    (void)state;
    for (int threads = 1; threads; threads = more_threads(threads)) dni_pool_free(pools[threads]);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Thread pools for a group of tests. */
#include "test/support/pools.h"

dni_pool *pools[MAX_THREADS + 1];

int create_pools(void **state) {
    (void)state;
    for (int threads = 1; threads <= MAX_THREADS; threads++)
        if (dni_pool_create(&pools[threads], threads, NULL) != DN_OK) return -1;
    return 0;
}

int free_pools(void **state) {
    (void)state;
    for (int threads = 1; threads <= MAX_THREADS; threads++) dni_pool_free(pools[threads]);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Numbers of threads that tests try, and thread pools that all tests of a program share. */
#ifndef TEST_SUPPORT_POOLS_H
#define TEST_SUPPORT_POOLS_H

#include "core/pool.h"

/* The number that is tried after `threads`; 0: none. One, two and three are tried, or one, two and as many
 * as the environment variable DN_TEST_THREADS says, which `make tsan` sets. */
int more_threads(int threads);

enum { MAX_THREADS = 64 };

/* pools[t] has t threads, for all t that are tried. */
extern dni_pool *pools[MAX_THREADS + 1];

/* Setup and teardown of a group of tests. */
int create_pools(void **state);
int free_pools(void **state);

#endif

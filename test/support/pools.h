/* SPDX-License-Identifier: MIT */
/* Thread pools that all tests of a program share. */
#ifndef TEST_SUPPORT_POOLS_H
#define TEST_SUPPORT_POOLS_H

#include "core/pool.h"

enum { MAX_THREADS = 3 };

/* pools[t] has t threads, t = 1 .. MAX_THREADS. */
extern dni_pool *pools[MAX_THREADS + 1];

/* Setup and teardown of a group of tests. */
int create_pools(void **state);
int free_pools(void **state);

#endif

/* The worker pool over pthreadpool; workers are woken by futex and spin only while a forward pass lasts. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "core/pool.h"

#include "core/error.h"

#include <pthreadpool.h>
#include <sched.h>
#include <stdlib.h>

struct dni_pool {
    pthreadpool_t workers; /* NULL when the caller works alone */
    int threads;
};

int dni_pool_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int cores = CPU_COUNT(&set);
    return cores > 0 ? cores : 1;
}

dn_status dni_pool_create(dni_pool **out, int threads, dn_error *error) {
    *out = NULL;
    if (threads < 0 || threads > 1024)
        return dni_fail(error, DN_ERR_ARGUMENT, "threads must be 0 (all cores) to 1024, not %d", threads);
    if (threads == 0) threads = dni_pool_cores();
    dni_pool *pool = malloc(sizeof *pool);
    if (!pool) return dni_no_memory(error, "a worker pool");
    *pool = (dni_pool){.threads = threads};
    if (threads > 1) {
        pool->workers = pthreadpool_create((size_t)threads);
        if (!pool->workers) {
            free(pool);
            return dni_fail(error, DN_ERR_THREADS, "cannot start %d worker threads", threads);
        }
    }
    *out = pool;
    return DN_OK;
}

void dni_pool_free(dni_pool *pool) {
    if (!pool) return;
    if (pool->workers) pthreadpool_destroy(pool->workers);
    free(pool);
}

int dni_pool_threads(const dni_pool *pool) {
    return pool ? pool->threads : 1;
}

void dni_pool_run(dni_pool *pool, dni_task task, void *context, size_t count) {
    if (pool && pool->workers && count > 1)
        pthreadpool_parallelize_1d(pool->workers, task, context, count, 0);
    else
        for (size_t i = 0; i < count; i++) task(context, i);
}

static void nothing(void *context, size_t index) {
    (void)context;
    (void)index;
}

void dni_pool_rest(dni_pool *pool) {
    if (pool && pool->workers)
        pthreadpool_parallelize_1d(pool->workers, nothing, NULL, (size_t)pool->threads,
                                   PTHREADPOOL_FLAG_YIELD_WORKERS);
}

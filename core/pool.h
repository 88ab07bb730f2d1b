/* SPDX-License-Identifier: MIT */
/* The worker pool: one parallel loop, on threads of the pool's own or by an executor of the caller's.
 *
 * Work is split by the caller into `count` items whose results do not depend on who computes them: that, and
 * nothing else, keeps the same bits for any number of threads. */
#ifndef DN_CORE_POOL_H
#define DN_CORE_POOL_H

#include "core/status.h"

typedef struct dni_pool dni_pool;

typedef void (*dni_task)(void *context, size_t index);

/* `threads` threads, the caller's included: 1 to 1024, or 0 for one a core that this process may use.
 * DN_ERR_ARGUMENT for any other number, DN_ERR_THREADS when the system refuses to start one of them. */
dn_status dni_pool_create(dni_pool **out, int threads, dn_error *error);
/* The same, or, where `executor` is not NULL, a pool without threads whose loops it runs; then `threads` must
 * be 0. The executor is copied. */
dn_status dni_pool_open(dni_pool **out, int threads, const dn_executor *executor, dn_error *error);
/* The threads that such a pool will have; DN_ERR_ARGUMENT where it could not be opened for its arguments. */
dn_status dni_pool_count(int *out, int threads, const dn_executor *executor, dn_error *error);
/* Ends the threads. NULL is fine. In a child process that was forked since the threads are not there, and
 * memory alone is given back. */
void dni_pool_free(dni_pool *pool);

/* What is left of a pool: itself, or NULL, the caller alone, in a child process that was forked since it was
 * made, as the threads stayed behind. A loop on the pool itself could wait for them for ever. One of an
 * executor's is itself: the threads are the executor's affair. */
dni_pool *dni_pool_after_fork(dni_pool *pool);

/* Threads that work on a loop, the caller's included; 1 for NULL. */
int dni_pool_threads(const dni_pool *pool);

/* Runs task(context, i) once for every i in [0, count) and returns when all are done. NULL pool: on the
 * caller alone. One loop at a time: neither two threads nor a task may start a loop on a pool that is running
 * one. At most `count` threads are woken and take part. */
void dni_pool_run(dni_pool *pool, dni_task task, void *context, size_t count);

/* The cores this process may run on. */
int dni_pool_cores(void);

#endif

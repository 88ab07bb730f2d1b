/* The worker pool: one parallel loop, over pthreadpool.
 *
 * Work is split by the caller into `count` items whose results do not depend on who computes them: that, and
 * nothing else, keeps the same bits for any number of threads. Workers spin briefly between loops and sleep
 * once dni_pool_rest() was called or nothing came for some milliseconds. */
#ifndef DN_CORE_POOL_H
#define DN_CORE_POOL_H

#include "core/status.h"

typedef struct dni_pool dni_pool;

typedef void (*dni_task)(void *context, size_t index);

/* threads >= 1, or 0 for one a core that this process may use. */
dn_status dni_pool_create(dni_pool **out, int threads, dn_error *error);
void dni_pool_free(dni_pool *pool);

/* Threads that work on a loop, the caller's included; 1 for NULL. */
int dni_pool_threads(const dni_pool *pool);

/* Runs task(context, i) for every i in [0, count) and returns when all are done. NULL pool: on the caller. */
void dni_pool_run(dni_pool *pool, dni_task task, void *context, size_t count);

/* Sends the workers to sleep until the next loop. */
void dni_pool_rest(dni_pool *pool);

/* The cores this process may run on. */
int dni_pool_cores(void);

#endif

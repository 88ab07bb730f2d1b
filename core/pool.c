/* SPDX-License-Identifier: MIT */
/* The worker pool.
 *
 * Every thread has a range of the loop's items, one part of 0 .. count - 1, and takes them from its front; a
 * thread whose range is empty takes items of the others from the back. So neighbouring items, loop after
 * loop, are computed by the same core, whose cache holds what they share, and yet nobody waits for a slow
 * thread's range.
 *
 * A worker takes part in a loop only from when it enters it until it finds no more items. The caller closes
 * the loop when no items are left and waits for those inside: for a worker that has not even woken up nobody
 * waits. This is what keeps a loop quick while other programs have taken the workers' cores.
 *
 * A loop of fewer items than threads is for as many threads as it has items. The others neither enter it nor
 * are woken: on many cores each of them would cost the caller a wake-up, and all a look at every range.
 *
 * Whoever waits (workers for a loop, the caller for workers inside it) spins for SPIN_SECONDS and then sleeps
 * on a condition variable of its own. The loops of a forward pass follow each other more quickly than that,
 * so on a quiet machine nobody sleeps between them; on a loaded one, where the thread that is waited for may
 * not run for milliseconds, little time is burnt. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "core/pool.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

static const double SPIN_SECONDS = 50e-6;

/* The items of one thread that nobody has taken yet: `left` of them, from `first` on and up to `end`. */
typedef struct range {
    _Alignas(DNI_ALIGNMENT) atomic_size_t left; /* counted down before an item is taken */
    size_t first;                               /* only its own thread takes here */
    atomic_size_t end;                          /* all others take here */
} range;

/* Of one thread; the caller's is the first and is woken otherwise. */
typedef struct bed {
    pthread_cond_t opened;
    bool is_taken; /* the worker sleeps; with the pool's lock */
} bed;

/* `inside` of a pool: the number of workers in the loop, and whether more may enter. */
#define OPEN 0x80000000u

struct dni_pool {
    pid_t process;        /* that made it and has the workers */
    dn_executor executor; /* its run is NULL: the pool has workers of its own, and all that follows */
    int threads;          /* workers and the caller */
    pthread_t *workers;   /* (threads - 1) */
    int started;          /* of them */
    range *ranges;        /* (threads); the caller's is the first */
    bed *beds;            /* (threads) */

    dni_task task; /* of the loop that is open */
    void *context;
    atomic_int parts; /* threads that it is for, and ranges that it has */

    /* Each on a cache line of its own: workers that enter and leave would take the line away from those that
     * look for the next loop. */
    _Alignas(DNI_ALIGNMENT) atomic_uint inside;
    _Alignas(DNI_ALIGNMENT) atomic_uint loops; /* opened so far, and one more when the workers are to end */
    _Alignas(DNI_ALIGNMENT) atomic_bool ended;
    atomic_int sleepers; /* workers that sleep or are about to */
    atomic_bool caller_sleeps;
    pthread_mutex_t lock; /* held to go to sleep and to wake sleepers */
    pthread_cond_t left;
};

int dni_pool_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int cores = CPU_COUNT(&set);
    return cores > 0 ? cores : 1;
}

/* ---- waiting ---- */

static void pause_core(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits a moment for `value` to differ from `old`; whether it does. */
static bool spin(atomic_uint *value, unsigned old) {
    for (double start = 0;;) {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(value, memory_order_acquire) != old) return true;
            pause_core();
        }
        const double now = dni_clock_seconds();
        if (start <= 0) start = now;
        if (now - start > SPIN_SECONDS) return false;
    }
}

/* Waits until more than `seen` loops were opened; how many. A sleeper is not woken for loops that are for
 * others. */
static unsigned wait_for_loop(dni_pool *pool, unsigned seen, int self) {
    if (!spin(&pool->loops, seen)) {
        bed *const own = &pool->beds[self];
        pthread_mutex_lock(&pool->lock);
        atomic_fetch_add(&pool->sleepers, 1);
        own->is_taken = true;
        while (atomic_load(&pool->loops) == seen) pthread_cond_wait(&own->opened, &pool->lock);
        own->is_taken = false;
        atomic_fetch_sub(&pool->sleepers, 1);
        pthread_mutex_unlock(&pool->lock);
    }
    return atomic_load(&pool->loops);
}

/* Tells the workers that there is one loop more. A worker that is about to sleep counts itself as a sleeper
 * before it looks for the last time, and here it is looked for sleepers after the loop was counted: so either
 * it sees the loop, or it is seen and, with the lock, woken if the loop is for it. */
static void announce(dni_pool *pool) {
    atomic_fetch_add(&pool->loops, 1);
    if (!atomic_load(&pool->sleepers)) return;
    const int parts = atomic_load(&pool->parts);
    pthread_mutex_lock(&pool->lock);
    for (int i = 1; i < parts; i++)
        if (pool->beds[i].is_taken) pthread_cond_signal(&pool->beds[i].opened);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- a loop ---- */

static bool enter(dni_pool *pool) {
    unsigned inside = atomic_load(&pool->inside);
    while (inside & OPEN)
        if (atomic_compare_exchange_weak(&pool->inside, &inside, inside + 1)) return true;
    return false;
}

/* The last one out of a closed loop wakes the caller if it sleeps; the same reasoning as in announce(). */
static void leave(dni_pool *pool) {
    if (atomic_fetch_sub(&pool->inside, 1) != 1 || !atomic_load(&pool->caller_sleeps)) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->left);
    pthread_mutex_unlock(&pool->lock);
}

/* Lets nobody in any more, and waits until all are out. */
static void close_loop(dni_pool *pool) {
    unsigned inside = atomic_fetch_and(&pool->inside, ~OPEN) & ~OPEN;
    while (inside && spin(&pool->inside, inside)) inside = atomic_load(&pool->inside);
    if (!inside) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->inside)) pthread_cond_wait(&pool->left, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

static bool take(range *items) {
    size_t left = atomic_load_explicit(&items->left, memory_order_relaxed);
    while (left)
        if (atomic_compare_exchange_weak(&items->left, &left, left - 1)) return true;
    return false;
}

static void work(dni_pool *pool, int self) {
    const dni_task task = pool->task;
    void *const context = pool->context;
    const int parts = atomic_load(&pool->parts);
    if (self < parts)
        for (range *own = &pool->ranges[self]; take(own);) task(context, own->first++);
    for (int i = 1; i <= parts; i++)
        for (range *other = &pool->ranges[(self + i) % parts]; take(other);)
            task(context, atomic_fetch_sub(&other->end, 1) - 1);
}

/* Shares the items out, as evenly as may be. */
static void open_loop(dni_pool *pool, dni_task task, void *context, size_t count) {
    const size_t threads = (size_t)pool->threads, parts = count < threads ? count : threads;
    const size_t each = count / parts, more = count % parts;
    size_t first = 0;
    for (size_t i = 0; i < parts; i++) {
        const size_t share = each + (i < more);
        pool->ranges[i].first = first;
        first += share;
        atomic_store_explicit(&pool->ranges[i].left, share, memory_order_relaxed);
        atomic_store_explicit(&pool->ranges[i].end, first, memory_order_relaxed);
    }
    pool->task = task;
    pool->context = context;
    atomic_store(&pool->parts, (int)parts);
    atomic_store(&pool->inside, OPEN);
    announce(pool);
}

void dni_pool_run(dni_pool *pool, dni_task task, void *context, size_t count) {
    if (!pool || pool->threads == 1 || count <= 1) {
        for (size_t i = 0; i < count; i++) task(context, i);
        return;
    }
    if (pool->executor.run) {
        pool->executor.run(pool->executor.context, task, context, count);
        return;
    }
    open_loop(pool, task, context, count);
    work(pool, 0);
    close_loop(pool);
}

/* ---- beginning and end ---- */

typedef struct worker {
    dni_pool *pool;
    int self;
} worker;

static void *serve(void *context) {
    const worker me = *(worker *)context;
    free(context);
    for (unsigned seen = 0;;) {
        seen = wait_for_loop(me.pool, seen, me.self);
        if (atomic_load(&me.pool->ended)) return NULL;
        if (me.self >= atomic_load(&me.pool->parts) || !enter(me.pool)) continue;
        work(me.pool, me.self);
        leave(me.pool);
    }
}

static dn_status start_workers(dni_pool *pool, dn_error *error) {
    for (int i = 0; i < pool->threads - 1; i++) {
        worker *const me = malloc(sizeof *me);
        if (!me) return dni_no_memory(error, "a worker pool");
        *me = (worker){.pool = pool, .self = i + 1};
        const int refused = pthread_create(&pool->workers[i], NULL, serve, me);
        if (refused) {
            free(me);
            return dni_no_thread(error, refused, "worker thread %d of %d", i + 2, pool->threads);
        }
        pool->started++;
    }
    return DN_OK;
}

dn_status dni_pool_count(int *out, int threads, const dn_executor *executor, dn_error *error) {
    *out = 0;
    if (executor && threads)
        return dni_fail(error, DN_ERR_ARGUMENT, "threads must be 0 beside an executor, not %d", threads);
    if (executor && !executor->run) return dni_fail(error, DN_ERR_ARGUMENT, "executor: run is NULL");
    if (executor && (executor->threads < 1 || executor->threads > MAX_THREADS))
        return dni_fail(error, DN_ERR_ARGUMENT, "executor: threads must be 1 to %d, not %d", MAX_THREADS,
                        executor->threads);
    if (threads < 0 || threads > MAX_THREADS)
        return dni_fail(error, DN_ERR_ARGUMENT, "threads must be 0 (all cores) to %d, not %d", MAX_THREADS,
                        threads);
    *out = executor ? executor->threads : threads ? threads : dni_pool_cores();
    if (*out > MAX_THREADS) *out = MAX_THREADS;
    return DN_OK;
}

/* Makes what workers need, and starts them. */
static dn_status hire(dni_pool *pool, dn_error *error) {
    pool->workers = calloc((size_t)pool->threads, sizeof *pool->workers);
    pool->ranges = dni_allocate(NULL, (size_t)pool->threads * sizeof *pool->ranges);
    pool->beds = calloc((size_t)pool->threads, sizeof *pool->beds);
    for (int i = 0; pool->beds && i < pool->threads; i++) pthread_cond_init(&pool->beds[i].opened, NULL);
    if (!pool->workers || !pool->ranges || !pool->beds) return dni_no_memory(error, "a worker pool");
    return start_workers(pool, error);
}

dn_status dni_pool_open(dni_pool **out, int threads, const dn_executor *executor, dn_error *error) {
    *out = NULL;
    dn_status status = dni_pool_count(&threads, threads, executor, error);
    if (status) return status;
    dni_pool *pool = dni_allocate(NULL, sizeof *pool);
    if (!pool) return dni_no_memory(error, "a worker pool");
    *pool = (dni_pool){.process = getpid(), .threads = threads};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->left, NULL);
    if (executor)
        pool->executor = *executor;
    else
        status = hire(pool, error);
    if (status)
        dni_pool_free(pool);
    else
        *out = pool;
    return status;
}

dn_status dni_pool_create(dni_pool **out, int threads, dn_error *error) {
    return dni_pool_open(out, threads, NULL, error);
}

/* Lock and conditions are in a child as the workers held them: to destroy them could mean to wait. */
static void end_workers(dni_pool *pool) {
    atomic_store(&pool->ended, true);
    atomic_store(&pool->parts, pool->threads);
    announce(pool);
    for (int i = 0; i < pool->started; i++) pthread_join(pool->workers[i], NULL);
    for (int i = 0; pool->beds && i < pool->threads; i++) pthread_cond_destroy(&pool->beds[i].opened);
    pthread_cond_destroy(&pool->left);
    pthread_mutex_destroy(&pool->lock);
}

dni_pool *dni_pool_after_fork(dni_pool *pool) {
    return pool && (pool->executor.run || pool->process == getpid()) ? pool : NULL;
}

void dni_pool_free(dni_pool *pool) {
    if (!pool) return;
    if (pool->process == getpid()) end_workers(pool);
    dni_release(NULL, pool->ranges, (size_t)pool->threads * sizeof *pool->ranges);
    free(pool->workers);
    free(pool->beds);
    dni_release(NULL, pool, sizeof *pool);
}

int dni_pool_threads(const dni_pool *pool) {
    return pool ? pool->threads : 1;
}

/* SPDX-License-Identifier: MIT */
/* What the machine could do at best: arithmetic in registers, and moving memory. */
#include "bench/bench.h"
#include "bench/peak.h"
#include "bench/report.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- peak ---- */

static bench_peak_loop *loop_of(dni_isa isa) {
#if defined(__aarch64__)
    if (isa == DNI_ISA_NEON) return bench_peak_neon;
#elif defined(__x86_64__)
    if (isa == DNI_ISA_AVX512) return bench_peak_avx512;
    if (isa == DNI_ISA_AVX2) return bench_peak_avx2;
#endif
    (void)isa;
    return bench_peak_portable;
}

typedef struct peak_task {
    bench_peak_loop *loop;
    long rounds;
    volatile float sink;
} peak_task;

static void peak_run(void *context, size_t index) {
    (void)index;
    peak_task *task = context;
    double flop;
    task->sink = task->loop(task->rounds, &flop);
}

double bench_peak(dni_isa isa, int threads) {
    dni_pool *pool = NULL;
    if (dni_pool_create(&pool, threads, NULL) != DN_OK) return 0;
    double flop = 0, best = HUGE_VAL;
    peak_task task = {.loop = loop_of(isa), .rounds = 10000};
    task.sink = task.loop(1, &flop);
    for (int run = 0; run < 200; run++) { /* a millisecond or two each: some run is left in peace */
        const double start = dni_clock_seconds();
        dni_pool_run(pool, peak_run, &task, (size_t)threads);
        best = fmin(best, dni_clock_seconds() - start);
    }
    dni_pool_free(pool);
    return flop * (double)task.rounds * threads / best;
}

/* ---- bandwidth ---- */

enum { BLOCK = 4 << 20 }; /* bytes of one task */

typedef struct traffic {
    char *from, *to; /* far larger than any cache */
    size_t size;
    volatile uint64_t sink;
} traffic;

static void read_block(void *context, size_t index) {
    traffic *t = context;
    typedef uint64_t vec __attribute__((vector_size(64)));
    const vec *block = (const vec *)(const void *)(t->from + index * BLOCK);
    vec sum = {0};
    for (size_t i = 0; i < BLOCK / sizeof(vec); i++) sum += block[i];
    t->sink = sum[0] + sum[7];
}

static void copy_block(void *context, size_t index) {
    traffic *t = context;
    memcpy(t->to + index * BLOCK, t->from + index * BLOCK, BLOCK);
}

/* Bytes a second of the fastest of a few sweeps; `moved` bytes count for each byte of the buffer. */
static double bandwidth(traffic *t, dni_task task, double moved, dni_pool *pool, int sweeps) {
    double best = HUGE_VAL;
    for (int run = 0; run < sweeps; run++) {
        const double start = dni_clock_seconds();
        dni_pool_run(pool, task, t, t->size / BLOCK);
        best = fmin(best, dni_clock_seconds() - start);
    }
    return moved * (double)t->size / best;
}

static dn_status memory_bandwidth(bench_context *context, dn_error *error) {
    traffic t = {.size = (size_t)256 << 20};
    t.from = dni_allocate(NULL, t.size);
    t.to = dni_allocate(NULL, t.size);
    dn_status status = DN_OK;
    if (!t.from || !t.to) status = dni_fail(error, DN_ERR_MEMORY, "out of memory for the bandwidth test");
    if (status == DN_OK) {
        memset(t.from, 1, t.size);
        memset(t.to, 2, t.size);
    }
    for (int threads = 1; status == DN_OK && threads <= context->threads; threads++) {
        dni_pool *pool;
        if ((status = dni_pool_create(&pool, threads, error)) != DN_OK) break;
        const int sweeps = context->quick ? 3 : 10;
        const double read = bandwidth(&t, read_block, 1, pool, sweeps);
        const double copy = bandwidth(&t, copy_block, 2, pool, sweeps);
        dni_pool_free(pool);
        printf("  %d thread%s  read %6.1f GB/s, copy %6.1f GB/s (read and written)\n", threads,
               threads > 1 ? "s" : " ", 1e-9 * read, 1e-9 * copy);
        bench_report_add(context->report, "bandwidth",
                         json_pack("{s:i, s:f, s:f}", "threads", threads, "read", read, "copy", copy));
    }
    dni_release(NULL, t.from, t.size);
    dni_release(NULL, t.to, t.size);
    return status;
}

dn_status bench_machine(bench_context *context, dn_error *error) {
    puts("\nMachine: float32 peak in registers");
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++)
        for (int threads = 1; dni_cpu_has(isa) && threads <= context->threads; threads++) {
            const double peak = bench_peak(isa, threads);
            printf("  %-9s %d thread%s  %7.1f GFLOP/s\n", dni_isa_name(isa), threads, threads > 1 ? "s" : " ",
                   1e-9 * peak);
            bench_report_add(
                context->report, "peak",
                json_pack("{s:s, s:i, s:f}", "tier", dni_isa_name(isa), "threads", threads, "flops", peak));
        }
    puts("Machine: memory bandwidth, buffers of 256 MiB");
    return memory_bandwidth(context, error);
}

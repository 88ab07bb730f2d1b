/* SPDX-License-Identifier: MIT */
/* How a pass at batch 1 divides among many threads, more than this machine has.
 *
 * An executor runs the items of every loop one after the other, on one core, and measures the processor time
 * of each. On as many cores as threads a loop would take as long as its longest item, or as its items
 * together divided by the threads, whichever is more; the pass as long as all its loops and what lies between
 * them. That is a bound from below: it knows nothing of the time in which threads find each other, and each
 * item has the core's cache and the memory's bandwidth for itself. */
#include "bench/bench.h"
#include "bench/report.h"
#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 64, MOST_LOOPS = 4096, REPETITIONS = 9 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The seconds of each item in the repetition in which it took least. Loops come in the same order in each. */
typedef struct trace {
    int threads;
    double *items; /* one behind the other */
    size_t capacity, used;
    size_t counts[MOST_LOOPS];
    size_t loops;
    double inside;  /* seconds of the present pass in items */
    double between; /* least seconds of a pass outside items, without those of looking at the clock */
    double clock;   /* seconds that looking at it takes */
} trace;

static void run_one_by_one(void *context, void (*task)(void *task_context, size_t index), void *task_context,
                           size_t count) {
    trace *t = context;
    for (size_t i = 0; i < count; i++) {
        const double start = seconds();
        task(task_context, i);
        const double taken = seconds() - start - t->clock;
        if (t->used < t->capacity) t->items[t->used] = fmin(t->items[t->used], taken);
        t->inside += taken + 2 * t->clock;
        t->used++;
    }
    if (t->loops < MOST_LOOPS) t->counts[t->loops] = count;
    t->loops++;
}

static double clock_cost(void) {
    double least = HUGE_VAL;
    for (int i = 0; i < 1000; i++) {
        const double start = seconds();
        least = fmin(least, seconds() - start);
    }
    return least;
}

static dn_status run_passes(trace *t, dn_session *session, const float *input, float *features,
                            int repetitions, dn_error *error) {
    const dn_outputs outputs = {.features = features};
    dn_status status = DN_OK;
    for (int r = 0; !status && r < repetitions; r++) {
        t->used = t->loops = 0;
        t->inside = 0;
        const double start = seconds();
        status = dn_session_forward(session, input, 1, &outputs, error);
        const double rest = seconds() - start - t->inside;
        if (t->used > t->capacity || t->loops > MOST_LOOPS)
            return dni_fail(error, DN_ERR_UNSUPPORTED, "a pass has more than %d loops", MOST_LOOPS);
        t->between = fmin(t->between, fmax(rest, 0));
    }
    return status;
}

/* The pass on as many cores as threads, and all items together. */
static double path_of(const trace *t, double *work) {
    double path = t->between;
    const double *item = t->items;
    *work = 0;
    for (size_t loop = 0; loop < t->loops; loop++) {
        double longest = 0, sum = 0;
        for (size_t i = 0; i < t->counts[loop]; i++, item++) {
            longest = fmax(longest, *item);
            sum += *item;
        }
        path += fmax(longest, sum / t->threads);
        *work += sum;
    }
    return path;
}

static void report_threads(bench_context *context, const char *network, const trace *t) {
    double work;
    const double path = path_of(t, &work);
    printf(
        "    %2d threads  %8.2f ms at best   (%4zu loops, %6.1f items each; all items %7.2f ms, between loops "
        "%5.2f ms)\n",
        t->threads, 1e3 * path, t->loops, (double)t->used / (double)t->loops, 1e3 * work, 1e3 * t->between);
    bench_report_add(context->report, "scaling",
                     json_pack("{s:s, s:i, s:f, s:f, s:f, s:i, s:i}", "network", network, "threads",
                               t->threads, "seconds_at_best", path, "seconds_of_items", work,
                               "seconds_between", t->between, "loops", (int)t->loops, "items", (int)t->used));
}

static dn_status measure(bench_context *context, const dn_model *model, int threads, const float *input,
                         float *features, dn_error *error) {
    trace *t = calloc(1, sizeof *t);
    if (!t) return dni_no_memory(error, "the bench");
    *t = (trace){.threads = threads,
                 .capacity = (size_t)MOST_LOOPS * MOST_THREADS,
                 .between = HUGE_VAL,
                 .clock = clock_cost()};
    t->items = malloc(t->capacity * sizeof *t->items);
    dn_status status = t->items ? DN_OK : dni_no_memory(error, "the bench");
    for (size_t i = 0; t->items && i < t->capacity; i++) t->items[i] = HUGE_VAL;
    const dn_executor executor = {.threads = threads, .run = run_one_by_one, .context = t};
    dn_session_options options = dn_session_options_default();
    options.executor = &executor;
    dn_session *session = NULL;
    if (!status) status = dn_session_create(&session, model, &options, error);
    if (!status) status = run_passes(t, session, input, features, context->quick ? 2 : REPETITIONS, error);
    if (!status) report_threads(context, dn_model_config(model)->name, t);
    dn_session_free(session);
    free(t->items);
    free(t);
    return status;
}

dn_status bench_scaling(bench_context *context, dn_error *error) {
    const dn_config *config = dn_config_find(context->network ? context->network : "densenet161");
    printf("\nScaling: %s at batch 1, on as many cores as threads, by the time of each item on one core\n",
           config->name);
    dn_weights *weights = NULL;
    dn_model *model = NULL;
    float *input = NULL, *features = malloc((size_t)config->features * sizeof *features);
    dn_status status = features ? DN_OK : dni_no_memory(error, "features");
    if (!status) status = bench_seeded_inputs(&input, 1, error);
    if (!status) status = bench_seeded_weights(&weights, config, 1, context->threads, error);
    const dn_model_options options = {
        .struct_size = sizeof options, .precision = context->precision, .memory = context->memory};
    if (!status) status = dn_model_create(&model, weights, &options, error);
    for (int threads = 2; !status && threads <= MOST_THREADS; threads *= 2)
        status = measure(context, model, threads, input, features, error);
    dn_model_free(model);
    dn_weights_free(weights);
    free(features);
    free(input);
    return status;
}

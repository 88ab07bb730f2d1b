/* SPDX-License-Identifier: MIT */
/* The parts of a network, timed within whole passes of a session as users have it: weights and maps come from
 * where they lie then, not from a cache that a part run again and again would leave them in.
 *
 * A prepared convolution names its kernel by a pointer. Here that leads to a copy whose run() reads the clock
 * before and after the kernel's own, twice in some hundred microseconds; the library's code is what it is.
 * Where threads take images of their own, several of them are inside a part at a time, and not always in
 * the same one: what is added up is the time of threads, and a part's time is that divided by how many there
 * are. What is left of the pass is norm5 with the pooling, and the threads' waiting for the last one of them.
 * The classifier is run right after the pass on its features, so that its weights are as far away as they are
 * within it. */
#include "bench/network_parts.h"

#include "bench/report.h"
#include "bench/shapes.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/pool.h"
#include "densenet/model.h"
#include "layers/linear.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- kernels with a clock ---- */

typedef struct timed_kernel {
    dni_conv2d_kernel kernel; /* first, so that a pointer to it leads here */
    const dni_conv2d_kernel *own;
    atomic_llong nanoseconds; /* of all threads, in this pass */
} timed_kernel;

static void timed_run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                      void *scratch, dni_pool *pool) {
    const uintptr_t prepared = (uintptr_t)conv - offsetof(dni_prepared_conv, conv);
    timed_kernel *timed = (timed_kernel *)(uintptr_t)((const dni_prepared_conv *)prepared)->kernel;
    const double start = dni_clock_seconds();
    timed->own->run(conv, packed, x, y, scratch, pool);
    const double seconds = (dni_clock_seconds() - start) * dni_pool_threads(pool);
    atomic_fetch_add(&timed->nanoseconds, (long long)(1e9 * seconds));
}

static void put_clocks(dn_model *model, timed_kernel *timed) {
    for (int i = 0; i < model->conv_count; i++) {
        timed[i].kernel = *model->convs[i].kernel;
        timed[i].own = model->convs[i].kernel;
        timed[i].kernel.run = timed_run;
        model->convs[i].kernel = &timed[i].kernel;
    }
}

static void take_clocks_away(dn_model *model, const timed_kernel *timed) {
    for (int i = 0; i < model->conv_count; i++) model->convs[i].kernel = timed[i].own;
}

/* ---- groups of convolutions, a line each ---- */

enum {
    STEM,
    BLOCKS, /* conv1, conv2 and transition of each block; the last one has no transition */
    POOLING = BLOCKS + 3 * DNI_BLOCKS - 1,
    CLASSIFIER,
    WHOLE,
    GROUPS
};

static int group_of(const dni_part *part) {
    if (part->role == DNI_STEM) return STEM;
    const int within = part->role == DNI_CONV1 ? 0 : part->role == DNI_CONV2 ? 1 : 2;
    return BLOCKS + 3 * part->block + within;
}

static void group_name(char *name, size_t size, int group) {
    static const char *const of_block[] = {"1x1", "3x3", "transition"};
    if (group == STEM)
        snprintf(name, size, "stem");
    else if (group == POOLING)
        snprintf(name, size, "norm5, pooling");
    else if (group == CLASSIFIER)
        snprintf(name, size, "classifier");
    else if (group == WHOLE)
        snprintf(name, size, "all");
    else
        snprintf(name, size, "block %d %s", (group - BLOCKS) / 3 + 1, of_block[(group - BLOCKS) % 3]);
}

/* FLOP of each group for one image; 0 for norm5 with the pooling. */
static void count_flop(double flop[GROUPS], const dn_model *model) {
    memset(flop, 0, GROUPS * sizeof *flop);
    for (int i = 0; i < model->conv_count; i++)
        flop[group_of(&model->convs[i].part)] += bench_convolution_flop(&model->config, i);
    if (model->classifier_weight) flop[CLASSIFIER] = 2.0 * model->config.features * DN_LOGITS;
    for (int g = 0; g < WHOLE; g++) flop[WHOLE] += flop[g];
}

/* ---- passes ---- */

typedef struct measurement {
    const bench_passes *passes;
    dn_session *session;
    dni_pool *pool; /* the classifier's */
    timed_kernel *timed;
    float *logits;
    double samples[GROUPS][BENCH_MAX_RUNS + 1]; /* of whole batches; the first is to warm up */
    int count;
    dn_status status;
    dn_error *error;
} measurement;

static double run_classifier(const measurement *m) {
    const dn_model *model = m->passes->model;
    if (!model->classifier_weight) return 0;
    const size_t features = (size_t)model->config.features;
    const double start = dni_clock_seconds();
    dni_linear(m->passes->features, features, m->passes->batch, model->classifier_weight,
               model->classifier_bias, model->config.features, DN_LOGITS, m->logits, DN_LOGITS, m->pool);
    return dni_clock_seconds() - start;
}

static void run_pass(void *context) {
    measurement *m = context;
    const bench_passes *passes = m->passes;
    if (m->status) return;
    for (int i = 0; i < passes->model->conv_count; i++) atomic_store(&m->timed[i].nanoseconds, 0);
    const dn_outputs outputs = {.features = passes->features};
    const double start = dni_clock_seconds();
    m->status = dn_session_forward(m->session, passes->inputs, passes->batch, &outputs, m->error);
    double left = dni_clock_seconds() - start;
    const int now = m->count++;
    m->samples[WHOLE][now] = left;
    for (int g = 0; g < POOLING; g++) m->samples[g][now] = 0;
    for (int i = 0; i < passes->model->conv_count; i++) {
        const double seconds = 1e-9 * (double)atomic_load(&m->timed[i].nanoseconds) / passes->threads;
        m->samples[group_of(&passes->model->convs[i].part)][now] += seconds;
        left -= seconds;
    }
    m->samples[POOLING][now] = left;
    m->samples[CLASSIFIER][now] = run_classifier(m);
    m->samples[WHOLE][now] += m->samples[CLASSIFIER][now];
}

/* ---- lines ---- */

static void report_group(bench_context *context, const measurement *m, int group, double flop,
                         const bench_stats *stats, double whole) {
    const bench_passes *passes = m->passes;
    char name[32];
    group_name(name, sizeof name, group);
    const double seconds = stats->median / passes->batch, rate = flop / seconds;
    printf("      %-18s %8.3f ms an image  (%.3f - %.3f)  %5.1f %% of all", name, 1e3 * seconds,
           1e3 * stats->q1 / passes->batch, 1e3 * stats->q3 / passes->batch, 100 * stats->median / whole);
    if (flop > 0)
        printf("  %7.3f GFLOP  %6.1f GFLOP/s  %4.0f %% of peak", 1e-9 * flop, 1e-9 * rate,
               100 * rate / passes->peak);
    putchar('\n');
    json_t *row =
        json_pack("{s:s, s:i, s:i, s:s, s:o, s:f, s:f}", "network", passes->model->config.name, "batch",
                  passes->batch, "threads", passes->threads, "of", name, "seconds", bench_stats_json(stats),
                  "flop_an_image", flop, "share_of_pass", stats->median / whole);
    if (flop > 0) {
        json_object_set_new(row, "flops", json_real(rate));
        json_object_set_new(row, "share_of_peak", json_real(rate / passes->peak));
    }
    bench_report_add(context->report, "network_parts", row);
}

static void report(bench_context *context, measurement *m, int runs) {
    double flop[GROUPS];
    count_flop(flop, m->passes->model);
    bench_stats stats[GROUPS];
    for (int g = 0; g < GROUPS; g++) stats[g] = bench_stats_of(m->samples[g] + m->count - runs, runs);
    for (int g = 0; g < GROUPS; g++)
        if (g != CLASSIFIER || m->passes->model->classifier_weight)
            report_group(context, m, g, flop[g], &stats[g], stats[WHOLE].median);
}

static dn_status measure(bench_context *context, measurement *m, dn_error *error) {
    const bench_passes *passes = m->passes;
    dn_session_options options = dn_session_options_default();
    options.batch = passes->batch;
    options.threads = passes->threads;
    dn_status status = dn_session_create(&m->session, passes->model, &options, error);
    if (!status) status = dni_pool_create(&m->pool, passes->threads, error);
    if (status) return status;
    bench_effort effort = bench_effort_of(context);
    effort.seconds *= 5;
    const bench_stats all = bench_measure(&effort, run_pass, m);
    if (!m->status) report(context, m, all.count);
    return m->status;
}

dn_status bench_network_parts(bench_context *context, const bench_passes *passes, dn_error *error) {
    measurement *m = calloc(1, sizeof *m);
    timed_kernel *timed = calloc((size_t)passes->model->conv_count, sizeof *timed);
    float *logits = malloc((size_t)passes->batch * DN_LOGITS * sizeof *logits);
    dn_status status = DN_OK;
    if (m && timed && logits) {
        *m = (measurement){.passes = passes, .timed = timed, .logits = logits, .error = error};
        put_clocks(passes->model, timed);
        status = measure(context, m, error);
        take_clocks_away(passes->model, timed);
        dn_session_free(m->session);
        dni_pool_free(m->pool);
    } else {
        status = dni_fail(error, DN_ERR_MEMORY, "out of memory for the times of %d convolutions",
                          passes->model->conv_count);
    }
    free(logits);
    free(timed);
    free(m);
    return status;
}

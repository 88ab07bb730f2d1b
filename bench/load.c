/* SPDX-License-Identifier: MIT */
/* A picture at a time on a quiet machine and on one that other programs keep busy.
 *
 * At batch 1 all threads work on each layer together, so they meet some 480 times a pass. Where a thread's
 * core is taken by another program, the others must not burn their own time until it comes back. Quiet and
 * busy runs take turns, so that a drift of the machine meets both alike. */
#define _GNU_SOURCE /* sys/prctl.h */
#include "bench/bench.h"
#include "bench/report.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_LOOPS = 64, PASSES = 3, REPETITIONS = 15 };

/* ---- other programs: a busy loop for every core ---- */

typedef struct busy_loops {
    pid_t processes[MAX_LOOPS];
    int count;
} busy_loops;

static _Noreturn void loop_for_ever(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it never outlives the bench */
    if (getppid() != parent) _exit(0);
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

static void signal_all(const busy_loops *loops, int number) {
    for (int i = 0; i < loops->count; i++) kill(loops->processes[i], number);
}

static void end_loops(busy_loops *loops) {
    signal_all(loops, SIGKILL);
    for (int i = 0; i < loops->count; i++) waitpid(loops->processes[i], NULL, 0);
    loops->count = 0;
}

static dn_status start_loops(busy_loops *loops, dn_error *error) {
    const pid_t self = getpid();
    for (int i = 0; i < dni_pool_cores() && i < MAX_LOOPS; i++) {
        const pid_t child = fork();
        if (child < 0) return dni_fail_errno(error, errno, "a busy loop cannot be started");
        if (child == 0) loop_for_ever(self);
        loops->processes[loops->count++] = child;
        kill(child, SIGSTOP);
    }
    return DN_OK;
}

/* ---- measuring ---- */

typedef struct setting {
    dn_session *session;
    double wall[2][REPETITIONS], cpu[2][REPETITIONS]; /* quiet, busy: seconds an image */
} setting;

/* Seconds that this process computed. */
static double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static dn_status measure(setting *s, int busy, int repetition, const float *input, float *features,
                         dn_error *error) {
    const dn_outputs outputs = {.features = features};
    dn_status status = dn_session_forward(s->session, input, 1, &outputs, error);
    const double wall = dni_clock_seconds(), cpu = cpu_seconds();
    for (int i = 0; !status && i < PASSES; i++)
        status = dn_session_forward(s->session, input, 1, &outputs, error);
    s->wall[busy][repetition] = (dni_clock_seconds() - wall) / PASSES;
    s->cpu[busy][repetition] = (cpu_seconds() - cpu) / PASSES;
    return status;
}

static void report_setting(bench_context *context, const char *network, setting *s, int busy, int loops,
                           int count) {
    const bench_stats wall = bench_stats_of(s->wall[busy], count), cpu = bench_stats_of(s->cpu[busy], count);
    const int threads = dn_session_threads(s->session);
    char beside[32] = "quiet";
    if (busy) snprintf(beside, sizeof beside, "%d busy loop%s", loops, loops > 1 ? "s" : "");
    printf("    %d thread%s  %-13s %8.1f ms an image  (%.1f - %.1f)   CPU %7.1f ms  (%.1f - %.1f)\n", threads,
           threads > 1 ? "s" : " ", beside, 1e3 * wall.median, 1e3 * wall.q1, 1e3 * wall.q3, 1e3 * cpu.median,
           1e3 * cpu.q1, 1e3 * cpu.q3);
    bench_report_add(context->report, "load",
                     json_pack("{s:s, s:i, s:i, s:o, s:o}", "network", network, "threads", threads,
                               "busy_loops", busy ? loops : 0, "seconds_an_image", bench_stats_json(&wall),
                               "cpu_seconds_an_image", bench_stats_json(&cpu)));
}

static dn_status take_turns(bench_context *context, const dn_model *model, setting *settings,
                            busy_loops *loops, dn_error *error) {
    const dn_config *config = dn_model_config(model);
    const int repetitions = context->quick ? 2 : REPETITIONS;
    float *input = NULL, *features = malloc((size_t)config->features * sizeof *features);
    dn_status status = features ? DN_OK : dni_no_memory(error, "features");
    if (!status) status = bench_seeded_inputs(&input, 1, error);
    for (int r = 0; r < repetitions; r++)
        for (int busy = 0; busy < 2; busy++) {
            signal_all(loops, busy ? SIGCONT : SIGSTOP);
            for (int t = 0; !status && t < context->threads; t++)
                status = measure(&settings[t], busy, r, input, features, error);
        }
    for (int t = 0; !status && t < context->threads; t++)
        for (int busy = 0; busy < 2; busy++)
            report_setting(context, config->name, &settings[t], busy, loops->count, repetitions);
    free(features);
    free(input);
    return status;
}

dn_status bench_load(bench_context *context, dn_error *error) {
    const dn_config *config = dn_config_find(context->network ? context->network : "densenet161");
    printf("\nLoad: %s, a picture at a time, alone and beside a busy loop on every core, in turns\n",
           config->name);
    dn_weights *weights = NULL;
    dn_model *model = NULL;
    busy_loops loops = {.count = 0};
    setting *settings = calloc((size_t)context->threads, sizeof *settings);
    dn_status status = settings ? DN_OK : dni_no_memory(error, "the bench");
    if (!status) status = start_loops(&loops, error);
    if (!status) status = bench_seeded_weights(&weights, config, 1, context->threads, error);
    const dn_model_options options = {
        .struct_size = sizeof options, .precision = context->precision, .memory = context->memory};
    if (!status) status = dn_model_create(&model, weights, &options, error);
    for (int t = 0; !status && t < context->threads; t++) {
        dn_session_options one = dn_session_options_default();
        one.threads = t + 1;
        status = dn_session_create(&settings[t].session, model, &one, error);
    }
    if (!status) status = take_turns(context, model, settings, &loops, error);
    end_loops(&loops);
    for (int t = 0; settings && t < context->threads; t++) dn_session_free(settings[t].session);
    dn_model_free(model);
    dn_weights_free(weights);
    free(settings);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* Training the head: seconds of an epoch on 800 feature vectors of DenseNet-161. */
#include "bench/bench.h"
#include "bench/report.h"
#include "core/error.h"
#include "core/rng.h"
#include "head/training.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRAIN_PICTURES = 800, VALID_PICTURES = 200, VIEWS = 2, FEATURES = 2208, CLASSES = 2 };

typedef struct samples {
    float *values;
    int labels[TRAIN_PICTURES];
} samples;

/* Features like those behind ReLU and averaging: not negative, slightly larger for one class. */
static dn_status samples_make(samples *s, int pictures, uint64_t seed, dn_error *error) {
    const size_t count = (size_t)pictures * VIEWS * FEATURES;
    s->values = malloc(count * sizeof *s->values);
    if (!s->values) return dni_fail(error, DN_ERR_MEMORY, "out of memory for %d feature vectors", pictures);
    dni_rng rng = dni_rng_named(seed, "bench features");
    for (size_t i = 0; i < count; i++) {
        const int label = (int)(i / (VIEWS * FEATURES) % CLASSES);
        s->values[i] = dni_rng_uniform(&rng) * (label ? 1.05f : 1.0f);
    }
    for (int i = 0; i < pictures; i++) s->labels[i] = i % CLASSES;
    return DN_OK;
}

typedef struct epochs {
    double seconds[BENCH_MAX_RUNS];
    int count;
} epochs;

static int note_epoch(void *context, const dn_epoch *epoch) {
    epochs *e = context;
    if (e->count < BENCH_MAX_RUNS) e->seconds[e->count++] = epoch->seconds;
    return 0;
}

static dn_status bench_recipe(bench_context *context, const char *name, dn_train_options options,
                              const dn_features *train, const dn_features *valid, int threads,
                              dn_error *error) {
    dn_head *head;
    const dn_head_options head_options = dn_head_options_default();
    dn_status status = dn_head_create(&head, FEATURES, CLASSES, &head_options, error);
    if (status != DN_OK) return status;
    epochs e = {0};
    options.epochs = context->quick ? 4 : 20;
    options.flip = 1;
    options.on_epoch = note_epoch;
    options.context = &e;
    openblas_set_num_threads(threads);
    status = dn_head_train(head, train, valid, &options, NULL, error);
    dn_head_free(head);
    if (status != DN_OK || e.count < 2) return status;
    const bench_stats stats = bench_stats_of(e.seconds + 1, e.count - 1); /* the first epoch warms up */
    printf("  %-24s %d thread%s  %8.2f ms an epoch  (%.2f - %.2f)\n", name, threads, threads > 1 ? "s" : " ",
           1e3 * stats.median, 1e3 * stats.q1, 1e3 * stats.q3);
    bench_report_add(
        context->report, "training",
        json_pack("{s:s, s:i, s:o}", "recipe", name, "threads", threads, "epoch", bench_stats_json(&stats)));
    return DN_OK;
}

dn_status bench_training(bench_context *context, dn_error *error) {
    printf("\nTraining: head %d-512-256-%d, %d pictures, %d for validation; BLAS threads\n", FEATURES,
           CLASSES, TRAIN_PICTURES, VALID_PICTURES);
    samples train = {0}, valid = {0};
    dn_status status = samples_make(&train, TRAIN_PICTURES, 1, error);
    if (status == DN_OK) status = samples_make(&valid, VALID_PICTURES, 2, error);
    const dn_features train_features = {train.values, train.labels, TRAIN_PICTURES, VIEWS};
    const dn_features valid_features = {valid.values, valid.labels, VALID_PICTURES, VIEWS};
    for (int threads = 1; status == DN_OK && threads <= context->threads; threads++) {
        status = bench_recipe(context, "SGD (the default)", dn_train_options_default(), &train_features,
                              &valid_features, threads, error);
        if (status == DN_OK)
            status = bench_recipe(context, "Adam", dn_train_options_adam(), &train_features, &valid_features,
                                  threads, error);
    }
    free(train.values);
    free(valid.values);
    return status;
}

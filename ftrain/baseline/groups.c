/* SPDX-License-Identifier: MIT */
/* The rows, group by group, in the order of the table. */
#include "ftrain/baseline/groups.h"

#include "core/clock.h"
#include "core/error.h"
#include "ftrain/baseline/kernel_matrix.h"
#include "ftrain/baseline/pairs.h"
#include "ftrain/baseline/pixel_set.h"
#include "ftrain/baseline/vector_sample.h"
#include "ftrain/baseline/vectors.h"
#include "ftrain/cues/cues.h"
#include "ftrain/features/set_scores.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool baseline_needs_features(const baseline_run *run) {
    return run->wanted[LOGISTIC] || run->wanted[SVM_FEATURES] || run->model;
}

/* Keeps the row if it came about. */
static outcome add_row(baseline_run *run, outcome code, baseline_row row, const char *name, double begin) {
    if (code) {
        row_free(&row);
        return code;
    }
    if (name) snprintf(row.name, sizeof row.name, "%s", name);
    row.seconds = dni_clock_seconds() - begin;
    run->rows[run->row_count++] = row;
    return OUTCOME_OK;
}

/* They judge all pictures of test that could be used, or all where nothing else has looked at them. */
static outcome add_dummies(baseline_run *run) {
    const dni_samples *all = &run->extraction.data.splits[DNI_TEST];
    const feature_set *set = baseline_needs_features(run) ? &run->sets[DNI_TEST] : NULL;
    const size_t count = set ? (size_t)set->count : all->count;
    int *labels = new_array(count, sizeof *labels);
    size_t *samples = new_array(count, sizeof *samples);
    outcome code = labels && samples ? OUTCOME_OK : OUTCOME_MACHINE;
    for (size_t i = 0; !code && i < count; i++) {
        samples[i] = set ? set->sample_index[i] : i;
        labels[i] = all->items[samples[i]].label;
    }
    const test_pictures test = {labels, samples, (int)count};
    for (int strategy = 0; !code && strategy < DNI_DUMMIES; strategy++) {
        baseline_row row = {.about = NULL};
        const double begin = dni_clock_seconds();
        code = row_of_dummy(&row, (dni_dummy)strategy, run->counts[DNI_TRAIN], run->counts[DNI_TEST], &test,
                            run->extraction.data.class_count);
        code = add_row(run, code, row, NULL, begin);
    }
    free(labels);
    free(samples);
    return code;
}

/* ---- without a network ---- */

/* What can be had without looking at content. */
static outcome add_cues(baseline_run *run) {
    static const struct {
        const char *name, *about;
        int first, end;
    } kinds[] = {
        {"file metadata",
         "Logistic regression on what the file itself shows: format, size, JPEG quality, EXIF and other "
         "segments. No pixel takes part.",
         0, CUE_FILE_END},
        {"pixel statistics",
         "Logistic regression on mean colours, sharpness, shares of detail and how rings around the "
         "middle differ from it.",
         CUE_FILE_END, CUE_COUNT},
        {"metadata and statistics", "Both together: ftrain audit tells more.", 0, CUE_COUNT},
    };
    double begin = dni_clock_seconds();
    vectors cues;
    size_t skipped = 0;
    outcome code = vectors_of_cues(&cues, &run->extraction.data, run->extraction.pool,
                                   &run->extraction_options.features, baseline_needs_features(run), &skipped);
    if (!baseline_needs_features(run)) run->extraction.skipped += skipped;
    for (size_t k = 0; !code && k < sizeof kinds / sizeof *kinds; k++) {
        baseline_row row = {.about = kinds[k].about, .is_of_cues = true};
        vectors_choose_cues(&cues, kinds[k].first, kinds[k].end);
        code = vectors_standardise(&cues);
        if (!code) code = row_of_logistic(&row, &cues, run->extraction.data.class_count);
        code = add_row(run, code, row, kinds[k].name, begin);
        begin = dni_clock_seconds();
    }
    vectors_free(&cues);
    return code;
}

static outcome add_pixels(baseline_run *run) {
    const double begin = dni_clock_seconds();
    const int classes = run->extraction.data.class_count;
    pixel_set set;
    kernel_matrix products = {.count = 0};
    baseline_row row = {
        .about =
            "Support vectors with an RBF kernel on the raw pixels of the crop: what can be had "
            "without a network."};
    outcome code = pixel_set_load(&set, &run->extraction.data, &run->extraction.preprocessing,
                                  run->max_pictures, run->extraction.pool, &run->extraction_options.features,
                                  !baseline_needs_features(run) && !run->wanted[METADATA]);
    if (!code) code = kernel_matrix_of_pixels(&products, &set);
    if (!code)
        code = row_of_svm(&row, &products, set.labels, set.samples, set.counts, set.size,
                          pixel_variance(&set, set.counts[DNI_TRAIN]), classes);
    if (!baseline_needs_features(run) && !run->wanted[METADATA]) run->extraction.skipped += set.skipped;
    size_t there = 0;
    for (int s = 0; s < DNI_SPLITS; s++) there += run->extraction.data.splits[s].count;
    char name[sizeof row.name] = "SVM on pixels";
    if (there > (size_t)run->max_pictures) snprintf(name, sizeof name, "SVM on pixels of %d", set.count);
    pixel_set_free(&set);
    kernel_matrix_free(&products);
    return add_row(run, code, row, name, begin);
}

/* ---- on the network's features ---- */

static outcome add_logistic(baseline_run *run, const vectors *data) {
    const double begin = dni_clock_seconds();
    baseline_row row = {.about =
                            "Logistic regression on the network's features, with C chosen on valid: a head "
                            "without hidden layers."};
    const outcome code = row_of_logistic(&row, data, run->extraction.data.class_count);
    return add_row(run, code, row, "logistic regression on features", begin);
}

static outcome add_svm(baseline_run *run, const vectors *data) {
    const double begin = dni_clock_seconds();
    baseline_row row = {
        .about = "Support vectors with an RBF kernel on the network's features, with C chosen on valid."};
    vector_sample sample;
    kernel_matrix products = {.count = 0};
    const int classes = run->extraction.data.class_count;
    outcome code = vector_sample_take(&sample, data, classes, run->max_pictures);
    if (!code) code = kernel_matrix_of_vectors(&products, sample.values, sample.count, data->x.columns);
    if (!code)
        code = row_of_svm(&row, &products, sample.labels, sample.samples, sample.counts, data->x.columns,
                          sample.variance, classes);
    char name[sizeof row.name] = "SVM on features";
    if ((size_t)sample.count < vectors_before(data, DNI_SPLITS))
        snprintf(name, sizeof name, "SVM on features of %d", sample.count);
    kernel_matrix_free(&products);
    vector_sample_free(&sample);
    return add_row(run, code, row, name, begin);
}

static outcome add_feature_rows(baseline_run *run) {
    vectors data;
    outcome code = vectors_of_features(&data, run->sets);
    if (!code) code = vectors_standardise(&data);
    if (!code && run->wanted[LOGISTIC]) code = add_logistic(run, &data);
    if (!code && run->wanted[SVM_FEATURES]) code = add_svm(run, &data);
    vectors_free(&data);
    return code;
}

/* ---- the model ---- */

static outcome add_model(baseline_run *run) {
    const double begin = dni_clock_seconds();
    dn_error error;
    outcome code = OUTCOME_OK;
    const feature_set *test = &run->sets[DNI_TEST];
    const int classes = run->extraction.data.class_count;
    const test_pictures judged = {test->labels, test->sample_index, test->count};
    float *log_probabilities = new_matrix((size_t)test->count, (size_t)classes, sizeof *log_probabilities);
    baseline_row row = {.about = "The trained model itself, on the same pictures of test.", .is_model = true};
    if (!log_probabilities) return OUTCOME_MACHINE;
    const dn_head *head = dn_classifier_get_head(run->classifier);
    if (dni_fail_in(&error, set_log_probabilities(head, test, log_probabilities, &error), run->model))
        code = report(&error, OUTCOME_MODEL);
    if (!code) code = row_of_probabilities(&row, log_probabilities, &judged, classes);
    free(log_probabilities);
    return add_row(run, code, row, "the model", begin);
}

/* ---- all of them ---- */

outcome baseline_add_rows(baseline_run *run) {
    outcome code = OUTCOME_OK;
    if (run->wanted[DUMMY]) code = add_dummies(run);
    if (!code && run->wanted[METADATA]) code = add_cues(run);
    if (!code && run->wanted[SVM_PIXELS]) code = add_pixels(run);
    if (!code && (run->wanted[LOGISTIC] || run->wanted[SVM_FEATURES])) code = add_feature_rows(run);
    if (!code && run->model) code = add_model(run);
    if (!code) code = pairs_compare(run->rows, run->row_count, run->extraction.data.splits[DNI_TEST].count);
    return code;
}

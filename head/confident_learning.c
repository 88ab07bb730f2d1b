/* SPDX-License-Identifier: MIT */
/* Thresholds, the joint, its calibration, and the samples that are suspected by it. */
#include "head/confident_learning.h"

#include "core/error.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* A sample with what it is sorted by. */
typedef struct keyed {
    double key;
    int sample;
} keyed;

typedef struct work {
    const float *log_probabilities;
    const int *labels;
    int count, classes;
    int *sizes;   /* (classes): samples of each label */
    double *gain; /* (count): p(likely) - p(given) of what is suspected */
    keyed *keys;  /* (count) */
} work;

static double probability(const work *of, int sample, int label) {
    return exp((double)of->log_probabilities[(size_t)sample * (size_t)of->classes + (size_t)label]);
}

static int by_rising_key(const void *a, const void *b) {
    const keyed *x = a, *y = b;
    if (x->key < y->key || x->key > y->key) return x->key < y->key ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* ---- how many ---- */

static void measure_thresholds(double *thresholds, const work *of) {
    for (int i = 0; i < of->count; i++) {
        thresholds[of->labels[i]] += probability(of, i, of->labels[i]);
        of->sizes[of->labels[i]]++;
    }
    for (int c = 0; c < of->classes; c++)
        thresholds[c] = of->sizes[c] ? thresholds[c] / of->sizes[c] : (double)INFINITY;
}

/* The class that a sample counts as; -1: none. */
static int confident_class(const work *of, const double *thresholds, int sample) {
    int found = -1;
    double most = 0;
    for (int c = 0; c < of->classes; c++) {
        const double p = probability(of, sample, c);
        if (p < thresholds[c] || (found >= 0 && p <= most)) continue;
        found = c;
        most = p;
    }
    return found;
}

static void count_joint(int *joint, const work *of, const double *thresholds) {
    for (int i = 0; i < of->count; i++) {
        const int found = confident_class(of, thresholds, i);
        if (found >= 0) joint[of->labels[i] * of->classes + found]++;
    }
}

/* In whole numbers, so that no rounding of a quotient decides about a sample. */
static void calibrate(dni_confident_learning *out, const work *of) {
    for (int given = 0; given < of->classes; given++) {
        const int *const row = out->joint + given * of->classes;
        int *const to = out->calibrated + given * of->classes;
        int64_t sum = 0;
        for (int c = 0; c < of->classes; c++) sum += row[c];
        if (!sum) to[given] = of->sizes[given];
        for (int c = 0; sum && c < of->classes; c++) {
            to[c] = (int)((2 * (int64_t)row[c] * of->sizes[given] + sum) / (2 * sum));
            if (c != given) out->wrong += to[c];
        }
    }
}

/* ---- which ---- */

/* Suspects the `number` samples labelled `given` that are the most like `other`. One that is suspected to be
 * of another class already goes to the class with the larger difference. */
static void suspect(dni_confident_learning *out, const work *of, int given, int other, int number) {
    size_t found = 0;
    for (int i = 0; i < of->count; i++)
        if (of->labels[i] == given)
            of->keys[found++] = (keyed){probability(of, i, given) - probability(of, i, other), i};
    qsort(of->keys, found, sizeof *of->keys, by_rising_key);
    for (int k = 0; k < number; k++) {
        const int i = of->keys[k].sample;
        const double gain = -of->keys[k].key;
        if (out->likely[i] >= 0 && gain <= of->gain[i]) continue;
        out->suspected += out->likely[i] < 0;
        out->likely[i] = other;
        of->gain[i] = gain;
    }
}

static void suspect_all(dni_confident_learning *out, const work *of) {
    for (int i = 0; i < of->count; i++) out->likely[i] = -1;
    for (int given = 0; given < of->classes; given++)
        for (int other = 0; other < of->classes; other++) {
            const int number = out->calibrated[given * of->classes + other];
            if (other != given && number) suspect(out, of, given, other, number);
        }
}

static void rank(dni_confident_learning *out, const work *of) {
    for (int i = 0; i < of->count; i++) {
        double most = 0;
        for (int c = 0; c < of->classes; c++)
            if (c != of->labels[i]) most = fmax(most, probability(of, i, c));
        out->margin[i] = probability(of, i, of->labels[i]) - most;
        of->keys[i] = (keyed){out->margin[i], i};
    }
    qsort(of->keys, (size_t)of->count, sizeof *of->keys, by_rising_key);
    for (int i = 0; i < of->count; i++) out->ranking[i] = of->keys[i].sample;
}

/* ---- together ---- */

dn_status dni_confident_learning_run(dni_confident_learning *out, const float *log_probabilities,
                                     const int *labels, int count, int classes, dn_error *error) {
    *out = (dni_confident_learning){.wrong = 0};
    if (classes < 2 || count < 1)
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "confident learning wants 2 classes and a sample at least, not %d and %d", classes,
                        count);
    const size_t n = (size_t)count, k = (size_t)classes;
    work of = {.log_probabilities = log_probabilities,
               .labels = labels,
               .count = count,
               .classes = classes,
               .sizes = calloc(k, sizeof *of.sizes),
               .gain = calloc(n, sizeof *of.gain),
               .keys = calloc(n, sizeof *of.keys)};
    out->thresholds = calloc(k, sizeof *out->thresholds);
    out->joint = calloc(k * k, sizeof *out->joint);
    out->calibrated = calloc(k * k, sizeof *out->calibrated);
    out->likely = calloc(n, sizeof *out->likely);
    out->margin = calloc(n, sizeof *out->margin);
    out->ranking = calloc(n, sizeof *out->ranking);
    dn_status status = DN_OK;
    if (!of.sizes || !of.gain || !of.keys || !out->thresholds || !out->joint || !out->calibrated ||
        !out->likely || !out->margin || !out->ranking) {
        status = dni_no_memory(error, "judging the labels of %d samples", count);
    } else {
        measure_thresholds(out->thresholds, &of);
        count_joint(out->joint, &of, out->thresholds);
        calibrate(out, &of);
        suspect_all(out, &of);
        rank(out, &of);
    }
    free(of.sizes);
    free(of.gain);
    free(of.keys);
    return status;
}

void dni_confident_learning_free(dni_confident_learning *found) {
    free(found->thresholds);
    free(found->joint);
    free(found->calibrated);
    free(found->likely);
    free(found->margin);
    free(found->ranking);
    *found = (dni_confident_learning){.wrong = 0};
}

/* SPDX-License-Identifier: MIT */
/* Split conformal prediction: ranks of sorted numbers. */
#include "head/conformal_scores.h"

#include "core/error.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void dn_conformal_free(dn_conformal *conformal) {
    if (!conformal) return;
    free(conformal->counts);
    free(conformal->by_class);
    free(conformal->pooled);
    free(conformal);
}

int dn_conformal_classes(const dn_conformal *conformal) {
    if (!conformal) return 0;
    return conformal->classes;
}

int dn_conformal_count(const dn_conformal *conformal, int class_index) {
    if (!conformal) return 0;
    return class_index < 0 ? conformal->count : (int)conformal->counts[class_index];
}

/* ---- making ---- */

static dn_conformal *allocate(int count, int classes) {
    dn_conformal *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->classes = classes;
    made->count = count;
    made->counts = calloc((size_t)classes, sizeof *made->counts);
    made->by_class = calloc((size_t)count, sizeof *made->by_class);
    made->pooled = calloc((size_t)count, sizeof *made->pooled);
    if (made->counts && made->by_class && made->pooled) return made;
    dn_conformal_free(made);
    return NULL;
}

static void pool(dn_conformal *of) {
    memcpy(of->pooled, of->by_class, (size_t)of->count * sizeof *of->pooled);
    qsort(of->pooled, (size_t)of->count, sizeof *of->pooled, by_value);
}

static dn_status check(const float *probabilities, const int *labels, int count, int classes,
                       dn_error *error) {
    if (count < 1) return dni_fail(error, DN_ERR_ARGUMENT, "count must be at least 1, not %d", count);
    if (classes < 2) return dni_fail(error, DN_ERR_ARGUMENT, "classes must be at least 2, not %d", classes);
    for (int i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] >= classes)
            return dni_fail(error, DN_ERR_ARGUMENT, "label of picture %d must be 0 to %d, not %d", i,
                            classes - 1, labels[i]);
        const float p = probabilities[(size_t)i * (size_t)classes + (size_t)labels[i]];
        if (!(p >= 0.0f && p <= 1.0f))
            return dni_fail(error, DN_ERR_ARGUMENT, "probability of picture %d must be in 0 to 1, not %g", i,
                            (double)p);
    }
    return DN_OK;
}

dn_status dn_conformal_create(dn_conformal **out, const float *probabilities, const int *labels, int count,
                              int classes, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, probabilities);
    DNI_NOT_NULL(error, labels);
    const dn_status status = check(probabilities, labels, count, classes, error);
    if (status) return status;
    dn_conformal *made = allocate(count, classes);
    if (!made) return dni_no_memory(error, "the calibration of %d pictures", count);
    float *next = made->by_class;
    for (int c = 0; c < classes; c++) {
        float *const first = next;
        for (int i = 0; i < count; i++)
            if (labels[i] == c) *next++ = probabilities[(size_t)i * (size_t)classes + (size_t)c];
        made->counts[c] = next - first;
        qsort(first, (size_t)(next - first), sizeof *first, by_value);
    }
    pool(made);
    *out = made;
    return DN_OK;
}

static dn_status check_kept(const int64_t *counts, int classes, const float *by_class, int64_t count,
                            dn_error *error) {
    int64_t at = 0;
    for (int c = 0; c < classes; c++) {
        if (counts[c] < 0 || counts[c] > count - at)
            return dni_fail(error, DN_ERR_CORRUPT, "class %d has %lld of %lld calibration pictures", c,
                            (long long)counts[c], (long long)count);
        for (int64_t i = at; i < at + counts[c]; i++)
            if (!(by_class[i] >= (i > at ? by_class[i - 1] : 0.0f) && by_class[i] <= 1.0f))
                return dni_fail(error, DN_ERR_CORRUPT,
                                "the probabilities of class %d do not rise from 0 to 1", c);
        at += counts[c];
    }
    return at == count ? DN_OK
                       : dni_fail(error, DN_ERR_CORRUPT, "the classes have %lld of %lld calibration pictures",
                                  (long long)at, (long long)count);
}

dn_status dni_conformal_restore(dn_conformal **out, const int64_t *counts, int classes, const float *by_class,
                                int64_t count, dn_error *error) {
    *out = NULL;
    if (count < 1 || count > INT_MAX)
        return dni_fail(error, DN_ERR_CORRUPT, "%lld calibration pictures cannot be", (long long)count);
    const dn_status status = check_kept(counts, classes, by_class, count, error);
    if (status) return status;
    dn_conformal *made = allocate((int)count, classes);
    if (!made) return dni_no_memory(error, "the calibration of %lld pictures", (long long)count);
    memcpy(made->counts, counts, (size_t)classes * sizeof *counts);
    memcpy(made->by_class, by_class, (size_t)count * sizeof *by_class);
    pool(made);
    *out = made;
    return DN_OK;
}

/* ---- asking ---- */

/* ceil((n + 1) coverage). A product that is a whole number but for the rounding of `coverage`, as that of
 * 0.07 with 100, is taken as that number. */
static double rank(int64_t count, double coverage) {
    const double product = ((double)count + 1.0) * coverage;
    return ceil(product - 1e-12 * product);
}

int dn_conformal_needed(double coverage) {
    /* ceil((n + 1) c) <= n where n >= c / (1 - c). */
    const double about = coverage / (1.0 - coverage);
    if (!(about < INT_MAX - 2.0)) return INT_MAX;
    int count = about > 2.0 ? (int)about - 2 : 0;
    while (rank(count, coverage) > count) count++;
    return count;
}

/* sorted: (count), rising. The score of rank k is 1 - the k-th largest probability. */
static float threshold(const float *sorted, int64_t count, double coverage) {
    const double k = rank(count, coverage);
    return k > (double)count ? 0.0f : sorted[count - (int64_t)k];
}

dn_status dn_conformal_thresholds(const dn_conformal *conformal, double coverage, bool per_class,
                                  float *thresholds, dn_error *error) {
    DNI_NOT_NULL(error, conformal);
    DNI_NOT_NULL(error, thresholds);
    if (!(coverage > 0.0 && coverage < 1.0))
        return dni_fail(error, DN_ERR_ARGUMENT, "coverage must be above 0 and below 1, not %g", coverage);
    const float *sorted = conformal->by_class;
    for (int c = 0; c < conformal->classes; sorted += conformal->counts[c++])
        thresholds[c] = per_class ? threshold(sorted, conformal->counts[c], coverage)
                                  : threshold(conformal->pooled, conformal->count, coverage);
    return DN_OK;
}

void dn_conformal_sets(const float *thresholds, const float *probabilities, int count, int classes,
                       bool *sets) {
    if (!thresholds || !probabilities || !sets) return;
    for (int i = 0; i < count; i++, probabilities += classes, sets += classes)
        for (int c = 0; c < classes; c++) sets[c] = probabilities[c] >= thresholds[c];
}

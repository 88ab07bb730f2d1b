/* SPDX-License-Identifier: MIT */
/* One division into folds; on it, a cross-validation for each strength of regularisation. */
#include "head/out_of_fold.h"

#include "core/error.h"
#include "head/cross_validation.h"
#include "head/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double STRENGTHS[] = {1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1};
enum { STRENGTH_COUNT = sizeof STRENGTHS / sizeof *STRENGTHS };

typedef struct search {
    double *x;    /* (count, width) */
    int *column;  /* (width): all of them */
    int *fold;    /* (count) */
    float *tried; /* (count, classes) */
    const int *labels;
    int count, width, classes, folds;
} search;

/* The loss over c has one valley: the data's fit falls in c, the complexity rises. */
static dn_status descend(float *out, double *c, double *loss, const search *it, dn_error *error) {
    *loss = (double)INFINITY;
    for (int s = 0; s < STRENGTH_COUNT; s++) {
        const dn_status status =
            dni_cross_validate(it->tried, it->x, it->width, it->column, it->width, it->labels, it->fold,
                               it->count, it->classes, it->folds, STRENGTHS[s], error);
        if (status) return status;
        dn_metrics metrics;
        dn_metrics_compute(&metrics, it->tried, it->labels, it->count, it->classes, NULL);
        if (!(metrics.loss < *loss)) break;
        *loss = metrics.loss;
        *c = STRENGTHS[s];
        memcpy(out, it->tried, (size_t)it->count * (size_t)it->classes * sizeof *out);
    }
    return DN_OK;
}

dn_status dni_out_of_fold(float *out, double *c, double *loss, const float *x, int width, const int *labels,
                          const int *groups, int count, int classes, int folds, uint64_t seed,
                          dn_error *error) {
    const size_t cells = (size_t)count * (size_t)width;
    search it = {.labels = labels,
                 .count = count,
                 .width = width,
                 .classes = classes,
                 .folds = folds,
                 .x = malloc((cells + 1) * sizeof *it.x),
                 .column = malloc(((size_t)width + 1) * sizeof *it.column),
                 .fold = malloc(((size_t)count + 1) * sizeof *it.fold),
                 .tried = malloc(((size_t)count * (size_t)classes + 1) * sizeof *it.tried)};
    dn_status status = DN_OK;
    if (!it.x || !it.column || !it.fold || !it.tried) {
        status = dni_no_memory(error, "cross-validating %d samples of %d features", count, width);
    } else {
        for (size_t i = 0; i < cells; i++) it.x[i] = (double)x[i];
        for (int k = 0; k < width; k++) it.column[k] = k;
        status = dni_folds(it.fold, labels, groups, count, classes, folds, seed, error);
        if (!status) status = descend(out, c, loss, &it, error);
    }
    free(it.x);
    free(it.column);
    free(it.fold);
    free(it.tried);
    return status;
}

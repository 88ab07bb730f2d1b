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
    dni_matrix x;
    int *fold;    /* (count) */
    float *tried; /* (count, classes) */
    const int *labels;
    int count, classes, folds;
} search;

/* The loss over c has one valley: the data's fit falls in c, the complexity rises. */
static dn_status descend(float *out, double *c, double *loss, const search *it, dn_error *error) {
    *loss = (double)INFINITY;
    for (int s = 0; s < STRENGTH_COUNT; s++) {
        const dn_status status = dni_cross_validate(it->tried, &it->x, it->labels, it->fold, it->count,
                                                    it->classes, it->folds, STRENGTHS[s], error);
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

dn_status dni_out_of_fold(float *out, double *c, double *loss, const dn_feature_rows *x, int width,
                          const int *groups, int classes, int folds, uint64_t seed, dn_error *error) {
    const size_t count = (size_t)x->count;
    dni_feature_matrix vectors;
    search it = {.labels = x->labels,
                 .count = x->count,
                 .classes = classes,
                 .folds = folds,
                 .fold = malloc((count + 1) * sizeof *it.fold),
                 .tried = malloc((count * (size_t)classes + 1) * sizeof *it.tried)};
    dn_status status = dni_matrix_of_features(&it.x, &vectors, x, width, error);
    if (!status && (!it.fold || !it.tried))
        status = dni_no_memory(error, "cross-validating %d samples of %d features", x->count, width);
    if (!status) status = dni_folds(it.fold, x->labels, groups, x->count, classes, folds, seed, error);
    if (!status) status = descend(out, c, loss, &it, error);
    dni_feature_matrix_free(&vectors);
    free(it.fold);
    free(it.tried);
    return status;
}

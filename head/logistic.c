/* SPDX-License-Identifier: MIT */
/* L-BFGS over the weights, on BLAS in double precision. */
#include "head/logistic.h"

#include "core/error.h"
#include "head/blas.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 10, MAX_ITERATIONS = 2000, MAX_HALVINGS = 40 };

static const double GRADIENT_TOLERANCE = 1e-8;
static const double SUFFICIENT_DECREASE = 1e-4; /* Armijo's condition */

typedef struct problem {
    dni_matrix_pass pass; /* over the rows */
    const int *labels;
    int features, classes;
    double c;
    int size;           /* parameters: classes * (features + 1) */
    double *logits;     /* (block, classes): scratch */
    double *intercepts; /* (classes): scratch */
    dn_status status;   /* of the first read that failed: whatever was computed since means nothing */
    dn_error *error;
} problem;

/* logits = x W^T + b, of the rows that the pass holds */
static void linear(const problem *p, const double *weights) {
    const size_t classes = (size_t)p->classes, row = (size_t)p->features + 1;
    for (size_t i = 0; i < (size_t)p->pass.count; i++)
        for (size_t k = 0; k < classes; k++) p->logits[i * classes + k] = weights[k * row + row - 1];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->pass.count, p->classes, p->features, 1,
                p->pass.values, p->features, weights, p->features + 1, 1, p->logits, p->classes);
}

/* Row by row: logits to log-probabilities. */
static void log_softmax(double *row, int classes) {
    double most = row[0], sum = 0;
    for (int k = 1; k < classes; k++) most = fmax(most, row[k]);
    for (int k = 0; k < classes; k++) sum += exp(row[k] - most);
    const double shift = most + log(sum);
    for (int k = 0; k < classes; k++) row[k] -= shift;
}

/* The loss of the rows that the pass holds; adds to the gradient and to the intercepts' sums. */
static double add_block(const problem *p, const double *weights, double *gradient) {
    const size_t classes = (size_t)p->classes;
    double loss = 0;
    linear(p, weights);
    for (size_t i = 0; i < (size_t)p->pass.count; i++) {
        double *log_probabilities = p->logits + i * classes;
        const size_t label = (size_t)p->labels[(size_t)p->pass.first + i];
        log_softmax(log_probabilities, p->classes);
        loss -= log_probabilities[label];
        for (size_t k = 0; k < classes; k++) {
            log_probabilities[k] = exp(log_probabilities[k]) - (label == k); /* d loss / d logit */
            p->intercepts[k] += log_probabilities[k];
        }
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, p->classes, p->features, p->pass.count, p->c,
                p->logits, p->classes, p->pass.values, p->features, 1, gradient, p->features + 1);
    return loss;
}

/* The objective at `weights`, and its gradient; NaN where the rows cannot be read. */
static double evaluate(problem *p, const double *weights, double *gradient) {
    const size_t classes = (size_t)p->classes, row = (size_t)p->features + 1;
    double loss = 0;
    memset(gradient, 0, (size_t)p->size * sizeof *gradient);
    memset(p->intercepts, 0, classes * sizeof *p->intercepts);
    dni_matrix_pass_rewind(&p->pass);
    while (!p->status && !(p->status = dni_matrix_pass_next(&p->pass, p->error)) && p->pass.count)
        loss += add_block(p, weights, gradient);
    if (p->status) return (double)NAN;
    double penalty = 0;
    for (size_t k = 0; k < classes; k++) {
        gradient[k * row + row - 1] = p->c * p->intercepts[k];
        for (size_t f = 0; f + 1 < row; f++) {
            penalty += weights[k * row + f] * weights[k * row + f];
            gradient[k * row + f] += weights[k * row + f];
        }
    }
    return 0.5 * penalty + p->c * loss;
}

/* The last steps and the changes of the gradient over them, newest last. */
typedef struct history {
    double *steps, *changes; /* (HISTORY, size) */
    double curvature[HISTORY];
    int count;
} history;

static void remember(history *past, int size, const double *step, const double *change) {
    const size_t bytes = (size_t)size * sizeof(double);
    const double curvature = cblas_ddot(size, step, 1, change, 1);
    if (!(curvature > 0)) return; /* rounding: the objective is convex */
    if (past->count == HISTORY) {
        memmove(past->steps, past->steps + size, (HISTORY - 1) * bytes);
        memmove(past->changes, past->changes + size, (HISTORY - 1) * bytes);
        memmove(past->curvature, past->curvature + 1, (HISTORY - 1) * sizeof *past->curvature);
        past->count--;
    }
    memcpy(past->steps + (size_t)past->count * (size_t)size, step, bytes);
    memcpy(past->changes + (size_t)past->count * (size_t)size, change, bytes);
    past->curvature[past->count++] = curvature;
}

/* direction = -H gradient by the two-loop recursion (Nocedal 1980). */
static void find_direction(const history *past, int size, const double *gradient, double *direction) {
    double share[HISTORY];
    cblas_dcopy(size, gradient, 1, direction, 1);
    for (int i = past->count - 1; i >= 0; i--) {
        const size_t at = (size_t)i * (size_t)size;
        share[i] = cblas_ddot(size, past->steps + at, 1, direction, 1) / past->curvature[i];
        cblas_daxpy(size, -share[i], past->changes + at, 1, direction, 1);
    }
    if (past->count) {
        const double *newest = past->changes + (size_t)(past->count - 1) * (size_t)size;
        cblas_dscal(size, past->curvature[past->count - 1] / cblas_ddot(size, newest, 1, newest, 1),
                    direction, 1);
    } else {
        cblas_dscal(size, 1 / fmax(cblas_dnrm2(size, gradient, 1), 1), direction, 1);
    }
    for (int i = 0; i < past->count; i++) {
        const size_t at = (size_t)i * (size_t)size;
        const double back = cblas_ddot(size, past->changes + at, 1, direction, 1) / past->curvature[i];
        cblas_daxpy(size, share[i] - back, past->steps + at, 1, direction, 1);
    }
    cblas_dscal(size, -1, direction, 1);
}

typedef struct state {
    double *weights, *gradient, *direction, *trial, *trial_gradient; /* (size) each */
    history past;
    double value;
} state;

/* Moves along the direction, halving the step until the objective falls enough; false when none does. */
static int step(problem *p, state *at) {
    const double slope = cblas_ddot(p->size, at->gradient, 1, at->direction, 1);
    double length = 1;
    /* NOLINTNEXTLINE(cert-flp30-c): halving is exact, and is not what is counted */
    for (int halving = 0; halving < MAX_HALVINGS; halving++, length /= 2) {
        cblas_dcopy(p->size, at->weights, 1, at->trial, 1);
        cblas_daxpy(p->size, length, at->direction, 1, at->trial, 1);
        const double value = evaluate(p, at->trial, at->trial_gradient);
        if (p->status) return 0;
        if (!(value <= at->value + SUFFICIENT_DECREASE * length * slope)) continue;
        if (value == at->value) return 0;
        /* the step and the change of the gradient go where they are no longer needed */
        cblas_dscal(p->size, length, at->direction, 1);
        cblas_dscal(p->size, -1, at->gradient, 1);
        cblas_daxpy(p->size, 1, at->trial_gradient, 1, at->gradient, 1);
        remember(&at->past, p->size, at->direction, at->gradient);
        cblas_dcopy(p->size, at->trial, 1, at->weights, 1);
        cblas_dcopy(p->size, at->trial_gradient, 1, at->gradient, 1);
        at->value = value;
        return 1;
    }
    return 0;
}

static void minimise(problem *p, state *at) {
    const double enough = GRADIENT_TOLERANCE * p->c * p->pass.part->count;
    at->value = evaluate(p, at->weights, at->gradient);
    if (p->status) return;
    for (int i = 0; i < MAX_ITERATIONS; i++) {
        if (fabs(at->gradient[cblas_idamax(p->size, at->gradient, 1)]) <= enough) return;
        find_direction(&at->past, p->size, at->gradient, at->direction);
        if (!step(p, at)) return;
    }
}

dn_status dni_logistic_fit(double *out, const dni_matrix_part *x, const int *labels, int classes, double c,
                           dn_error *error) {
    const int features = x->matrix->columns;
    problem p = {.labels = labels,
                 .features = features,
                 .classes = classes,
                 .c = c,
                 .size = classes * (features + 1),
                 .error = error};
    const size_t size = (size_t)p.size;
    memset(out, 0, size * sizeof *out);
    double *memory = malloc((4 + 2 * HISTORY) * size * sizeof *memory);
    p.logits = malloc((size_t)(DNI_MATRIX_BLOCK + 1) * (size_t)classes * sizeof *p.logits);
    dn_status status = dni_matrix_pass_create(&p.pass, x, error);
    if (!status)
        status = memory && p.logits ? dni_blas_acquire(error)
                                    : dni_no_memory(error, "logistic regression over %d features", features);
    if (!status) {
        p.intercepts = p.logits + (size_t)DNI_MATRIX_BLOCK * (size_t)classes;
        state at = {.weights = out,
                    .gradient = memory,
                    .direction = memory + size,
                    .trial = memory + 2 * size,
                    .trial_gradient = memory + 3 * size,
                    .past = {.steps = memory + 4 * size, .changes = memory + (4 + HISTORY) * size}};
        minimise(&p, &at);
        dni_blas_release();
        status = p.status;
        if (!status && !isfinite(at.value))
            status = dni_fail(error, DN_ERR_DATA_DIVERGED, "logistic regression with C %g: the loss is %g", c,
                              at.value);
    }
    dni_matrix_pass_free(&p.pass);
    free(memory);
    free(p.logits);
    return status;
}

/* Of one row; to: (classes). */
static void judge_row(const double *weights, const double *row, int features, int classes, float *to) {
    double most = -(double)INFINITY, sum = 0;
    for (int k = 0; k < classes; k++) {
        const double *of = weights + (size_t)k * (size_t)(features + 1);
        const double logit = of[features] + cblas_ddot(features, of, 1, row, 1);
        to[k] = (float)logit;
        most = fmax(most, logit);
    }
    for (int k = 0; k < classes; k++) sum += exp((double)to[k] - most);
    const double shift = most + log(sum);
    for (int k = 0; k < classes; k++) to[k] = (float)((double)to[k] - shift);
}

dn_status dni_logistic_log_probabilities(const double *weights, const dni_matrix_part *x, int classes,
                                         float *out, dn_error *error) {
    const int features = x->matrix->columns;
    dni_matrix_pass pass;
    dn_status status = dni_matrix_pass_create(&pass, x, error);
    while (!status && !(status = dni_matrix_pass_next(&pass, error)) && pass.count)
        for (int i = 0; i < pass.count; i++)
            judge_row(weights, pass.values + (size_t)i * (size_t)features, features, classes,
                      out + (size_t)(pass.first + i) * (size_t)classes);
    dni_matrix_pass_free(&pass);
    return status;
}

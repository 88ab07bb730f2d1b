/* SPDX-License-Identifier: MIT */
/* Fitting: a sample of the training vectors gives directions, class means, covariance and neighbours; the
 * validation vectors then give the scale of both scores and the percentiles. */
#include "head/novelty_parts.h"

#include "core/error.h"
#include "core/rng.h"
#include "head/blas.h"
#include "head/feature_rows.h"
#include "head/shrinkage.h"
#include "head/subspace.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The training vectors that are used, and what is made of them on the way. */
typedef struct fitting {
    dn_novelty *novelty;
    int count, features, directions;
    float *vectors;   /* (count, features) */
    int *labels;      /* (count) */
    float *projected; /* (count, directions) */
    float *residuals; /* (count, directions): from the class means */
    double *means;    /* (labels in use, directions) */
    int *pictures;    /* (labels in use) of each class */
    uint64_t seed;
} fitting;

/* ---- the sample ---- */

/* View 0 of the pictures that `order` begins with. */
static dn_status read_vectors(fitting *fit, const dn_feature_rows *train, const uint32_t *order,
                              dn_error *error) {
    size_t *vectors = malloc((size_t)fit->count * sizeof *vectors);
    if (!vectors) return dni_no_memory(error, "a sample of %d pictures", fit->count);
    for (int i = 0; i < fit->count; i++) vectors[i] = (size_t)order[i] * (size_t)train->views;
    const dn_status status = train->read(train->context, vectors, (size_t)fit->count, fit->vectors, error);
    free(vectors);
    return status;
}

static dn_status take_sample(fitting *fit, const dn_feature_rows *train, dn_error *error) {
    uint32_t *order = malloc((size_t)train->count * sizeof *order);
    if (!order) return dni_no_memory(error, "a sample of %d pictures", train->count);
    for (int i = 0; i < train->count; i++) order[i] = (uint32_t)i;
    dni_rng rng = dni_rng_named(fit->seed, "novelty");
    if (fit->count < train->count) dni_rng_shuffle(&rng, order, (uint32_t)train->count);
    const dn_status status = read_vectors(fit, train, order, error);
    for (int i = 0; i < fit->count; i++) fit->labels[i] = train->labels[order[i]];
    free(order);
    return status;
}

/* ---- means and covariance ---- */

/* Classes that have pictures in the sample get the numbers 0, 1, ... in their order. All are one where there
 * are too many, or so many that most have but one picture, which says nothing of how a class's pictures
 * differ. `pictures` then holds the pictures of each number. Returns how many numbers there are. */
static int renumber_classes(fitting *fit, int classes) {
    int *const pictures = fit->pictures;
    for (int i = 0; i < fit->count; i++) pictures[fit->labels[i]]++;
    int used = 0;
    for (int c = 0; c < classes; c++)
        if (pictures[c]) pictures[c] = used++;
    const bool is_one = used > DNI_NOVELTY_MEANS || used > fit->count / 2;
    for (int i = 0; i < fit->count; i++) fit->labels[i] = is_one ? 0 : pictures[fit->labels[i]];
    memset(pictures, 0, (size_t)classes * sizeof *pictures);
    for (int i = 0; i < fit->count; i++) pictures[fit->labels[i]]++;
    return is_one ? 1 : used;
}

static void measure_means(fitting *fit, int means) {
    const size_t directions = (size_t)fit->directions;
    for (int i = 0; i < fit->count; i++)
        for (size_t d = 0; d < directions; d++)
            fit->means[(size_t)fit->labels[i] * directions + d] +=
                (double)fit->projected[(size_t)i * directions + d];
    for (int c = 0; c < means; c++)
        for (size_t d = 0; d < directions; d++) fit->means[(size_t)c * directions + d] /= fit->pictures[c];
}

/* The residuals; returns the mean square of the projections. */
static double measure_residuals(fitting *fit) {
    const size_t directions = (size_t)fit->directions;
    double squares = 0;
    for (int i = 0; i < fit->count; i++)
        for (size_t d = 0; d < directions; d++) {
            const double value = (double)fit->projected[(size_t)i * directions + d];
            squares += value * value;
            fit->residuals[(size_t)i * directions + d] =
                (float)(value - fit->means[(size_t)fit->labels[i] * directions + d]);
        }
    return squares / fit->count / fit->directions;
}

static dn_status fit_gaussians(fitting *fit, dn_error *error) {
    dn_novelty *novelty = fit->novelty;
    const size_t directions = (size_t)fit->directions;
    const int means = novelty->shape.means;
    measure_means(fit, means);
    const double floor =
        1e-10 * measure_residuals(fit) + 1e-20; /* below float32's rounding of a projection */
    const dn_status status =
        dni_shrunk_whitening(novelty->whitening, fit->residuals, fit->count, fit->directions, floor, error);
    for (int c = 0; !status && c < means; c++)
        for (size_t i = 0; i < directions; i++) {
            double sum = 0;
            for (size_t j = 0; j <= i; j++)
                sum +=
                    (double)novelty->whitening[i * directions + j] * fit->means[(size_t)c * directions + j];
            novelty->means[(size_t)c * directions + i] = (float)sum;
        }
    return status;
}

/* ---- the training split ---- */

static void keep_neighbours(fitting *fit) {
    const size_t directions = (size_t)fit->directions;
    for (int i = 0; i < fit->count; i++) {
        const float length = cblas_snrm2(fit->features, fit->vectors + (size_t)i * (size_t)fit->features, 1);
        for (size_t d = 0; d < directions; d++)
            fit->novelty->training[(size_t)i * directions + d] =
                fit->projected[(size_t)i * directions + d] / fmaxf(length, FLT_MIN);
    }
}

static dn_status fit_with_blas(fitting *fit, dn_error *error) {
    dn_status status = dni_subspace_fit(fit->novelty->basis, fit->directions, fit->vectors, fit->count,
                                        fit->features, fit->seed, error);
    if (status) return status;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, fit->count, fit->directions, fit->features, 1,
                fit->vectors, fit->features, fit->novelty->basis, fit->features, 0, fit->projected,
                fit->directions);
    keep_neighbours(fit);
    return fit_gaussians(fit, error);
}

static int least(int a, int b) {
    return a < b ? a : b;
}

static dn_status fit_training(fitting *fit, const dn_feature_rows *train, int validation, int classes,
                              dn_error *error) {
    const size_t count = (size_t)fit->count, directions = (size_t)fit->directions;
    fit->vectors = malloc(count * (size_t)fit->features * sizeof *fit->vectors);
    fit->labels = malloc(count * sizeof *fit->labels);
    fit->projected = malloc(count * directions * sizeof *fit->projected);
    fit->residuals = malloc(count * directions * sizeof *fit->residuals);
    fit->means = calloc((size_t)least(classes, DNI_NOVELTY_MEANS) * directions, sizeof *fit->means);
    fit->pictures = calloc((size_t)classes, sizeof *fit->pictures);
    if (!fit->vectors || !fit->labels || !fit->projected || !fit->residuals || !fit->means || !fit->pictures)
        return dni_no_memory(error, "the familiarity of %d pictures", fit->count);
    dn_status status = take_sample(fit, train, error);
    if (status) return status;
    const dni_novelty_shape shape = {.features = fit->features,
                                     .directions = fit->directions,
                                     .means = renumber_classes(fit, classes),
                                     .training = fit->count,
                                     .validation = least(validation, DNI_NOVELTY_VALIDATION),
                                     .neighbour = DNI_NOVELTY_NEIGHBOUR};
    status = dni_novelty_create(&fit->novelty, &shape, error);
    if (!status) status = dni_blas_acquire(error);
    if (status) return status;
    status = fit_with_blas(fit, error);
    dni_blas_release();
    return status;
}

/* With fewer vectors for each direction it is chance that chooses the last ones, and the training pictures
 * themselves, which it chose them for, would lie far out in them. */
static int directions_for(int features, int count) {
    enum { VECTORS_EACH = 8 };
    const int supported = count / VECTORS_EACH > 1 ? count / VECTORS_EACH : 1;
    return least(least(features, supported), DNI_NOVELTY_DIRECTIONS);
}

static void fitting_free(fitting *fit) {
    free(fit->vectors);
    free(fit->labels);
    free(fit->projected);
    free(fit->residuals);
    free(fit->means);
    free(fit->pictures);
}

/* ---- the validation split ---- */

static int by_size(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest of the sorted values, as numpy's quantile. */
static double quantile(const float *sorted, int count, double share) {
    const double at = share * (count - 1);
    const int before = (int)at, next = least(before + 1, count - 1);
    return (double)sorted[before] + (at - before) * ((double)sorted[next] - (double)sorted[before]);
}

/* One score's scale: the distance from median to 95 % quantile, or, where validation pictures do not differ,
 * what rounding makes of one value. */
static void measure_scale(float scaling[2], float *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    const double median = quantile(values, count, 0.5);
    scaling[0] = (float)median;
    scaling[1] = (float)fmax(quantile(values, count, DN_NOVELTY_LINE) - median, 1e-6 * median + 1e-12);
}

static void measure_validation(dn_novelty *novelty, const float *raw, float *values, int count) {
    for (int i = 0; i < DNI_NOVELTY_SCORES; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the scores were measured */
        for (int n = 0; n < count; n++) values[n] = raw[(size_t)n * DNI_NOVELTY_SCORES + (size_t)i];
        measure_scale(novelty->scaling + 2 * i, values, count);
    }
    for (int n = 0; n < count; n++)
        values[n] = dni_novelty_combine(novelty, raw + (size_t)n * DNI_NOVELTY_SCORES);
    qsort(values, (size_t)count, sizeof *values, by_size);
    const int kept = novelty->shape.validation;
    for (int i = 0; i < kept; i++) novelty->scores[i] = values[(size_t)i * (size_t)count / (size_t)kept];
}

static dn_status score_validation(const dn_novelty *novelty, const dn_feature_rows *valid, float *raw,
                                  dn_error *error) {
    dni_feature_pass pass;
    dn_status status = dni_feature_pass_begin(&pass, valid, 1, novelty->shape.features, error);
    while (!status && !(status = dni_feature_pass_next(&pass, error)) && pass.count)
        status = dni_novelty_raw_scores(novelty, pass.values, pass.count,
                                        raw + (size_t)pass.first * DNI_NOVELTY_SCORES, error);
    dni_feature_pass_end(&pass);
    return status;
}

static dn_status fit_validation(dn_novelty *novelty, const dn_feature_rows *valid, dn_error *error) {
    const size_t count = (size_t)valid->count;
    float *raw = malloc(count * DNI_NOVELTY_SCORES * sizeof *raw), *values = malloc(count * sizeof *values);
    dn_status status =
        raw && values ? DN_OK : dni_no_memory(error, "the familiarity of %d pictures", valid->count);
    if (!status) status = score_validation(novelty, valid, raw, error);
    if (!status) measure_validation(novelty, raw, values, valid->count);
    free(raw);
    free(values);
    return status;
}

dn_status dn_novelty_fit_from_rows(dn_novelty **out, const dn_feature_rows *train,
                                   const dn_feature_rows *valid, int features, int classes, uint64_t seed,
                                   dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, train);
    DNI_NOT_NULL(error, valid);
    if (features < 1 || classes < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "%d features, %d classes; at least one of each is needed",
                        features, classes);
    dn_status status = dni_feature_rows_check(train, "train", 1, features, classes, NULL, error);
    if (!status) status = dni_feature_rows_check(valid, "valid", 1, features, classes, NULL, error);
    if (status) return status;
    const int count = least(train->count, DNI_NOVELTY_TRAINING);
    fitting fit = {
        .count = count, .features = features, .directions = directions_for(features, count), .seed = seed};
    status = fit_training(&fit, train, valid->count, classes, error);
    fitting_free(&fit);
    if (!status) status = fit_validation(fit.novelty, valid, error);
    if (status) {
        dn_novelty_free(fit.novelty);
        return status;
    }
    *out = fit.novelty;
    return DN_OK;
}

dn_status dn_novelty_fit(dn_novelty **out, const dn_features *train, const dn_features *valid, int features,
                         int classes, uint64_t seed, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, train);
    DNI_NOT_NULL(error, valid);
    dn_feature_rows rows[2];
    dni_feature_array arrays[2];
    dn_status status = dni_feature_array_rows(&rows[0], &arrays[0], train, "train", features, error);
    if (!status) status = dni_feature_array_rows(&rows[1], &arrays[1], valid, "valid", features, error);
    return status ? status
                  : dn_novelty_fit_from_rows(out, &rows[0], &rows[1], features, classes, seed, error);
}

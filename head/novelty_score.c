/* SPDX-License-Identifier: MIT */
/* Scoring feature vectors, in blocks of rows: projection, distances, their worth on validation. */
#include "head/novelty_parts.h"

#include "core/error.h"
#include "core/memory.h"
#include "head/blas.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* rows */

/* ---- the object ---- */

size_t dni_novelty_floats(const dni_novelty_shape *s) {
    const size_t directions = (size_t)s->directions;
    return directions * ((size_t)s->features + directions + (size_t)s->means + (size_t)s->training) +
           2 * (size_t)DNI_NOVELTY_SCORES + (size_t)s->validation;
}

dn_status dni_novelty_create(dn_novelty **out, const dni_novelty_shape *s, dn_error *error) {
    const size_t directions = (size_t)s->directions;
    dn_novelty *made = *out = calloc(1, sizeof *made);
    if (made) made->memory = calloc(dni_novelty_floats(s), sizeof(float));
    if (!made || !made->memory) {
        free(made);
        *out = NULL;
        return dni_no_memory(error, "the familiarity of %d features", s->features);
    }
    made->shape = *s;
    made->basis = made->memory;
    made->whitening = made->basis + directions * (size_t)s->features;
    made->means = made->whitening + directions * directions;
    made->training = made->means + (size_t)s->means * directions;
    made->scaling = made->training + (size_t)s->training * directions;
    made->scores = made->scaling + 2 * (size_t)DNI_NOVELTY_SCORES;
    return DN_OK;
}

void dn_novelty_free(dn_novelty *novelty) {
    if (!novelty) return;
    free(novelty->memory);
    free(novelty);
}

int dn_novelty_features(const dn_novelty *novelty) {
    if (!novelty) return 0;
    return novelty->shape.features;
}

int dn_novelty_pictures(const dn_novelty *novelty) {
    if (!novelty) return 0;
    return novelty->shape.validation;
}

size_t dn_novelty_size(const dn_novelty *novelty) {
    if (!novelty) return 0;
    return dni_novelty_floats(&novelty->shape) * sizeof(float);
}

/* ---- both scores of a block of rows ---- */

typedef struct block {
    float *projected; /* (BLOCK, directions) */
    float *whitened;  /* (BLOCK, directions) */
    float *products;  /* (BLOCK, training): cosines with the training vectors */
    float *nearest;   /* (neighbour): the largest cosines of a row, falling */
} block;

/* out (rows, columns) = a (rows, inner) b^T, b (columns, inner) */
static void multiply(const float *a, const float *b, int rows, int columns, int inner, float *out) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, columns, inner, 1, a, inner, b, inner, 0, out,
                columns);
}

/* How BLAS rounds depends on the CPU and on the number of rows. Distances that may come from that alone are
 * 0, so that one picture has one percentile. */
#define ROUNDING (16 * FLT_EPSILON)

/* From the squared distance of two vectors of length 1, 2 - 2 cos: what lies outside the directions counts as
 * orthogonal to every training vector. */
static float neighbour_distance(const float *cosines, int count, float *nearest, int k) {
    int found = 0;
    for (int i = 0; i < count; i++) {
        if (found == k && cosines[i] <= nearest[k - 1]) continue;
        int place = found < k ? found++ : k - 1;
        for (; place > 0 && nearest[place - 1] < cosines[i]; place--) nearest[place] = nearest[place - 1];
        nearest[place] = cosines[i];
    }
    const float squared = 2 - 2 * nearest[found - 1];
    return squared > ROUNDING ? sqrtf(squared) : 0;
}

static float mahalanobis_distance(const dn_novelty *novelty, const float *whitened) {
    const int directions = novelty->shape.directions;
    float least = INFINITY;
    for (int c = 0; c < novelty->shape.means; c++) {
        const float *mean = novelty->means + (size_t)c * (size_t)directions;
        float sum = 0, size = 0;
        for (int i = 0; i < directions; i++) {
            sum += (whitened[i] - mean[i]) * (whitened[i] - mean[i]);
            size += mean[i] * mean[i];
        }
        least = fminf(least, sum > ROUNDING * ROUNDING * size ? sum : 0);
    }
    return sqrtf(least);
}

static void score_block(const dn_novelty *novelty, const block *scratch, const float *features, int rows,
                        float *out) {
    const dni_novelty_shape *s = &novelty->shape;
    const int directions = s->directions;
    multiply(features, novelty->basis, rows, directions, s->features, scratch->projected);
    multiply(scratch->projected, novelty->whitening, rows, directions, directions, scratch->whitened);
    for (int r = 0; r < rows; r++) {
        const float length = cblas_snrm2(s->features, features + (size_t)r * (size_t)s->features, 1);
        cblas_sscal(directions, 1 / fmaxf(length, FLT_MIN),
                    scratch->projected + (size_t)r * (size_t)directions, 1);
    }
    multiply(scratch->projected, novelty->training, rows, s->training, directions, scratch->products);
    const int k = s->neighbour < s->training ? s->neighbour : s->training;
    for (int r = 0; r < rows; r++) {
        float *raw = out + (size_t)r * DNI_NOVELTY_SCORES;
        raw[DNI_BY_NEIGHBOURS] = neighbour_distance(scratch->products + (size_t)r * (size_t)s->training,
                                                    s->training, scratch->nearest, k);
        raw[DNI_BY_MAHALANOBIS] =
            mahalanobis_distance(novelty, scratch->whitened + (size_t)r * (size_t)directions);
    }
}

static bool is_finite(const float *values, int count) {
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* Rows that are not finite would give scores that mean nothing; theirs are infinite. */
static void mark_broken_rows(const float *features, int count, int width, float *out) {
    for (int r = 0; r < count; r++)
        if (!is_finite(features + (size_t)r * (size_t)width, width))
            for (int i = 0; i < DNI_NOVELTY_SCORES; i++)
                out[(size_t)r * DNI_NOVELTY_SCORES + (size_t)i] = INFINITY;
}

dn_status dni_novelty_raw_scores(const dn_novelty *novelty, const float *features, int count, float *out,
                                 dn_error *error) {
    const dni_novelty_shape *s = &novelty->shape;
    const size_t floats =
        (size_t)BLOCK * (2 * (size_t)s->directions + (size_t)s->training) + (size_t)s->neighbour;
    float *memory = calloc(floats, sizeof *memory);
    if (!memory) return dni_no_memory(error, "scores of %d pictures", count);
    const dn_status status = dni_blas_acquire(error);
    if (!status) {
        float *const whitened = memory + (size_t)BLOCK * (size_t)s->directions;
        float *const products = whitened + (size_t)BLOCK * (size_t)s->directions;
        const block scratch = {memory, whitened, products, products + (size_t)BLOCK * (size_t)s->training};
        for (int first = 0; first < count; first += BLOCK) {
            const int rows = count - first < BLOCK ? count - first : BLOCK;
            const float *from = features + (size_t)first * (size_t)s->features;
            float *to = out + (size_t)first * DNI_NOVELTY_SCORES;
            score_block(novelty, &scratch, from, rows, to);
            mark_broken_rows(from, rows, s->features, to);
        }
        dni_blas_release();
    }
    free(memory);
    return status;
}

/* ---- one score, and its place among the validation pictures' ---- */

float dni_novelty_combine(const dn_novelty *novelty, const float raw[DNI_NOVELTY_SCORES]) {
    float most = -INFINITY;
    for (int i = 0; i < DNI_NOVELTY_SCORES; i++)
        most = fmaxf(most, (raw[i] - novelty->scaling[2 * i]) / novelty->scaling[2 * i + 1]);
    return most;
}

/* How many of the validation scores are lower, by bisection. */
static int count_lower(const dn_novelty *novelty, float score) {
    int low = 0, high = novelty->shape.validation;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (novelty->scores[middle] < score)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

dn_status dn_novelty_score(const dn_novelty *novelty, const float *features, int count, float *scores,
                           double *percentiles, dn_error *error) {
    DNI_NOT_NULL(error, novelty);
    if (count > 0) DNI_NOT_NULL(error, features);
    if (count < 0) return dni_fail(error, DN_ERR_ARGUMENT, "count must not be negative, as %d is", count);
    float *raw = calloc((size_t)count + 1, DNI_NOVELTY_SCORES * sizeof *raw);
    if (!raw) return dni_no_memory(error, "scores of %d pictures", count);
    const dn_status status = dni_novelty_raw_scores(novelty, features, count, raw, error);
    for (int i = 0; !status && i < count; i++) {
        const float score = dni_novelty_combine(novelty, raw + (size_t)i * DNI_NOVELTY_SCORES);
        if (scores) scores[i] = score;
        if (percentiles) percentiles[i] = (double)count_lower(novelty, score) / novelty->shape.validation;
    }
    free(raw);
    return status;
}

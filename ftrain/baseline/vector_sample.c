/* SPDX-License-Identifier: MIT */
/* Choosing rows class by class, and reading them. */
#include "ftrain/baseline/vector_sample.h"

#include "ftrain/shell/new_array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lists the rows of a split that are taken, in their order. there, taken: (classes), zeros; returns how many
 * stand in `rows` then. */
static int choose(size_t *rows, int count, const vectors *from, int split, double share, int classes,
                  size_t *there, size_t *taken) {
    const size_t first = vectors_before(from, split), end = first + (size_t)from->counts[split];
    memset(there, 0, (size_t)classes * sizeof *there);
    memset(taken, 0, (size_t)classes * sizeof *taken);
    for (size_t i = first; i < end; i++) there[from->labels[i]]++;
    for (size_t i = first; i < end; i++) {
        const int label = from->labels[i];
        if (taken[label] >= (size_t)ceil(share * (double)there[label])) continue;
        taken[label]++;
        rows[count++] = i;
    }
    return count;
}

static outcome choose_all(vector_sample *out, size_t *rows, const vectors *from, int classes, int most) {
    const size_t total = vectors_before(from, DNI_SPLITS);
    const double share = total > (size_t)most ? (double)most / (double)total : 1;
    size_t *tallies = new_matrix(2, (size_t)classes, sizeof *tallies);
    if (!tallies) return OUTCOME_MACHINE;
    for (int s = 0; s < DNI_SPLITS; s++) {
        const int before = out->count;
        out->count = choose(rows, before, from, s, share, classes, tallies, tallies + classes);
        out->counts[s] = out->count - before;
    }
    free(tallies);
    return OUTCOME_OK;
}

static outcome read_rows(vector_sample *out, const vectors *from, const size_t *rows) {
    const size_t columns = (size_t)from->x.columns;
    const dni_matrix_part part = {
        .matrix = &from->x, .rows = rows, .count = out->count, .mean = from->mean, .scale = from->scale};
    dni_matrix_pass pass;
    dn_error error;
    dn_status status = dni_matrix_pass_create(&pass, &part, &error);
    while (!status && !(status = dni_matrix_pass_next(&pass, &error)) && pass.count)
        memcpy(out->values + (size_t)pass.first * columns, pass.values,
               (size_t)pass.count * columns * sizeof *pass.values);
    dni_matrix_pass_free(&pass);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static double variance_of(const double *values, size_t count) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    const double mean = sum / (double)count;
    return squares / (double)count - mean * mean;
}

static outcome fill(vector_sample *out, const vectors *from, const size_t *rows) {
    const size_t count = (size_t)out->count, columns = (size_t)from->x.columns;
    out->values = new_matrix(count, columns, sizeof *out->values);
    out->labels = new_array(count, sizeof *out->labels);
    out->samples = new_array(count, sizeof *out->samples);
    if (!out->values || !out->labels || !out->samples) return OUTCOME_MACHINE;
    for (size_t i = 0; i < count; i++) {
        out->labels[i] = from->labels[rows[i]];
        out->samples[i] = from->samples[rows[i]];
    }
    const outcome code = read_rows(out, from, rows);
    if (!code) out->variance = variance_of(out->values, (size_t)out->counts[DNI_TRAIN] * columns);
    return code;
}

outcome vector_sample_take(vector_sample *out, const vectors *from, int classes, int most) {
    *out = (vector_sample){.count = 0};
    size_t *rows = new_array(vectors_before(from, DNI_SPLITS), sizeof *rows);
    outcome code = rows ? choose_all(out, rows, from, classes, most) : OUTCOME_MACHINE;
    if (!code) code = fill(out, from, rows);
    free(rows);
    return code;
}

void vector_sample_free(vector_sample *sample) {
    free(sample->values);
    free(sample->labels);
    free(sample->samples);
}

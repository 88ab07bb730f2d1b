/* SPDX-License-Identifier: MIT */
/* Rows of arrays and of feature vectors, and passes over them. */
#include "head/matrix.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- columns of an array ---- */

static dn_status read_array(void *context, const size_t *rows, int count, double *out, dn_error *error) {
    const dni_array_matrix *array = context;
    (void)error;
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < array->columns; k++)
            *out++ = array->values[rows[i] * array->width + (array->column ? (size_t)array->column[k] : k)];
    return DN_OK;
}

dni_matrix dni_matrix_of_array(dni_array_matrix *array) {
    return (dni_matrix){.read = read_array, .context = array, .columns = (int)array->columns};
}

/* ---- feature vectors ---- */

static void widen(double *restrict out, const float *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = (double)from[i];
}

/* Widens what is kept, and lists the rest; returns how many these are. */
static int take_kept(const dni_feature_matrix *self, const size_t *rows, int count, double *out) {
    int missing = 0;
    for (int i = 0; i < count; i++) {
        if (rows[i] < self->capacity && self->is_kept[rows[i]]) {
            widen(out + (size_t)i * self->width, self->kept + rows[i] * self->width, self->width);
        } else {
            self->places[missing] = i;
            self->vectors[missing++] = rows[i] * (size_t)self->rows->views;
        }
    }
    return missing;
}

static void keep(const dni_feature_matrix *self, size_t row, const float *vector) {
    if (row >= self->capacity) return;
    memcpy(self->kept + row * self->width, vector, self->width * sizeof *vector);
    self->is_kept[row] = 1;
}

static dn_status read_features(void *context, const size_t *rows, int count, double *out, dn_error *error) {
    const dni_feature_matrix *self = context;
    const int missing = take_kept(self, rows, count, out);
    if (!missing) return DN_OK;
    const dn_status status =
        self->rows->read(self->rows->context, self->vectors, (size_t)missing, self->block, error);
    for (int m = 0; !status && m < missing; m++) {
        const float *vector = self->block + (size_t)m * self->width;
        widen(out + (size_t)self->places[m] * self->width, vector, self->width);
        keep(self, rows[self->places[m]], vector);
    }
    return status;
}

dn_status dni_matrix_of_features(dni_matrix *out, dni_feature_matrix *context, const dn_feature_rows *rows,
                                 int width, dn_error *error) {
    const size_t row = (size_t)width * sizeof(float), most = DNI_MATRIX_KEPT / row;
    const size_t capacity = most < (size_t)rows->count ? most : (size_t)rows->count;
    *context = (dni_feature_matrix){.rows = rows,
                                    .width = (size_t)width,
                                    .kept = malloc(capacity * row + 1),
                                    .is_kept = calloc(capacity + 1, 1),
                                    .capacity = capacity,
                                    .block = malloc(DNI_MATRIX_BLOCK * row),
                                    .vectors = malloc(DNI_MATRIX_BLOCK * sizeof(size_t)),
                                    .places = malloc(DNI_MATRIX_BLOCK * sizeof(int))};
    *out = (dni_matrix){.read = read_features, .context = context, .columns = width};
    return context->kept && context->is_kept && context->block && context->vectors && context->places
               ? DN_OK
               : dni_no_memory(error, "reading vectors of %d features", width);
}

void dni_feature_matrix_free(dni_feature_matrix *context) {
    free(context->kept);
    free(context->is_kept);
    free(context->block);
    free(context->vectors);
    free(context->places);
    *context = (dni_feature_matrix){.width = 0};
}

/* ---- passes ---- */

dn_status dni_matrix_pass_create(dni_matrix_pass *out, const dni_matrix_part *part, dn_error *error) {
    const size_t columns = (size_t)part->matrix->columns;
    *out = (dni_matrix_pass){.part = part,
                             .values = malloc((DNI_MATRIX_BLOCK * columns + 1) * sizeof(double)),
                             .rows = malloc(DNI_MATRIX_BLOCK * sizeof(size_t))};
    return out->values && out->rows ? DN_OK : dni_no_memory(error, "reading rows of %zu columns", columns);
}

void dni_matrix_pass_free(dni_matrix_pass *pass) {
    free(pass->values);
    free(pass->rows);
    *pass = (dni_matrix_pass){.count = 0};
}

void dni_matrix_pass_rewind(dni_matrix_pass *pass) {
    pass->first = pass->count = 0;
}

static void standardise(double *restrict values, int count, size_t columns, const double *restrict mean,
                        const double *restrict scale) {
    for (int i = 0; i < count; i++, values += columns)
        for (size_t k = 0; k < columns; k++) values[k] = (values[k] - mean[k]) * scale[k];
}

dn_status dni_matrix_pass_next(dni_matrix_pass *pass, dn_error *error) {
    const dni_matrix_part *part = pass->part;
    pass->first += pass->count;
    const int left = part->count - pass->first;
    pass->count = left < DNI_MATRIX_BLOCK ? left : DNI_MATRIX_BLOCK;
    if (!pass->count) return DN_OK;
    for (int i = 0; i < pass->count; i++)
        pass->rows[i] =
            part->rows ? part->rows[pass->first + i] : part->first + (size_t)pass->first + (size_t)i;
    const dn_status status =
        part->matrix->read(part->matrix->context, pass->rows, pass->count, pass->values, error);
    if (!status && part->mean)
        standardise(pass->values, pass->count, (size_t)part->matrix->columns, part->mean, part->scale);
    return status;
}

/* Adds up each column, or the squared distances from the means where there are any; sums: zeros. */
static dn_status add_up(const dni_matrix_part *part, const double *mean, double *sums, dn_error *error) {
    const size_t columns = (size_t)part->matrix->columns;
    dni_matrix_pass pass;
    dn_status status = dni_matrix_pass_create(&pass, part, error);
    while (!status && !(status = dni_matrix_pass_next(&pass, error)) && pass.count) {
        const double *row = pass.values;
        for (int i = 0; i < pass.count; i++, row += columns)
            for (size_t k = 0; k < columns; k++) sums[k] += mean ? pow(row[k] - mean[k], 2) : row[k];
    }
    dni_matrix_pass_free(&pass);
    return status;
}

dn_status dni_matrix_measure(double *mean, double *deviation, const dni_matrix_part *part, dn_error *error) {
    const int columns = part->matrix->columns;
    for (int k = 0; k < columns; k++) mean[k] = deviation[k] = 0;
    dn_status status = add_up(part, NULL, mean, error);
    for (int k = 0; k < columns; k++) mean[k] /= part->count;
    if (!status) status = add_up(part, mean, deviation, error);
    for (int k = 0; k < columns; k++) deviation[k] = sqrt(deviation[k] / part->count);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* Rows of an array, passes over rows, and the check that comes before all use. */
#include "head/feature_rows.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

static dn_status read_array(void *context, const size_t *vectors, size_t count, float *out, dn_error *error) {
    const dni_feature_array *array = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * array->width, array->values + vectors[i] * array->width, array->width * sizeof *out);
    return DN_OK;
}

dn_status dni_feature_array_rows(dn_feature_rows *out, dni_feature_array *array, const dn_features *of,
                                 const char *split, int width, dn_error *error) {
    if (of->count > 0 && !of->values) return dni_fail(error, DN_ERR_ARGUMENT, "%s: values is NULL", split);
    *array = (dni_feature_array){of->values, (size_t)width};
    *out = (dn_feature_rows){
        .read = read_array, .context = array, .labels = of->labels, .count = of->count, .views = of->views};
    return DN_OK;
}

/* ---- passes ---- */

dn_status dni_feature_pass_begin(dni_feature_pass *out, const dn_feature_rows *rows, int views, int width,
                                 dn_error *error) {
    const int at_a_time = views < DNI_PASS_VECTORS ? DNI_PASS_VECTORS / views : 1;
    const int capacity = at_a_time < rows->count ? at_a_time : rows->count;
    const size_t vectors = (size_t)capacity * (size_t)views;
    *out = (dni_feature_pass){.rows = rows, .width = (size_t)width, .views = views, .capacity = capacity};
    out->values = malloc((vectors * (size_t)width + 1) * sizeof *out->values);
    out->vectors = malloc((vectors + 1) * sizeof *out->vectors);
    return out->values && out->vectors ? DN_OK : dni_no_memory(error, "reading %zu feature vectors", vectors);
}

dn_status dni_feature_pass_next(dni_feature_pass *pass, dn_error *error) {
    pass->first += pass->count;
    const int left = pass->rows->count - pass->first;
    pass->count = left < pass->capacity ? left : pass->capacity;
    size_t vectors = 0;
    for (int i = 0; i < pass->count; i++)
        for (int v = 0; v < pass->views; v++)
            pass->vectors[vectors++] = (size_t)(pass->first + i) * (size_t)pass->rows->views + (size_t)v;
    return vectors ? pass->rows->read(pass->rows->context, pass->vectors, vectors, pass->values, error)
                   : DN_OK;
}

void dni_feature_pass_end(dni_feature_pass *pass) {
    free(pass->values);
    free(pass->vectors);
    *pass = (dni_feature_pass){.count = 0};
}

/* ---- the check ---- */

static dn_status check_shape(const dn_feature_rows *rows, const char *split, dn_error *error) {
    if (rows->count < 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: count must be at least 1, not %d", split, rows->count);
    if (rows->count == 0) return dni_fail(error, DN_ERR_DATA_EMPTY, "%s: no pictures (count 0)", split);
    if (!rows->read || !rows->labels)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: %s is NULL", split, rows->read ? "labels" : "read");
    if (rows->views < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: views must be at least 1, not %d", split, rows->views);
    return DN_OK;
}

/* The pictures that the pass holds. */
static dn_status check_pictures(const dni_feature_pass *pass, const char *split, int classes,
                                dn_error *error) {
    const size_t per_picture = (size_t)pass->views * pass->width;
    for (int n = 0; n < pass->count; n++) {
        const int picture = pass->first + n, label = pass->rows->labels[picture];
        if (label < 0 || label >= classes)
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: label of picture %d must be 0 to %d, not %d", split,
                            picture, classes - 1, label);
        const float *x = pass->values + (size_t)n * per_picture;
        for (size_t i = 0; i < per_picture; i++)
            if (!isfinite(x[i]))
                return dni_fail(error, DN_ERR_ARGUMENT, "%s: feature %zu of picture %d, view %zu, is %g",
                                split, i % pass->width, picture, i / pass->width, (double)x[i]);
    }
    return DN_OK;
}

dn_status dni_feature_rows_check(const dn_feature_rows *rows, const char *split, int views, int width,
                                 int classes, dni_key *hash, dn_error *error) {
    dn_status status = check_shape(rows, split, error);
    if (status) return status;
    dni_feature_pass pass;
    dni_key_stream *stream = hash ? dni_key_stream_create() : NULL;
    if (hash && !stream) return dni_no_memory(error, "a hash of %d pictures' features", rows->count);
    status = dni_feature_pass_begin(&pass, rows, views ? views : rows->views, width, error);
    while (!status && !(status = dni_feature_pass_next(&pass, error)) && pass.count) {
        const size_t floats = (size_t)pass.count * (size_t)pass.views * pass.width;
        status = check_pictures(&pass, split, classes, error);
        if (hash) dni_key_stream_add(stream, pass.values, floats * sizeof *pass.values);
    }
    dni_feature_pass_end(&pass);
    const dni_key found = dni_key_stream_end(stream);
    if (hash) *hash = found;
    return status;
}

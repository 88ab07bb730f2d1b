/* SPDX-License-Identifier: MIT */
/* Vectors in a file or an array, with a count of their users. */
#include "ftrain/features/feature_vectors.h"

#include "ftrain/shell/new_array.h"
#include "io/feature_values.h"

#include <stdlib.h>
#include <string.h>

struct feature_vectors {
    int users;
    dni_feature_values file; /* read where there is no array */
    float *array;            /* (vectors, width) */
    size_t width;
};

static outcome create(feature_vectors **out) {
    *out = new_array(1, sizeof **out);
    if (!*out) return OUTCOME_MACHINE;
    (*out)->users = 1;
    return OUTCOME_OK;
}

outcome feature_vectors_of_store(feature_vectors **out, const dni_feature_store *store) {
    const outcome code = create(out);
    if (code) return code;
    dn_error error;
    if (!dni_feature_store_values(store, &(*out)->file, &error)) return OUTCOME_OK;
    feature_vectors_release(*out);
    *out = NULL;
    return report(&error, OUTCOME_MACHINE);
}

outcome feature_vectors_of_array(feature_vectors **out, float *values, size_t width) {
    const outcome code = create(out);
    if (code) {
        free(values);
        return code;
    }
    (*out)->array = values;
    (*out)->width = width;
    return OUTCOME_OK;
}

feature_vectors *feature_vectors_share(feature_vectors *vectors) {
    vectors->users++;
    return vectors;
}

void feature_vectors_release(feature_vectors *vectors) {
    if (!vectors || --vectors->users) return;
    dni_feature_values_close(&vectors->file);
    free(vectors->array);
    free(vectors);
}

dn_status feature_vectors_read(const feature_vectors *vectors, const uint32_t *rows, size_t count, float *out,
                               dn_error *error) {
    if (!vectors->array) return dni_feature_values_read(&vectors->file, rows, count, out, error);
    const size_t width = vectors->width;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * width, vectors->array + rows[i] * width, width * sizeof *out);
    return DN_OK;
}

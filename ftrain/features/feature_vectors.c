/* SPDX-License-Identifier: MIT */
/* A store's file with a count of those who read it. */
#include "ftrain/features/feature_vectors.h"

#include "ftrain/shell/new_array.h"
#include "io/feature_values.h"

#include <stdlib.h>

struct feature_vectors {
    int users;
    dni_feature_values file;
};

outcome feature_vectors_of_store(feature_vectors **out, const dni_feature_store *store) {
    feature_vectors *made = *out = new_array(1, sizeof *made);
    if (!made) return OUTCOME_MACHINE;
    made->users = 1;
    dn_error error;
    if (!dni_feature_store_values(store, &made->file, &error)) return OUTCOME_OK;
    feature_vectors_release(made);
    *out = NULL;
    return report(&error, OUTCOME_MACHINE);
}

feature_vectors *feature_vectors_share(feature_vectors *vectors) {
    vectors->users++;
    return vectors;
}

void feature_vectors_release(feature_vectors *vectors) {
    if (!vectors || --vectors->users) return;
    dni_feature_values_close(&vectors->file);
    free(vectors);
}

dn_status feature_vectors_read(const feature_vectors *vectors, const uint32_t *rows, size_t count, float *out,
                               dn_error *error) {
    return dni_feature_values_read(&vectors->file, rows, count, out, error);
}

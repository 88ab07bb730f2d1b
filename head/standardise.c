/* SPDX-License-Identifier: MIT */
/* Means and deviations in two passes over the data. */
#include "head/standardise.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static const float *vector_of(const dn_features *data, int picture, int view, size_t width) {
    return data->values + ((size_t)picture * (size_t)data->views + (size_t)view) * width;
}

static void measure_means(const dn_features *data, int views, size_t width, double *mean) {
    for (int n = 0; n < data->count; n++)
        for (int v = 0; v < views; v++) {
            const float *x = vector_of(data, n, v, width);
            for (size_t i = 0; i < width; i++) mean[i] += (double)x[i];
        }
    for (size_t i = 0; i < width; i++) mean[i] /= (double)data->count * views;
}

static void measure_deviations(const dn_features *data, int views, size_t width, const double *mean,
                               double *deviation) {
    for (int n = 0; n < data->count; n++)
        for (int v = 0; v < views; v++) {
            const float *x = vector_of(data, n, v, width);
            for (size_t i = 0; i < width; i++) {
                const double d = (double)x[i] - mean[i];
                deviation[i] += d * d;
            }
        }
    for (size_t i = 0; i < width; i++) deviation[i] = sqrt(deviation[i] / ((double)data->count * views));
}

dn_status dni_standardise_measure(const dn_features *data, int views, int width, float *out,
                                  dn_error *error) {
    const size_t n = (size_t)width;
    double *mean = calloc(2 * n, sizeof *mean);
    if (!mean) return dni_no_memory(error, "measuring %d features", width);
    double *deviation = mean + n;
    measure_means(data, views, n, mean);
    measure_deviations(data, views, n, mean, deviation);
    double widest = 0.0;
    for (size_t i = 0; i < n; i++) widest = deviation[i] > widest ? deviation[i] : widest;
    for (size_t i = 0; i < n; i++) {
        const int varies = deviation[i] > 1e-6 * fmax(fabs(mean[i]), widest);
        out[i] = (float)mean[i];
        out[n + i] = varies ? (float)(1.0 / deviation[i]) : 0.0f;
    }
    free(mean);
    return DN_OK;
}

/* SPDX-License-Identifier: MIT */
/* Means and deviations in two passes over the data. */
#include "head/standardise.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* Adds what a pass holds to the sums of each feature: the values or, where there are means, their squared
 * distances from these. */
static void add_vectors(const dni_feature_pass *pass, const double *mean, double *sums) {
    const float *x = pass->values;
    for (int n = 0; n < pass->count * pass->views; n++, x += pass->width)
        for (size_t i = 0; i < pass->width; i++) {
            const double d = mean ? (double)x[i] - mean[i] : (double)x[i];
            sums[i] += mean ? d * d : d;
        }
}

/* out: (width), zeros; the mean of what add_vectors() sums. */
static dn_status average(const dn_feature_rows *data, int views, int width, const double *mean, double *out,
                         dn_error *error) {
    dni_feature_pass pass;
    dn_status status = dni_feature_pass_begin(&pass, data, views, width, error);
    while (!status && !(status = dni_feature_pass_next(&pass, error)) && pass.count)
        add_vectors(&pass, mean, out);
    dni_feature_pass_end(&pass);
    for (int i = 0; i < width; i++) out[i] /= (double)data->count * views;
    return status;
}

static void invert(const double *mean, const double *deviation, size_t n, float *out) {
    double widest = 0.0;
    for (size_t i = 0; i < n; i++) widest = deviation[i] > widest ? deviation[i] : widest;
    for (size_t i = 0; i < n; i++) {
        const int varies = deviation[i] > 1e-6 * fmax(fabs(mean[i]), widest);
        out[i] = (float)mean[i];
        out[n + i] = varies ? (float)(1.0 / deviation[i]) : 0.0f;
    }
}

dn_status dni_standardise_measure(const dn_feature_rows *data, int views, int width, float *out,
                                  dn_error *error) {
    const size_t n = (size_t)width;
    double *mean = calloc(2 * n, sizeof *mean);
    if (!mean) return dni_no_memory(error, "measuring %d features", width);
    double *deviation = mean + n;
    dn_status status = average(data, views, width, NULL, mean, error);
    if (!status) status = average(data, views, width, mean, deviation, error);
    for (size_t i = 0; i < n; i++) deviation[i] = sqrt(deviation[i]);
    if (!status) invert(mean, deviation, n, out);
    free(mean);
    return status;
}

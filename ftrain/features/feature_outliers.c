/* SPDX-License-Identifier: MIT */
/* Distances in the feature space, class by class. */
#include "ftrain/features/feature_outliers.h"

#include "ftrain/shell/new_array.h"
#include "head/modified_z.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The distance of each of a class's pictures to the class's centre, in deviations of the class. `moments`:
 * (2, width), scratch. Returns how many it has; distances and rows get one entry each. */
static size_t measure_distances(double *distances, int *rows, const feature_set *set, int label, size_t width,
                                double *moments) {
    size_t count = 0;
    double *const sums = moments, *const squares = moments + width;
    memset(moments, 0, 2 * width * sizeof *moments);
    for (int i = 0; i < set->count; i++) {
        if (set->labels[i] != label) continue;
        rows[count++] = i;
        const float *const row = set->values + (size_t)i * width;
        for (size_t k = 0; k < width; k++) {
            sums[k] += (double)row[k];
            squares[k] += (double)row[k] * (double)row[k];
        }
    }
    for (size_t j = 0; j < count; j++) {
        const float *const row = set->values + (size_t)rows[j] * width;
        double distance = 0;
        for (size_t k = 0; k < width; k++) {
            const double mean = sums[k] / (double)count, variance = squares[k] / (double)count - mean * mean;
            if (variance > 1e-12 * mean * mean) distance += pow((double)row[k] - mean, 2) / variance;
        }
        distances[j] = sqrt(distance);
    }
    return count;
}

outcome feature_outlier_scores(double *scores, const feature_set *set, int class_count, size_t min_members) {
    const size_t width = (size_t)set->width;
    const size_t room = (size_t)set->count + 1;
    double *const memory = new_array(2 * width + 2 * room, sizeof *memory);
    int *const rows = new_array(room, sizeof *rows);
    for (int i = 0; i < set->count; i++) scores[i] = 0;
    for (int c = 0; memory && rows && c < class_count; c++) {
        double *const distances = memory + 2 * width;
        const size_t count = measure_distances(distances, rows, set, c, width, memory);
        if (count < min_members) continue;
        dni_modified_z(distances, distances + room, count);
        for (size_t j = 0; j < count; j++) scores[rows[j]] = distances[j];
    }
    const outcome code = memory && rows ? OUTCOME_OK : OUTCOME_MACHINE;
    free(memory);
    free(rows);
    return code;
}

/* SPDX-License-Identifier: MIT */
/* Distances in the feature space, class by class. */
#include "ftrain/features/feature_outliers.h"

#include "ftrain/shell/new_array.h"
#include "head/matrix.h"
#include "head/modified_z.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums of the values and of their squares over the pictures. sums: (2, columns), zeros. */
static dn_status add_up(double *sums, const dni_matrix_part *members, dn_error *error) {
    const size_t width = (size_t)members->matrix->columns;
    double *const squares = sums + width;
    dni_matrix_pass pass;
    dn_status status = dni_matrix_pass_create(&pass, members, error);
    while (!status && !(status = dni_matrix_pass_next(&pass, error)) && pass.count) {
        const double *row = pass.values;
        for (int i = 0; i < pass.count; i++, row += width)
            for (size_t k = 0; k < width; k++) {
                sums[k] += row[k];
                squares[k] += row[k] * row[k];
            }
    }
    dni_matrix_pass_free(&pass);
    return status;
}

static double distance_of(const double *row, size_t width, const double *sums, double count) {
    double distance = 0;
    for (size_t k = 0; k < width; k++) {
        const double mean = sums[k] / count, variance = sums[width + k] / count - mean * mean;
        if (variance > 1e-12 * mean * mean) distance += pow(row[k] - mean, 2) / variance;
    }
    return sqrt(distance);
}

/* The distance of each of a class's pictures to the class's centre, in deviations of the class. `sums`:
 * (2, columns), scratch. */
static dn_status measure_distances(double *distances, const dni_matrix_part *members, double *sums,
                                   dn_error *error) {
    const size_t width = (size_t)members->matrix->columns;
    memset(sums, 0, 2 * width * sizeof *sums);
    dni_matrix_pass pass;
    dn_status status = add_up(sums, members, error);
    if (status) return status;
    status = dni_matrix_pass_create(&pass, members, error);
    while (!status && !(status = dni_matrix_pass_next(&pass, error)) && pass.count)
        for (int i = 0; i < pass.count; i++)
            distances[pass.first + i] =
                distance_of(pass.values + (size_t)i * width, width, sums, members->count);
    dni_matrix_pass_free(&pass);
    return status;
}

typedef struct scoring {
    const feature_set *set;
    dni_matrix x;
    double *sums;      /* (2, width) */
    double *distances; /* (count), and as much again as scratch */
    size_t *members;   /* (count): of a class */
} scoring;

static dn_status score_class(double *scores, const scoring *with, int label, size_t min_members,
                             dn_error *error) {
    const feature_set *set = with->set;
    dni_matrix_part members = {.matrix = &with->x, .rows = with->members};
    for (int i = 0; i < set->count; i++)
        if (set->labels[i] == label) with->members[members.count++] = (size_t)i;
    if ((size_t)members.count < min_members) return DN_OK;
    const dn_status status = measure_distances(with->distances, &members, with->sums, error);
    if (status) return status;
    dni_modified_z(with->distances, with->distances + set->count, (size_t)members.count);
    for (int i = 0; i < members.count; i++) scores[with->members[i]] = with->distances[i];
    return DN_OK;
}

outcome feature_outlier_scores(double *scores, const feature_set *set, int class_count, size_t min_members) {
    const size_t room = (size_t)set->count + 1;
    const dn_feature_rows rows = feature_set_rows(set);
    dni_feature_matrix vectors;
    scoring with = {.set = set,
                    .sums = new_matrix(2, (size_t)set->width, sizeof *with.sums),
                    .distances = new_array(2 * room, sizeof *with.distances),
                    .members = new_array(room, sizeof *with.members)};
    dn_error error;
    outcome code = with.sums && with.distances && with.members ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; i < set->count; i++) scores[i] = 0;
    dn_status status = dni_matrix_of_features(&with.x, &vectors, &rows, set->width, &error);
    for (int c = 0; !code && !status && c < class_count; c++)
        status = score_class(scores, &with, c, min_members, &error);
    if (!code && status) code = report(&error, OUTCOME_MACHINE);
    dni_feature_matrix_free(&vectors);
    free(with.sums);
    free(with.distances);
    free(with.members);
    return code;
}

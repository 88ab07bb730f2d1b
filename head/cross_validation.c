/* SPDX-License-Identifier: MIT */
/* Groups, shuffled, are dealt the largest first, each to the fold that has the fewest pictures of its
 * class. Each fold is then judged by a fit to the others. */
#include "head/cross_validation.h"

#include "core/error.h"
#include "core/rng.h"
#include "head/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct group {
    int name, first; /* groups[i], and the first i that has it */
    int label, size;
    uint32_t shuffled; /* place in the shuffled order */
    int fold;
} group;

/* ---- groups ---- */

typedef struct member {
    int name, index;
} member;

static int by_name(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->name != y->name) return x->name < y->name ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Fills `all` from members sorted by name and index; returns how many groups there are. */
static int collect_groups(group *all, const member *members, int count, const int *labels) {
    int found = 0;
    for (int i = 0; i < count; i++) {
        if (i == 0 || members[i].name != members[i - 1].name)
            all[found++] = (group){members[i].name, members[i].index, labels[members[i].index], 0, 0, 0};
        all[found - 1].size++;
    }
    return found;
}

static int by_class_and_size(const void *a, const void *b) {
    const group *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->shuffled < y->shuffled ? -1 : x->shuffled > y->shuffled;
}

static int by_group_name(const void *a, const void *b) {
    const group *x = a, *y = b;
    return x->name < y->name ? -1 : x->name > y->name;
}

/* ---- dealing ---- */

static dn_status check_classes(const group *all, int found, int classes, int folds, dn_error *error) {
    for (int c = 0; c < classes; c++) {
        int groups = 0;
        for (int g = 0; g < found; g++) groups += all[g].label == c;
        if (groups < folds)
            return dni_fail(error, DN_ERR_DATA_CLASSES,
                            "class %d has %d different pictures, too few for %d folds", c, groups, folds);
    }
    return DN_OK;
}

/* To the fold with the fewest pictures of the class, among those to that with the fewest of all. */
static void deal(group *all, int found, int folds, int *of_class, int *in_all) {
    for (int g = 0; g < found; g++) {
        if (g == 0 || all[g].label != all[g - 1].label)
            for (int f = 0; f < folds; f++) of_class[f] = 0;
        int least = 0;
        for (int f = 1; f < folds; f++)
            if (of_class[f] < of_class[least] ||
                (of_class[f] == of_class[least] && in_all[f] < in_all[least]))
                least = f;
        all[g].fold = least;
        of_class[least] += all[g].size;
        in_all[least] += all[g].size;
    }
}

static dn_status deal_members(int *out, const int *labels, member *members, int count, group *all,
                              uint32_t *order, int *tallies, int classes, int folds, uint64_t seed,
                              dn_error *error) {
    qsort(members, (size_t)count, sizeof *members, by_name);
    const int found = collect_groups(all, members, count, labels);
    const dn_status status = check_classes(all, found, classes, folds, error);
    if (status) return status;
    dni_rng rng = dni_rng_named(seed, "head/folds");
    for (int g = 0; g < found; g++) order[g] = (uint32_t)g;
    dni_rng_shuffle(&rng, order, (uint32_t)found);
    for (int g = 0; g < found; g++) all[g].shuffled = order[g];
    qsort(all, (size_t)found, sizeof *all, by_class_and_size);
    deal(all, found, folds, tallies, tallies + folds);
    qsort(all, (size_t)found, sizeof *all, by_group_name);
    for (int i = 0, g = 0; i < count; i++) {
        while (all[g].name != members[i].name) g++;
        out[members[i].index] = all[g].fold;
    }
    return DN_OK;
}

dn_status dni_folds(int *out, const int *labels, const int *groups, int count, int classes, int folds,
                    uint64_t seed, dn_error *error) {
    if (folds < 2 || count < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "folds must be at least 2 and pictures 1, not %d and %d",
                        folds, count);
    member *members = malloc((size_t)count * sizeof *members);
    group *all = malloc((size_t)count * sizeof *all);
    uint32_t *order = malloc((size_t)count * sizeof *order);
    int *tallies = calloc(2 * (size_t)folds, sizeof *tallies); /* of a class, then of all */
    dn_status status = DN_OK;
    if (!members || !all || !order || !tallies)
        status = dni_no_memory(error, "%d folds of %d pictures", folds, count);
    for (int i = 0; !status && i < count; i++) members[i] = (member){groups[i], i};
    if (!status)
        status = deal_members(out, labels, members, count, all, order, tallies, classes, folds, seed, error);
    free(tallies);
    free(order);
    free(all);
    free(members);
    return status;
}

/* ---- judging ---- */

typedef struct judging {
    const dni_matrix *x;
    const int *labels, *fold;
    int count, classes;
    double c;
    double *mean, *scale; /* (columns) */
    double *weights;      /* (classes, columns + 1) */
    size_t *rows;         /* (count): those fitted to, then those judged */
    int *row_labels;      /* (count): of those fitted to */
    float *predicted;     /* (count, classes) */
} judging;

/* A column that does not vary gets scale 0, which takes it out. */
static dn_status measure(judging *work, const dni_matrix_part *fitted, dn_error *error) {
    const dn_status status = dni_matrix_measure(work->mean, work->scale, fitted, error);
    for (int k = 0; k < work->x->columns; k++)
        work->scale[k] = work->scale[k] > 1e-9 * (fabs(work->mean[k]) + 1e-9) ? 1 / work->scale[k] : 0;
    return status;
}

/* Lists the rows on one side of the fold; returns how many. */
static int list_rows(judging *work, int left_out, bool judged) {
    int rows = 0;
    for (int i = 0; i < work->count; i++) {
        if ((work->fold[i] == left_out) != judged) continue;
        work->row_labels[rows] = work->labels[i];
        work->rows[rows++] = (size_t)i;
    }
    return rows;
}

static dn_status judge_fold(judging *work, int left_out, float *out, dn_error *error) {
    const size_t classes = (size_t)work->classes;
    dni_matrix_part part = {.matrix = work->x, .rows = work->rows};
    part.count = list_rows(work, left_out, false);
    if (!part.count)
        return dni_fail(error, DN_ERR_DATA_EMPTY, "cross-validation: all samples are in fold %d", left_out);
    dn_status status = measure(work, &part, error);
    part.mean = work->mean;
    part.scale = work->scale;
    if (!status)
        status = dni_logistic_fit(work->weights, &part, work->row_labels, work->classes, work->c, error);
    part.count = list_rows(work, left_out, true);
    if (!status)
        status = dni_logistic_log_probabilities(work->weights, &part, work->classes, work->predicted, error);
    for (size_t i = 0; !status && i < (size_t)part.count; i++)
        memcpy(out + work->rows[i] * classes, work->predicted + i * classes, classes * sizeof *out);
    return status;
}

dn_status dni_cross_validate(float *out, const dni_matrix *x, const int *labels, const int *fold, int count,
                             int classes, int folds, double c, dn_error *error) {
    const size_t rows = (size_t)count, width = (size_t)x->columns, k = (size_t)classes;
    judging work = {.x = x, .labels = labels, .fold = fold, .count = count, .classes = classes, .c = c};
    double *const memory = malloc((2 * width + k * (width + 1)) * sizeof *memory);
    work.rows = malloc((rows + 1) * sizeof *work.rows);
    work.row_labels = malloc((rows + 1) * sizeof *work.row_labels);
    work.predicted = malloc((rows * k + 1) * sizeof *work.predicted);
    dn_status status = DN_OK;
    if (!memory || !work.rows || !work.row_labels || !work.predicted) {
        status = dni_no_memory(error, "cross-validating %d samples", count);
    } else {
        work.mean = memory;
        work.scale = memory + width;
        work.weights = work.scale + width;
        for (int f = 0; !status && f < folds; f++) status = judge_fold(&work, f, out, error);
    }
    free(memory);
    free(work.rows);
    free(work.row_labels);
    free(work.predicted);
    return status;
}

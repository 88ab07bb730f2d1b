/* Pictures that stand out in their class, by colour and by the network's features. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int colour_cues[] = {CUE_MEAN_RED,        CUE_MEAN_GREEN,     CUE_MEAN_BLUE, CUE_DEVIATION_RED,
                                  CUE_DEVIATION_GREEN, CUE_DEVIATION_BLUE, CUE_SATURATION};
enum { COLOUR_CUES = sizeof colour_cues / sizeof *colour_cues, MIN_MEMBERS = 5 };

/* Turns values into modified z-scores, in place; all 0 where they do not vary. `scratch`: as many. */
static void modified_scores(double *values, double *scratch, size_t count) {
    memcpy(scratch, values, count * sizeof *values);
    const double centre = audit_range(scratch, count).median;
    for (size_t i = 0; i < count; i++) scratch[i] = fabs(values[i] - centre);
    const double deviation = audit_range(scratch, count).median;
    for (size_t i = 0; i < count; i++)
        values[i] = deviation > 1e-9 ? 0.6745 * (values[i] - centre) / deviation : 0;
}

/* Keeps the worst, by falling score. */
static void add_outlier(class_outliers *outliers, outlier found) {
    if (!(found.score > OUTLIER_SCORE)) return;
    int at = outliers->count < WORST ? outliers->count++ : WORST - 1;
    if (at == WORST - 1 && outliers->count == WORST && outliers->worst[at].score >= found.score) return;
    for (; at > 0 && outliers->worst[at - 1].score < found.score; at--)
        outliers->worst[at] = outliers->worst[at - 1];
    outliers->worst[at] = found;
}

/* ---- colour ---- */

typedef struct colour_work {
    size_t *members; /* of a class */
    double *values, *scratch;
    outlier *best; /* of each member: its largest score */
} colour_work;

static void find_in_class(class_outliers *out, const audit_data *data, int label, colour_work *context) {
    size_t count = 0;
    for (size_t i = 0; i < data->samples.count; i++)
        if (data->samples.items[i].label == label && data->facts[i].is_usable) context->members[count++] = i;
    if (count < MIN_MEMBERS) return;
    for (size_t i = 0; i < count; i++) context->best[i] = (outlier){context->members[i], 0, 0};
    for (int k = 0; k < COLOUR_CUES; k++) {
        for (size_t i = 0; i < count; i++)
            context->values[i] = data->matrix[context->members[i] * CUE_COUNT + (size_t)colour_cues[k]];
        modified_scores(context->values, context->scratch, count);
        for (size_t i = 0; i < count; i++)
            if (fabs(context->values[i]) > context->best[i].score)
                context->best[i] = (outlier){context->members[i], fabs(context->values[i]), colour_cues[k]};
    }
    for (size_t i = 0; i < count; i++) add_outlier(out, context->best[i]);
}

outcome audit_colour_outliers(class_outliers *out, const audit_data *data) {
    const size_t count = data->samples.count;
    memset(out, 0, (size_t)data->class_count * sizeof *out);
    colour_work context = {.members = new_array(count, sizeof *context.members),
                           .values = new_array(count, sizeof *context.values),
                           .scratch = new_array(count, sizeof *context.scratch),
                           .best = new_array(count, sizeof *context.best)};
    const bool is_ready = context.members && context.values && context.scratch && context.best;
    for (int c = 0; is_ready && c < data->class_count; c++) find_in_class(&out[c], data, c, &context);
    free(context.members);
    free(context.values);
    free(context.scratch);
    free(context.best);
    return is_ready ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- features ---- */

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

outcome audit_feature_outliers(class_outliers *out, const audit_data *data, const feature_set *set) {
    memset(out, 0, (size_t)data->class_count * sizeof *out);
    const size_t width = (size_t)set->width;
    const size_t room = (size_t)set->count + 1;
    double *const memory = new_array(2 * width + 2 * room, sizeof *memory);
    int *const rows = new_array(room, sizeof *rows);
    for (int c = 0; memory && rows && c < data->class_count; c++) {
        double *const distances = memory + 2 * width;
        const size_t count = measure_distances(distances, rows, set, c, width, memory);
        if (count < MIN_MEMBERS) continue;
        modified_scores(distances, distances + room, count);
        for (size_t j = 0; j < count; j++)
            add_outlier(&out[c], (outlier){set->sample_index[rows[j]], distances[j], -1});
    }
    const outcome code = memory && rows ? OUTCOME_OK : OUTCOME_MACHINE;
    free(memory);
    free(rows);
    return code;
}

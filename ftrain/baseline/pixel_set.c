/* SPDX-License-Identifier: MIT */
/* The pictures are decoded by all threads, a group at a time. */
#include "ftrain/baseline/pixel_set.h"

#include "core/error.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/progress.h"
#include "io/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = 64 }; /* decoded between two steps of the progress bar */

typedef struct loading {
    pixel_set *set;
    bool report_skipped, strict;           /* about pictures that cannot be used */
    const dn_preprocessing *preprocessing; /* that gives values of 0 to 255 */
    const dni_sample *const *samples;      /* of the group */
    const dni_sample *split;               /* all samples of its split */
    size_t first;                          /* where the group's pictures go */
    dn_status statuses[GROUP];
    dn_error errors[GROUP];
} loading;

static void load_one(void *context, size_t i) {
    loading *group = context;
    const size_t size = (size_t)group->set->size;
    const char *path = group->samples[i]->path;
    float *input = new_array(size, sizeof *input);
    dn_image image = {.rgb = NULL};
    dn_status status =
        input ? dn_image_load(&image, path, &group->errors[i]) : dni_no_memory(&group->errors[i], "%s", path);
    if (!status) status = dn_image_to_input(&image, group->preprocessing, 0, input, &group->errors[i]);
    uint8_t *to = group->set->values + (group->first + i) * size;
    for (size_t k = 0; !status && k < size; k++) to[k] = (uint8_t)lrintf(input[k]);
    dn_image_free(&image);
    free(input);
    group->statuses[i] = status;
}

static outcome skip(loading *context, const dn_error *error) {
    if (context->report_skipped || dni_status_is_machine(error->status))
        return skip_input(error, context->strict, &context->set->skipped);
    context->set->skipped++;
    return OUTCOME_OK;
}

/* Loads up to GROUP pictures behind those that are there; *done of them could be. */
static outcome load_group(loading *context, dni_pool *pool, size_t count, int *done) {
    dni_pool_run(pool, load_one, context, count);
    const size_t size = (size_t)context->set->size;
    *done = 0;
    for (size_t i = 0; i < count; i++) {
        if (context->statuses[i]) {
            const outcome code = skip(context, &context->errors[i]);
            if (code) return code;
            continue;
        }
        const size_t to = context->first + (size_t)*done;
        memmove(context->set->values + to * size, context->set->values + (context->first + i) * size, size);
        context->set->labels[to] = context->samples[i]->label;
        context->set->samples[to] = (size_t)(context->samples[i] - context->split);
        ++*done;
    }
    return OUTCOME_OK;
}

/* Every class's first pictures, `share` of them and at least one. */
static size_t choose(const dni_samples *samples, int classes, double share, const dni_sample **out) {
    size_t chosen = 0;
    for (int c = 0; c < classes; c++) {
        size_t there = 0, taken = 0;
        for (size_t i = 0; i < samples->count; i++) there += samples->items[i].label == c;
        const size_t wanted = (size_t)ceil(share * (double)there);
        for (size_t i = 0; i < samples->count && taken < wanted; i++) {
            if (samples->items[i].label != c) continue;
            out[chosen++] = &samples->items[i];
            taken++;
        }
    }
    return chosen;
}

static outcome load_split(loading *context, const dni_sample *const *samples, size_t count, dni_pool *pool,
                          int *loaded) {
    for (size_t i = 0; i < count; i += GROUP) {
        int done;
        context->samples = samples + i;
        const outcome code = load_group(context, pool, count - i < GROUP ? count - i : GROUP, &done);
        if (code) return code;
        context->first += (size_t)done;
        *loaded += done;
        progress_step(context->first);
    }
    return OUTCOME_OK;
}

/* The chosen pictures of all splits, one split after the other, and how many these are of each. */
typedef struct choice {
    const dni_sample **samples; /* from malloc */
    size_t counts[DNI_SPLITS], count;
} choice;

static outcome choose_all(choice *out, const dni_dataset *data, int most) {
    size_t total = 0;
    for (int s = 0; s < DNI_SPLITS; s++) total += data->splits[s].count;
    const double share = total > (size_t)most ? (double)most / (double)total : 1;
    *out = (choice){.samples = new_array(total, sizeof *out->samples)};
    if (!out->samples) return OUTCOME_MACHINE;
    for (int s = 0; s < DNI_SPLITS; s++) {
        out->counts[s] = choose(&data->splits[s], data->class_count, share, out->samples + out->count);
        out->count += out->counts[s];
    }
    return OUTCOME_OK;
}

static outcome make_room(pixel_set *out, size_t count) {
    out->values = new_matrix(count, (size_t)out->size, 1);
    out->labels = new_array(count, sizeof *out->labels);
    out->samples = new_array(count, sizeof *out->samples);
    return out->values && out->labels && out->samples ? OUTCOME_OK : OUTCOME_MACHINE;
}

static outcome load_all(loading *context, const choice *chosen, const dni_dataset *data, dni_pool *pool) {
    const dni_sample *const *samples = chosen->samples;
    for (int s = 0; s < DNI_SPLITS; samples += chosen->counts[s++]) {
        context->split = data->splits[s].items;
        const outcome code = load_split(context, samples, chosen->counts[s], pool, &context->set->counts[s]);
        if (code) return code;
        if (context->set->counts[s]) continue;
        message("%s: no picture that can be used is left", dni_split_name((dni_split)s));
        return OUTCOME_DATA;
    }
    return OUTCOME_OK;
}

outcome pixel_set_load(pixel_set *out, const dni_dataset *data, const dn_preprocessing *preprocessing,
                       int most, dni_pool *pool, const feature_options *options, bool report_skipped) {
    dn_preprocessing bytes = *preprocessing;
    for (int c = 0; c < 3; c++) {
        bytes.mean[c] = 0;
        bytes.std[c] = 1.0f / 255;
    }
    *out = (pixel_set){.size = preprocessing->crop * preprocessing->crop * 3};
    choice chosen;
    outcome code = choose_all(&chosen, data, most);
    if (!code) code = make_room(out, chosen.count);
    loading context = {
        .set = out, .preprocessing = &bytes, .report_skipped = report_skipped, .strict = options->strict};
    progress_start("pixels", chosen.count, options->quiet);
    if (!code) code = load_all(&context, &chosen, data, pool);
    progress_end();
    out->count = (int)context.first;
    free(chosen.samples);
    return code;
}

void pixel_set_free(pixel_set *set) {
    free(set->values);
    free(set->labels);
    free(set->samples);
    *set = (pixel_set){.count = 0};
}

double pixel_variance(const pixel_set *set, int count) {
    const size_t values = (size_t)count * (size_t)set->size;
    uint64_t sum = 0, squares = 0; /* at most 255^2 a value: room for 2.8e14 of them */
    for (size_t i = 0; i < values; i++) {
        sum += set->values[i];
        squares += (uint64_t)set->values[i] * set->values[i];
    }
    const double mean = (double)sum / (double)values;
    return (double)squares / (double)values - mean * mean;
}

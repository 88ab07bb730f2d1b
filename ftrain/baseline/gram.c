/* The products by BLAS; pictures decoded by all threads. */
#include "ftrain/baseline/gram.h"

#include "core/error.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "head/blas.h"
#include "io/image.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pictures as bytes ---- */

enum { GROUP = 64 }; /* decoded between two steps of the progress bar */

typedef struct loading {
    pixel_set *set;
    const dn_preprocessing *preprocessing; /* that gives values of 0 to 255 */
    const dni_sample *const *samples;      /* of the group */
    size_t first;                          /* where the group's pictures go */
    bool say, strict;                      /* about pictures that cannot be used */
    dn_status statuses[GROUP];
    dn_error errors[GROUP];
} loading;

static void load_one(void *context, size_t i) {
    loading *work = context;
    const size_t size = (size_t)work->set->size;
    float *input = malloc(size * sizeof *input);
    dn_image image = {.rgb = NULL};
    const char *path = work->samples[i]->path;
    dn_status status =
        input ? dn_image_load(&image, path, &work->errors[i]) : dni_no_memory(&work->errors[i], "%s", path);
    if (!status) status = dn_image_to_input(&image, work->preprocessing, 0, input, &work->errors[i]);
    uint8_t *to = work->set->values + (work->first + i) * size;
    for (size_t k = 0; !status && k < size; k++) to[k] = (uint8_t)lrintf(input[k]);
    dn_image_free(&image);
    free(input);
    work->statuses[i] = status;
}

static outcome skip(loading *work, const dn_error *error) {
    if (work->say || dni_status_is_machine(error->status))
        return skip_input(error, work->strict, &work->set->skipped);
    work->set->skipped++;
    return OUTCOME_OK;
}

/* Loads up to GROUP pictures behind those that are there; *done of them could be. */
static outcome load_group(loading *work, dni_pool *pool, size_t count, int *done) {
    dni_pool_run(pool, load_one, work, count);
    const size_t size = (size_t)work->set->size;
    *done = 0;
    for (size_t i = 0; i < count; i++) {
        if (work->statuses[i]) {
            const outcome code = skip(work, &work->errors[i]);
            if (code) return code;
            continue;
        }
        const size_t to = work->first + (size_t)*done;
        memmove(work->set->values + to * size, work->set->values + (work->first + i) * size, size);
        work->set->labels[to] = work->samples[i]->label;
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

static outcome load_split(loading *work, const dni_sample *const *samples, size_t count, dni_pool *pool,
                          int *loaded) {
    for (size_t i = 0; i < count; i += GROUP) {
        int done;
        work->samples = samples + i;
        const outcome code = load_group(work, pool, count - i < GROUP ? count - i : GROUP, &done);
        if (code) return code;
        work->first += (size_t)done;
        *loaded += done;
        progress_step(work->first);
    }
    return OUTCOME_OK;
}

outcome pixel_set_load(pixel_set *out, const dni_dataset *data, const dn_preprocessing *preprocessing,
                       int most, dni_pool *pool, const feature_options *options, bool say) {
    size_t total = 0;
    for (int s = 0; s < DNI_SPLITS; s++) total += data->splits[s].count;
    const double share = total > (size_t)most ? (double)most / (double)total : 1;
    dn_preprocessing bytes = *preprocessing;
    for (int c = 0; c < 3; c++) {
        bytes.mean[c] = 0;
        bytes.std[c] = 1.0f / 255;
    }
    *out = (pixel_set){.size = preprocessing->crop * preprocessing->crop * 3};
    out->values = malloc(total * (size_t)out->size);
    out->labels = malloc(total * sizeof *out->labels);
    const dni_sample **chosen = malloc(total * sizeof *chosen);
    outcome code = out->values && out->labels && chosen ? OUTCOME_OK : report_no_memory();
    loading work = {.set = out, .preprocessing = &bytes, .say = say, .strict = options->strict};
    progress_start("pixels", (size_t)ceil(share * (double)total), options->quiet);
    for (int s = 0; !code && s < DNI_SPLITS; s++) {
        const size_t count = choose(&data->splits[s], data->class_count, share, chosen);
        code = load_split(&work, chosen, count, pool, &out->counts[s]);
        if (!code && !out->counts[s]) {
            message("%s: no picture that can be used is left", dni_split_name((dni_split)s));
            code = OUTCOME_DATA;
        }
    }
    progress_end();
    out->count = (int)work.first;
    free(chosen);
    return code;
}

void pixel_set_free(pixel_set *set) {
    free(set->values);
    free(set->labels);
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

/* ---- products ---- */

static void mirror(gram *products) {
    const size_t n = (size_t)products->count;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) products->values[j * n + i] = products->values[i * n + j];
}

static outcome acquire_blas(void) {
    dn_error error;
    return dni_blas_acquire(&error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* Distances do not change when 128 is taken from every value, and float sums lose less. */
outcome gram_of_pixels(gram *out, const pixel_set *set) {
    enum { COLUMNS = 2048 };
    const size_t n = (size_t)set->count;
    out->count = set->count;
    out->values = calloc(n * n, sizeof *out->values);
    float *block = malloc(n * COLUMNS * sizeof *block), *part = malloc(n * n * sizeof *part);
    outcome code = out->values && block && part ? acquire_blas() : report_no_memory();
    const bool has_blas = !code;
    for (int first = 0; !code && first < set->size; first += COLUMNS) {
        const int columns = set->size - first < COLUMNS ? set->size - first : COLUMNS;
        for (size_t i = 0; i < n; i++)
            for (int k = 0; k < columns; k++)
                block[i * COLUMNS + (size_t)k] =
                    (float)set->values[i * (size_t)set->size + (size_t)(first + k)] - 128;
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, set->count, columns, 1, block, COLUMNS, 0, part,
                    set->count);
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++) out->values[i * n + j] += (double)part[i * n + j];
    }
    if (!code) mirror(out);
    if (has_blas) dni_blas_release();
    free(block);
    free(part);
    return code;
}

outcome gram_of_doubles(gram *out, const double *values, int count, int width) {
    out->count = count;
    out->values = malloc((size_t)count * (size_t)count * sizeof *out->values);
    const outcome code = out->values ? acquire_blas() : report_no_memory();
    if (code) return code;
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, count, width, 1, values, width, 0, out->values,
                count);
    dni_blas_release();
    mirror(out);
    return OUTCOME_OK;
}

void gram_free(gram *products) {
    free(products->values);
    *products = (gram){.count = 0};
}

/* SPDX-License-Identifier: MIT */
/* Packing of a model: all its convolutions are prepared in parallel. */
#include "densenet/packing.h"

#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/progress.h"
#include "densenet/weights.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct packing {
    const dn_model *model;
    const dni_tensor_dict *tensors;
    bool discard;       /* the tensors' memory, once they are packed */
    atomic_bool failed; /* out of memory in one of the tasks */
} packing;

typedef struct extent {
    uintptr_t begin, end;
} extent;

static int by_begin(const void *a, const void *b) {
    const extent *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Whether no two tensors lie in the same memory, as those of a .pth file may; then one can be discarded
 * without the other. "No" when out of memory. */
static bool are_apart(const dni_tensor_dict *tensors) {
    const size_t count = dni_tensor_dict_count(tensors);
    extent *extents = malloc((count + 1) * sizeof *extents);
    if (!extents) return false;
    for (size_t i = 0; i < count; i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(tensors, i)->tensor;
        extents[i].begin = (uintptr_t)tensor->data;
        extents[i].end = extents[i].begin + (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
    }
    qsort(extents, count, sizeof *extents, by_begin);
    bool apart = true;
    for (size_t i = 1; i < count; i++) apart = apart && extents[i - 1].end <= extents[i].begin;
    free(extents);
    return apart;
}

static void pack(void *context, size_t index) {
    packing *job = context;
    const dni_prepared_conv *prepared = &job->model->convs[index];
    if (!dni_prepared_conv_pack(prepared, job->tensors)) {
        atomic_store(&job->failed, true);
        return;
    }
    const dni_conv2d *conv = &prepared->conv;
    if (job->discard)
        dni_discard(dni_weights_data(job->tensors, prepared->part.conv, "weight"),
                    (size_t)prepared->part.in_channels * (size_t)prepared->part.out_channels *
                        (size_t)(conv->kernel * conv->kernel) * sizeof(float));
}

/* Convolutions that are packed between two calls of on_progress, for each thread: enough that few threads
 * wait for the last one. */
enum { STEP = 4 };

typedef struct step {
    packing *job;
    size_t first;
} step;

static void pack_in_step(void *context, size_t index) {
    const step *now = context;
    pack(now->job, now->first + index);
}

/* All at once, or, where somebody wants to know how far it is, in steps. */
static dn_status run_packing(packing *job, dni_pool *pool, const dn_model_options *options, dn_error *error) {
    const size_t count = (size_t)job->model->conv_count;
    const size_t size = options->on_progress ? STEP * (size_t)dni_pool_threads(pool) : count;
    dn_status status = DN_OK;
    for (size_t first = 0; !status && first < count; first += size) {
        const size_t left = count - first, now = left < size ? left : size;
        dni_pool_run(pool, pack_in_step, &(step){job, first}, now);
        if (atomic_load(&job->failed))
            status = dni_no_memory(error, "preparing %s", job->model->config.name);
        else
            status = dni_progress_tell(options->on_progress, options->context, first + now, count,
                                       "preparing weights", error);
    }
    return status;
}

dn_status dni_model_pack(dn_model *model, const dn_weights *weights, const dn_model_options *options,
                         dn_error *error) {
    const dni_tensor_dict *tensors = weights->tensors;
    dni_pool *pool;
    dn_status status = dni_pool_open(&pool, options->threads, options->executor, error);
    if (status) return status;
    packing job = {.model = model,
                   .tensors = tensors,
                   .discard = options->discard_weights && !weights->is_foreign && are_apart(tensors)};
    status = run_packing(&job, pool, options, error);
    if (!status)
        dni_log(options->on_log, options->context, "%s: %zu bytes of weights, prepared on %d thread%s%s",
                model->config.name, model->size, dni_pool_threads(pool),
                dni_pool_threads(pool) == 1 ? "" : "s", options->executor ? " of the caller's" : "");
    dni_pool_free(pool);
    return status;
}

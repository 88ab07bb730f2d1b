/* SPDX-License-Identifier: MIT */
/* Packing of a model: all its convolutions are prepared in parallel, and hashed in their order. */
#include "densenet/packing.h"

#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/progress.h"
#include "densenet/weights_hash.h"
#include "densenet/weights_values.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The work of all threads: each takes the next convolution that nobody has taken. */
typedef struct packing {
    const dn_model *model;
    const dn_weights *weights;
    bool discard;       /* the tensors' memory, once they are packed */
    float *rooms;       /* (threads, room) */
    size_t room;        /* floats: what the largest convolution needs */
    atomic_size_t next; /* the convolutions that nobody has taken are next .. end - 1 */
    size_t end;
    /* What follows belongs to the thread that has taken convolution `turn`: hashing keeps the walk's
     * order. */
    atomic_size_t turn;
    dni_tensor_walk walk;
    dni_weights_hasher hasher;
    atomic_bool failed; /* that thread; then status and error say how */
    dn_status status;
    dn_error error;
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

static void discard(const packing *job, const dni_prepared_conv *prepared) {
    const dni_conv2d *conv = &prepared->conv;
    dni_discard(dni_weights_data(job->weights->tensors, prepared->part.conv, "weight"),
                (size_t)prepared->part.in_channels * (size_t)prepared->part.out_channels *
                    (size_t)(conv->kernel * conv->kernel) * sizeof(float));
}

/* Hashes the walk's tensors up to the next weight of a convolution, whose values are given, or, where there
 * is none any more, to the end. */
static void hash_until(packing *job, const float *weight) {
    while (dni_tensor_walk_next(&job->walk)) {
        if (dni_is_of_classifier(&job->walk)) continue;
        const dni_tensor *tensor = dni_tensor_dict_find(job->weights->tensors, job->walk.name);
        const bool is_weight = job->walk.role == DNI_CONV_WEIGHT;
        dni_weights_hash_tensor(&job->hasher, &job->walk);
        dni_weights_hash_values(&job->hasher, is_weight ? weight : tensor->data,
                                (size_t)dni_tensor_count(tensor));
        if (is_weight) return;
    }
}

/* False when another thread has failed. The wait is short: those before have taken theirs already. */
static bool wait_for_turn(const packing *job, size_t index) {
    while (atomic_load(&job->turn) != index) {
        if (atomic_load(&job->failed)) return false;
        sched_yield();
    }
    return true;
}

/* Reads, checks, hashes and packs one convolution; false when that, or another one, failed. Of several that
 * fail the first one tells why. */
static bool pack_one(packing *job, size_t index, float *room) {
    const dni_prepared_conv *prepared = &job->model->convs[index];
    const char *const conv = prepared->part.conv;
    const float *weight;
    dn_error error;
    dn_status status = dni_weights_fetch(&weight, job->weights, conv, room, &error);
    if (!status) status = dni_weights_check_fetched(weight, job->weights, conv, &error);
    if (!wait_for_turn(job, index)) return false;
    if (status) {
        job->status = status;
        job->error = error;
        atomic_store(&job->failed, true);
        return false;
    }
    hash_until(job, weight);
    atomic_store(&job->turn, index + 1);
    dni_prepared_conv_pack(prepared, job->weights->tensors, weight, room);
    if (job->discard) discard(job, prepared);
    return true;
}

static void pack(void *context, size_t thread) {
    packing *job = context;
    float *room = job->rooms + thread * job->room;
    size_t index;
    do index = atomic_fetch_add(&job->next, 1);
    while (index < job->end && pack_one(job, index, room));
}

/* Convolutions that are packed between two calls of on_progress, for each thread: enough that few threads
 * wait for the last one. */
enum { STEP = 4 };

/* All at once, or, where somebody wants to know how far it is, in steps. */
static dn_status run_packing(packing *job, dni_pool *pool, const dn_model_options *options, dn_error *error) {
    const size_t count = (size_t)job->model->conv_count, threads = (size_t)dni_pool_threads(pool);
    const size_t size = options->on_progress ? STEP * threads : count;
    for (size_t first = 0; first < count; first = job->end) {
        job->end = count - first < size ? count : first + size;
        atomic_store(&job->next, first);
        dni_pool_run(pool, pack, job, threads);
        if (atomic_load(&job->failed)) {
            if (error) *error = job->error;
            return job->status;
        }
        const dn_status status = dni_progress_tell(options->on_progress, options->context, job->end, count,
                                                   "preparing weights", error);
        if (status) return status;
    }
    return DN_OK;
}

static dn_status pack_convolutions(dn_model *model, const dn_weights *weights, dni_pool *pool,
                                   const dn_model_options *options, dn_error *error) {
    packing job = {.model = model,
                   .weights = weights,
                   .discard = options->discard_weights && weights->file.descriptor < 0 &&
                              !weights->is_foreign && are_apart(weights->tensors),
                   .walk = dni_tensor_walk_start(&weights->config)};
    dni_weights_hash_begin(&job.hasher);
    for (int i = 0; i < model->conv_count; i++) {
        const size_t room = dni_prepared_conv_room(&model->convs[i]);
        if (room > job.room) job.room = room;
    }
    const size_t size = (size_t)dni_pool_threads(pool) * job.room * sizeof *job.rooms;
    job.rooms = dni_allocate(NULL, size);
    if (!job.rooms) return dni_no_memory(error, "preparing %s", model->config.name);
    const dn_status status = run_packing(&job, pool, options, error);
    dni_release(NULL, job.rooms, size);
    if (status) return status;
    hash_until(&job, NULL);
    dni_weights_hash_end(&job.hasher, model->hash);
    return DN_OK;
}

/* norm5 and, where there is one, the classifier. */
static dn_status copy_rest(dn_model *model, const dn_weights *weights, dn_error *error) {
    const dni_tensor_dict *tensors = weights->tensors;
    const size_t features = (size_t)model->config.features;
    dni_weights_norm(tensors, "features.norm5", model->config.features, model->norm5_scale,
                     model->norm5_shift);
    if (!model->classifier_weight) return DN_OK;
    memcpy(model->classifier_bias, dni_weights_data(tensors, "classifier", "bias"),
           DN_LOGITS * sizeof(float));
    dni_prefault(model->classifier_weight, DN_LOGITS * features * sizeof(float));
    const float *values;
    dn_status status = dni_weights_fetch(&values, weights, "classifier", model->classifier_weight, error);
    if (!status) status = dni_weights_check_fetched(values, weights, "classifier", error);
    if (!status && values != model->classifier_weight)
        memcpy(model->classifier_weight, values, DN_LOGITS * features * sizeof(float));
    return status;
}

dn_status dni_model_pack(dn_model *model, const dn_weights *weights, const dn_model_options *options,
                         dn_error *error) {
    dni_pool *pool;
    dn_status status = dni_pool_open(&pool, options->threads, options->executor, error);
    if (status) return status;
    status = pack_convolutions(model, weights, pool, options, error);
    if (!status) status = copy_rest(model, weights, error);
    if (!status)
        dni_log(options->on_log, options->context, "%s: %zu bytes of weights, prepared on %d thread%s%s",
                model->config.name, model->size, dni_pool_threads(pool),
                dni_pool_threads(pool) == 1 ? "" : "s", options->executor ? " of the caller's" : "");
    dni_pool_free(pool);
    return status;
}

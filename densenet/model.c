/* A model: all convolutions are prepared in parallel, into one block of memory. */
#include "densenet/model.h"

#include "core/error.h"
#include "core/memory.h"
#include "densenet/options.h"
#include "densenet/weights.h"
#include "layers/batch_norm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- packing ---- */

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

static dn_status pack_all(dn_model *model, const dn_weights *weights, const dn_model_options *options,
                          dn_error *error) {
    const dni_tensor_dict *tensors = weights->tensors;
    dni_pool *pool;
    const dn_status status = dni_pool_open(&pool, options->threads, options->executor, error);
    if (status) return status;
    packing job = {.model = model,
                   .tensors = tensors,
                   .discard = options->discard_weights && !weights->is_foreign && are_apart(tensors)};
    dni_pool_run(pool, pack, &job, (size_t)model->conv_count);
    dni_pool_free(pool);
    if (atomic_load(&job.failed)) return dni_no_memory(error, "preparing %s", model->config.name);
    return DN_OK;
}

/* ---- creation ---- */

static dn_status choose_kernels(dn_model *model, const dn_model_options *options, dn_error *error) {
    dni_conv2d_requirements requirements = {.bf16 = options->precision == DN_PRECISION_BFLOAT16,
                                            .compact = options->memory == DN_MEMORY_LOW};
    if (options->precision != DN_PRECISION_FLOAT32 && !requirements.bf16)
        return dni_fail(error, DN_ERR_ARGUMENT, "precision %d is neither float32 nor bfloat16",
                        (int)options->precision);
    if (options->memory != DN_MEMORY_FAST && !requirements.compact)
        return dni_fail(error, DN_ERR_ARGUMENT, "memory %d is neither fast nor low", (int)options->memory);
    dn_status status = dni_cpu_choose_isa(&requirements.isa, error);
    if (!status && requirements.bf16) status = dni_cpu_require_bf16(requirements.isa, error);
    if (status) return status;
    for (int i = 0; i < model->conv_count; i++)
        model->convs[i] = dni_prepared_conv_of(dni_part_at(&model->config, i), requirements);
    return DN_OK;
}

/* Cuts everything from the arena, in the order in which a forward pass reads it. */
static void cut(dn_model *model, bool classifier, dni_arena *arena) {
    const size_t features = (size_t)model->config.features;
    for (int i = 0; i < model->conv_count; i++) {
        dni_prepared_conv *prepared = &model->convs[i];
        prepared->packed = dni_arena_cut(arena, prepared->kernel->packed_size(&prepared->conv));
    }
    model->norm5_scale = dni_arena_cut(arena, features * sizeof(float));
    model->norm5_shift = dni_arena_cut(arena, features * sizeof(float));
    if (!classifier) return;
    model->classifier_weight = dni_arena_cut(arena, DN_LOGITS * features * sizeof(float));
    model->classifier_bias = dni_arena_cut(arena, DN_LOGITS * sizeof(float));
}

static dn_status allocate(dn_model *model, bool classifier, dn_error *error) {
    dni_arena arena = {0};
    cut(model, classifier, &arena);
    model->memory = dni_allocate(model->allocator, arena.used);
    if (!model->memory)
        return dni_no_memory(error, "%zu bytes of prepared weights of %s", arena.used, model->config.name);
    model->size = arena.used;
    arena = (dni_arena){.base = model->memory};
    cut(model, classifier, &arena);
    return DN_OK;
}

static void copy_classifier(dn_model *model, const dni_tensor_dict *tensors) {
    const size_t features = (size_t)model->config.features;
    memcpy(model->classifier_weight, dni_weights_data(tensors, "classifier", "weight"),
           DN_LOGITS * features * sizeof(float));
    memcpy(model->classifier_bias, dni_weights_data(tensors, "classifier", "bias"),
           DN_LOGITS * sizeof(float));
}

dn_status dn_model_create(dn_model **out, const dn_weights *weights, const dn_model_options *options,
                          dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, weights);
    dn_model_options own;
    dn_status status = dni_model_options_take(&own, options, error);
    if (status) return status;
    const int conv_count = dni_convolution_count(&weights->config);
    const bool classifier = dni_weights_data(weights->tensors, "classifier", "weight") != NULL;
    dn_model *model = calloc(1, sizeof *model);
    dni_prepared_conv *convs = calloc((size_t)conv_count, sizeof *convs);
    if (!model || !convs) {
        free(model);
        free(convs);
        return dni_no_memory(error, "a model of %s", weights->config.name);
    }
    *model = (dn_model){
        .config = weights->config, .conv_count = conv_count, .convs = convs, .allocator = own.allocator};
    dn_weights_hash(weights, model->hash); /* before packing, which may discard them */

    status = choose_kernels(model, &own, error);
    if (!status) status = allocate(model, classifier, error);
    if (!status) status = pack_all(model, weights, &own, error);
    if (status) {
        dn_model_free(model);
        return status;
    }
    dni_weights_norm(weights->tensors, "features.norm5", model->config.features, model->norm5_scale,
                     model->norm5_shift);
    if (classifier) copy_classifier(model, weights->tensors);
    *out = model;
    return DN_OK;
}

void dn_model_free(dn_model *model) {
    if (!model) return;
    dni_release(model->allocator, model->memory, model->size);
    free(model->convs);
    free(model);
}

/* ---- questions ---- */

const dn_config *dn_model_config(const dn_model *model) {
    return model ? &model->config : NULL;
}

const char *dn_model_hash(const dn_model *model) {
    return model ? model->hash : "";
}

bool dn_model_has_classifier(const dn_model *model) {
    return model && model->classifier_weight;
}

size_t dn_model_size(const dn_model *model) {
    return model ? model->size : 0;
}

const char *dn_model_kernel(const dn_model *model, const char *convolution) {
    if (!model || !convolution) return NULL;
    for (int i = 0; i < model->conv_count; i++)
        if (strcmp(model->convs[i].part.conv, convolution) == 0) return model->convs[i].kernel->name;
    return NULL;
}

/* SPDX-License-Identifier: MIT */
/* A model: the kernels of its convolutions, and one block of memory for all that is packed. */
#include "densenet/model.h"

#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "densenet/options.h"
#include "densenet/packing.h"
#include "densenet/weights.h"

#include <stdlib.h>
#include <string.h>

/* ---- creation ---- */

static dn_status choose_kernels(dn_model *model, const dn_model_options *options, dn_error *error) {
    dni_conv2d_requirements requirements = {.features = dni_cpu_features(),
                                            .precision = dni_kernel_precision(options->precision),
                                            .compact = options->memory == DN_MEMORY_LOW};
    if (options->precision < DN_PRECISION_FLOAT32 || options->precision > DN_PRECISION_INT8)
        return dni_fail(error, DN_ERR_ARGUMENT, "precision %d is neither float32, bfloat16 nor int8",
                        (int)options->precision);
    if (options->memory != DN_MEMORY_FAST && !requirements.compact)
        return dni_fail(error, DN_ERR_ARGUMENT, "memory %d is neither fast nor low", (int)options->memory);
    dn_status status = dni_cpu_choose_isa(&requirements.isa, error);
    if (!status && requirements.precision == DNI_PRECISION_BF16)
        status = dni_cpu_require_bf16(requirements.isa, error);
    if (status) return status;
    model->precision = options->precision;
    model->requirements = requirements;
    for (int i = 0; i < model->conv_count; i++)
        model->convs[i] = dni_prepared_conv_of(dni_part_at(&model->config, i), requirements);
    return DN_OK;
}

static void log_kernels(const dn_model *model, const dn_model_options *options) {
    static const char *const precisions[] = {[DN_PRECISION_FLOAT32] = "float32",
                                             [DN_PRECISION_BFLOAT16] = "bfloat16",
                                             [DN_PRECISION_INT8] = "int8"};
    dni_log(options->on_log, options->context, "%s: tier %s, %s, %s memory", model->config.name,
            dn_model_tier(model), precisions[model->precision], model->requirements.compact ? "low" : "fast");
    for (int i = 0; options->on_log && i < model->conv_count; i++) {
        const dni_prepared_conv *prepared = &model->convs[i];
        dni_log(options->on_log, options->context, "%s: %s, %zu bytes", prepared->part.conv,
                prepared->kernel->name, prepared->kernel->packed_size(&prepared->conv));
    }
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

dn_status dn_model_create(dn_model **out, const dn_weights *weights, const dn_model_options *options,
                          dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, weights);
    dn_model_options own;
    dn_status status = dni_model_options_take(&own, options, error);
    if (status) return status;
    const int conv_count = dni_convolution_count(&weights->config);
    const bool classifier = dni_weights_have_classifier(weights);
    dn_model *model = calloc(1, sizeof *model);
    dni_prepared_conv *convs = calloc((size_t)conv_count, sizeof *convs);
    if (!model || !convs) {
        free(model);
        free(convs);
        return dni_no_memory(error, "a model of %s", weights->config.name);
    }
    *model = (dn_model){
        .config = weights->config, .conv_count = conv_count, .convs = convs, .allocator = own.allocator};
    status = choose_kernels(model, &own, error);
    if (!status) log_kernels(model, &own);
    if (!status) status = allocate(model, classifier, error);
    if (!status) status = dni_model_pack(model, weights, &own, error);
    if (status) {
        dn_model_free(model);
        return status;
    }
    *out = model;
    return DN_OK;
}

dn_status dn_model_load(dn_model **out, const char *path, const dn_model_options *options, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, path);
    dn_model_options own;
    dn_status status = dni_model_options_take(&own, options, error);
    dn_weights *weights = NULL;
    if (!status) status = dni_weights_open(&weights, path, error);
    own.discard_weights = 1;
    if (!status) status = dn_model_create(out, weights, &own, error);
    dn_weights_free(weights);
    return status;
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

dn_precision dn_model_precision(const dn_model *model) {
    return model ? model->precision : DN_PRECISION_FLOAT32;
}

dn_memory dn_model_memory(const dn_model *model) {
    return model && model->requirements.compact ? DN_MEMORY_LOW : DN_MEMORY_FAST;
}

const char *dn_model_tier(const dn_model *model) {
    return model ? dni_isa_name(model->requirements.isa) : "";
}

const char *dn_model_convolution(const dn_model *model, int index) {
    return model && index >= 0 && index < model->conv_count ? model->convs[index].part.conv : NULL;
}

const char *dn_model_kernel(const dn_model *model, const char *convolution) {
    if (!model || !convolution) return NULL;
    for (int i = 0; i < model->conv_count; i++)
        if (strcmp(model->convs[i].part.conv, convolution) == 0) return model->convs[i].kernel->name;
    return NULL;
}

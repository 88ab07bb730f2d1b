/* SPDX-License-Identifier: MIT */
/* Weights: seeded, saved, hashed. */
#include "densenet/weights.h"

#include "core/error.h"
#include "core/number.h"
#include "core/rng.h"
#include "densenet/topology.h"
#include "densenet/weights_hash.h"
#include "io/safetensors.h"
#include "layers/batch_norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

float *dni_weights_data(const dni_tensor_dict *tensors, const char *module, const char *parameter) {
    char name[DNI_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s.%s", module, parameter);
    const dni_tensor *tensor = dni_tensor_dict_find(tensors, name);
    return tensor ? tensor->data : NULL;
}

void dni_weights_norm(const dni_tensor_dict *tensors, const char *module, int channels, float *scale,
                      float *shift) {
    dni_batch_norm_scale_shift(dni_weights_data(tensors, module, "weight"),
                               dni_weights_data(tensors, module, "bias"),
                               dni_weights_data(tensors, module, "running_mean"),
                               dni_weights_data(tensors, module, "running_var"), channels, scale, shift);
}

static void free_dict(void *dict) {
    dni_tensor_dict_free(dict);
}

dn_status dni_weights_create(dn_weights **out, const dn_config *config, const dn_allocator *allocator,
                             dn_error *error) {
    dn_weights *weights = malloc(sizeof *weights);
    dni_tensor_dict *tensors = dni_tensor_dict_create_in(allocator);
    *out = NULL;
    if (!weights || !tensors) {
        free(weights);
        dni_tensor_dict_free(tensors);
        return dni_no_memory(error, "the weights of %s", config->name);
    }
    *weights = (dn_weights){.config = *config, .tensors = tensors, .file = {.descriptor = -1}};
    *out = weights;
    return DN_OK;
}

void dn_weights_free(dn_weights *weights) {
    if (!weights) return;
    dni_tensor_dict_free(weights->classifier);
    dni_tensor_dict_free(weights->tensors);
    dni_file_close(&weights->file);
    free(weights->path);
    free(weights->notes);
    free(weights);
}

const dn_config *dn_weights_config(const dn_weights *weights) {
    return weights ? &weights->config : NULL;
}

const char *dn_weights_notes(const dn_weights *weights) {
    return weights && weights->notes ? weights->notes : "";
}

void dn_weights_hash(const dn_weights *weights, char hex[33]) {
    if (!hex) return;
    hex[0] = 0;
    if (!weights) return;
    dni_weights_hasher hasher;
    dni_weights_hash_begin(&hasher);
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config); dni_tensor_walk_next(&walk);) {
        if (dni_is_of_classifier(&walk)) continue;
        const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, walk.name);
        dni_weights_hash_tensor(&hasher, &walk);
        dni_weights_hash_values(&hasher, tensor->data, (size_t)dni_tensor_count(tensor));
    }
    dni_weights_hash_end(&hasher, hex);
}

/* ---- saving ---- */

static bool is_member(const dn_config *config) {
    const dn_config *member = dn_config_find(config->name);
    return member && member->growth == config->growth &&
           memcmp(member->layers, config->layers, sizeof member->layers) == 0 &&
           member->initial_channels == config->initial_channels && member->bottleneck == config->bottleneck;
}

static dn_status check_member(const dn_weights *weights, const char *path, dn_error *error) {
    if (is_member(&weights->config)) return DN_OK;
    return dni_fail(
        error, DN_ERR_UNSUPPORTED,
        "%s: a network '%s' that is none of DenseNet-121, 161, 169, 201: loading would not know it", path,
        weights->config.name);
}

static dn_status add_all(dni_tensor_dict *dict, const dni_tensor_dict *from, dn_error *error) {
    dn_status status = DN_OK;
    for (size_t i = 0; i < dni_tensor_dict_count(from) && !status; i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(from, i);
        status = dni_tensor_dict_add(dict, entry->name, entry->tensor, error);
    }
    for (size_t i = 0; i < dni_tensor_dict_meta_count(from) && !status; i++) {
        const char *key, *value;
        dni_tensor_dict_meta_at(from, i, &key, &value);
        status = dni_tensor_dict_set_meta(dict, key, value, error);
    }
    return status;
}

/* What is written: the tensors, and the classifier that was kept. *owned is to be freed afterwards. */
static dn_status file_content(const dni_tensor_dict **out, dni_tensor_dict **owned, const dn_weights *weights,
                              const char *path, dn_error *error) {
    *owned = NULL;
    *out = weights->tensors;
    dn_status status = check_member(weights, path, error);
    if (status || !weights->classifier) return status;
    *out = *owned = dni_tensor_dict_create();
    if (!*owned) return dni_no_memory(error, "%s", path);
    status = add_all(*owned, weights->tensors, error);
    return status ? status : add_all(*owned, weights->classifier, error);
}

dn_status dn_weights_save(const dn_weights *weights, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, weights);
    DNI_NOT_NULL(error, path);
    const dni_tensor_dict *content;
    dni_tensor_dict *owned;
    dn_status status = file_content(&content, &owned, weights, path, error);
    if (!status) status = dni_safetensors_write(content, path, error);
    dni_tensor_dict_free(owned);
    return status;
}

dn_status dn_weights_save_memory(const dn_weights *weights, void **bytes, size_t *size,
                                 const dn_allocator *allocator, dn_error *error) {
    static const char name[] = "weights in memory";
    DNI_NOT_NULL(error, bytes);
    *bytes = NULL;
    DNI_NOT_NULL(error, size);
    *size = 0;
    DNI_NOT_NULL(error, weights);
    const dni_tensor_dict *content;
    dni_tensor_dict *owned;
    dn_status status = file_content(&content, &owned, weights, name, error);
    if (!status) status = dni_safetensors_write_memory(content, name, allocator, bytes, size, error);
    dni_tensor_dict_free(owned);
    return status;
}

bool dni_weights_have_classifier(const dn_weights *weights) {
    return dni_tensor_dict_find(weights->tensors, "classifier.weight") != NULL;
}

dn_status dni_weights_check_classifier(const dn_weights *weights, const char *name, dn_error *error) {
    if (dni_weights_have_classifier(weights)) return DN_OK;
    return dni_fail(error, DN_ERR_TENSOR_MISSING,
                    "%s: tensor 'classifier.weight' (%d, %d) is missing: these weights of %s came without "
                    "ImageNet's classifier",
                    name, DN_LOGITS, weights->config.features, weights->config.name);
}

/* ---- calibration's side ---- */

static dn_status share(dni_tensor_dict *tensors, const dn_weights *weights, const dni_tensor_walk *walk,
                       dn_error *error) {
    void *data;
    const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, walk->name);
    if (!tensor) return DN_OK; /* a classifier that is absent */
    if (walk->role == DNI_NORM_MEAN || walk->role == DNI_NORM_VARIANCE)
        return dni_tensor_dict_allocate(tensors, walk->name, DNI_F32, walk->rank, walk->shape, &data, error);
    return dni_tensor_dict_add(tensors, walk->name, *tensor, error);
}

dn_status dni_weights_own_statistics(const dn_weights *weights, dni_tensor_dict **out, dn_error *error) {
    *out = NULL;
    dni_tensor_dict *tensors = dni_tensor_dict_create();
    if (!tensors) return dni_no_memory(error, "batch-norm statistics");
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config); dni_tensor_walk_next(&walk);) {
        const dn_status status = share(tensors, weights, &walk, error);
        if (status) {
            dni_tensor_dict_free(tensors);
            return status;
        }
    }
    *out = tensors;
    return DN_OK;
}

dn_status dni_weights_replace(dn_weights *weights, dni_tensor_dict *tensors, dn_error *error) {
    const dn_status status = dni_tensor_dict_adopt(tensors, free_dict, weights->tensors, error);
    if (!status) weights->tensors = tensors;
    return status;
}

/* ---- seeding ---- */

bool dni_random_source(const char *source, uint64_t *seed) {
    static const char prefix[] = "random:";
    const size_t length = sizeof prefix - 1;
    return strncmp(source, prefix, length) == 0 && dni_parse_u64(source + length, seed);
}

/* Element i of a tensor: uniform in [-bound, bound), from the 24 upper bits of element i of the tensor's own
 * stream. */
static float uniform_at(const dni_rng *rng, int64_t i, float bound) {
    const float u = (float)(dni_rng_at(rng, (uint64_t)i) >> 40) * 0x1p-24f;
    return (2.0f * u - 1.0f) * bound;
}

static void fill_uniform(float *values, int64_t count, float bound, uint64_t seed, const char *name) {
    const dni_rng rng = dni_rng_named(seed, name);
    for (int64_t i = 0; i < count; i++) values[i] = uniform_at(&rng, i, bound);
}

/* He et al. 2015; count: of the tensor's elements. */
static float conv_bound(const dni_tensor_walk *walk, int64_t count) {
    const int64_t inputs = count / walk->shape[0];
    return sqrtf(6.0f / (float)inputs);
}

static void fill(float *values, const dni_tensor_walk *walk, uint64_t seed) {
    int64_t count = 1;
    for (int d = 0; d < walk->rank; d++) count *= walk->shape[d];
    switch (walk->role) {
    case DNI_CONV_WEIGHT:
        fill_uniform(values, count, conv_bound(walk, count), seed, walk->name);
        break;
    case DNI_CLASSIFIER_WEIGHT:
    case DNI_CLASSIFIER_BIAS:
        fill_uniform(values, count, 1.0f / sqrtf((float)walk->part.in_channels), seed, walk->name);
        break;
    case DNI_NORM_WEIGHT:
    case DNI_NORM_VARIANCE:
        for (int64_t i = 0; i < count; i++) values[i] = 1.0f;
        break;
    case DNI_NORM_BIAS:
    case DNI_NORM_MEAN:
        break; /* zero as allocated */
    }
}

bool dni_weights_drawn_from(const dn_weights *weights, uint64_t seed) {
    dni_tensor_walk walk = dni_tensor_walk_start(&weights->config);
    while (dni_tensor_walk_next(&walk) && walk.role != DNI_CONV_WEIGHT) continue;
    const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, walk.name);
    const float *values = tensor->data;
    const int64_t count = dni_tensor_count(tensor);
    const dni_rng rng = dni_rng_named(seed, walk.name);
    for (int64_t i = 0; i < count; i++)
        if (values[i] != uniform_at(&rng, i, conv_bound(&walk, count))) return false;
    return true;
}

dn_status dn_weights_random(dn_weights **out, const dn_config *config, uint64_t seed, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, config);
    dn_weights *weights;
    dn_status status = dni_config_check(config, error);
    if (!status) status = dni_weights_create(&weights, config, NULL, error);
    if (status) return status;
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config); dni_tensor_walk_next(&walk);) {
        void *data;
        status = dni_tensor_dict_allocate(weights->tensors, walk.name, DNI_F32, walk.rank, walk.shape, &data,
                                          error);
        if (status) {
            dn_weights_free(weights);
            return status;
        }
        fill(data, &walk, seed);
    }
    *out = weights;
    return DN_OK;
}

/* SPDX-License-Identifier: MIT */
/* Writing a model file: a safetensors of the head's layers, of a seeded backbone's batch-norm statistics,
 * of what tells unfamiliar pictures, and of metadata that says where everything came from. */
#include "head/classifier/conformal_file.h"
#include "head/classifier/novelty_file.h"
#include "head/classifier/picture_keys_file.h"
#include "head/classifier/private.h"

#include "core/error.h"
#include "densenet/statistics.h"
#include "densenet/weights.h"
#include "head/mlp.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dn_status set_class_names(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    json_t *names = json_array();
    for (int i = 0; i < info->class_count; i++) {
        if (!info->classes[i] || !dni_is_utf8(info->classes[i])) {
            json_decref(names);
            return dni_fail(error, DN_ERR_DATA_CLASSES, "class %d, '%s': the name is not UTF-8 text", i,
                            info->classes[i] ? info->classes[i] : "NULL");
        }
        dni_json_append(&names, json_string(info->classes[i]));
    }
    char *text = dni_json_line(names);
    const dn_status status =
        text ? dni_tensor_dict_set_meta(dict, "classes", text, error) : dni_no_memory(error, "class names");
    free(text);
    return status;
}

static dn_status set_preprocessing(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    char *text = dni_preprocessing_to_json(&info->preprocessing);
    const dn_status status = text ? dni_tensor_dict_set_meta(dict, "preprocessing", text, error)
                                  : dni_no_memory(error, "metadata");
    free(text);
    return status;
}

static dn_status set_metadata(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, info->seed);
    const char *const pairs[][2] = {
        {"format", DNI_CLASSIFIER_FORMAT}, {"version", dn_version()},
        {"backbone", info->backbone},      {"weights_source", info->weights_source},
        {"recipe", info->recipe},          {"weights_hash", info->weights_hash},
        {"metrics", info->metrics},        {"seed", seed},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!dni_is_utf8(pairs[i][1]))
            return dni_fail(error, DN_ERR_ARGUMENT, "info: %s is not UTF-8 text", pairs[i][0]);
        const dn_status status = dni_tensor_dict_set_meta(dict, pairs[i][0], pairs[i][1], error);
        if (status) return status;
    }
    const dn_status status = set_class_names(dict, info, error);
    return status ? status : set_preprocessing(dict, info, error);
}

/* Copies one layer's numbers into a tensor of the dictionary's own. */
static dn_status add_floats(dni_tensor_dict *dict, const char *name, const float *values, int rank,
                            const int64_t *shape, dn_error *error) {
    void *data;
    const dn_status status = dni_tensor_dict_allocate(dict, name, DNI_F32, rank, shape, &data, error);
    if (status) return status;
    size_t count = 1;
    for (int d = 0; d < rank; d++) count *= (size_t)shape[d];
    memcpy(data, values, count * sizeof *values);
    return DN_OK;
}

static dn_status add_head(dni_tensor_dict *dict, const dn_head *head, dn_error *error) {
    dn_head *folded;
    dn_status status = dni_head_fold_standardisation(&folded, head, error);
    if (status) return status;
    for (int i = 0; !status && i < folded->linear_count; i++) {
        const dni_linear layer = dni_head_linear(folded, i);
        char name[64];
        dni_classifier_layer_name(name, i, "weight");
        status = add_floats(dict, name, layer.weight, 2, (const int64_t[]){layer.out, layer.in}, error);
        if (status) break;
        dni_classifier_layer_name(name, i, "bias");
        status = add_floats(dict, name, layer.bias, 1, (const int64_t[]){layer.out}, error);
    }
    dn_head_free(folded);
    return status;
}

static dn_status check_texts(const dn_classifier_info *info, dn_error *error) {
    const char *const texts[][2] = {
        {"backbone", info->backbone},         {"weights_source", info->weights_source},
        {"weights_hash", info->weights_hash}, {"recipe", info->recipe},
        {"metrics", info->metrics},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!texts[i][1]) return dni_fail(error, DN_ERR_ARGUMENT, "info: %s is NULL", texts[i][0]);
    return info->classes ? DN_OK : dni_fail(error, DN_ERR_ARGUMENT, "info: classes is NULL");
}

static dn_status check_info(const dn_head *head, const dn_classifier_info *info, const dn_weights *weights,
                            dn_error *error) {
    dn_status status = check_texts(info, error);
    if (status) return status;
    if (info->class_count != dn_head_classes(head))
        return dni_fail(error, DN_ERR_ARGUMENT, "%d class names for a head of %d classes", info->class_count,
                        dn_head_classes(head));
    const dn_config *config = dn_weights_config(weights);
    if (config->features != dn_head_features(head))
        return dni_fail(error, DN_ERR_MISMATCH, "a head for %d features does not fit %s, which has %d",
                        dn_head_features(head), config->name, config->features);
    char hash[33];
    dn_weights_hash(weights, hash);
    if (strcmp(config->name, info->backbone) != 0 || strcmp(hash, info->weights_hash) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "weights are %s %s, not %s %s as the model's description says", config->name, hash,
                        info->backbone, info->weights_hash);
    uint64_t seed;
    if (dni_random_source(info->weights_source, &seed) && !dni_weights_drawn_from(weights, seed))
        return dni_fail(error, DN_ERR_MISMATCH,
                        "weights are not those of '%s', as the model's description says",
                        info->weights_source);
    return dn_preprocessing_check(&info->preprocessing, error);
}

static dn_status fill_model(dni_tensor_dict *dict, const dn_head *head, const dn_classifier_info *info,
                            const dn_weights *weights, dn_error *error) {
    dn_status status = set_metadata(dict, info, error);
    if (!status) status = add_head(dict, head, error);
    if (!status) status = dni_classifier_add_conformal(dict, info->conformal, error);
    if (!status) status = dni_classifier_add_picture_keys(dict, info, error);
    if (!status && info->novelty) status = dni_novelty_add(dict, info->novelty, error);
    uint64_t seed;
    if (!status && dni_random_source(info->weights_source, &seed))
        status = dni_statistics_collect(dict, weights, error);
    return status;
}

/* Makes the file's content and reads it back, with the reader's own eyes: what it refuses is the
 * description's or the head's fault. */
static dn_status make_content(dn_classifier *content, const dn_head *head, const dn_classifier_info *info,
                              const dn_weights *weights, dn_error *error) {
    dn_error reason = {.message = ""};
    dn_status status = check_info(head, info, weights, &reason);
    if (!status) status = fill_model(content->dict, head, info, weights, &reason);
    if (status) return dni_fail(error, status, "%s: %s", content->path, reason.message);
    status = dni_classifier_read(content, &reason);
    if (!status) return DN_OK;
    return dni_fail(error, status == DN_ERR_MEMORY ? status : DN_ERR_ARGUMENT, "%s", reason.message);
}

/* The content of a model file that will be called `path`; on success the caller frees it. */
static dn_status create_content(dn_classifier **out, const char *path, const dn_head *head,
                                const dn_classifier_info *info, const dn_weights *weights, dn_error *error) {
    *out = NULL;
    dn_classifier_info own;
    dn_status status = dni_classifier_info_take(&own, info, error);
    if (status) return status;
    dn_classifier *content = calloc(1, sizeof *content);
    if (!content) return dni_no_memory(error, "%s", path);
    content->path = strdup(path);
    content->dict = dni_tensor_dict_create();
    status = content->path && content->dict ? make_content(content, head, &own, weights, error)
                                            : dni_no_memory(error, "%s", path);
    if (status)
        dn_classifier_free(content);
    else
        *out = content;
    return status;
}

dn_status dn_classifier_save(const char *path, const dn_head *head, const dn_classifier_info *info,
                             const dn_weights *weights, dn_error *error) {
    DNI_NOT_NULL(error, path);
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, info);
    DNI_NOT_NULL(error, weights);
    dn_classifier *content;
    dn_status status = create_content(&content, path, head, info, weights, error);
    if (status) return status;
    status = dni_safetensors_write(content->dict, path, error);
    dn_classifier_free(content);
    return status;
}

dn_status dn_classifier_save_memory(void **bytes, size_t *size, const dn_head *head,
                                    const dn_classifier_info *info, const dn_weights *weights,
                                    const dn_allocator *allocator, dn_error *error) {
    static const char name[] = "model in memory";
    DNI_NOT_NULL(error, bytes);
    *bytes = NULL;
    DNI_NOT_NULL(error, size);
    *size = 0;
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, info);
    DNI_NOT_NULL(error, weights);
    dn_classifier *content;
    dn_status status = create_content(&content, name, head, info, weights, error);
    if (status) return status;
    status = dni_safetensors_write_memory(content->dict, name, allocator, bytes, size, error);
    dn_classifier_free(content);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* Reading a model file. All of it is checked; nothing in it is trusted. */
#include "head/classifier/conformal_file.h"
#include "head/classifier/picture_keys_file.h"
#include "head/classifier/private.h"

#include "core/error.h"
#include "core/number.h"
#include "densenet/statistics.h"
#include "densenet/weights.h"
#include "head/classifier/novelty_file.h"
#include "head/mlp.h"
#include "io/dataset.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WIDTH = 1 << 24 }; /* of a linear layer in a file */

void dni_classifier_layer_name(char name[64], int layer, const char *part) {
    snprintf(name, 64, "classifier.%d.%s", layer * DNI_SEQUENTIAL_STRIDE, part);
}

static dn_status meta_text(const dn_classifier *classifier, const char *key, const char **out,
                           dn_error *error) {
    *out = dni_tensor_dict_meta(classifier->dict, key);
    if (*out) return DN_OK;
    return dni_fail(error, DN_ERR_FORMAT, "%s: metadata '%s' is missing", classifier->path, key);
}

static dn_status corrupt(const dn_classifier *classifier, const char *key, const char *what,
                         dn_error *error) {
    return dni_fail(error, DN_ERR_CORRUPT, "%s: metadata '%s': %s", classifier->path, key, what);
}

/* A text that is JSON. */
static dn_status meta_json(const dn_classifier *classifier, const char *key, const char **text, json_t **out,
                           dn_error *error) {
    *out = NULL;
    dn_status status = meta_text(classifier, key, text, error);
    if (status) return status;
    json_error_t reason;
    status = dni_json_parse(out, *text, strlen(*text), JSON_REJECT_DUPLICATES, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(error, "%s", classifier->path);
    if (status)
        return dni_fail(error, status, "%s: metadata '%s' is no JSON: %s", classifier->path, key,
                        reason.text);
    return DN_OK;
}

/* A text that must be a JSON object, but is the business of whoever wrote it. */
static dn_status load_object(dn_classifier *classifier, const char *key, const char **out, dn_error *error) {
    json_t *object;
    const dn_status status = meta_json(classifier, key, out, &object, error);
    if (status) return status;
    const int is_object = json_is_object(object);
    json_decref(object);
    return is_object ? DN_OK : corrupt(classifier, key, "is no JSON object", error);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static dn_status check_unique(const dn_classifier *classifier, dn_error *error) {
    const size_t count = (size_t)classifier->info.class_count;
    const char **sorted = malloc(count * sizeof *sorted);
    if (!sorted) return dni_no_memory(error, "%s", classifier->path);
    memcpy(sorted, classifier->classes, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_name);
    dn_status status = DN_OK;
    for (size_t i = 1; i < count && !status; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = dni_fail(error, DN_ERR_CORRUPT, "%s: metadata 'classes': has the name '%s' twice",
                              classifier->path, sorted[i]);
    free(sorted);
    return status;
}

static dn_status copy_class_names(dn_classifier *classifier, const json_t *names, dn_error *error) {
    const size_t count = json_array_size(names);
    if (count < 2) return corrupt(classifier, "classes", "is no JSON array of two names or more", error);
    if (count > DNI_CLASS_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: metadata 'classes': has %zu names; at most %d are taken",
                        classifier->path, count, DNI_CLASS_LIMIT);
    classifier->classes = calloc(count, sizeof *classifier->classes);
    if (!classifier->classes) return dni_no_memory(error, "%s", classifier->path);
    classifier->info.class_count = (int)count;
    classifier->info.classes = (const char *const *)classifier->classes;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name || !*name) return corrupt(classifier, "classes", "has an element that is no name", error);
        if (strlen(name) > DNI_CLASS_NAME_BYTES)
            return dni_fail(error, DN_ERR_CORRUPT,
                            "%s: metadata 'classes': name %zu has %zu bytes; at most %d are taken",
                            classifier->path, i, strlen(name), DNI_CLASS_NAME_BYTES);
        classifier->classes[i] = strdup(name);
        if (!classifier->classes[i]) return dni_no_memory(error, "%s", classifier->path);
    }
    return check_unique(classifier, error);
}

static dn_status load_class_names(dn_classifier *classifier, dn_error *error) {
    const char *text;
    json_t *names;
    dn_status status = meta_json(classifier, "classes", &text, &names, error);
    if (status) return status;
    status = copy_class_names(classifier, names, error);
    json_decref(names);
    return status;
}

static dn_status load_seed(dn_classifier *classifier, dn_error *error) {
    const char *text;
    const dn_status status = meta_text(classifier, "seed", &text, error);
    if (status) return status;
    return dni_parse_u64(text, &classifier->info.seed)
               ? DN_OK
               : corrupt(classifier, "seed", "is no whole number", error);
}

static dn_status load_backbone_name(dn_classifier *classifier, dn_error *error) {
    dn_classifier_info *info = &classifier->info;
    dn_status status = meta_text(classifier, "backbone", &info->backbone, error);
    if (!status) status = meta_text(classifier, "weights_source", &info->weights_source, error);
    if (!status) status = meta_text(classifier, "weights_hash", &info->weights_hash, error);
    if (status) return status;
    if (!dn_config_find(info->backbone))
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: backbone '%s' is not known here", classifier->path,
                        info->backbone);
    if (strlen(info->weights_hash) != 32 || strspn(info->weights_hash, "0123456789abcdef") != 32)
        return corrupt(classifier, "weights_hash", "is not 32 hexadecimal digits", error);
    return DN_OK;
}

static dn_status load_info(dn_classifier *classifier, dn_error *error) {
    const char *format = dni_tensor_dict_meta(classifier->dict, "format");
    if (!format || strcmp(format, DNI_CLASSIFIER_FORMAT) != 0)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a model file: metadata 'format' is %s%s%s, not '%s'",
                        classifier->path, format ? "'" : "", format ? format : "missing", format ? "'" : "",
                        DNI_CLASSIFIER_FORMAT);
    const char *preprocessing;
    classifier->info.struct_size = sizeof classifier->info;
    dn_status status = load_backbone_name(classifier, error);
    if (!status) status = load_class_names(classifier, error);
    if (!status) status = load_seed(classifier, error);
    if (!status) status = load_object(classifier, "recipe", &classifier->info.recipe, error);
    if (!status) status = load_object(classifier, "metrics", &classifier->info.metrics, error);
    if (!status) status = meta_text(classifier, "preprocessing", &preprocessing, error);
    if (status) return status;
    return dni_preprocessing_from_json(&classifier->info.preprocessing, preprocessing, classifier->path,
                                       error);
}

dn_status dni_classifier_check_tensor(const dn_classifier *classifier, const char *name, dni_dtype dtype,
                                      int rank, const int64_t *shape, dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(classifier->dict, name);
    if (!tensor)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", classifier->path, name);
    if (tensor->dtype != dtype || (uintptr_t)tensor->data % dni_dtype_size(dtype))
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not aligned %s", classifier->path,
                        name, dni_dtype_name(tensor->dtype), dni_dtype_name(dtype));
    int fits = tensor->rank == rank;
    for (int d = 0; fits && d < rank; d++)
        fits = shape[d] < 0 ? tensor->shape[d] >= 1 : tensor->shape[d] == shape[d];
    char text[96];
    return fits ? DN_OK
                : dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' of shape %s does not fit the model",
                           classifier->path, name,
                           dni_tensor_shape_text(tensor->rank, tensor->shape, text, sizeof text));
}

/* A tensor of the head, checked for type, rank and alignment; its sizes are the caller's to check. */
static dn_status head_tensor(const dn_classifier *classifier, int layer, const char *part, int rank,
                             const dni_tensor **out, dn_error *error) {
    char name[64], text[96];
    dni_classifier_layer_name(name, layer, part);
    const dni_tensor *tensor = *out = dni_tensor_dict_find(classifier->dict, name);
    if (!tensor)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", classifier->path, name);
    if (tensor->dtype != DNI_F32 || (uintptr_t)tensor->data % sizeof(float))
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not aligned F32",
                        classifier->path, name, dni_dtype_name(tensor->dtype));
    int sane = tensor->rank == rank;
    for (int d = 0; sane && d < rank; d++) sane = tensor->shape[d] >= 1 && tensor->shape[d] <= MAX_WIDTH;
    if (!sane)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' of shape %s is no linear layer's %s",
                        classifier->path, name,
                        dni_tensor_shape_text(tensor->rank, tensor->shape, text, sizeof text), part);
    const float *values = tensor->data;
    for (int64_t i = 0; i < dni_tensor_count(tensor); i++)
        if (!isfinite(values[i]))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' has a value that is not finite",
                            classifier->path, name);
    return DN_OK;
}

static dn_status load_layer(const dn_classifier *classifier, int i, int in, dni_linear *out,
                            dn_error *error) {
    const dni_tensor *weight, *bias;
    dn_status status = head_tensor(classifier, i, "weight", 2, &weight, error);
    if (!status) status = head_tensor(classifier, i, "bias", 1, &bias, error);
    if (status) return status;
    char text[2][96];
    dni_tensor_shape_text(2, weight->shape, text[0], sizeof text[0]);
    dni_tensor_shape_text(1, bias->shape, text[1], sizeof text[1]);
    if (weight->shape[1] != in)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.weight' is %s, but gets %d inputs", classifier->path,
                        i * DNI_SEQUENTIAL_STRIDE, text[0], in);
    if (bias->shape[0] != weight->shape[0])
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.bias' is %s beside a weight of %s", classifier->path,
                        i * DNI_SEQUENTIAL_STRIDE, text[1], text[0]);
    *out = (dni_linear){.in = in, .out = (int)weight->shape[0], .weight = weight->data, .bias = bias->data};
    return DN_OK;
}

static int layer_count(const dn_classifier *classifier) {
    int count = 0;
    char name[64];
    for (;; count++) {
        dni_classifier_layer_name(name, count, "weight");
        if (!dni_tensor_dict_find(classifier->dict, name)) return count;
    }
}

static dn_status load_head(dn_classifier *classifier, dn_error *error) {
    const int count = layer_count(classifier);
    if (count < 1 || count > DNI_MAX_LINEAR)
        return dni_fail(error, count ? DN_ERR_UNSUPPORTED : DN_ERR_TENSOR_MISSING,
                        "%s: %d linear layers 'classifier.0.weight' and so on; 1 to %d are needed",
                        classifier->path, count, DNI_MAX_LINEAR);
    dni_linear layers[DNI_MAX_LINEAR];
    int width = dn_config_find(classifier->info.backbone)->features;
    for (int i = 0; i < count; i++) {
        const dn_status status = load_layer(classifier, i, width, &layers[i], error);
        if (status) return status;
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a layer that was loaded is whole */
        width = layers[i].out;
    }
    if (width != classifier->info.class_count)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.weight' gives %d outputs, but there are %d classes",
                        classifier->path, (count - 1) * DNI_SEQUENTIAL_STRIDE, width,
                        classifier->info.class_count);
    return dni_head_from_linears(&classifier->head, layers, count, 0.0f, error);
}

/* Whether a tensor that is not the head's belongs in a model file. */
static int is_known(const dn_classifier *classifier, const char *name) {
    return dni_is_conformal(name) || dni_is_picture_keys(name) || dni_is_novelty(name) ||
           (dn_classifier_is_complete(classifier) && dni_is_statistic(name));
}

/* Every tensor must be the head's, one of those that a file may lack or, in a complete file, a statistic;
 * these are checked when applied. */
static dn_status check_names(const dn_classifier *classifier, dn_error *error) {
    const size_t head_tensors = 2 * (size_t)classifier->head->linear_count;
    size_t found = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(classifier->dict); i++) {
        const char *name = dni_tensor_dict_at(classifier->dict, i)->name;
        const int is_head = strncmp(name, "classifier.", 11) == 0;
        found += (size_t)is_head;
        if ((is_head && found > head_tensors) || (!is_head && !is_known(classifier, name)))
            return dni_fail(error, DN_ERR_TENSOR_UNEXPECTED,
                            "%s: tensor '%s' does not belong in a model file", classifier->path, name);
    }
    return DN_OK;
}

dn_status dni_classifier_read(dn_classifier *classifier, dn_error *error) {
    dn_status status = load_info(classifier, error);
    if (!status) status = load_head(classifier, error);
    if (!status)
        status = dni_novelty_read(&classifier->novelty, classifier->dict, dn_head_features(classifier->head),
                                  classifier->path, error);
    classifier->info.novelty = classifier->novelty;
    if (!status) status = check_names(classifier, error);
    if (!status) status = dni_classifier_read_conformal(classifier, error);
    if (!status) status = dni_classifier_read_picture_keys(classifier, error);
    return dni_fail_in(error, status, classifier->path);
}

static dn_status load_file(dn_classifier **out, const dni_file *file, dn_error *error) {
    dn_classifier *classifier = calloc(1, sizeof *classifier);
    if (!classifier) return dni_no_memory(error, "%s", file->path);
    classifier->path = strdup(file->path);
    dn_status status = classifier->path ? dni_safetensors_read_file(&classifier->dict, file, NULL, error)
                                        : dni_no_memory(error, "%s", file->path);
    if (!status) status = dni_classifier_read(classifier, error);
    if (status)
        dn_classifier_free(classifier);
    else
        *out = classifier;
    return status;
}

dn_status dn_classifier_load(dn_classifier **out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, path);
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = load_file(out, &file, error);
    dni_file_close(&file);
    return status;
}

dn_status dn_classifier_load_memory(dn_classifier **out, const void *bytes, size_t size, const char *name,
                                    dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    if (size) DNI_NOT_NULL(error, bytes);
    const dni_file file = dni_file_of_memory(bytes, size, name ? name : "model in memory");
    return load_file(out, &file, error);
}

/* What was read from the file. */
static void free_content(dn_classifier *classifier) {
    dn_conformal_free(classifier->conformal);
    free(classifier->picture_keys);
    dn_head_free(classifier->head);
    dn_novelty_free(classifier->novelty);
    for (int i = 0; classifier->classes && i < classifier->info.class_count; i++)
        free(classifier->classes[i]);
    free(classifier->classes);
    dni_tensor_dict_free(classifier->dict);
    free(classifier->path);
}

void dn_classifier_free(dn_classifier *classifier) {
    if (!classifier) return;
    dni_classifier_detach(classifier);
    if (!classifier->is_borrowed) free_content(classifier);
    free(classifier);
}

dn_status dn_classifier_share(dn_classifier **out, const dn_classifier *original, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, original);
    dn_classifier *classifier = malloc(sizeof *classifier);
    if (!classifier) return dni_no_memory(error, "%s", original->path);
    *classifier = (dn_classifier){.path = original->path,
                                  .dict = original->dict,
                                  .info = original->info,
                                  .classes = original->classes,
                                  .head = original->head,
                                  .conformal = original->conformal,
                                  .picture_keys = original->picture_keys,
                                  .novelty = original->novelty,
                                  .is_borrowed = true};
    *out = classifier;
    return DN_OK;
}

const dn_classifier_info *dn_classifier_get_info(const dn_classifier *classifier) {
    return classifier ? &classifier->info : NULL;
}

const dn_head *dn_classifier_get_head(const dn_classifier *classifier) {
    return classifier ? classifier->head : NULL;
}

bool dn_classifier_is_complete(const dn_classifier *classifier) {
    if (!classifier) return false;
    uint64_t seed;
    return dni_random_source(classifier->info.weights_source, &seed);
}

/* Loading weights: every tensor is checked before it is taken. */
#include "densenet/weights.h"

#include "core/error.h"
#include "core/number.h"
#include "densenet/topology.h"
#include "densenet/weights_notes.h"
#include "weights/checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void free_dict(void *dict) {
    dni_tensor_dict_free(dict);
}

static bool has_expected_shape(const dni_tensor_dict *file, const dni_tensor_walk *walk) {
    const dni_tensor *tensor = dni_tensor_dict_find(file, walk->name);
    return tensor && dni_tensor_same_shape(tensor, walk->rank, walk->shape);
}

/* The member that most of the file's tensors fit, so that a file that lacks some, or has some in the wrong
 * shape, is still measured against the right one; NULL when not even half of the best member is there. */
static const dn_config *recognise(const dni_tensor_dict *file) {
    const dn_config *best = NULL, *config;
    int best_fits = 0;
    for (int i = 0; (config = dn_config_at(i)); i++) {
        int fits = 0, all = 0;
        for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk); all++)
            fits += has_expected_shape(file, &walk);
        if (fits > best_fits && fits > all / 2) {
            best = config;
            best_fits = fits;
        }
    }
    return best;
}

static dn_status check_shape(const dni_tensor *tensor, const dni_tensor_walk *walk, const char *path,
                             dn_error *error) {
    char expected[64], found[128];
    dni_tensor_shape_text(walk->rank, walk->shape, expected, sizeof expected);
    if (!tensor)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' %s of %s is missing", path, walk->name,
                        expected, walk->config->name);
    if (!dni_tensor_same_shape(tensor, walk->rank, walk->shape))
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' has shape %s where %s has %s", path,
                        walk->name, dni_tensor_shape_text(tensor->rank, tensor->shape, found, sizeof found),
                        walk->config->name, expected);
    if (tensor->dtype != DNI_F32 && tensor->dtype != DNI_F16 && tensor->dtype != DNI_BF16 &&
        tensor->dtype != DNI_F64)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' has type %s where floats are needed",
                        path, walk->name, dni_dtype_name(tensor->dtype));
    return DN_OK;
}

static dn_status check_values(const dni_tensor *tensor, const dni_tensor_walk *walk, const char *path,
                              dn_error *error) {
    const float *values = tensor->data;
    const int64_t count = dni_tensor_count(tensor);
    if (walk->role != DNI_NORM_VARIANCE && dni_all_finite(values, (size_t)count)) return DN_OK;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (walk->role == DNI_NORM_VARIANCE && values[i] < 0.0f))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' holds %g at element %lld", path,
                            walk->name, (double)values[i], (long long)i);
    return DN_OK;
}

/* Adds the tensor as a view where it is what the network needs, converted otherwise. */
static dn_status take(dn_weights *weights, const dni_tensor *tensor, const dni_tensor_walk *walk,
                      const char *path, dn_error *error) {
    dn_status status = check_shape(tensor, walk, path, error);
    if (status) return status;
    if (tensor->dtype == DNI_F32 && dni_tensor_is_dense(tensor) &&
        (uintptr_t)tensor->data % _Alignof(float) == 0) {
        status = dni_tensor_dict_add(weights->tensors, walk->name, *tensor, error);
    } else {
        void *data;
        status = dni_tensor_dict_allocate(weights->tensors, walk->name, DNI_F32, walk->rank, walk->shape,
                                          &data, error);
        if (!status) dni_tensor_to_f32(tensor, data);
    }
    return status ? status
                  : check_values(dni_tensor_dict_find(weights->tensors, walk->name), walk, path, error);
}

/* Whether the file holds the ImageNet classifier: any other belongs to whoever trained it and is passed over,
 * as the backbone of a fine-tuned network is as good as any. */
static bool has_classifier(const dni_tensor_dict *file, const dn_config *config) {
    for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk);)
        if (dni_is_of_classifier(&walk) && has_expected_shape(file, &walk)) return true;
    return false;
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Counters of batches, which training leaves behind, are nobody's loss. */
static bool is_counter(const dni_named_tensor *entry) {
    return ends_with(entry->name, ".num_batches_tracked");
}

static bool is_classifier(const dni_named_tensor *entry) {
    return strncmp(entry->name, "classifier.", strlen("classifier.")) == 0 && !is_counter(entry);
}

static bool is_of_worth(const dni_named_tensor *entry) {
    return !is_counter(entry);
}

/* Features that the network does not have make it another network. */
static dn_status refuse_unexpected(const dni_tensor_dict *network, const dn_weights *weights,
                                   const char *path, dn_error *error) {
    for (size_t i = 0; i < dni_tensor_dict_count(network); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(network, i);
        if (dni_tensor_dict_find(weights->tensors, entry->name)) continue;
        if (is_counter(entry) || is_classifier(entry)) continue;
        char shape[128];
        return dni_fail(error, DN_ERR_TENSOR_UNEXPECTED, "%s: tensor '%s' %s is none of %s's", path,
                        entry->name,
                        dni_tensor_shape_text(entry->tensor.rank, entry->tensor.shape, shape, sizeof shape),
                        weights->config.name);
    }
    return DN_OK;
}

static dn_status take_all(dn_weights *weights, const dni_checkpoint *checkpoint, const char *path,
                          dn_error *error) {
    const dni_tensor_dict *network = checkpoint->network;
    const bool classifier = has_classifier(network, &weights->config);
    dn_status status = DN_OK;
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config);
         !status && dni_tensor_walk_next(&walk);) {
        if (dni_is_of_classifier(&walk) && !classifier) continue;
        status = take(weights, dni_tensor_dict_find(network, walk.name), &walk, path, error);
    }
    if (!status) status = refuse_unexpected(network, weights, path, error);
    if (!status && !classifier)
        status =
            dni_note_left_out(&weights->notes, network, is_classifier, "of a classifier of its own", error);
    if (!status)
        status = dni_note_left_out(&weights->notes, checkpoint->outside, is_of_worth, "outside the network",
                                   error);
    return status;
}

/* The weights' tensors are views of the file's: it lives as long as they do. */
static dn_status keep_file(dn_weights *weights, dni_checkpoint *checkpoint, dn_error *error) {
    const dn_status status = dni_tensor_dict_adopt(weights->tensors, free_dict, checkpoint->file, error);
    if (!status) checkpoint->file = NULL;
    return status;
}

static dn_status make(dn_weights **out, dni_checkpoint *checkpoint, const char *path, dn_error *error) {
    const dn_config *config = recognise(checkpoint->network);
    if (!config)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: its %zu tensors are none of DenseNet-121, 161, 169, 201",
                        path, dni_tensor_dict_count(checkpoint->file));
    dn_weights *weights;
    dn_status status = dni_weights_create(&weights, config, error);
    if (!status) status = take_all(weights, checkpoint, path, error);
    if (!status) status = keep_file(weights, checkpoint, error);
    if (status)
        dn_weights_free(weights);
    else
        *out = weights;
    return status;
}

dn_status dn_weights_load(dn_weights **out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, path);
    dni_checkpoint checkpoint;
    dn_status status = dni_checkpoint_load(&checkpoint, path, NULL, error);
    if (status) return status;
    status = make(out, &checkpoint, path, error);
    dni_checkpoint_free(&checkpoint);
    return status;
}

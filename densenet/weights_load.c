/* SPDX-License-Identifier: MIT */
/* Loading weights: every tensor is checked before it is taken. */
#include "densenet/weights.h"

#include "core/error.h"
#include "core/options.h"
#include "densenet/topology.h"
#include "densenet/weights_notes.h"
#include "densenet/weights_values.h"
#include "weights/checkpoint.h"
#include "weights/state_dict.h"

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
    return DN_OK;
}

static dn_status check_type(const dni_tensor *tensor, const char *name, const char *path, dn_error *error) {
    if (tensor->dtype == DNI_F32 || tensor->dtype == DNI_F16 || tensor->dtype == DNI_BF16 ||
        tensor->dtype == DNI_F64)
        return DN_OK;
    return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' has type %s where floats are needed", path,
                    name, dni_dtype_name(tensor->dtype));
}

/* Adds the tensor as a view where it is dense float32, converted otherwise. */
static dn_status add_floats(dni_tensor_dict *to, const char *name, const dni_tensor *tensor, const char *path,
                            dn_error *error) {
    dn_status status = check_type(tensor, name, path, error);
    if (status) return status;
    if (tensor->dtype == DNI_F32 && dni_tensor_is_dense(tensor) &&
        (uintptr_t)tensor->data % _Alignof(float) == 0)
        return dni_tensor_dict_add(to, name, *tensor, error);
    void *data;
    status = dni_tensor_dict_allocate(to, name, DNI_F32, tensor->rank, tensor->shape, &data, error);
    if (!status) dni_tensor_to_f32(tensor, data);
    return status;
}

static dn_status check_values(const dni_tensor_dict *tensors, const char *name, bool is_variance,
                              const char *path, dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(tensors, name);
    return dni_values_check(tensor->data, tensor, name, is_variance, path, error);
}

/* left_in: the file that the values were left in; NULL: they were read. */
static dn_status take(dn_weights *weights, const dni_tensor *tensor, const dni_tensor_walk *walk,
                      const dni_file *left_in, const char *path, dn_error *error) {
    dn_status status = check_shape(tensor, walk, path, error);
    if (!status && left_in) return dni_weights_leave(weights, tensor, walk, left_in, error);
    if (!status) status = add_floats(weights->tensors, walk->name, tensor, path, error);
    return status ? status
                  : check_values(weights->tensors, walk->name, walk->role == DNI_NORM_VARIANCE, path, error);
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

/* ---- a classifier of its own ---- */

/* Beside ImageNet's. */
static bool is_further_classifier(const dni_named_tensor *entry) {
    return is_classifier(entry) && strcmp(entry->name, "classifier.weight") != 0 &&
           strcmp(entry->name, "classifier.bias") != 0;
}

/* A matrix of a classifier must take the features, or it is another network's. */
static dn_status check_classifier(const dn_weights *weights, const char *path, dn_error *error) {
    const dni_named_tensor *first = NULL;
    for (size_t i = 0; i < dni_tensor_dict_count(weights->classifier); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(weights->classifier, i);
        if (entry->tensor.rank != 2) continue;
        if (entry->tensor.shape[1] == weights->config.features) return DN_OK;
        if (!first) first = entry;
    }
    char shape[96];
    if (!first)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: its classifier cannot be kept: it has no matrix for the %d features of %s", path,
                        weights->config.features, weights->config.name);
    return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                    "%s: its classifier cannot be kept: tensor '%s' is %s, and there is no matrix for the %d "
                    "features of %s",
                    path, first->name,
                    dni_tensor_shape_text(first->tensor.rank, first->tensor.shape, shape, sizeof shape),
                    weights->config.features, weights->config.name);
}

static dn_status keep_classifier(dn_weights *weights, const dni_tensor_dict *network,
                                 const dn_allocator *allocator, const char *path, dn_error *error) {
    weights->classifier = dni_tensor_dict_create_in(allocator);
    if (!weights->classifier) return dni_no_memory(error, "%s: its classifier", path);
    dn_status status = DN_OK;
    for (size_t i = 0; i < dni_tensor_dict_count(network) && !status; i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(network, i);
        if (!is_classifier(entry)) continue;
        status = add_floats(weights->classifier, entry->name, &entry->tensor, path, error);
        if (!status) status = check_values(weights->classifier, entry->name, false, path, error);
    }
    if (!status && dni_tensor_dict_count(weights->classifier)) return check_classifier(weights, path, error);
    dni_tensor_dict_free(weights->classifier);
    weights->classifier = NULL;
    return status;
}

/* ---- the whole ---- */

/* What is read, and how. */
typedef struct loading {
    dni_file file;
    dn_weights_load_options options;
    dni_checkpoint checkpoint;
    bool leaves_values; /* in the file, where it allows that */
} loading;

static dn_status take_network(dn_weights *weights, const loading *l, bool with_classifier, dn_error *error) {
    const dni_tensor_dict *network = l->checkpoint.network;
    const dni_file *left_in = l->leaves_values ? &l->file : NULL;
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config); dni_tensor_walk_next(&walk);) {
        if (dni_is_of_classifier(&walk) && !with_classifier) continue;
        const dni_tensor *tensor = dni_tensor_dict_find(network, walk.name);
        const dn_status status = take(weights, tensor, &walk, left_in, l->file.path, error);
        if (status) return status;
    }
    return refuse_unexpected(network, weights, l->file.path, error);
}

static dn_status take_all(dn_weights *weights, const loading *l, dn_error *error) {
    const dni_tensor_dict *network = l->checkpoint.network;
    const bool is_imagenet = has_classifier(network, &weights->config),
               is_kept = !is_imagenet && l->options.keep_classifier;
    dn_status status = take_network(weights, l, is_imagenet, error);
    if (!status && is_kept)
        status = keep_classifier(weights, network, l->options.allocator, l->file.path, error);
    if (!status && !is_kept)
        status =
            dni_note_left_out(&weights->notes, network, is_imagenet ? is_further_classifier : is_classifier,
                              "of a classifier of its own", error);
    if (!status)
        status = dni_note_left_out(&weights->notes, l->checkpoint.outside, is_of_worth, "outside the network",
                                   error);
    const char *further = dni_tensor_dict_meta(l->checkpoint.file, DNI_FURTHER_STATE_DICTS);
    if (!status && further)
        status = dni_note(&weights->notes, "left out further state dicts: ", further, error);
    return status;
}

/* The weights' tensors are views of the file's, which lives as long as they do: its values in memory, or the
 * file itself where they stayed in it. */
static dn_status keep_file(dn_weights *weights, loading *l, dn_error *error) {
    if (l->leaves_values) {
        weights->path = strdup(l->file.path);
        if (!weights->path) return dni_no_memory(error, "%s", l->file.path);
        weights->file = l->file;
        weights->file.path = weights->path;
        l->file.descriptor = -1;
        return DN_OK;
    }
    const dn_status status = dni_tensor_dict_adopt(weights->tensors, free_dict, l->checkpoint.file, error);
    if (!status) l->checkpoint.file = NULL;
    return status;
}

/* Other files of this project are told by what they say of themselves: a model file is easily taken for
 * weights. */
static dn_status refuse(const loading *l, dn_error *error) {
    const char *format = dni_tensor_dict_meta(l->checkpoint.file, "format");
    if (format && strncmp(format, "densenet ", 9) == 0)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: not a network's weights: metadata 'format' is '%s'",
                        l->file.path, format);
    return dni_fail(error, DN_ERR_MISMATCH, "%s: its %zu tensors are none of DenseNet-121, 161, 169, 201",
                    l->file.path, dni_tensor_dict_count(l->checkpoint.file));
}

static dn_status make(dn_weights **out, loading *l, dn_error *error) {
    const dn_config *config = recognise(l->checkpoint.network);
    if (!config) return refuse(l, error);
    dn_weights *weights;
    dn_status status = dni_weights_create(&weights, config, l->options.allocator, error);
    if (status) return status;
    weights->is_foreign = l->options.borrow || l->options.allocator;
    status = take_all(weights, l, error);
    if (!status) status = keep_file(weights, l, error);
    if (!status && l->options.on_progress &&
        l->options.on_progress(l->options.context, l->file.size, l->file.size))
        status = dni_fail(error, DN_ERR_CANCELLED, "%s: loading was cancelled", l->file.path);
    if (status)
        dn_weights_free(weights);
    else
        *out = weights;
    return status;
}

/* Whether no tensor of the network has to be converted. */
static bool is_float32(const dni_tensor_dict *network) {
    for (size_t i = 0; i < dni_tensor_dict_count(network); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(network, i);
        if (entry->tensor.dtype != DNI_F32 && !is_counter(entry)) return false;
    }
    return true;
}

/* Reads the checkpoint, its values included unless they can stay in the file. */
static dn_status read_checkpoint(loading *l, dn_error *error) {
    const dni_checkpoint_options options = {
        .allocator = l->options.allocator, .prefix = l->options.prefix, .leave_values = l->leaves_values};
    dn_status status = dni_checkpoint_read(&l->checkpoint, &l->file, &options, error);
    if (status) return status;
    l->leaves_values = !l->checkpoint.has_values && is_float32(l->checkpoint.network);
    if (l->leaves_values || l->checkpoint.has_values) return DN_OK;
    dni_checkpoint_free(&l->checkpoint);
    return read_checkpoint(l, error);
}

/* Of a file that is open; l's options are this version's. */
static dn_status load(dn_weights **out, loading *l, dn_error *error) {
    dni_reading reading = {.on_progress = l->options.on_progress, .context = l->options.context};
    if (reading.on_progress) l->file.reading = &reading;
    l->file.is_lasting = l->options.borrow;
    dn_status status = read_checkpoint(l, error);
    if (!status) {
        status = dni_fail_in(error, make(out, l, error), l->file.path);
        dni_checkpoint_free(&l->checkpoint);
    }
    l->file.reading = NULL; /* which ends here */
    return status;
}

/* ---- the calls ---- */

DNI_OPTIONS_KIND(load_kind, dn_weights_load_options, borrow, borrow);

void dn_weights_load_options_init(dn_weights_load_options *options, size_t struct_size) {
    const dn_weights_load_options defaults = {.struct_size = sizeof defaults};
    dni_options_init(options, struct_size, &defaults, &load_kind);
}

static dn_status take_options(dn_weights_load_options *own, const dn_weights_load_options *given,
                              dn_error *error) {
    *own = dn_weights_load_options_default();
    return dni_options_take(own, given, &load_kind, error);
}

static dn_status load_path(dn_weights **out, const char *path, const dn_weights_load_options *options,
                           dn_error *error) {
    loading l = {.leaves_values = false};
    dn_status status = take_options(&l.options, options, error);
    if (!status && l.options.borrow)
        status = dni_fail(error, DN_ERR_ARGUMENT,
                          "%s: options->borrow is for weights in memory; a file is always read", path);
    if (!status) status = dni_file_open(&l.file, path, error);
    if (status) return status;
    status = load(out, &l, error);
    dni_file_close(&l.file);
    return status;
}

dn_status dn_weights_load(dn_weights **out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, path);
    return load_path(out, path, NULL, error);
}

dn_status dn_weights_load_with_options(dn_weights **out, const char *path,
                                       const dn_weights_load_options *options, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, path);
    return load_path(out, path, options, error);
}

dn_status dni_weights_open(dn_weights **out, const char *path, dn_error *error) {
    *out = NULL;
    loading l = {.options = dn_weights_load_options_default(), .leaves_values = true};
    dn_status status = dni_file_open(&l.file, path, error);
    if (status) return status;
    status = load(out, &l, error);
    dni_file_close(&l.file);
    return status;
}

dn_status dn_weights_load_memory(dn_weights **out, const void *bytes, size_t size, const char *name,
                                 const dn_weights_load_options *options, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    if (size) DNI_NOT_NULL(error, bytes);
    loading l = {.file = dni_file_of_memory(bytes, size, name ? name : "weights in memory")};
    const dn_status status = take_options(&l.options, options, error);
    return status ? status : load(out, &l, error);
}

/* SPDX-License-Identifier: MIT */
/* Sorting keys: the prefix is whatever stands before the stem's first convolution, which every DenseNet has
 * under one name, old or new. */
#include "weights/keys.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char stem[] = "conv0.weight", features[] = "features.", classifier[] = "classifier.";

/* Where a network's names are. */
typedef struct place {
    const char *name; /* of its stem; NULL: there is no network */
    size_t prefix;    /* how much of the name stands before "features.conv0.weight", or before
                       * "conv0.weight" where the features have no name of their own */
    bool is_bare;     /* that */
    bool is_average;  /* the moving average of another network, by its name */
} place;

static bool begins_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool dni_is_stem_key(const char *name) {
    const size_t length = strlen(name), stem_length = sizeof stem - 1;
    if (length < stem_length || strcmp(name + length - stem_length, stem) != 0) return false;
    return length == stem_length || name[length - stem_length - 1] == '.';
}

bool dni_is_average(const char *name, size_t size) {
    for (size_t begin = 0, end; begin < size; begin = end + 1) {
        for (end = begin; end < size && name[end] != '.';) end++;
        const char *part = name + begin;
        const size_t length = end - begin;
        if (length < 3) continue;
        const bool at_begin = strncmp(part, "ema", 3) == 0 && (length == 3 || part[3] == '_');
        const bool at_end = length > 3 && strncmp(part + length - 4, "_ema", 4) == 0;
        if (at_begin || at_end) return true;
    }
    return false;
}

/* Of a stem's name. */
static place place_of(const char *name) {
    const size_t before = strlen(name) - (sizeof stem - 1), length = sizeof features - 1;
    const bool is_named = before >= length && strncmp(name + before - length, features, length) == 0 &&
                          (before == length || name[before - length - 1] == '.');
    const size_t prefix = is_named ? before - length : before;
    return (place){
        .name = name, .prefix = prefix, .is_bare = !is_named, .is_average = dni_is_average(name, prefix)};
}

/* Whether features without a name of their own are a DenseNet's: other networks, too, have a conv0. */
static dn_status has_dense_block(bool *out, const dni_tensor_dict *file, const place *at, dn_error *error) {
    static const char *const names[] = {"denseblock1.denselayer1.norm1.weight",
                                        "denseblock1.denselayer1.norm.1.weight"};
    const size_t size = at->prefix + sizeof "denseblock1.denselayer1.norm.1.weight";
    char *name = malloc(size);
    *out = false;
    if (!name) return dni_no_memory(error, "the names beside tensor '%s'", at->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, size, "%.*s%s", (int)at->prefix, at->name, names[i]);
        *out = *out || dni_tensor_dict_find(file, name);
    }
    free(name);
    return DN_OK;
}

/* Whether `prefix` is the place's, with or without the dot behind it. */
static bool is_meant(const place *at, const char *prefix) {
    const size_t length = strlen(prefix);
    if (strncmp(at->name, prefix, length) != 0) return false;
    return at->prefix == length || (length && at->prefix == length + 1 && at->name[length] == '.');
}

/* What is looked for: a network of the kind that comes first here, and the only one of its kind. */
static const place kinds[] = {{.is_bare = false, .is_average = false},
                              {.is_bare = true, .is_average = false},
                              {.is_bare = false, .is_average = true},
                              {.is_bare = true, .is_average = true}};

/* *out stays as it is where the tensor is no stem of the kind, nor the one that is meant. */
static dn_status look_at(place *out, const char *name, const place *kind, const dni_tensor_dict *file,
                         const char *prefix, const char *path, dn_error *error) {
    if (!dni_is_stem_key(name)) return DN_OK;
    const place at = place_of(name);
    if (at.is_bare != kind->is_bare || at.is_average != kind->is_average) return DN_OK;
    if (prefix && !is_meant(&at, prefix)) return DN_OK;
    bool is_network = !at.is_bare;
    const dn_status status = at.is_bare ? has_dense_block(&is_network, file, &at, error) : DN_OK;
    if (status || !is_network) return status;
    if (out->name)
        return dni_fail(
            error, DN_ERR_CORRUPT,
            "%s: holds two networks: tensors '%s' and '%s'; the prefix of one says which is meant", path,
            out->name, name);
    *out = at;
    return DN_OK;
}

static dn_status find(place *out, const dni_tensor_dict *file, const char *prefix, const char *path,
                      dn_error *error) {
    dn_status status = DN_OK;
    *out = (place){.name = NULL};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !out->name; k++)
        for (size_t i = 0; i < dni_tensor_dict_count(file) && !status; i++)
            status = look_at(out, dni_tensor_dict_at(file, i)->name, &kinds[k], file, prefix, path, error);
    if (!status && !out->name && prefix)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: there is no DenseNet with the prefix '%s'", path,
                        prefix);
    return status;
}

/* 2017's torchvision put a dot between "norm" or "conv" and the number inside a dense layer, where a module
 * cannot have one today. The dot in "denselayer1.norm.1.weight", or NULL. */
static char *old_dot(char *name) {
    char *layer = strstr(name, "denselayer");
    if (!layer) return NULL;
    char *kind = strchr(layer, '.');
    if (!kind) return NULL;
    kind++;
    if (strncmp(kind, "norm.", 5) != 0 && strncmp(kind, "conv.", 5) != 0) return NULL;
    return (kind[5] == '1' || kind[5] == '2') && kind[6] == '.' ? kind + 4 : NULL;
}

/* Whether that is the name of one of the features' tensors. */
static bool is_of_features(const char *name) {
    static const char *const modules[] = {"conv0.", "norm0.", "denseblock", "transition", "norm5."};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (begins_with(name, modules[i])) return true;
    return false;
}

/* The network's name for a tensor, from malloc, or NULL where it lies outside. */
static dn_status present_name(char **out, const place *at, const char *name, dn_error *error) {
    *out = NULL;
    if (at->name && strncmp(name, at->name, at->prefix) != 0) return DN_OK;
    const char *inside = name + at->prefix;
    const bool bare = at->is_bare && is_of_features(inside);
    if (at->name && !bare && !begins_with(inside, classifier) &&
        (at->is_bare || !begins_with(inside, features)))
        return DN_OK;
    const size_t size = sizeof features + strlen(inside);
    *out = malloc(size);
    if (!*out) return dni_no_memory(error, "the name of tensor '%s'", name);
    snprintf(*out, size, "%s%s", bare ? features : "", inside);
    char *dot = old_dot(*out);
    if (dot) memmove(dot, dot + 1, strlen(dot));
    return DN_OK;
}

dn_status dni_sort_keys(const dni_tensor_dict *file, const char *prefix, dni_tensor_dict *network,
                        dni_tensor_dict *outside, const char *path, dn_error *error) {
    place at;
    dn_status status = find(&at, file, prefix, path, error);
    for (size_t i = 0; i < dni_tensor_dict_count(file) && !status; i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(file, i);
        char *name;
        status = present_name(&name, &at, entry->name, error);
        if (!status && name && dni_tensor_dict_find(network, name))
            status =
                dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' stands for '%s', and so does another one",
                         path, entry->name, name);
        if (!status)
            status = dni_tensor_dict_add(name ? network : outside, name ? name : entry->name, entry->tensor,
                                         error);
        free(name);
    }
    return status;
}

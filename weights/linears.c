/* SPDX-License-Identifier: MIT */
/* Linear layers, by the names and shapes of tensors. */
#include "weights/linears.h"

#include "core/error.h"
#include "io/name_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A tensor's name, taken apart: "classifier.3.weight" is stem "classifier.", number 3, part "weight". */
typedef struct key {
    const char *name, *part;
    size_t stem;    /* its length */
    int64_t number; /* -1: none */
} key;

static key key_of(const char *name) {
    const char *dot = strrchr(name, '.');
    key out = {.name = name, .part = dot ? dot + 1 : name, .number = -1};
    const size_t module = dot ? (size_t)(dot - name) : 0;
    size_t digits = 0;
    while (digits < module && digits < 9 && strchr("0123456789", name[module - digits - 1])) digits++;
    out.stem = module - digits;
    if (digits) out.number = strtol(name + out.stem, NULL, 10);
    return out;
}

static bool is_linear_weight(const dni_named_tensor *entry) {
    return entry->tensor.rank == 2 && strcmp(key_of(entry->name).part, "weight") == 0;
}

static bool has_stem(const key *of, const char *stem, size_t length) {
    return of->stem == length && memcmp(of->name, stem, length) == 0;
}

/* Whether the prefix that was asked for is that of the tensor's stem, with or without a dot behind it. */
static bool is_meant(const key *of, const char *prefix) {
    const size_t length = strlen(prefix);
    if (of->stem < length || memcmp(of->name, prefix, length) != 0) return false;
    return of->stem == length || (of->stem == length + 1 && of->name[length] == '.');
}

/* ---- which head ---- */

/* Finds the one stem under which there are linear layers. */
static dn_status find_stem(key *out, const dni_tensor_dict *dict, const char *prefix, const char *path,
                           dn_error *error) {
    *out = (key){.name = NULL};
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
        const key found = key_of(entry->name);
        if (!is_linear_weight(entry) || (prefix && !is_meant(&found, prefix))) continue;
        if (out->name && !has_stem(&found, out->name, out->stem))
            return dni_fail(error, DN_ERR_UNSUPPORTED,
                            "%s: holds linear layers of several names, '%s' and '%s'; the prefix of one says "
                            "which are the head's",
                            path, out->name, found.name);
        *out = found;
    }
    if (out->name) return DN_OK;
    enum { NAMED = 5 };
    dni_name_text names = {0};
    const size_t count = dni_tensor_dict_count(dict);
    for (size_t i = 0; i < count && i < NAMED; i++)
        dni_name_text_add(&names, i ? ", " : "", dni_tensor_dict_at(dict, i)->name, "");
    return dni_fail(
        error, DN_ERR_TENSOR_MISSING,
        "%s: holds no linear layer%s%s%s: no 'weight' of two dimensions among its %zu tensors: %s%s", path,
        prefix ? " with the prefix '" : "", prefix ? prefix : "", prefix ? "'" : "", count, names.content,
        count > NAMED ? ", ..." : "");
}

/* ---- its layers ---- */

static bool is_float(const dni_tensor *tensor) {
    return tensor->dtype == DNI_F32 || tensor->dtype == DNI_F64 || tensor->dtype == DNI_F16 ||
           tensor->dtype == DNI_BF16;
}

static dn_status add_weight(dni_linears *out, const dni_named_tensor *entry, const char *path,
                            dn_error *error) {
    if (out->count == DNI_LINEARS_LIMIT)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: a head of more than %d linear layers, with '%s'",
                        path, DNI_LINEARS_LIMIT, entry->name);
    if (!is_float(&entry->tensor))
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not of floating point", path,
                        entry->name, dni_dtype_name(entry->tensor.dtype));
    out->layers[out->count++].weight = entry;
    out->tensors++;
    return DN_OK;
}

static int by_number(const void *a, const void *b) {
    const int64_t x = key_of(((const dni_linear_tensors *)a)->weight->name).number;
    const int64_t y = key_of(((const dni_linear_tensors *)b)->weight->name).number;
    return x < y ? -1 : x > y;
}

/* In a Sequential the number after a layer's is that of its activation. */
static dn_status check_numbers(const dni_linears *layers, const char *path, dn_error *error) {
    for (int i = 1; i < layers->count; i++) {
        const key before = key_of(layers->layers[i - 1].weight->name);
        const key after = key_of(layers->layers[i].weight->name);
        const bool in_sequential = !after.stem || after.name[after.stem - 1] == '.';
        const int64_t gap = after.number - before.number;
        if (gap == 0 || (gap == 1 && in_sequential))
            return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: no place for ReLU between '%s' and '%s'", path,
                            before.name, after.name);
    }
    return DN_OK;
}

/* Gives a tensor of the head, which is no linear weight, to its layer; only a bias can be one. */
static dn_status add_other(dni_linears *out, const dni_named_tensor *entry, const char *path,
                           dn_error *error) {
    const key of = key_of(entry->name);
    for (int i = 0; i < out->count && strcmp(of.part, "bias") == 0; i++) {
        dni_linear_tensors *layer = &out->layers[i];
        if (key_of(layer->weight->name).number != of.number) continue;
        if (!dni_tensor_same_shape(&entry->tensor, 1, layer->weight->tensor.shape) ||
            !is_float(&entry->tensor)) {
            char shape[96];
            return dni_fail(
                error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' is %s %s; the outputs of '%s' are %" PRId64,
                path, entry->name, dni_dtype_name(entry->tensor.dtype),
                dni_tensor_shape_text(entry->tensor.rank, entry->tensor.shape, shape, sizeof shape),
                layer->weight->name, layer->weight->tensor.shape[0]);
        }
        layer->bias = entry;
        out->tensors++;
        return DN_OK;
    }
    return dni_fail(
        error, DN_ERR_UNSUPPORTED,
        "%s: tensor '%s' is not of a linear layer: a head is made of Linear, ReLU and Dropout; fold "
        "batch norms into the layer beside them before saving",
        path, entry->name);
}

static dn_status check_shapes(const dni_linears *layers, const char *path, dn_error *error) {
    for (int i = 0; i < layers->count; i++) {
        const dni_named_tensor *weight = layers->layers[i].weight;
        const int64_t *shape = weight->tensor.shape;
        char text[96];
        dni_tensor_shape_text(2, shape, text, sizeof text);
        if (shape[0] < 1 || shape[1] < 1 || shape[0] > INT32_MAX || shape[1] > INT32_MAX)
            return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' is %s", path, weight->name, text);
        const dni_named_tensor *before = i ? layers->layers[i - 1].weight : NULL;
        if (before && before->tensor.shape[0] != shape[1])
            return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                            "%s: tensor '%s' is %s, but '%s' before it has %" PRId64 " outputs", path,
                            weight->name, text, before->name, before->tensor.shape[0]);
    }
    return DN_OK;
}

dn_status dni_linears_find(dni_linears *out, const dni_tensor_dict *dict, const char *prefix,
                           const char *path, dn_error *error) {
    *out = (dni_linears){.count = 0};
    key head;
    dn_status status = find_stem(&head, dict, prefix, path, error);
    const size_t count = status ? 0 : dni_tensor_dict_count(dict);
    for (int weights = 1; weights >= 0; weights--) {
        for (size_t i = 0; i < count && !status; i++) {
            const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
            const key of = key_of(entry->name);
            if (!has_stem(&of, head.name, head.stem) || is_linear_weight(entry) != weights) continue;
            status = weights ? add_weight(out, entry, path, error) : add_other(out, entry, path, error);
        }
        if (weights && !status) {
            qsort(out->layers, (size_t)out->count, sizeof *out->layers, by_number);
            status = check_numbers(out, path, error);
        }
    }
    return status ? status : check_shapes(out, path, error);
}

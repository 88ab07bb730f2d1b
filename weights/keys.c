/* Renaming: the prefix is whatever stands before the stem's first convolution, which every DenseNet has under
 * one name, old or new. */
#include "weights/keys.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static const char anchor[] = "features.conv0.weight";

/* Length of what stands before the anchor, "a.b." or nothing; -1 when the name does not end in the anchor. */
static long prefix_length(const char *name) {
    const size_t length = strlen(name), anchor_length = sizeof anchor - 1;
    if (length < anchor_length || strcmp(name + length - anchor_length, anchor) != 0) return -1;
    const size_t before = length - anchor_length;
    return before == 0 || name[before - 1] == '.' ? (long)before : -1;
}

/* The one prefix of the network; *out is a new string, NULL where there is no DenseNet. */
static dn_status find_prefix(char **out, const dni_tensor_dict *dict, dn_error *error) {
    const char *first = NULL;
    *out = NULL;
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const char *name = dni_tensor_dict_at(dict, i)->name;
        const long length = prefix_length(name);
        if (length < 0) continue;
        if (first)
            return dni_fail(error, DN_ERR_CORRUPT, "holds two networks: tensors '%s' and '%s'", first, name);
        first = name;
        *out = strndup(name, (size_t)length);
        if (!*out) return dni_no_memory(error, "the name of tensor '%s'", name);
    }
    return DN_OK;
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

static dn_status rename_key(dni_tensor_dict *dict, size_t i, const char *prefix, dn_error *error) {
    const char *name = dni_tensor_dict_at(dict, i)->name;
    const size_t strip = prefix && strncmp(name, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    char *renamed = strdup(name + strip);
    if (!renamed) return dni_no_memory(error, "the name of tensor '%s'", name);
    char *dot = old_dot(renamed);
    if (dot) memmove(dot, dot + 1, strlen(dot));
    const dn_status status = dni_tensor_dict_rename(dict, i, renamed, error);
    free(renamed);
    return status;
}

dn_status dni_rename_keys(dni_tensor_dict *dict, dn_error *error) {
    char *prefix = NULL;
    dn_status status = find_prefix(&prefix, dict, error);
    for (size_t i = 0; i < dni_tensor_dict_count(dict) && !status; i++)
        status = rename_key(dict, i, prefix, error);
    free(prefix);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* Choosing the state dict in a checkpoint, and checking its tensors against their storages.
 *
 * A checkpoint is a dictionary of anything. Candidates are the dictionaries, at any depth, that hold tensors
 * directly under string keys. A network's state dict has names that end in "weight"; an optimizer's state,
 * also full of tensors, has none. If more than one is left, it is the only one that has a DenseNet's first
 * convolution and is no moving average by its name; else the only one that is called as torch's own examples
 * call it; else the only one with such a convolution. */
#include "weights/state_dict.h"

#include "core/error.h"
#include "io/json.h"
#include "weights/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 32, PATH_SIZE = 200, CANDIDATE_LIMIT = 64 };

static const char *const usual_names[] = {"state_dict", "model_state_dict", "model"};

typedef struct candidate {
    const dni_pickle_value *dict;
    char path[PATH_SIZE]; /* keys from the root down, joined by dots; "" is the root */
    int has_weight, has_stem;
} candidate;

/* The candidates met so far: those with a weight, and the first of the others. */
typedef struct search {
    candidate found[CANDIDATE_LIMIT];
    size_t count, others;
    bool has_more; /* than are in `found` */
    candidate first_other;
} search;

static int ends_in_weight(const char *name) {
    static const char suffix[] = "weight";
    const size_t length = strlen(name);
    return length >= sizeof suffix - 1 && strcmp(name + length - (sizeof suffix - 1), suffix) == 0;
}

/* Fills in what the dictionary has. */
static int is_candidate(candidate *out) {
    const dni_pickle_value *dict = out->dict;
    int has_tensor = 0;
    for (size_t i = 0; i + 1 < dict->as.list.count; i += 2) {
        const dni_pickle_value *key = dict->as.list.items[i];
        if (key->kind != DNI_PICKLE_STRING || dict->as.list.items[i + 1]->kind != DNI_PICKLE_TENSOR) continue;
        has_tensor = 1;
        out->has_weight |= ends_in_weight(key->as.string.text);
        out->has_stem |= dni_is_stem_key(key->as.string.text);
    }
    return has_tensor;
}

static void note(search *s, const dni_pickle_value *dict, const char *path) {
    candidate found = {.dict = dict};
    if (!is_candidate(&found)) return;
    snprintf(found.path, sizeof found.path, "%s", path);
    if (!found.has_weight) {
        if (s->others++ == 0) s->first_other = found;
    } else if (s->count < CANDIDATE_LIMIT) {
        s->found[s->count++] = found;
    } else {
        s->has_more = true;
    }
}

/* "path.key", cut off where it would not fit: it only serves messages and the usual names. */
static void join(char out[PATH_SIZE], const char *path, const char *key) {
    const char *parts[] = {path, *path ? "." : "", key};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *c = parts[i]; *c && used < PATH_SIZE - 1; c++) out[used++] = *c;
    out[used] = '\0';
}

/* Visits every dictionary once, though values may be shared and cyclic. */
static void walk(search *s, dni_pickle_value *dict, const char *path, int depth) {
    if (dict->kind != DNI_PICKLE_DICT || dict->visited || depth > DEPTH_LIMIT) return;
    dict->visited = 1;
    note(s, dict, path);
    for (size_t i = 0; i + 1 < dict->as.list.count; i += 2) {
        const dni_pickle_value *key = dict->as.list.items[i];
        char below[PATH_SIZE];
        join(below, path, key->kind == DNI_PICKLE_STRING ? key->as.string.text : "?");
        walk(s, dict->as.list.items[i + 1], below, depth + 1);
    }
}

static bool has_usual_name(const candidate *c) {
    const char *dot = strrchr(c->path, '.');
    const char *name = dot ? dot + 1 : c->path;
    for (size_t i = 0; i < sizeof usual_names / sizeof *usual_names; i++)
        if (strcmp(name, usual_names[i]) == 0) return true;
    return false;
}

static bool has_stem(const candidate *c) {
    return c->has_stem;
}

static bool is_network_itself(const candidate *c) {
    return c->has_stem && !dni_is_average(c->path, strlen(c->path));
}

/* The only candidate of which that holds; NULL where there is none, or more than one. */
static const candidate *only(const search *s, bool (*holds)(const candidate *c)) {
    const candidate *found = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (!holds(&s->found[i])) continue;
        if (found) return NULL;
        found = &s->found[i];
    }
    return found;
}

typedef char candidate_names[CANDIDATE_LIMIT * (PATH_SIZE + 4)];

/* The candidates' names but for `without`'s, which may be NULL. */
static void list_names(candidate_names names, const search *s, const candidate *without, const char *quote) {
    size_t used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < s->count; i++)
        if (&s->found[i] != without)
            used +=
                (size_t)snprintf(names + used, sizeof(candidate_names) - used, "%s%s%s%s", used ? ", " : "",
                                 quote, *s->found[i].path ? s->found[i].path : "the file itself", quote);
}

static dn_status choose(const candidate **out, const search *s, const char *path, dn_error *error) {
    if (s->has_more)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: holds more than %d state dicts; save the one that is meant alone", path,
                        CANDIDATE_LIMIT);
    const candidate *chosen = s->count == 1 ? &s->found[0] : only(s, is_network_itself);
    if (!chosen) chosen = only(s, has_usual_name);
    if (!chosen) chosen = only(s, has_stem);
    if (!chosen && s->count) {
        candidate_names names;
        list_names(names, s, NULL, "'");
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: holds more than one state dict: %s; save the one that is meant alone", path,
                        names);
    }
    if (!chosen && s->others == 1) chosen = &s->first_other;
    if (!chosen && s->others == 0)
        return dni_fail(error, DN_ERR_TENSOR_MISSING,
                        "%s: holds no state dict: no dictionary of named tensors", path);
    if (!chosen)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: holds %zu dictionaries of tensors ('%s' first) and none with a 'weight' in it",
                        path, s->others, s->first_other.path);
    *out = chosen;
    return DN_OK;
}

/* Chooses, and names the further ones in the metadata. */
static dn_status find_state_dict(const dni_pickle_value **out, dni_tensor_dict *dict, dni_pickle_value *root,
                                 const char *path, dn_error *error) {
    search *s = calloc(1, sizeof *s);
    if (!s) return dni_no_memory(error, "%s", path);
    walk(s, root, "", 0);
    const candidate *chosen = NULL;
    dn_status status = choose(&chosen, s, path, error);
    if (!status) *out = chosen->dict;
    if (!status && s->count > 1) {
        candidate_names names;
        list_names(names, s, chosen, "");
        status = dni_tensor_dict_set_meta(dict, DNI_FURTHER_STATE_DICTS, names, error);
    }
    free(s);
    return status;
}

/* Whether shape, strides and offset stay inside the `count` elements that the storage's view has. */
static int fits(const dni_pickle_tensor *t, int64_t count) {
    int64_t elements = 1, last = t->offset;
    int empty = 0, overflow = 0;
    for (int d = 0; d < t->rank; d++) {
        int64_t reach;
        if (t->shape[d] == 0) {
            empty = 1;
            continue;
        }
        overflow |= __builtin_mul_overflow(elements, t->shape[d], &elements);
        overflow |= __builtin_mul_overflow(t->shape[d] - 1, t->stride[d], &reach);
        overflow |= __builtin_add_overflow(last, reach, &last);
    }
    if (overflow || elements > INT64_MAX / 16) return 0;
    return empty ? t->offset <= count : last < count;
}

static dn_status add_tensor(dni_tensor_dict *dict, const char *name, const dni_pickle_tensor *t,
                            dni_storage_loader load, void *context, const char *path, dn_error *error) {
    dni_pickle_storage *root = t->storage->root;
    if (!fits(t, t->storage->view_count)) {
        char shape[128];
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: tensor '%s' %s at offset %lld reaches beyond storage '%s' of %lld elements",
                        path, name, dni_tensor_shape_text(t->rank, t->shape, shape, sizeof shape),
                        (long long)t->offset, root->key, (long long)t->storage->view_count);
    }
    if (dni_tensor_dict_find(dict, name))
        return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' occurs twice in its state dict", path, name);
    if (!root->data) {
        const dn_status status = load(context, dict, root, error);
        if (status) return status;
    }
    const size_t offset = (size_t)(t->storage->view_offset + t->offset) * dni_dtype_size(root->dtype);
    dni_tensor tensor = {.dtype = root->dtype, .rank = t->rank};
    tensor.data = (void *)((uintptr_t)root->data + offset); /* a view: nobody writes through it */
    memcpy(tensor.shape, t->shape, sizeof tensor.shape);
    memcpy(tensor.stride, t->stride, sizeof tensor.stride);
    return dni_tensor_dict_add(dict, name, tensor, error);
}

static dn_status check_name(const dni_pickle_value *key, const char *path, dn_error *error) {
    if (key->kind != DNI_PICKLE_STRING)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: a tensor of the state dict has no string for its name",
                        path);
    if (strlen(key->as.string.text) != key->as.string.size)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor name '%s' holds a zero byte", path,
                        key->as.string.text);
    if (!dni_is_utf8(key->as.string.text))
        return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor name '%s' is not UTF-8 text", path,
                        key->as.string.text);
    return DN_OK;
}

/* For an entry in the file's dictionary, and in the one that dni_sort_keys() puts it into, which may be
 * growing. */
static dn_status make_room(const dni_tensor_dict *dict, const char *name, dni_allowance *allowance,
                           dn_error *error) {
    enum { DICTIONARIES = 2 };
    if (dni_tensor_dict_count(dict) == DNI_TENSOR_LIMIT)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: more than %d tensors", allowance->path,
                        DNI_TENSOR_LIMIT);
    const size_t bytes = dni_tensor_dict_entry_bytes(name);
    return dni_allowance_take(allowance, DICTIONARIES * bytes + bytes / 2, error);
}

dn_status dni_state_dict_read(dni_tensor_dict *dict, dni_pickle_value *root, dni_storage_loader load,
                              void *context, dni_allowance *allowance, dn_error *error) {
    const char *const path = allowance->path;
    const dni_pickle_value *chosen = NULL;
    dn_status status = find_state_dict(&chosen, dict, root, path, error);
    if (status) return status;
    for (size_t i = 0; i + 1 < chosen->as.list.count && !status; i += 2) {
        const dni_pickle_value *key = chosen->as.list.items[i], *value = chosen->as.list.items[i + 1];
        if (value->kind != DNI_PICKLE_TENSOR) continue;
        status = check_name(key, path, error);
        if (!status) status = make_room(dict, key->as.string.text, allowance, error);
        if (!status)
            status = add_tensor(dict, key->as.string.text, value->as.tensor, load, context, path, error);
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
/* A dictionary of named tensors: entries in order of adding, found through an open-addressing hash table. */
#include "core/tensor_dict.h"

#include "core/error.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Memory of the dictionary's, or something that was given to it. */
typedef struct owned {
    void (*release)(void *context); /* NULL: memory of the allocator's */
    void *context;
    size_t size; /* of memory */
} owned;

typedef struct meta_entry {
    char *key, *value;
} meta_entry;

struct dni_tensor_dict {
    const dn_allocator *allocator;
    dni_named_tensor *entries;
    size_t count, capacity;
    size_t *slots; /* index + 1 of an entry, 0 empty; slot_count is a power of two above 2 * count */
    size_t slot_count;
    owned *owned;
    size_t owned_count, owned_capacity;
    meta_entry *meta;
    size_t meta_count;
};

dni_tensor_dict *dni_tensor_dict_create(void) {
    return dni_tensor_dict_create_in(NULL);
}

dni_tensor_dict *dni_tensor_dict_create_in(const dn_allocator *allocator) {
    dni_tensor_dict *dict = calloc(1, sizeof *dict);
    if (dict) dict->allocator = allocator;
    return dict;
}

static void let_go(const dni_tensor_dict *dict, const owned *thing) {
    if (thing->release)
        thing->release(thing->context);
    else
        dni_release(dict->allocator, thing->context, thing->size);
}

void dni_tensor_dict_free(dni_tensor_dict *dict) {
    if (!dict) return;
    for (size_t i = 0; i < dict->count; i++) free(dict->entries[i].name);
    for (size_t i = 0; i < dict->meta_count; i++) {
        free(dict->meta[i].key);
        free(dict->meta[i].value);
    }
    for (size_t i = dict->owned_count; i-- > 0;) let_go(dict, &dict->owned[i]);
    free(dict->entries);
    free(dict->slots);
    free(dict->owned);
    free(dict->meta);
    free(dict);
}

/* The slot that holds `name`, or the empty one where it would go. */
static size_t *slot_of(const dni_tensor_dict *dict, const char *name) {
    size_t hash = 0xcbf29ce484222325u;
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    size_t i = hash & (dict->slot_count - 1);
    while (dict->slots[i] && strcmp(dict->entries[dict->slots[i] - 1].name, name) != 0)
        i = (i + 1) & (dict->slot_count - 1);
    return &dict->slots[i];
}

static void rebuild_slots(dni_tensor_dict *dict) {
    memset(dict->slots, 0, dict->slot_count * sizeof *dict->slots);
    for (size_t i = 0; i < dict->count; i++) *slot_of(dict, dict->entries[i].name) = i + 1;
}

static bool grow(dni_tensor_dict *dict) {
    if (dict->count < dict->capacity) return true;
    const size_t capacity = dict->capacity ? 2 * dict->capacity : 64;
    dni_named_tensor *entries = realloc(dict->entries, capacity * sizeof *entries);
    if (!entries) return false;
    dict->entries = entries;
    size_t *slots = malloc(4 * capacity * sizeof *slots);
    if (!slots) return false;
    free(dict->slots);
    dict->slots = slots;
    dict->slot_count = 4 * capacity;
    dict->capacity = capacity;
    rebuild_slots(dict);
    return true;
}

dn_status dni_tensor_dict_add(dni_tensor_dict *dict, const char *name, dni_tensor tensor, dn_error *error) {
    if (dni_tensor_dict_find(dict, name))
        return dni_fail(error, DN_ERR_CORRUPT, "tensor '%s' occurs twice", name);
    char *copy = strdup(name);
    if (!copy || !grow(dict)) {
        free(copy);
        return dni_no_memory(error, "tensor '%s'", name);
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): grow() has made room, or there was some */
    dict->entries[dict->count] = (dni_named_tensor){.name = copy, .tensor = tensor};
    *slot_of(dict, copy) = ++dict->count;
    return DN_OK;
}

static dn_status own(dni_tensor_dict *dict, owned thing, dn_error *error) {
    if (dict->owned_count == dict->owned_capacity) {
        const size_t capacity = dict->owned_capacity ? 2 * dict->owned_capacity : 16;
        owned *list = realloc(dict->owned, capacity * sizeof *list);
        if (!list) return dni_no_memory(error, "a tensor dictionary");
        dict->owned = list;
        dict->owned_capacity = capacity;
    }
    dict->owned[dict->owned_count++] = thing;
    return DN_OK;
}

dn_status dni_tensor_dict_adopt(dni_tensor_dict *dict, void (*release)(void *context), void *context,
                                dn_error *error) {
    return own(dict, (owned){.release = release, .context = context}, error);
}

dn_status dni_tensor_dict_new_memory(dni_tensor_dict *dict, size_t size, const char *name, void **memory,
                                     dn_error *error) {
    size += !size; /* an allocator may give nothing for nothing */
    owned block = {.context = dni_allocate(dict->allocator, size), .size = size};
    *memory = NULL;
    if (!block.context) return dni_no_memory(error, "%s: %zu bytes", name, size);
    const dn_status status = own(dict, block, error);
    if (status)
        let_go(dict, &block);
    else
        *memory = block.context;
    return status;
}

dn_status dni_tensor_dict_allocate(dni_tensor_dict *dict, const char *name, dni_dtype dtype, int rank,
                                   const int64_t *shape, void **data, dn_error *error) {
    size_t size = dni_dtype_size(dtype);
    void *memory;
    *data = NULL;
    for (int d = 0; d < rank; d++)
        if (shape[d] < 0 || !dni_size_mul(size, (size_t)shape[d], &size))
            return dni_no_memory(error, "tensor '%s'", name);
    dn_status status = dni_tensor_dict_new_memory(dict, size, name, &memory, error);
    if (status) return status;
    memset(memory, 0, size);
    status = dni_tensor_dict_add(dict, name, dni_tensor_of(dtype, memory, rank, shape), error);
    if (!status) *data = memory;
    return status;
}

void dni_tensor_dict_set_data(dni_tensor_dict *dict, size_t i, void *data) {
    dict->entries[i].tensor.data = data;
}

void dni_tensor_dict_remove(dni_tensor_dict *dict, size_t i) {
    free(dict->entries[i].name);
    memmove(dict->entries + i, dict->entries + i + 1, (dict->count - i - 1) * sizeof *dict->entries);
    dict->count--;
    rebuild_slots(dict);
}

/* There may be room for twice as many. Beside the entries lie the names, with what malloc() keeps of them. */
size_t dni_tensor_dict_entry_bytes(const char *name) {
    enum { ENTRIES = 2, SLOTS = 4 * ENTRIES, OF_MALLOC = 32 };
    return ENTRIES * sizeof(dni_named_tensor) + SLOTS * sizeof(size_t) + strlen(name) + OF_MALLOC;
}

size_t dni_tensor_dict_count(const dni_tensor_dict *dict) {
    return dict->count;
}

const dni_named_tensor *dni_tensor_dict_at(const dni_tensor_dict *dict, size_t i) {
    return &dict->entries[i];
}

const dni_tensor *dni_tensor_dict_find(const dni_tensor_dict *dict, const char *name) {
    if (!dict->count) return NULL;
    const size_t slot = *slot_of(dict, name);
    return slot ? &dict->entries[slot - 1].tensor : NULL;
}

dn_status dni_tensor_dict_set_meta(dni_tensor_dict *dict, const char *key, const char *value,
                                   dn_error *error) {
    char *value_copy = strdup(value);
    if (!value_copy) return dni_no_memory(error, "metadata '%s'", key);
    for (size_t i = 0; i < dict->meta_count; i++) {
        if (strcmp(dict->meta[i].key, key) == 0) {
            free(dict->meta[i].value);
            dict->meta[i].value = value_copy;
            return DN_OK;
        }
    }
    char *key_copy = strdup(key);
    meta_entry *meta = realloc(dict->meta, (dict->meta_count + 1) * sizeof *meta);
    if (meta) dict->meta = meta;
    if (!key_copy || !meta) {
        free(key_copy);
        free(value_copy);
        return dni_no_memory(error, "metadata '%s'", key);
    }
    meta[dict->meta_count++] = (meta_entry){.key = key_copy, .value = value_copy};
    return DN_OK;
}

const char *dni_tensor_dict_meta(const dni_tensor_dict *dict, const char *key) {
    for (size_t i = 0; i < dict->meta_count; i++)
        if (strcmp(dict->meta[i].key, key) == 0) return dict->meta[i].value;
    return NULL;
}

size_t dni_tensor_dict_meta_count(const dni_tensor_dict *dict) {
    return dict->meta_count;
}

void dni_tensor_dict_meta_at(const dni_tensor_dict *dict, size_t i, const char **key, const char **value) {
    *key = dict->meta[i].key;
    *value = dict->meta[i].value;
}

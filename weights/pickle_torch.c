/* SPDX-License-Identifier: MIT */
/* The closed list of globals, and what each of them builds. */
#include "weights/pickle_torch.h"

#include "core/error.h"
#include "weights/pickle_inert.h"

#include <stdlib.h>
#include <string.h>

typedef enum global {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_PARAMETER,
    STORAGE_TYPE,
    EMPTY_DICT, /* called with what matters to Python alone */
    INERT,
} global;

static const struct {
    const char *module, *name;
    global meaning;
    dni_dtype dtype; /* of a STORAGE_TYPE */
} globals[] = {
    {"", "", INERT, DNI_F32}, /* stands for all of weights/pickle_inert.h */
    {"collections", "OrderedDict", ORDERED_DICT, DNI_F32},
    {"collections", "defaultdict", EMPTY_DICT, DNI_F32},
    {"torch._utils", "_rebuild_tensor", REBUILD_TENSOR, DNI_F32},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR_V2, DNI_F32},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, DNI_F32},
    {"torch", "FloatStorage", STORAGE_TYPE, DNI_F32},
    {"torch", "DoubleStorage", STORAGE_TYPE, DNI_F64},
    {"torch", "HalfStorage", STORAGE_TYPE, DNI_F16},
    {"torch", "BFloat16Storage", STORAGE_TYPE, DNI_BF16},
    {"torch", "LongStorage", STORAGE_TYPE, DNI_I64},
    {"torch", "IntStorage", STORAGE_TYPE, DNI_I32},
    {"torch", "ShortStorage", STORAGE_TYPE, DNI_I16},
    {"torch", "CharStorage", STORAGE_TYPE, DNI_I8},
    {"torch", "ByteStorage", STORAGE_TYPE, DNI_U8},
    {"torch", "BoolStorage", STORAGE_TYPE, DNI_BOOL},
};
enum { GLOBALS = sizeof globals / sizeof *globals, INERT_GLOBAL = 0, NAME_LIMIT = 256 };

/* A name from the file, made fit for a message. */
static void printable(char out[NAME_LIMIT], const unsigned char *bytes, size_t size) {
    if (size > NAME_LIMIT - 1) size = NAME_LIMIT - 1;
    for (size_t i = 0; i < size; i++) out[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    out[size] = '\0';
}

static int equals(const char *text, const unsigned char *bytes, size_t size) {
    return strlen(text) == size && memcmp(text, bytes, size) == 0;
}

/* The index into globals; -1: not on any list. */
static int find_global(const unsigned char *module, size_t module_size, const unsigned char *name,
                       size_t name_size) {
    for (int i = INERT_GLOBAL + 1; i < GLOBALS; i++)
        if (equals(globals[i].module, module, module_size) && equals(globals[i].name, name, name_size))
            return i;
    return dni_pickle_is_inert(module, module_size, name, name_size) ? INERT_GLOBAL : -1;
}

dn_status dni_torch_push_global(dni_machine *m, const unsigned char *module, size_t module_size,
                                const unsigned char *name, size_t name_size) {
    const int index = find_global(module, module_size, name, name_size);
    if (index >= 0) {
        dni_pickle_value *value = NULL;
        const dn_status status = dni_machine_new_value(m, DNI_PICKLE_GLOBAL, &value);
        if (status) return status;
        value->as.global = index;
        return dni_machine_push(m, value);
    }
    char module_text[NAME_LIMIT], name_text[NAME_LIMIT];
    printable(module_text, module, module_size);
    printable(name_text, name, name_size);
    return dni_fail(
        m->error, DN_ERR_UNSAFE,
        "%s: pickle, byte %zu: needs '%s.%s', which only Python could run; a whole pickled model is "
        "not read here: save model.state_dict() instead",
        m->path, m->opcode_position, module_text, name_text);
}

static int is_tuple(const dni_pickle_value *value, size_t least) {
    return value->kind == DNI_PICKLE_TUPLE && value->as.list.count >= least;
}

static int is_size(const dni_pickle_value *value) {
    return value->kind == DNI_PICKLE_INT && value->as.integer >= 0;
}

/* (view key, offset, count): a part of the storage, in old files. */
static dn_status set_view(dni_machine *m, dni_pickle_storage *storage, const dni_pickle_value *view) {
    if (view->kind == DNI_PICKLE_NONE) return DN_OK;
    if (!is_tuple(view, 3) || !is_size(view->as.list.items[1]) || !is_size(view->as.list.items[2]))
        return dni_machine_corrupt(m, "the view of a storage is not (key, offset, count)");
    storage->view_offset = view->as.list.items[1]->as.integer;
    storage->view_count = view->as.list.items[2]->as.integer;
    if (storage->view_offset > storage->count || storage->view_count > storage->count - storage->view_offset)
        return dni_machine_corrupt(m, "the view of a storage reaches beyond it");
    return DN_OK;
}

dn_status dni_torch_push_storage(dni_machine *m) {
    dni_pickle_value *id = NULL, *value = NULL;
    dn_status status = dni_machine_pop(m, &id);
    if (status) return status;
    dni_pickle_value **items = id->as.list.items;
    if (!is_tuple(id, 5) || items[0]->kind != DNI_PICKLE_STRING ||
        strcmp(items[0]->as.string.text, "storage") != 0 || items[1]->kind != DNI_PICKLE_GLOBAL ||
        globals[items[1]->as.global].meaning != STORAGE_TYPE || items[2]->kind != DNI_PICKLE_STRING ||
        !is_size(items[4]))
        return dni_machine_corrupt(m, "a persistent id that is no storage's");
    void *memory;
    status = dni_machine_cut(m, sizeof(dni_pickle_storage), &memory);
    if (status) return status;
    dni_pickle_storage *const storage = memory;
    *storage = (dni_pickle_storage){.key = items[2]->as.string.text,
                                    .dtype = globals[items[1]->as.global].dtype,
                                    .count = items[4]->as.integer,
                                    .view_count = items[4]->as.integer,
                                    .root = storage};
    if (id->as.list.count > 5) status = set_view(m, storage, items[5]);
    if (!status) status = dni_machine_new_value(m, DNI_PICKLE_STORAGE, &value);
    if (!status) status = dni_stack_push(m, &m->storages, storage);
    if (status) return status;
    value->as.storage = storage;
    return dni_machine_push(m, value);
}

/* (storage, offset, shape, stride, ...) */
static dn_status rebuild_tensor(dni_machine *m, const dni_pickle_value *arguments) {
    dni_pickle_value **items = arguments->as.list.items;
    if (!is_tuple(arguments, 4) || items[0]->kind != DNI_PICKLE_STORAGE || !is_size(items[1]) ||
        !is_tuple(items[2], 0) || !is_tuple(items[3], items[2]->as.list.count))
        return dni_machine_corrupt(m, "a tensor that is not made of storage, offset, shape and stride");
    const size_t rank = items[2]->as.list.count;
    if (rank > DNI_MAX_RANK)
        return dni_fail(m->error, DN_ERR_UNSUPPORTED,
                        "%s: pickle, byte %zu: a tensor of %zu dimensions, more than %d", m->path,
                        m->opcode_position, rank, DNI_MAX_RANK);
    dni_pickle_value *value = NULL;
    void *memory = NULL;
    dn_status status = dni_machine_new_value(m, DNI_PICKLE_TENSOR, &value);
    if (!status) status = dni_machine_cut(m, sizeof(dni_pickle_tensor), &memory);
    if (status) return status;
    dni_pickle_tensor *const tensor = memory;
    *tensor = (dni_pickle_tensor){
        .storage = items[0]->as.storage, .offset = items[1]->as.integer, .rank = (int)rank};
    for (size_t d = 0; d < rank; d++) {
        const dni_pickle_value *size = items[2]->as.list.items[d], *stride = items[3]->as.list.items[d];
        if (!is_size(size) || !is_size(stride))
            return dni_machine_corrupt(m, "a tensor's shape or stride is no size");
        tensor->shape[d] = size->as.integer;
        tensor->stride[d] = stride->as.integer;
    }
    value->as.tensor = tensor;
    return dni_machine_push(m, value);
}

/* OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]) */
static dn_status make_dict(dni_machine *m, const dni_pickle_value *arguments) {
    dni_pickle_value *dict = NULL;
    dn_status status = dni_machine_new_value(m, DNI_PICKLE_DICT, &dict);
    if (status) return status;
    if (arguments->as.list.count) {
        const dni_pickle_value *pairs = arguments->as.list.items[0];
        if (pairs->kind != DNI_PICKLE_LIST)
            return dni_machine_corrupt(m, "an OrderedDict that is not made of a list");
        for (size_t i = 0; i < pairs->as.list.count && !status; i++) {
            const dni_pickle_value *pair = pairs->as.list.items[i];
            if ((pair->kind != DNI_PICKLE_LIST && pair->kind != DNI_PICKLE_TUPLE) || pair->as.list.count != 2)
                return dni_machine_corrupt(m, "an OrderedDict's entry is no pair");
            status = dni_machine_append(m, dict, pair->as.list.items, 2);
        }
    }
    return status ? status : dni_machine_push(m, dict);
}

/* (tensor, requires_grad, hooks): the tensor itself. */
static dn_status rebuild_parameter(dni_machine *m, const dni_pickle_value *arguments) {
    if (!is_tuple(arguments, 1) || arguments->as.list.items[0]->kind != DNI_PICKLE_TENSOR)
        return dni_machine_corrupt(m, "a parameter that is not made of a tensor");
    return dni_machine_push(m, arguments->as.list.items[0]);
}

/* The global and, above it, the tuple of arguments. */
static dn_status pop_call(dni_machine *m, global *meaning, dni_pickle_value **arguments) {
    dni_pickle_value *callee = NULL;
    dn_status status = dni_machine_pop(m, arguments);
    if (!status) status = dni_machine_pop(m, &callee);
    if (status) return status;
    if (callee->kind != DNI_PICKLE_GLOBAL || (*arguments)->kind != DNI_PICKLE_TUPLE)
        return dni_machine_corrupt(m, "calls what is no function");
    *meaning = globals[callee->as.global].meaning;
    return DN_OK;
}

dn_status dni_torch_reduce(dni_machine *m) {
    dni_pickle_value *arguments = NULL;
    global meaning = INERT;
    const dn_status status = pop_call(m, &meaning, &arguments);
    if (status) return status;
    switch (meaning) {
    case ORDERED_DICT:
        return make_dict(m, arguments);
    case EMPTY_DICT:
        return dni_machine_push_new(m, DNI_PICKLE_DICT, 0);
    case REBUILD_TENSOR:
    case REBUILD_TENSOR_V2:
        return rebuild_tensor(m, arguments);
    case REBUILD_PARAMETER:
        return rebuild_parameter(m, arguments);
    case INERT:
        return dni_machine_push_new(m, DNI_PICKLE_OBJECT, 0);
    case STORAGE_TYPE:
        break;
    }
    return dni_machine_corrupt(m, "calls a storage type");
}

dn_status dni_torch_new_object(dni_machine *m) {
    dni_pickle_value *arguments = NULL;
    global meaning = INERT;
    const dn_status status = pop_call(m, &meaning, &arguments);
    if (status) return status;
    if (meaning != INERT) return dni_machine_corrupt(m, "makes an object of what is no class");
    return dni_machine_push_new(m, DNI_PICKLE_OBJECT, 0);
}

dn_status dni_torch_set_attributes(dni_machine *m) {
    dni_pickle_value *state = NULL, *target = NULL;
    dn_status status = dni_machine_pop(m, &state);
    if (!status) status = dni_machine_top(m, &target);
    if (!status && target->kind != DNI_PICKLE_DICT && target->kind != DNI_PICKLE_OBJECT)
        return dni_machine_corrupt(m, "sets attributes of what is neither dictionary nor object");
    return status;
}

static int by_key(const void *a, const void *b) {
    return strcmp((*(dni_pickle_storage *const *)a)->key, (*(dni_pickle_storage *const *)b)->key);
}

dn_status dni_torch_link_storages(dni_machine *m) {
    dni_pickle *pickle = m->pickle;
    const size_t count = m->storages.count;
    void *memory;
    const dn_status status = dni_machine_cut(m, (count + 1) * sizeof(dni_pickle_storage *), &memory);
    if (status) return status;
    pickle->storages = memory;
    pickle->storage_count = count;
    if (count) memcpy(pickle->storages, m->storages.items, count * sizeof *pickle->storages);
    qsort(pickle->storages, count, sizeof *pickle->storages, by_key);
    for (size_t i = 1; i < count; i++) {
        dni_pickle_storage *root = pickle->storages[i - 1]->root, *storage = pickle->storages[i];
        if (strcmp(root->key, storage->key) != 0) continue;
        if (root->dtype != storage->dtype || root->count != storage->count)
            return dni_fail(m->error, DN_ERR_CORRUPT, "%s: storage '%s' is described in two ways", m->path,
                            storage->key);
        storage->root = root;
    }
    return DN_OK;
}

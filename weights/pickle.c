/* The pickle machine: a value stack, marks on it, a memo, and a loop over opcodes.
 *
 * Everything is bounded by the input: a value costs at least one byte of it, memo indices are below its size,
 * strings lie inside it, and values are counted. Values live in chunks that are freed together, so that
 * shared and cyclic ones need no care. */
#include "weights/pickle.h"

#include "core/error.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 1 << 16, VALUE_LIMIT = 1 << 22, NAME_LIMIT = 256 };

typedef struct dni_pickle_chunk {
    struct dni_pickle_chunk *next;
    size_t used, size; /* of the bytes that follow, 16-aligned */
    _Alignas(16) char bytes[];
} chunk;

typedef enum global {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_PARAMETER,
    STORAGE_TYPE,
} global;

/* The closed list. */
static const struct {
    const char *module, *name;
    global meaning;
    dni_dtype dtype; /* of a STORAGE_TYPE */
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, DNI_F32},
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
enum { GLOBALS = sizeof globals / sizeof *globals };

/* A growing array of pointers or positions. */
typedef struct stack {
    void **items;
    size_t count, capacity;
} stack;

typedef struct machine {
    const char *path;
    dn_error *error;
    const unsigned char *bytes;
    size_t size, start, position;
    size_t opcode_position;
    dni_pickle *pickle;
    stack values;
    stack marks; /* heights of `values`, as (void *)(uintptr_t)height */
    stack memo;
    size_t memoized; /* entries MEMOIZE counts */
    stack storages;
    size_t value_count;
} machine;

static dn_status corrupt(machine *m, const char *what) {
    return dni_fail(m->error, DN_ERR_CORRUPT, "%s: pickle, byte %zu: %s", m->path, m->opcode_position, what);
}

static dn_status no_memory(machine *m) {
    return dni_fail(m->error, DN_ERR_MEMORY, "%s: out of memory for its pickle", m->path);
}

/* ---- memory ---- */

static void *cut(dni_pickle *pickle, size_t size) {
    if (size > SIZE_MAX - 15) return NULL;
    size = (size + 15) & ~(size_t)15;
    chunk *first = pickle->chunks;
    if (!first || first->size - first->used < size) {
        const size_t wanted = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        size_t total;
        if (!dni_size_add(wanted, sizeof *first, &total) || !(first = malloc(total))) return NULL;
        *first = (chunk){.next = pickle->chunks, .size = wanted};
        pickle->chunks = first;
    }
    void *memory = first->bytes + first->used;
    first->used += size;
    return memory;
}

static int stack_push(stack *s, void *item) {
    if (s->count == s->capacity) {
        const size_t capacity = s->capacity ? 2 * s->capacity : 64;
        void **items = realloc(s->items, capacity * sizeof *items);
        if (!items) return 0;
        s->items = items;
        s->capacity = capacity;
    }
    s->items[s->count++] = item;
    return 1;
}

/* ---- the value stack ---- */

/* The height below which nothing may be popped. */
static size_t floor_of(const machine *m) {
    return m->marks.count ? (size_t)(uintptr_t)m->marks.items[m->marks.count - 1] : 0;
}

static dn_status push(machine *m, dni_pickle_value *value) {
    return stack_push(&m->values, value) ? DN_OK : no_memory(m);
}

static dn_status pop(machine *m, dni_pickle_value **out) {
    if (m->values.count <= floor_of(m)) return corrupt(m, "takes a value from an empty stack");
    *out = m->values.items[--m->values.count];
    return DN_OK;
}

static dn_status top(machine *m, dni_pickle_value **out) {
    if (m->values.count <= floor_of(m)) return corrupt(m, "uses a value of an empty stack");
    *out = m->values.items[m->values.count - 1];
    return DN_OK;
}

/* Pops what lies above the last mark; *items stays valid until the next push. */
static dn_status pop_to_mark(machine *m, dni_pickle_value ***items, size_t *count) {
    if (!m->marks.count) return corrupt(m, "has no mark");
    const size_t height = floor_of(m);
    m->marks.count--;
    *items = (dni_pickle_value **)m->values.items + height;
    *count = m->values.count - height;
    m->values.count = height;
    return DN_OK;
}

static dn_status new_value(machine *m, dni_pickle_kind kind, dni_pickle_value **out) {
    if (++m->value_count > VALUE_LIMIT) return corrupt(m, "more values than any state dict has");
    dni_pickle_value *value = cut(m->pickle, sizeof *value);
    if (!value) return no_memory(m);
    memset(value, 0, sizeof *value); /* empty, as a list too */
    value->kind = kind;
    *out = value;
    return DN_OK;
}

static dn_status push_new(machine *m, dni_pickle_kind kind, int64_t integer) {
    dni_pickle_value *value = NULL;
    const dn_status status = new_value(m, kind, &value);
    if (status) return status;
    value->as.integer = integer;
    return push(m, value);
}

static dn_status push_string(machine *m, dni_pickle_kind kind, const unsigned char *bytes, size_t size) {
    dni_pickle_value *value = NULL;
    const dn_status status = new_value(m, kind, &value);
    if (status) return status;
    char *text = cut(m->pickle, size + 1);
    if (!text) return no_memory(m);
    memcpy(text, bytes, size);
    text[size] = '\0';
    value->as.string.text = text;
    value->as.string.size = size;
    return push(m, value);
}

/* ---- containers ---- */

static dn_status append(machine *m, dni_pickle_value *list, dni_pickle_value *const *items, size_t count) {
    const size_t needed = list->as.list.count + count;
    if (needed > list->as.list.capacity) {
        const size_t capacity = needed > 2 * list->as.list.capacity ? needed : 2 * list->as.list.capacity;
        dni_pickle_value **grown = cut(m->pickle, capacity * sizeof *grown);
        if (!grown) return no_memory(m);
        if (list->as.list.count) memcpy(grown, list->as.list.items, list->as.list.count * sizeof *grown);
        list->as.list.items = grown;
        list->as.list.capacity = capacity;
    }
    if (count) memcpy(list->as.list.items + list->as.list.count, items, count * sizeof *items);
    list->as.list.count = needed;
    return DN_OK;
}

static dn_status push_tuple(machine *m, dni_pickle_value *const *items, size_t count) {
    dni_pickle_value *tuple = NULL;
    dn_status status = new_value(m, DNI_PICKLE_TUPLE, &tuple);
    if (!status) status = append(m, tuple, items, count);
    return status ? status : push(m, tuple);
}

static dn_status fixed_tuple(machine *m, size_t count) {
    if (m->values.count < floor_of(m) + count) return corrupt(m, "makes a tuple of more than there is");
    m->values.count -= count;
    return push_tuple(m, (dni_pickle_value **)m->values.items + m->values.count, count);
}

static dn_status marked_tuple(machine *m) {
    dni_pickle_value **items = NULL;
    size_t count = 0;
    const dn_status status = pop_to_mark(m, &items, &count);
    return status ? status : push_tuple(m, items, count);
}

static dn_status add_to(machine *m, dni_pickle_kind kind, dni_pickle_value *const *items, size_t count) {
    dni_pickle_value *target = NULL;
    const dn_status status = top(m, &target);
    if (status) return status;
    if (target->kind != kind)
        return corrupt(m, kind == DNI_PICKLE_DICT ? "sets items of what is no dictionary"
                                                  : "appends to what is no list");
    if (kind == DNI_PICKLE_DICT && count % 2) return corrupt(m, "sets a key without a value");
    return append(m, target, items, count);
}

static dn_status add_marked(machine *m, dni_pickle_kind kind) {
    dni_pickle_value **items = NULL;
    size_t count = 0;
    const dn_status status = pop_to_mark(m, &items, &count);
    return status ? status : add_to(m, kind, items, count);
}

static dn_status add_fixed(machine *m, dni_pickle_kind kind, size_t count) {
    if (m->values.count < floor_of(m) + count) return corrupt(m, "takes more values than there are");
    m->values.count -= count;
    return add_to(m, kind, (dni_pickle_value **)m->values.items + m->values.count, count);
}

/* ---- the memo ---- */

static dn_status put(machine *m, size_t index) {
    dni_pickle_value *value = NULL;
    const dn_status status = top(m, &value);
    if (status) return status;
    if (index >= m->size) return corrupt(m, "a memo index above any that a writer gives");
    while (m->memo.count <= index)
        if (!stack_push(&m->memo, NULL)) return no_memory(m);
    m->memo.items[index] = value;
    return DN_OK;
}

static dn_status get(machine *m, size_t index) {
    if (index >= m->memo.count || !m->memo.items[index]) return corrupt(m, "recalls what was not memorized");
    return push(m, m->memo.items[index]);
}

/* ---- globals, storages, tensors ---- */

/* A name from the file, made fit for a message. */
static void printable(char out[NAME_LIMIT], const unsigned char *bytes, size_t size) {
    if (size > NAME_LIMIT - 1) size = NAME_LIMIT - 1;
    for (size_t i = 0; i < size; i++) out[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    out[size] = '\0';
}

static int equals(const char *text, const unsigned char *bytes, size_t size) {
    return strlen(text) == size && memcmp(text, bytes, size) == 0;
}

static dn_status push_global(machine *m, const unsigned char *module, size_t module_size,
                             const unsigned char *name, size_t name_size) {
    for (int i = 0; i < GLOBALS; i++)
        if (equals(globals[i].module, module, module_size) && equals(globals[i].name, name, name_size)) {
            dni_pickle_value *value = NULL;
            const dn_status status = new_value(m, DNI_PICKLE_GLOBAL, &value);
            if (status) return status;
            value->as.global = i;
            return push(m, value);
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
static dn_status set_view(machine *m, dni_pickle_storage *storage, const dni_pickle_value *view) {
    if (view->kind == DNI_PICKLE_NONE) return DN_OK;
    if (!is_tuple(view, 3) || !is_size(view->as.list.items[1]) || !is_size(view->as.list.items[2]))
        return corrupt(m, "the view of a storage is not (key, offset, count)");
    storage->view_offset = view->as.list.items[1]->as.integer;
    storage->view_count = view->as.list.items[2]->as.integer;
    if (storage->view_offset > storage->count || storage->view_count > storage->count - storage->view_offset)
        return corrupt(m, "the view of a storage reaches beyond it");
    return DN_OK;
}

/* ('storage', type, key, location, count[, view]) */
static dn_status push_storage(machine *m) {
    dni_pickle_value *id = NULL, *value = NULL;
    dn_status status = pop(m, &id);
    if (status) return status;
    dni_pickle_value **items = id->as.list.items;
    if (!is_tuple(id, 5) || items[0]->kind != DNI_PICKLE_STRING ||
        strcmp(items[0]->as.string.text, "storage") != 0 || items[1]->kind != DNI_PICKLE_GLOBAL ||
        globals[items[1]->as.global].meaning != STORAGE_TYPE || items[2]->kind != DNI_PICKLE_STRING ||
        !is_size(items[4]))
        return corrupt(m, "a persistent id that is no storage's");
    dni_pickle_storage *storage = cut(m->pickle, sizeof *storage);
    if (!storage) return no_memory(m);
    *storage = (dni_pickle_storage){.key = items[2]->as.string.text,
                                    .dtype = globals[items[1]->as.global].dtype,
                                    .count = items[4]->as.integer,
                                    .view_count = items[4]->as.integer,
                                    .root = storage};
    if (id->as.list.count > 5) status = set_view(m, storage, items[5]);
    if (!status) status = new_value(m, DNI_PICKLE_STORAGE, &value);
    if (status) return status;
    value->as.storage = storage;
    if (!stack_push(&m->storages, storage)) return no_memory(m);
    return push(m, value);
}

/* (storage, offset, shape, stride, ...) */
static dn_status rebuild_tensor(machine *m, const dni_pickle_value *arguments) {
    dni_pickle_value **items = arguments->as.list.items;
    if (!is_tuple(arguments, 4) || items[0]->kind != DNI_PICKLE_STORAGE || !is_size(items[1]) ||
        !is_tuple(items[2], 0) || !is_tuple(items[3], items[2]->as.list.count))
        return corrupt(m, "a tensor that is not made of storage, offset, shape and stride");
    const size_t rank = items[2]->as.list.count;
    if (rank > DNI_MAX_RANK)
        return dni_fail(m->error, DN_ERR_UNSUPPORTED,
                        "%s: pickle, byte %zu: a tensor of %zu dimensions, more than %d", m->path,
                        m->opcode_position, rank, DNI_MAX_RANK);
    dni_pickle_value *value = NULL;
    const dn_status status = new_value(m, DNI_PICKLE_TENSOR, &value);
    if (status) return status;
    dni_pickle_tensor *tensor = cut(m->pickle, sizeof *tensor);
    if (!tensor) return no_memory(m);
    *tensor = (dni_pickle_tensor){
        .storage = items[0]->as.storage, .offset = items[1]->as.integer, .rank = (int)rank};
    for (size_t d = 0; d < rank; d++) {
        const dni_pickle_value *size = items[2]->as.list.items[d], *stride = items[3]->as.list.items[d];
        if (!is_size(size) || !is_size(stride)) return corrupt(m, "a tensor's shape or stride is no size");
        tensor->shape[d] = size->as.integer;
        tensor->stride[d] = stride->as.integer;
    }
    value->as.tensor = tensor;
    return push(m, value);
}

/* OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]) */
static dn_status make_dict(machine *m, const dni_pickle_value *arguments) {
    dni_pickle_value *dict = NULL;
    dn_status status = new_value(m, DNI_PICKLE_DICT, &dict);
    if (status) return status;
    if (arguments->as.list.count) {
        const dni_pickle_value *pairs = arguments->as.list.items[0];
        if (pairs->kind != DNI_PICKLE_LIST) return corrupt(m, "an OrderedDict that is not made of a list");
        for (size_t i = 0; i < pairs->as.list.count && !status; i++) {
            const dni_pickle_value *pair = pairs->as.list.items[i];
            if ((pair->kind != DNI_PICKLE_LIST && pair->kind != DNI_PICKLE_TUPLE) || pair->as.list.count != 2)
                return corrupt(m, "an OrderedDict's entry is no pair");
            status = append(m, dict, pair->as.list.items, 2);
        }
    }
    return status ? status : push(m, dict);
}

/* (tensor, requires_grad, hooks): the tensor itself. */
static dn_status rebuild_parameter(machine *m, const dni_pickle_value *arguments) {
    if (!is_tuple(arguments, 1) || arguments->as.list.items[0]->kind != DNI_PICKLE_TENSOR)
        return corrupt(m, "a parameter that is not made of a tensor");
    return push(m, arguments->as.list.items[0]);
}

static dn_status reduce(machine *m) {
    dni_pickle_value *arguments = NULL, *callee = NULL;
    dn_status status = pop(m, &arguments);
    if (!status) status = pop(m, &callee);
    if (status) return status;
    if (callee->kind != DNI_PICKLE_GLOBAL || arguments->kind != DNI_PICKLE_TUPLE)
        return corrupt(m, "calls what is no function");
    switch (globals[callee->as.global].meaning) {
    case ORDERED_DICT:
        return make_dict(m, arguments);
    case REBUILD_TENSOR:
    case REBUILD_TENSOR_V2:
        return rebuild_tensor(m, arguments);
    case REBUILD_PARAMETER:
        return rebuild_parameter(m, arguments);
    case STORAGE_TYPE:
        break;
    }
    return corrupt(m, "calls a storage type");
}

/* Attributes: state_dict() hangs `_metadata` on its OrderedDict. They hold no weights and are dropped. */
static dn_status build(machine *m) {
    dni_pickle_value *state = NULL, *target = NULL;
    dn_status status = pop(m, &state);
    if (!status) status = top(m, &target);
    if (!status && target->kind != DNI_PICKLE_DICT)
        return corrupt(m, "sets attributes of what is no dictionary");
    return status;
}

/* ---- operands ---- */

static dn_status take(machine *m, size_t size, const unsigned char **out) {
    if (size > m->size - m->position)
        return dni_fail(m->error, DN_ERR_TRUNCATED, "%s: pickle, byte %zu: ends inside an opcode", m->path,
                        m->opcode_position);
    *out = m->bytes + m->position;
    m->position += size;
    return DN_OK;
}

/* A little-endian unsigned number of `size` bytes, at most 8. */
static dn_status take_number(machine *m, size_t size, uint64_t *out) {
    const unsigned char *bytes = NULL;
    const dn_status status = take(m, size, &bytes);
    *out = 0;
    if (!status) memcpy(out, bytes, size);
    return status;
}

/* A length of `width` bytes, then as many bytes. */
static dn_status take_string(machine *m, dni_pickle_kind kind, size_t width) {
    uint64_t size = 0;
    const unsigned char *bytes = NULL;
    dn_status status = take_number(m, width, &size);
    if (!status) status = take(m, (size_t)size, &bytes);
    return status ? status : push_string(m, kind, bytes, (size_t)size);
}

static dn_status take_line(machine *m, const unsigned char **line, size_t *size) {
    const unsigned char *begin = m->bytes + m->position;
    const unsigned char *end = memchr(begin, '\n', m->size - m->position);
    *line = begin;
    *size = end ? (size_t)(end - begin) : 0;
    return take(m, end ? *size + 1 : SIZE_MAX, &begin);
}

static dn_status op_global(machine *m) {
    const unsigned char *module = NULL, *name = NULL;
    size_t module_size = 0, name_size = 0;
    dn_status status = take_line(m, &module, &module_size);
    if (!status) status = take_line(m, &name, &name_size);
    return status ? status : push_global(m, module, module_size, name, name_size);
}

static dn_status op_stack_global(machine *m) {
    dni_pickle_value *module = NULL, *name = NULL;
    dn_status status = pop(m, &name);
    if (!status) status = pop(m, &module);
    if (status) return status;
    if (module->kind != DNI_PICKLE_STRING || name->kind != DNI_PICKLE_STRING)
        return corrupt(m, "a global whose name is no string");
    return push_global(m, (const unsigned char *)module->as.string.text, module->as.string.size,
                       (const unsigned char *)name->as.string.text, name->as.string.size);
}

/* A two's complement number of any length; what fits becomes an INT. */
static dn_status op_long1(machine *m) {
    uint64_t size = 0;
    const unsigned char *bytes = NULL;
    dn_status status = take_number(m, 1, &size);
    if (!status) status = take(m, (size_t)size, &bytes);
    if (status) return status;
    if (size > 8) return push_string(m, DNI_PICKLE_LONG, bytes, (size_t)size);
    int64_t number = size && bytes[size - 1] & 0x80 ? -1 : 0;
    memcpy(&number, bytes, (size_t)size);
    return push_new(m, DNI_PICKLE_INT, number);
}

static dn_status op_binfloat(machine *m) {
    uint64_t bits = 0;
    dni_pickle_value *value = NULL;
    dn_status status = take_number(m, 8, &bits);
    if (!status) status = new_value(m, DNI_PICKLE_FLOAT, &value);
    if (status) return status;
    bits = __builtin_bswap64(bits); /* the one big-endian thing in a pickle */
    memcpy(&value->as.real, &bits, sizeof bits);
    return push(m, value);
}

static dn_status op_integer(machine *m, size_t width) {
    uint64_t number = 0;
    const dn_status status = take_number(m, width, &number);
    return status ? status : push_new(m, DNI_PICKLE_INT, width == 4 ? (int32_t)number : (int64_t)number);
}

static dn_status op_memo(machine *m, size_t width, dn_status (*use)(machine *m, size_t index)) {
    uint64_t index = 0;
    const dn_status status = take_number(m, width, &index);
    return status ? status : use(m, (size_t)index);
}

static dn_status op_proto(machine *m) {
    uint64_t version = 0;
    const dn_status status = take_number(m, 1, &version);
    if (!status && (version < 2 || version > 5))
        return dni_fail(m->error, DN_ERR_UNSUPPORTED, "%s: pickle protocol %d, not 2 to 5", m->path,
                        (int)version);
    return status;
}

static dn_status op_frame(machine *m) {
    uint64_t size = 0;
    const dn_status status = take_number(m, 8, &size);
    if (!status && size > m->size - m->position)
        return dni_fail(m->error, DN_ERR_TRUNCATED, "%s: pickle, byte %zu: ends inside a frame", m->path,
                        m->opcode_position);
    return status;
}

static dn_status op_mark(machine *m) {
    return stack_push(&m->marks, (void *)(uintptr_t)m->values.count) ? DN_OK : no_memory(m);
}

static dn_status step(machine *m, unsigned char opcode) {
    switch (opcode) {
    case 0x80: /* PROTO */
        return op_proto(m);
    case 0x95: /* FRAME */
        return op_frame(m);
    case 'N':
        return push_new(m, DNI_PICKLE_NONE, 0);
    case 0x88: /* NEWTRUE */
        return push_new(m, DNI_PICKLE_BOOL, 1);
    case 0x89: /* NEWFALSE */
        return push_new(m, DNI_PICKLE_BOOL, 0);
    case 'J': /* BININT */
        return op_integer(m, 4);
    case 'M': /* BININT2 */
        return op_integer(m, 2);
    case 'K': /* BININT1 */
        return op_integer(m, 1);
    case 0x8a:
        return op_long1(m);
    case 'G':
        return op_binfloat(m);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
        return take_string(m, DNI_PICKLE_STRING, 4);
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
        return take_string(m, DNI_PICKLE_STRING, 1);
    case '(':
        return op_mark(m);
    case ')': /* EMPTY_TUPLE */
        return fixed_tuple(m, 0);
    case 0x85: /* TUPLE1 */
        return fixed_tuple(m, 1);
    case 0x86: /* TUPLE2 */
        return fixed_tuple(m, 2);
    case 0x87: /* TUPLE3 */
        return fixed_tuple(m, 3);
    case 't':
        return marked_tuple(m);
    case ']':
        return push_new(m, DNI_PICKLE_LIST, 0);
    case '}':
        return push_new(m, DNI_PICKLE_DICT, 0);
    case 'a': /* APPEND */
        return add_fixed(m, DNI_PICKLE_LIST, 1);
    case 'e': /* APPENDS */
        return add_marked(m, DNI_PICKLE_LIST);
    case 's': /* SETITEM */
        return add_fixed(m, DNI_PICKLE_DICT, 2);
    case 'u': /* SETITEMS */
        return add_marked(m, DNI_PICKLE_DICT);
    case 'q': /* BINPUT */
        return op_memo(m, 1, put);
    case 'r': /* LONG_BINPUT */
        return op_memo(m, 4, put);
    case 0x94: /* MEMOIZE */
        return put(m, m->memoized++);
    case 'h': /* BINGET */
        return op_memo(m, 1, get);
    case 'j': /* LONG_BINGET */
        return op_memo(m, 4, get);
    case 'c':
        return op_global(m);
    case 0x93: /* STACK_GLOBAL */
        return op_stack_global(m);
    case 'Q': /* BINPERSID */
        return push_storage(m);
    case 'R':
        return reduce(m);
    case 'b':
        return build(m);
    default:
        return dni_fail(m->error, DN_ERR_UNSAFE,
                        "%s: pickle, byte %zu: opcode 0x%02x is not one of a state dict's", m->path,
                        m->opcode_position, opcode);
    }
}

static dn_status run(machine *m) {
    for (;;) {
        const unsigned char *opcode = NULL;
        m->opcode_position = m->position;
        dn_status status = take(m, 1, &opcode);
        if (status) return status;
        if (*opcode == '.') break;
        if (m->opcode_position == m->start && *opcode != 0x80)
            return corrupt(m, "does not begin with a protocol number");
        status = step(m, *opcode);
        if (status) return status;
    }
    if (m->marks.count || m->values.count != 1) return corrupt(m, "stops with other than one value");
    return pop(m, &m->pickle->root);
}

/* ---- the whole ---- */

static int by_key(const void *a, const void *b) {
    return strcmp((*(dni_pickle_storage *const *)a)->key, (*(dni_pickle_storage *const *)b)->key);
}

/* Sorts the storages by key and points those of one key to one root. */
static dn_status link_storages(machine *m) {
    dni_pickle *pickle = m->pickle;
    const size_t count = m->storages.count;
    pickle->storages = cut(pickle, (count + 1) * sizeof *pickle->storages);
    if (!pickle->storages) return no_memory(m);
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

dn_status dni_pickle_read(dni_pickle **out, const unsigned char *bytes, size_t size, size_t *position,
                          const char *path, dn_error *error) {
    *out = NULL;
    machine m = {.path = path,
                 .error = error,
                 .bytes = bytes,
                 .size = size,
                 .start = *position,
                 .position = *position,
                 .pickle = calloc(1, sizeof(dni_pickle))};
    dn_status status = m.pickle ? run(&m) : no_memory(&m);
    if (!status) status = link_storages(&m);
    free(m.values.items);
    free(m.marks.items);
    free(m.memo.items);
    free(m.storages.items);
    if (status) {
        dni_pickle_free(m.pickle);
        return status;
    }
    *position = m.position;
    *out = m.pickle;
    return DN_OK;
}

void dni_pickle_free(dni_pickle *pickle) {
    if (!pickle) return;
    while (pickle->chunks) {
        chunk *next = pickle->chunks->next;
        free(pickle->chunks);
        pickle->chunks = next;
    }
    free(pickle);
}

dni_pickle_value *dni_pickle_get(const dni_pickle_value *dict, const char *key) {
    if (dict->kind != DNI_PICKLE_DICT) return NULL;
    for (size_t i = dict->as.list.count; i >= 2; i -= 2) {
        const dni_pickle_value *name = dict->as.list.items[i - 2];
        if (name->kind == DNI_PICKLE_STRING && strcmp(name->as.string.text, key) == 0)
            return dict->as.list.items[i - 1];
    }
    return NULL;
}

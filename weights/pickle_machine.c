/* SPDX-License-Identifier: MIT */
/* The pickle machine's memory, value stack, marks, containers and memo. */
#include "weights/pickle_machine.h"

#include "core/error.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 1 << 16 };

typedef struct dni_pickle_chunk {
    struct dni_pickle_chunk *next;
    size_t used, size; /* of the bytes that follow, 16-aligned */
    _Alignas(16) char bytes[];
} chunk;

dn_status dni_machine_corrupt(dni_machine *m, const char *what) {
    return dni_fail(m->error, DN_ERR_CORRUPT, "%s: pickle, byte %zu: %s", m->path, m->opcode_position, what);
}

dn_status dni_machine_no_memory(dni_machine *m) {
    return dni_no_memory(m->error, "%s: its pickle", m->path);
}

/* ---- memory ---- */

static dn_status new_chunk(dni_machine *m, size_t least) {
    const size_t size = least > CHUNK_SIZE ? least : CHUNK_SIZE;
    size_t total;
    if (!dni_size_add(size, sizeof(chunk), &total)) return dni_machine_no_memory(m);
    const dn_status status = dni_allowance_take(m->allowance, total, m->error);
    if (status) return status;
    chunk *const first = malloc(total);
    if (!first) return dni_machine_no_memory(m);
    *first = (chunk){.next = m->pickle->chunks, .size = size};
    m->pickle->chunks = first;
    return DN_OK;
}

dn_status dni_machine_cut(dni_machine *m, size_t size, void **out) {
    *out = NULL;
    if (size > SIZE_MAX - 15) return dni_machine_no_memory(m);
    size = (size + 15) & ~(size_t)15;
    const chunk *const now = m->pickle->chunks;
    const dn_status status = now && now->size - now->used >= size ? DN_OK : new_chunk(m, size);
    if (status) return status;
    chunk *const first = m->pickle->chunks;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a chunk that is new is the first */
    *out = first->bytes + first->used;
    first->used += size;
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

/* While a stack grows, its old items and its new ones are in memory. */
static dn_status grow(dni_machine *m, dni_stack *s) {
    const size_t capacity = s->capacity ? 2 * s->capacity : 64;
    const dn_status status = dni_allowance_take(m->allowance, capacity * sizeof *s->items, m->error);
    if (status) return status;
    void **items = realloc(s->items, capacity * sizeof *items);
    if (!items) return dni_machine_no_memory(m);
    dni_allowance_give_back(m->allowance, s->capacity * sizeof *items);
    s->items = items;
    s->capacity = capacity;
    return DN_OK;
}

dn_status dni_stack_push(dni_machine *m, dni_stack *s, void *item) {
    const dn_status status = s->count == s->capacity ? grow(m, s) : DN_OK;
    if (!status) s->items[s->count++] = item;
    return status;
}

static void stack_free(dni_machine *m, dni_stack *s) {
    dni_allowance_give_back(m->allowance, s->capacity * sizeof *s->items);
    free(s->items);
}

/* ---- the value stack ---- */

/* The height below which nothing may be popped. */
static size_t floor_of(const dni_machine *m) {
    return m->marks.count ? (size_t)(uintptr_t)m->marks.items[m->marks.count - 1] : 0;
}

dn_status dni_machine_push(dni_machine *m, dni_pickle_value *value) {
    return dni_stack_push(m, &m->values, value);
}

dn_status dni_machine_pop(dni_machine *m, dni_pickle_value **out) {
    if (m->values.count <= floor_of(m)) return dni_machine_corrupt(m, "takes a value from an empty stack");
    *out = m->values.items[--m->values.count];
    return DN_OK;
}

dn_status dni_machine_top(dni_machine *m, dni_pickle_value **out) {
    if (m->values.count <= floor_of(m)) return dni_machine_corrupt(m, "uses a value of an empty stack");
    *out = m->values.items[m->values.count - 1];
    return DN_OK;
}

dn_status dni_machine_mark(dni_machine *m) {
    return dni_stack_push(m, &m->marks, (void *)(uintptr_t)m->values.count);
}

/* The values from that height of the stack on; NULL, which nothing may be added to, while there was never
 * one. */
static dni_pickle_value **above(const dni_machine *m, size_t height) {
    return m->values.items ? (dni_pickle_value **)m->values.items + height : NULL;
}

/* Pops what lies above the last mark; *items stays valid until the next push. */
static dn_status pop_to_mark(dni_machine *m, dni_pickle_value ***items, size_t *count) {
    if (!m->marks.count) return dni_machine_corrupt(m, "has no mark");
    const size_t height = floor_of(m);
    m->marks.count--;
    *items = above(m, height);
    *count = m->values.count - height;
    m->values.count = height;
    return DN_OK;
}

dn_status dni_machine_new_value(dni_machine *m, dni_pickle_kind kind, dni_pickle_value **out) {
    if (++m->value_count > DNI_PICKLE_VALUES)
        return dni_fail(m->error, DN_ERR_CORRUPT, "%s: pickle, byte %zu: more than %d values", m->path,
                        m->opcode_position, DNI_PICKLE_VALUES);
    void *memory;
    const dn_status status = dni_machine_cut(m, sizeof(dni_pickle_value), &memory);
    if (status) return status;
    dni_pickle_value *const value = memory;
    memset(value, 0, sizeof *value); /* empty, as a list too */
    value->kind = kind;
    *out = value;
    return DN_OK;
}

dn_status dni_machine_push_new(dni_machine *m, dni_pickle_kind kind, int64_t integer) {
    dni_pickle_value *value = NULL;
    const dn_status status = dni_machine_new_value(m, kind, &value);
    if (status) return status;
    value->as.integer = integer;
    return dni_machine_push(m, value);
}

dn_status dni_machine_push_string(dni_machine *m, dni_pickle_kind kind, const unsigned char *bytes,
                                  size_t size) {
    dni_pickle_value *value = NULL;
    void *memory = NULL;
    dn_status status = dni_machine_new_value(m, kind, &value);
    if (!status) status = dni_machine_cut(m, size + 1, &memory);
    if (status) return status;
    char *const text = memory;
    memcpy(text, bytes, size);
    text[size] = '\0';
    value->as.string.text = text;
    value->as.string.size = size;
    return dni_machine_push(m, value);
}

/* ---- containers ---- */

dn_status dni_machine_append(dni_machine *m, dni_pickle_value *list, dni_pickle_value *const *items,
                             size_t count) {
    const size_t needed = list->as.list.count + count;
    if (needed > list->as.list.capacity) {
        const size_t capacity = needed > 2 * list->as.list.capacity ? needed : 2 * list->as.list.capacity;
        void *memory;
        const dn_status status = dni_machine_cut(m, capacity * sizeof(dni_pickle_value *), &memory);
        if (status) return status;
        dni_pickle_value **const grown = memory;
        if (list->as.list.count) memcpy(grown, list->as.list.items, list->as.list.count * sizeof *grown);
        list->as.list.items = grown;
        list->as.list.capacity = capacity;
    }
    if (count) memcpy(list->as.list.items + list->as.list.count, items, count * sizeof *items);
    list->as.list.count = needed;
    return DN_OK;
}

static dn_status push_tuple(dni_machine *m, dni_pickle_value *const *items, size_t count) {
    dni_pickle_value *tuple = NULL;
    dn_status status = dni_machine_new_value(m, DNI_PICKLE_TUPLE, &tuple);
    if (!status) status = dni_machine_append(m, tuple, items, count);
    return status ? status : dni_machine_push(m, tuple);
}

dn_status dni_machine_fixed_tuple(dni_machine *m, size_t count) {
    if (m->values.count < floor_of(m) + count)
        return dni_machine_corrupt(m, "makes a tuple of more than there is");
    m->values.count -= count;
    return push_tuple(m, above(m, m->values.count), count);
}

dn_status dni_machine_marked_tuple(dni_machine *m) {
    dni_pickle_value **items = NULL;
    size_t count = 0;
    const dn_status status = pop_to_mark(m, &items, &count);
    return status ? status : push_tuple(m, items, count);
}

static dn_status add_to(dni_machine *m, dni_pickle_kind kind, dni_pickle_value *const *items, size_t count) {
    dni_pickle_value *target = NULL;
    const dn_status status = dni_machine_top(m, &target);
    if (status) return status;
    if (target->kind == DNI_PICKLE_OBJECT) return DN_OK; /* its items are dropped, as its attributes are */
    if (target->kind != kind)
        return dni_machine_corrupt(m, kind == DNI_PICKLE_DICT ? "sets items of what is no dictionary"
                                                              : "appends to what is no list");
    if (kind == DNI_PICKLE_DICT && count % 2) return dni_machine_corrupt(m, "sets a key without a value");
    return dni_machine_append(m, target, items, count);
}

dn_status dni_machine_add_marked(dni_machine *m, dni_pickle_kind kind) {
    dni_pickle_value **items = NULL;
    size_t count = 0;
    const dn_status status = pop_to_mark(m, &items, &count);
    return status ? status : add_to(m, kind, items, count);
}

dn_status dni_machine_add_fixed(dni_machine *m, dni_pickle_kind kind, size_t count) {
    if (m->values.count < floor_of(m) + count)
        return dni_machine_corrupt(m, "takes more values than there are");
    m->values.count -= count;
    return add_to(m, kind, above(m, m->values.count), count);
}

/* ---- the memo ---- */

dn_status dni_machine_put(dni_machine *m, size_t index) {
    dni_pickle_value *value = NULL;
    const dn_status status = dni_machine_top(m, &value);
    if (status) return status;
    if (index >= m->size) return dni_machine_corrupt(m, "a memo index above any that a writer gives");
    for (dn_status pushed = DN_OK; m->memo.count <= index;)
        if ((pushed = dni_stack_push(m, &m->memo, NULL))) return pushed;
    m->memo.items[index] = value;
    return DN_OK;
}

dn_status dni_machine_get(dni_machine *m, size_t index) {
    if (index >= m->memo.count || !m->memo.items[index])
        return dni_machine_corrupt(m, "recalls what was not memorized");
    return dni_machine_push(m, m->memo.items[index]);
}

void dni_machine_clear(dni_machine *m) {
    stack_free(m, &m->values);
    stack_free(m, &m->marks);
    stack_free(m, &m->memo);
    stack_free(m, &m->storages);
}

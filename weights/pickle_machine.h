/* SPDX-License-Identifier: MIT */
/* The machine that a pickle is a program for: a value stack, marks on it, a memo.
 *
 * Everything is bounded by the input: a value costs at least one byte of it, memo indices are below its size,
 * strings lie inside it, values are counted, and memory is taken from the file's allowance. Values live in
 * chunks that are freed together, so that shared and cyclic ones need no care. Failures name the file and the
 * byte of the opcode. */
#ifndef DN_WEIGHTS_PICKLE_MACHINE_H
#define DN_WEIGHTS_PICKLE_MACHINE_H

#include "weights/pickle.h"

#include <stdbool.h>

/* A growing array of pointers or positions. */
typedef struct dni_stack {
    void **items;
    size_t count, capacity;
} dni_stack;

typedef struct dni_machine {
    const char *path;
    dn_error *error;
    const unsigned char *bytes;
    size_t size, start, position;
    size_t opcode_position;
    dni_pickle *pickle;
    dni_allowance *allowance; /* all memory is taken from it */
    dni_stack values;
    dni_stack marks; /* heights of `values`, as (void *)(uintptr_t)height */
    dni_stack memo;
    size_t memoized; /* entries MEMOIZE counts */
    dni_stack storages;
    size_t value_count;
} dni_machine;

/* Frees the stacks; what was built stays with the pickle. */
void dni_machine_clear(dni_machine *m);

dn_status dni_machine_corrupt(dni_machine *m, const char *what);
dn_status dni_machine_no_memory(dni_machine *m);

/* Uninitialised memory that lives as long as the pickle, 16-aligned. */
dn_status dni_machine_cut(dni_machine *m, size_t size, void **out);
dn_status dni_stack_push(dni_machine *m, dni_stack *s, void *item);

/* The value stack; nothing below the last mark can be reached. */
dn_status dni_machine_mark(dni_machine *m);
dn_status dni_machine_push(dni_machine *m, dni_pickle_value *value);
dn_status dni_machine_pop(dni_machine *m, dni_pickle_value **out);
dn_status dni_machine_top(dni_machine *m, dni_pickle_value **out);

/* A value with nothing in it. */
dn_status dni_machine_new_value(dni_machine *m, dni_pickle_kind kind, dni_pickle_value **out);
/* Makes a value and pushes it: of a kind that `integer` tells (or nothing does), a STRING or LONG. */
dn_status dni_machine_push_new(dni_machine *m, dni_pickle_kind kind, int64_t integer);
dn_status dni_machine_push_string(dni_machine *m, dni_pickle_kind kind, const unsigned char *bytes,
                                  size_t size);

/* Adds items to a TUPLE, LIST or DICT that need not be on the stack. */
dn_status dni_machine_append(dni_machine *m, dni_pickle_value *list, dni_pickle_value *const *items,
                             size_t count);
/* A tuple of the `count` topmost values, of those above the mark. */
dn_status dni_machine_fixed_tuple(dni_machine *m, size_t count);
dn_status dni_machine_marked_tuple(dni_machine *m);
/* The same values into the LIST or DICT that lies below them; an OBJECT drops them. */
dn_status dni_machine_add_fixed(dni_machine *m, dni_pickle_kind kind, size_t count);
dn_status dni_machine_add_marked(dni_machine *m, dni_pickle_kind kind);

/* Memorizes the topmost value; pushes what was memorized. */
dn_status dni_machine_put(dni_machine *m, size_t index);
dn_status dni_machine_get(dni_machine *m, size_t index);

#endif

/* SPDX-License-Identifier: MIT */
/* Results that came before their turn. */
#ifndef FTRAIN_RANKS_RESULT_ORDER_H
#define FTRAIN_RANKS_RESULT_ORDER_H

#include "io/reader.h"

#include <stdbool.h>
#include <stddef.h>

/* Of a view, or why there is none. */
typedef struct ordered_result {
    size_t number; /* of its picture, from 0 */
    dni_reader_slot slot;
    dn_error *error; /* NULL: `values` are there */
    void *values;
    struct ordered_result *next;
} ordered_result;

/* Begins zeroed. */
typedef struct result_order {
    ordered_result *first; /* by rising numbers */
    size_t turn;           /* the number that is to come next */
} result_order;

/* Copies what it is given: an error or `size` bytes of values. False without memory. */
bool result_order_add(result_order *self, size_t number, const dni_reader_slot *slot, const dn_error *error,
                      const void *values, size_t size);
/* The result whose turn it is, for ordered_result_free(); NULL: it has not come. */
ordered_result *result_order_take(result_order *self);
/* Any result that is left, likewise. */
ordered_result *result_order_take_left(result_order *self);
void ordered_result_free(ordered_result *self);

#endif

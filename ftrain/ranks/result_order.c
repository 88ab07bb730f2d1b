/* SPDX-License-Identifier: MIT */
/* A list in order: it is short, since pictures are handed out little before their turn. */
#include "ftrain/ranks/result_order.h"

#include <stdlib.h>
#include <string.h>

void ordered_result_free(ordered_result *self) {
    if (!self) return;
    free(self->error);
    free(self->values);
    free(self);
}

static void *copy(const void *bytes, size_t size) {
    void *const out = malloc(size);
    if (out) memcpy(out, bytes, size);
    return out;
}

bool result_order_add(result_order *self, size_t number, const dni_reader_slot *slot, const dn_error *error,
                      const void *values, size_t size) {
    ordered_result *const one = calloc(1, sizeof *one);
    if (!one) return false;
    one->number = number;
    one->slot = *slot;
    if (error) one->error = copy(error, sizeof *error);
    if (values) one->values = copy(values, size);
    if (!one->error != !error || !one->values != !values) {
        ordered_result_free(one);
        return false;
    }
    ordered_result **at = &self->first;
    while (*at && (*at)->number < number) at = &(*at)->next;
    one->next = *at;
    *at = one;
    return true;
}

ordered_result *result_order_take(result_order *self) {
    if (!self->first || self->first->number != self->turn) return NULL;
    self->turn++;
    return result_order_take_left(self);
}

ordered_result *result_order_take_left(result_order *self) {
    ordered_result *const one = self->first;
    if (one) self->first = one->next;
    return one;
}

/* SPDX-License-Identifier: MIT */
/* Notes: one line, in which the first tensors are named and the others counted. */
#include "densenet/weights_notes.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 4, NAMES_SIZE = 1000, COUNT_SIZE = 48 };

/* Names behind one another; one that does not fit is left to be counted. */
typedef struct name_list {
    char text[NAMES_SIZE + COUNT_SIZE];
    size_t used, named;
} name_list;

static void add(name_list *names, const dni_named_tensor *entry) {
    char shape[96];
    dni_tensor_shape_text(entry->tensor.rank, entry->tensor.shape, shape, sizeof shape);
    const size_t room = NAMES_SIZE - names->used;
    const int length =
        snprintf(names->text + names->used, room, "%s%s %s", names->named ? ", " : "", entry->name, shape);
    if (length < 0 || (size_t)length >= room) {
        names->text[names->used] = '\0';
        return;
    }
    names->used += (size_t)length;
    names->named++;
}

/* The names of the first tensors; returns how many there are in all. */
static size_t list_names(name_list *names, const dni_tensor_dict *dict,
                         bool (*is_left_out)(const dni_named_tensor *entry)) {
    size_t count = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
        if (is_left_out(entry) && count++ < NAMED) add(names, entry);
    }
    if (names->named < count)
        snprintf(names->text + names->used, COUNT_SIZE, "%s%zu more", names->named ? " and " : "",
                 count - names->named);
    return count;
}

dn_status dni_note(char **notes, const char *first, const char *second, dn_error *error) {
    const size_t before = *notes ? strlen(*notes) : 0, size = before + strlen(first) + strlen(second) + 3;
    char *text = realloc(*notes, size);
    if (!text) return dni_no_memory(error, "what was left out of a weights file");
    snprintf(text + before, size - before, "%s%s%s", before ? "; " : "", first, second);
    *notes = text;
    return DN_OK;
}

dn_status dni_note_left_out(char **notes, const dni_tensor_dict *dict,
                            bool (*is_left_out)(const dni_named_tensor *entry), const char *where,
                            dn_error *error) {
    name_list names = {.used = 0};
    const size_t count = list_names(&names, dict, is_left_out);
    if (!count) return DN_OK;
    char text[120];
    snprintf(text, sizeof text, "left out %zu tensor%s %s: ", count, count == 1 ? "" : "s", where);
    return dni_note(notes, text, names.text, error);
}

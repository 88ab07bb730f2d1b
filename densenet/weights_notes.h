/* SPDX-License-Identifier: MIT */
/* What was in a weights file and is not in the weights, in words. */
#ifndef DN_DENSENET_WEIGHTS_NOTES_H
#define DN_DENSENET_WEIGHTS_NOTES_H

#include "core/tensor_dict.h"

#include <stdbool.h>

/* Adds a note, given in two pieces, to *notes, a text from malloc or NULL. */
dn_status dni_note(char **notes, const char *first, const char *second, dn_error *error);

/* Adds that those tensors of `dict` were left out which `is_left_out`
 * chooses: "left out 2 tensors WHERE: a.weight (3, 4), a.bias (3)". Nothing where it chooses none. */
dn_status dni_note_left_out(char **notes, const dni_tensor_dict *dict,
                            bool (*is_left_out)(const dni_named_tensor *entry), const char *where,
                            dn_error *error);

#endif

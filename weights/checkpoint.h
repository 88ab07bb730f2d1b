/* SPDX-License-Identifier: MIT */
/* Any weight file into named tensors under PyTorch's present names. */
#ifndef DN_WEIGHTS_CHECKPOINT_H
#define DN_WEIGHTS_CHECKPOINT_H

#include "core/tensor_dict.h"
#include "io/file.h"

#include <stdbool.h>

/* A file's tensors. `network` and `outside` share them out: dni_sort_keys() says how. */
typedef struct dni_checkpoint {
    dni_tensor_dict *file;    /* all of them, as the file names them; it owns the data */
    dni_tensor_dict *network; /* a DenseNet's, under present names; all of the file's where there is none */
    dni_tensor_dict *outside; /* the others, as the file names them */
    bool has_values;          /* false: the tensors have no data but their places in the file */
} dni_checkpoint;

typedef struct dni_checkpoint_options {
    const dn_allocator *allocator; /* for the tensors' data; NULL: the system's. Must outlive it */
    const char *prefix;            /* of the network's names; NULL: to be found */
    bool leave_values;             /* of a safetensors file the header alone is read */
} dni_checkpoint_options;

/* Reads safetensors, .pth zip or .pth legacy, told apart by their first bytes, never by name. Of lasting
 * memory the tensors may point into it. NULL options: nothing is set. */
dn_status dni_checkpoint_read(dni_checkpoint *out, const dni_file *file,
                              const dni_checkpoint_options *options, dn_error *error);
/* The same of the file of that name. */
dn_status dni_checkpoint_load(dni_checkpoint *out, const char *path, const dni_checkpoint_options *options,
                              dn_error *error);
void dni_checkpoint_free(dni_checkpoint *checkpoint);

#endif

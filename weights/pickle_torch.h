/* SPDX-License-Identifier: MIT */
/* What a pickle may build: OrderedDict, and torch's storages, tensors and parameters; and, from the closed
 * list of weights/pickle_inert.h, objects without content. No other global is known, so that nothing in a
 * file can name code to run. */
#ifndef DN_WEIGHTS_PICKLE_TORCH_H
#define DN_WEIGHTS_PICKLE_TORCH_H

#include "weights/pickle_machine.h"

/* Pushes the global of that name; DN_ERR_UNSAFE when it is not on the list. */
dn_status dni_torch_push_global(dni_machine *m, const unsigned char *module, size_t module_size,
                                const unsigned char *name, size_t name_size);
/* Makes a storage of the persistent id on the stack: ('storage', type, key, location, count[, view]) */
dn_status dni_torch_push_storage(dni_machine *m);
/* Calls a global with the tuple of arguments above it, or makes an object of the class that it is. */
dn_status dni_torch_reduce(dni_machine *m);
dn_status dni_torch_new_object(dni_machine *m);
/* Attributes: state_dict() hangs `_metadata` on its OrderedDict, and all of a Namespace is in them. They
 * hold no weights and are dropped. */
dn_status dni_torch_set_attributes(dni_machine *m);
/* Gives the pickle its storages, sorted by key, those of one key pointing to one root. */
dn_status dni_torch_link_storages(dni_machine *m);

#endif

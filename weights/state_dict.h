/* SPDX-License-Identifier: MIT */
/* From the values of a torch pickle to named tensors. */
#ifndef DN_WEIGHTS_STATE_DICT_H
#define DN_WEIGHTS_STATE_DICT_H

#include "core/tensor_dict.h"
#include "weights/pickle.h"

/* Where the elements of a root storage come from: sets storage->data, aligned to its dtype, to memory that
 * lives as long as `dict` and holds storage->count elements. */
typedef dn_status (*dni_storage_loader)(void *context, dni_tensor_dict *dict, dni_pickle_storage *storage,
                                        dn_error *error);

/* Key of the metadata that names further state dicts, with commas. */
#define DNI_FURTHER_STATE_DICTS "further state dicts"

/* Finds the one dictionary of `root` that is a network's state dict and adds its tensors to `dict`, as views
 * of their storages. Other entries beside and around it (epochs, optimizer state) are left alone; where some
 * are state dicts, too, as moving averages are, the metadata of `dict` names them. Where there are several
 * candidates the message names them. What the tensors' entries take comes from the allowance. */
dn_status dni_state_dict_read(dni_tensor_dict *dict, dni_pickle_value *root, dni_storage_loader load,
                              void *context, dni_allowance *allowance, dn_error *error);

#endif

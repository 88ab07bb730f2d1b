/* Any weight file into named tensors under PyTorch's present names. */
#ifndef DN_WEIGHTS_CHECKPOINT_H
#define DN_WEIGHTS_CHECKPOINT_H

#include "core/tensor_dict.h"

/* Reads safetensors, .pth zip or .pth legacy, told apart by their first bytes, never by name, and brings keys
 * into present form with dni_rename_keys(). */
dn_status dni_checkpoint_read(dni_tensor_dict **out, const char *path, dn_error *error);

#endif

/* Batch-norm statistics of seeded weights, apart from the weights: all that a seed does not give. */
#ifndef DN_DENSENET_STATISTICS_H
#define DN_DENSENET_STATISTICS_H

#include "core/tensor_dict.h"
#include "densenet/densenet.h"

#include <stdbool.h>

/* Whether a tensor of that name is one: "....running_mean" or "....running_var". */
bool dni_is_statistic(const char *name);

/* Adds views of every batch norm's running_mean and running_var to `out`, under their own names. */
dn_status dni_statistics_collect(dni_tensor_dict *out, const dn_weights *weights, dn_error *error);

/* Overwrites those of `weights` by the ones in `dict`, which must have them all, F32 and of the right shapes,
 * with finite values. `name` begins every message. On failure `weights` may be half overwritten. */
dn_status dni_statistics_apply(dn_weights *weights, const dni_tensor_dict *dict, const char *name,
                               dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* Batch-norm statistics, apart from the weights: of seeded weights they are all that the seed does not
 * determine. */
#ifndef DN_DENSENET_STATISTICS_H
#define DN_DENSENET_STATISTICS_H

#include "core/tensor_dict.h"
#include "densenet/densenet.h"

#include <stdbool.h>

/* Whether a tensor of that name holds statistics: "....running_mean" or "....running_var". */
bool dni_is_statistic(const char *name);

/* Adds views of every batch norm's running_mean and running_var to `out`, under their own names. */
dn_status dni_statistics_collect(dni_tensor_dict *out, const dn_weights *weights, dn_error *error);

/* Overwrites the statistics of `weights` with those in `dict`, which must hold all of them as F32, in the
 * right shapes and with finite values. Every message begins with `name`. After a failure some of the
 * statistics may be overwritten. */
dn_status dni_statistics_apply(dn_weights *weights, const dni_tensor_dict *dict, const char *name,
                               dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* Weights from rank 0 to its helpers: read, drawn and measured once, and the same bits everywhere. A tree of
 * processes passes them on (MPI_Ibcast), so that neither the file system nor rank 0's network is asked for
 * them once a rank. */
#ifndef FTRAIN_RANKS_WEIGHTS_SHARE_H
#define FTRAIN_RANKS_WEIGHTS_SHARE_H

#include "densenet/densenet.h"
#include "ftrain/shell/outcome.h"

/* On rank 0, with its weights, whose values are all in memory, as dn_weights_load() and dn_weights_random()
 * leave them; it waits until all helpers are ready. Alone it has nothing to do. Returns OUTCOME_OK or,
 * after a message, another outcome: that of a helper that failed before. */
outcome weights_share(const dn_weights *weights);

/* On a helper: *out gets rank 0's weights, without a classifier. Returns OUTCOME_OK, or OUTCOME_FINISHED
 * where rank 0 has nothing to do for it, or, after a message, another outcome; *out is then NULL. */
outcome weights_take(dn_weights **out);

#endif

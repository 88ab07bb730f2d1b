/* Many trainings on the same features, and the best of them. */
#ifndef FTRAIN_SWEEP_H
#define FTRAIN_SWEEP_H

#include "core/pool.h"
#include "ftrain/train_options.h"

typedef struct sweep sweep;

/* Reads "lr=0.001/0.003 hidden=512,256/none" and tries every combination on a copy of `base`, which must outlive
 * the sweep, so that a value out of range is told before the work. Returns CONTINUE or, after a message, the exit
 * code with *out NULL. */
int sweep_create(sweep **out, const train_options *base);
void sweep_free(sweep *of);

/* Runs them all, several at a time where BLAS allows it, and prints them ranked by validation loss; when
 * interrupted, those that are done. Returns CONTINUE or, after a message, the exit code. */
int sweep_run(sweep *of, const dn_features *train, const dn_features *valid, int width, int classes,
              dni_pool *pool);

/* The run with the lowest validation loss, of several the first in the order of the list. *head becomes the
 * caller's. */
const train_options *sweep_winner(sweep *of, dn_head **head, dn_train_result *result);
/* {"list": ..., "runs": N}, for the recipe. */
json_t *sweep_json(const sweep *of);

#endif

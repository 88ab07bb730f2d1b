/* SPDX-License-Identifier: MIT */
/* Where the feature vectors of some sets lie: in the feature store's file, from which they are read when they
 * are needed. They are not kept in memory, also where they are few: the system's page cache does that, as far
 * as memory is free, and reading a vector from there takes about a microsecond. */
#ifndef FTRAIN_FEATURES_FEATURE_VECTORS_H
#define FTRAIN_FEATURES_FEATURE_VECTORS_H

#include "ftrain/shell/outcome.h"
#include "io/feature_store.h"

#include <stddef.h>
#include <stdint.h>

/* Shared by all sets that are made of them, on one thread; any number of threads may read. */
typedef struct feature_vectors feature_vectors;

/* Those of a finished store, which may then be closed. Returns OUTCOME_OK or, after a message, another
 * outcome with *out NULL. */
outcome feature_vectors_of_store(feature_vectors **out, const dni_feature_store *store);

/* One more user. */
feature_vectors *feature_vectors_share(feature_vectors *vectors);
/* One less; the last one frees them. NULL is fine. */
void feature_vectors_release(feature_vectors *vectors);

/* Those in the rows rows[0 .. count - 1] of the file, into out (count, width). */
dn_status feature_vectors_read(const feature_vectors *vectors, const uint32_t *rows, size_t count, float *out,
                               dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* The feature store: feature vectors of pictures, computed once and kept.
 *
 * One store serves one backbone and one preprocessing. A record is the feature vector of one view of one
 * picture, found by the XXH3-128 of the picture file's bytes, so that moving, renaming or copying pictures
 * costs nothing and a changed one is computed anew. On disk it is a safetensors file ("keys" U8 (n, 16),
 * "features" F32 (n, features), sorted by key) beside a journal: records are appended to the journal as
 * they are made, each with a checksum, and merged into the file when the work is done. What a killed
 * process leaves is read back up to the last whole record, so the finished file is the same bytes as after
 * undisturbed work. */
#ifndef DN_IO_FEATURE_STORE_H
#define DN_IO_FEATURE_STORE_H

#include "core/status.h"
#include "io/content_key.h"
#include "io/feature_pictures.h"
#include "io/feature_values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dni_feature_store dni_feature_store;

/* Opens or makes the store at `path` ("....safetensors"; its folder must exist) for records of `features`
 * floats. `provenance` (backbone hash, preprocessing: any one-line text) is kept in it; one made under
 * another, or in an earlier form, is refused with DN_ERR_MISMATCH. A lock is held until it is closed: a
 * second process waits, after `on_wait` (may be NULL) was called once. */
dn_status dni_feature_store_open(dni_feature_store **out, const char *path, const char *provenance,
                                 int features, void (*on_wait)(void *context), void *context,
                                 dn_error *error);

/* Whether there is a record of the key. */
bool dni_feature_store_has(const dni_feature_store *store, const dni_key *key);
/* Copies the record of a key that is there to record[0 .. features - 1]. */
dn_status dni_feature_store_get(const dni_feature_store *store, const dni_key *key, float *record,
                                dn_error *error);
/* Appends a record to the journal. A key that is there already is left as it is. */
dn_status dni_feature_store_put(dni_feature_store *store, const dni_key *key, const float *record,
                                dn_error *error);
size_t dni_feature_store_count(const dni_feature_store *store);
/* Which pictures the records are of, for the next dni_feature_store_finish() to write; they are the caller's
 * and must live until then. Without them the file keeps the table that it has. */
void dni_feature_store_describe(dni_feature_store *store, const dni_feature_pictures *pictures);
/* Merges the journal into the file, atomically; nothing to merge is fine. */
dn_status dni_feature_store_finish(dni_feature_store *store, dn_error *error);
/* After dni_feature_store_finish(): whether there is a record of the key, and its row in the file ... */
bool dni_feature_store_row(const dni_feature_store *store, const dni_key *key, uint32_t *row);
/* ... which can be read from here on when the store is closed, and so its lock given up and its keys
 * forgotten: whoever adds records writes another file, in which they may have other rows. To be closed by
 * dni_feature_values_close(). An empty store, of which there is no file, gives values without rows. */
dn_status dni_feature_store_values(const dni_feature_store *store, dni_feature_values *out, dn_error *error);
void dni_feature_store_close(dni_feature_store *store); /* the journal stays for the next time */

#endif

/* SPDX-License-Identifier: MIT */
/* The feature store: feature vectors of pictures, computed once and kept.
 *
 * One store serves one backbone and one preprocessing. A record is the feature vector of one view of one
 * picture, found by the XXH3-128 of the picture file's bytes, so that moving, renaming or copying pictures
 * costs nothing and a changed one is computed anew. On disk it is a safetensors file ("keys" U8 (n, 16),
 * "features" F32 or BF16 (n, features), sorted by key) beside a journal: records are appended to the journal as
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

/* What the numbers of vectors are kept as. BF16 takes half the disk and rounds to 8 significant bits. */
typedef enum dni_feature_form {
    DNI_FORM_AS_KEPT, /* as the store has them; a new one has F32 */
    DNI_FORM_F32,
    DNI_FORM_BF16,
} dni_feature_form;

typedef struct dni_feature_store_options {
    const char *path;       /* "....safetensors"; its folder must exist */
    const char *provenance; /* backbone hash, preprocessing: any one-line text, which is kept in the store */
    int features;           /* numbers of a record */
    dni_feature_form form;
    void (*on_wait)(void *context); /* called once, before it waits for another process; may be NULL */
    void *context;
} dni_feature_store_options;

/* Opens or makes a store. One made under another provenance, in an earlier form, or with other numbers than
 * are asked for, is refused with DN_ERR_MISMATCH. A lock is held until it is closed: a second process
 * waits. */
dn_status dni_feature_store_open(dni_feature_store **out, const dni_feature_store_options *options,
                                 dn_error *error);

/* Whether there is a record of the key. */
bool dni_feature_store_has(const dni_feature_store *store, const dni_key *key);
/* Copies the record of a key that is there to record[0 .. features - 1], as it is kept: also one that was put
 * a moment ago is rounded where the store's numbers are BF16. */
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

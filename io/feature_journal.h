/* SPDX-License-Identifier: MIT */
/* A feature store's journal: records appended as they are made, and the store's lock.
 *
 * A header (magic, features, type of the numbers, XXH3-128 of the provenance), then records of one size: key,
 * vector as the store's file will have it, XXH3-64 of both seeded with the record's number. A record that is
 * torn, or out of place, fails its checksum; it and all behind it are cut off when the journal is read.
 *
 * The journal is also the file that the store's lock is held on, and it is removed when it is closed
 * empty. So an opener that had to wait for the lock checks that the path still names the file that it has
 * locked, and opens it again if not. */
#ifndef DN_IO_FEATURE_JOURNAL_H
#define DN_IO_FEATURE_JOURNAL_H

#include "core/tensor.h"
#include "io/content_key.h"

#include <sys/types.h>

typedef struct dni_feature_journal {
    const char *store_path, *provenance; /* the store's */
    char *path;
    size_t features; /* numbers of a vector */
    dni_dtype dtype; /* of each */
    int file;        /* open and locked; or -1 */
    off_t size;
    uint64_t records;      /* whole ones, merged duplicates included: the next record's number */
    unsigned char *record; /* one record as the journal has it */
} dni_feature_journal;

/* Opens or makes the journal beside the store and locks it, waiting as dni_feature_store_open() does. To be
 * closed after a failure too. */
dn_status dni_feature_journal_open(dni_feature_journal *journal, const char *store_path,
                                   const char *provenance, size_t features, void (*on_wait)(void *context),
                                   void *context, dn_error *error);
/* Unlocks it, and removes it when it is empty. */
void dni_feature_journal_close(dni_feature_journal *journal);

/* Chooses what vectors are kept as, before they are read or appended: *dtype, unless a former process left a
 * journal of another type; then *dtype is that. */
dn_status dni_feature_journal_choose(dni_feature_journal *journal, dni_dtype *dtype, dn_error *error);

/* Hands key and number of each whole record that a former process left to `take`, until that fails, and cuts
 * off what is torn. */
typedef dn_status dni_take_record(void *context, const dni_key *key, uint64_t number, dn_error *error);
dn_status dni_feature_journal_replay(dni_feature_journal *journal, dni_take_record *take, void *context,
                                     dn_error *error);

/* The vector of record `number`, as it is kept; DN_ERR_CORRUPT where it is no longer as it was written. */
dn_status dni_feature_journal_read(const dni_feature_journal *journal, uint64_t number, void *vector,
                                   dn_error *error);

/* Appends a record, whole or not at all; it has the number that journal->records was. Numbers are rounded to
 * the journal's type. */
dn_status dni_feature_journal_append(dni_feature_journal *journal, const dni_key *key, const float *values,
                                     dn_error *error);
/* Forgets all records; the lock stays. */
dn_status dni_feature_journal_empty(dni_feature_journal *journal, dn_error *error);

#endif

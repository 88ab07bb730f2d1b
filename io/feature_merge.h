/* SPDX-License-Identifier: MIT */
/* A feature store's file, written anew with the records of its journal.
 *
 * Keys are merged in memory, 16 bytes each of the file's and 24 of the journal's; vectors go from both files
 * to the new one through a buffer of fixed size, so that memory does not grow with their width. */
#ifndef DN_IO_FEATURE_MERGE_H
#define DN_IO_FEATURE_MERGE_H

#include "io/feature_file.h"
#include "io/feature_journal.h"

/* A record that is in the journal alone. */
typedef struct dni_journal_record {
    dni_key key;
    uint64_t number; /* in the journal */
} dni_journal_record;

typedef struct dni_feature_merge {
    const dni_feature_file *file; /* which may have no records, because there is none yet */
    const dni_feature_journal *journal;
    const dni_journal_record *records; /* (count), keys rising, none of them the file's */
    size_t count;
    const dni_feature_pictures *pictures; /* NULL: the file keeps the table that it has */
} dni_feature_merge;

/* Writes the file atomically; what is open stays the former one. */
dn_status dni_feature_merge_write(const dni_feature_merge *merge, dn_error *error);

/* Whether the file's table of pictures says just that already; `count` is 0. */
dn_status dni_feature_merge_is_described(const dni_feature_merge *merge, bool *same, dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* Which of many 64-bit hashes differ from a given one in few bits, without comparing it with each of them. */
#ifndef DN_IO_HAMMING_INDEX_H
#define DN_IO_HAMMING_INDEX_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct dni_hamming_index dni_hamming_index;

typedef struct dni_hamming_item {
    uint64_t hash;
    uint32_t index; /* the caller's: what is told of a hash that was found */
} dni_hamming_item;

/* An index that finds hashes which differ in at most `distance` bits, 0 to 64. Sorts the items by hash, then
 * by index: of equal hashes the first item, which has the lowest index, stands for all. The items stay the
 * caller's and may go. */
dn_status dni_hamming_index_create(dni_hamming_index **out, dni_hamming_item *items, uint32_t count,
                                   int distance, dn_error *error);
void dni_hamming_index_free(dni_hamming_index *index);

/* In *found the index of the hash that is nearest to `hash`, of equally near ones the lowest; false where
 * none is within the distance. Adds to *compared, which may be NULL, how many hashes were looked at. Many
 * threads may ask at the same time. */
bool dni_hamming_index_nearest(const dni_hamming_index *index, uint64_t hash, uint32_t *found,
                               uint64_t *compared);

/* Takes a cluster out of the index: hashes that are within the distance of each other, directly or through
 * others, and that no call took before. Writes their indices, in any order, to `members`, which has room for
 * all different hashes, and returns how many they are; 0 when none is left. Adds to *compared as above. What
 * was taken may be missed by dni_hamming_index_nearest(): an index serves for one or for the other. */
uint32_t dni_hamming_index_take_cluster(dni_hamming_index *self, uint32_t *members, uint64_t *compared);

#endif

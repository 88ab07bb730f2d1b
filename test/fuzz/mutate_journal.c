/* SPDX-License-Identifier: MIT */
/* Mutates journals and gives each whole record the checksum of what it then holds: io/feature_journal.c has
 * the form. Now and then the checksums stay as they are. */
#include "test/fuzz/mutate.h"

#include <string.h>
#include <xxhash.h>

enum { HEADER_BYTES = 32, TYPE_AT = 12, CHECKSUM_BYTES = 8, KEY_BYTES = 16, FEATURES = 4 };

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed) {
    const size_t changed = LLVMFuzzerMutate(bytes, size, capacity);
    if (seed % 8 == 0 || changed < HEADER_BYTES) return changed;
    const size_t content = KEY_BYTES + FEATURES * (bytes[TYPE_AT] ? 2 : 4);
    const size_t record = content + CHECKSUM_BYTES;
    uint64_t number = 0;
    for (size_t at = HEADER_BYTES; at + record <= changed; at += record) {
        const uint64_t checksum = XXH3_64bits_withSeed(bytes + at, content, number++);
        memcpy(bytes + at + content, &checksum, sizeof checksum);
    }
    return changed;
}

/* SPDX-License-Identifier: MIT */
/* Mutates safetensors by their parts: the header's text, whose length is then told anew, or the bytes behind
 * it, of which there are afterwards as many as the header says. Changed blindly nearly every file would be
 * refused for one of the two. */
#include "test/fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

/* The largest end that a "data_offsets":[BEGIN,END] of the header says; 0 where there is none. */
static size_t data_size(const uint8_t *header, size_t size) {
    static const char key[] = "data_offsets";
    size_t largest = 0;
    for (size_t i = 0; i + sizeof key < size; i++) {
        if (memcmp(header + i, key, sizeof key - 1) != 0) continue;
        size_t at = i + sizeof key, value = 0;
        while (at < size && header[at] != ',' && header[at] != '}') at++;
        for (at++; at < size && (header[at] == ' ' || (header[at] >= '0' && header[at] <= '9')); at++)
            if (header[at] != ' ' && value < SIZE_MAX / 100) value = 10 * value + (size_t)(header[at] - '0');
        if (value > largest) largest = value;
    }
    return largest;
}

/* The header's length in a file of at least 9 bytes, as far as there are so many. */
static size_t header_length(const uint8_t *bytes, size_t size) {
    uint64_t length;
    memcpy(&length, bytes, LENGTH_BYTES);
    return length < size - LENGTH_BYTES ? (size_t)length : size - LENGTH_BYTES;
}

static size_t mutate_header(uint8_t *bytes, size_t size, size_t capacity, size_t length) {
    uint8_t *const data = malloc(size);
    if (!data) return size;
    size_t data_bytes = size - LENGTH_BYTES - length;
    memcpy(data, bytes + LENGTH_BYTES + length, data_bytes);
    const uint64_t changed = LLVMFuzzerMutate(bytes + LENGTH_BYTES, length, capacity - LENGTH_BYTES);
    memcpy(bytes, &changed, LENGTH_BYTES);
    const size_t at = LENGTH_BYTES + (size_t)changed, wanted = data_size(bytes + LENGTH_BYTES, changed);
    if (wanted > capacity - at) {
        free(data);
        return at;
    }
    if (data_bytes > wanted) data_bytes = wanted;
    memset(bytes + at, 0, wanted);
    memcpy(bytes + at, data, data_bytes);
    free(data);
    return at + wanted;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed) {
    if (size <= LENGTH_BYTES + 1 || capacity < size || seed % 8 == 0)
        return LLVMFuzzerMutate(bytes, size, capacity);
    const size_t length = header_length(bytes, size);
    const size_t at = LENGTH_BYTES + length;
    if (seed % 8 < 6 || at == size) return mutate_header(bytes, size, capacity, length);
    const size_t changed = LLVMFuzzerMutate(bytes + at, size - at, size - at);
    return changed == size - at ? size : at + changed;
}

/* SPDX-License-Identifier: MIT */
/* Golden pictures, and numbers in their files. */
#include "test/support/pictures.h"

#include <stdio.h>

file_bytes read_golden(const char *name) {
    char path[256];
    snprintf(path, sizeof path, GOLDEN_PICTURES "/%s", name);
    return read_whole(path);
}

uint32_t little_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

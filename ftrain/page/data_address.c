/* SPDX-License-Identifier: MIT */
/* The address, in memory made to measure. */
#include "ftrain/page/data_address.h"

#include "core/memory.h"

#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *data_address(const char *type, const void *bytes, size_t size) {
    static const char opening[] = "data:", encoding[] = ";base64,";
    const size_t before = strlen(opening) + strlen(type) + strlen(encoding);
    size_t whole;
    if (!dni_size_mul(size / 3 + 1, 4, &whole) || !dni_size_add(whole, before + 1, &whole)) return NULL;
    char *out = malloc(whole);
    if (!out) return NULL;
    snprintf(out, before + 1, "%s%s%s", opening, type, encoding);
    base64_encode_raw(out + before, size, bytes);
    out[before + BASE64_ENCODE_RAW_LENGTH(size)] = '\0';
    return out;
}

/* SPDX-License-Identifier: MIT */
/* Names in text, both ways: an escaped name is one line of UTF-8 without tabs and gives the name back; a text
 * that is taken for an escaped one gives a name that is escaped and taken again. */
#include "test/fuzz/fuzz.h"

#include "io/escape.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

/* The name of an escaped text, from malloc; NULL: it is none. */
static char *unescape(const char *text, size_t size) {
    char *const name = fuzz_text((const uint8_t *)text, size);
    const long length = dni_unescape(name, size);
    if (length < 0) {
        free(name);
        return NULL;
    }
    fuzz_require((size_t)length <= size && strlen(name) == (size_t)length, "%ld of %zu bytes", length, size);
    return name;
}

static void check_round(const char *name) {
    char *const text = dni_escape(name);
    fuzz_require(text && dni_is_utf8(text), "'%s' is not UTF-8", text ? text : "");
    for (const char *c = text; *c; c++)
        fuzz_require((unsigned char)*c >= ' ' && *c != 127, "byte %d in an escaped name", *c);
    char *const again = unescape(text, strlen(text));
    fuzz_require(again && strcmp(name, again) == 0, "'%s' gives another name back", text);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *const text = fuzz_text(bytes, size);
    check_round(text);
    char *const name = unescape(text, size);
    if (name) {
        fuzz_take();
        check_round(name);
    }
    free(name);
    free(text);
    return 0;
}

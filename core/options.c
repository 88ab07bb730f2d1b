/* SPDX-License-Identifier: MIT */
/* Options of any version, taken over the defaults of this one. */
#include "core/options.h"

#include "core/error.h"

#include <string.h>

static size_t less(size_t a, size_t b) {
    return a < b ? a : b;
}

void dni_options_init(void *options, size_t struct_size, const void *defaults, const dni_options_kind *kind) {
    if (!options || struct_size < sizeof struct_size) return;
    memset(options, 0, struct_size);
    memcpy(options, defaults, less(struct_size, kind->size));
    memcpy(options, &struct_size, sizeof struct_size);
}

dn_status dni_options_take(void *own, const void *given, const dni_options_kind *kind, dn_error *error) {
    if (!given) return DN_OK;
    const unsigned char *const bytes = given;
    size_t struct_size;
    memcpy(&struct_size, given, sizeof struct_size);
    if (struct_size < kind->first_size)
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "%s: struct_size is %zu, not sizeof(%s), %zu or more: begin with %s_default() or "
                        "%s_init()",
                        kind->name, struct_size, kind->name, kind->first_size, kind->name, kind->name);
    for (size_t i = kind->size; i < struct_size; i++)
        if (bytes[i])
            return dni_fail(
                error, DN_ERR_UNSUPPORTED,
                "%s: byte %zu of %zu is set, but version %s of libdensenet knows %zu: the program "
                "was made for a newer one",
                kind->name, i, struct_size, dn_version(), kind->size);
    memcpy(own, given, less(struct_size, kind->size));
    memcpy(own, &kind->size, sizeof kind->size);
    return DN_OK;
}

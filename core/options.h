/* SPDX-License-Identifier: MIT */
/* Options structs, which grow from version to version while programs that were compiled before go on working.
 *
 * Each begins with `size_t struct_size`, the caller's own sizeof. A call sets its own defaults and takes so
 * many bytes of the caller's over them: in an older program's struct the newer options are missing, and have
 * the defaults. Of a newer program the bytes that this library does not know must be 0, so that no option is
 * passed over without a word.
 *
 * A new option is added at the end, and the end is not padding: there a caller's bytes may be anything. */
#ifndef DN_CORE_OPTIONS_H
#define DN_CORE_OPTIONS_H

#include "core/status.h"

#include <stddef.h>

typedef struct dni_options_kind {
    const char *name;  /* "dn_session_options" */
    size_t first_size; /* of the first version with this soname: no caller has less */
    size_t size;       /* now */
} dni_options_kind;

#define DNI_SIZE_TO(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

/* Defines the kind `name` of the options `type`, whose last member is `last`, and was `first_last` in the
 * first version. */
#define DNI_OPTIONS_KIND(name, type, first_last, last)                                                       \
    _Static_assert(offsetof(type, struct_size) == 0, #type " begins with struct_size");                      \
    _Static_assert(DNI_SIZE_TO(type, last) == sizeof(type), #type " ends in padding");                       \
    static const dni_options_kind name = {#type, DNI_SIZE_TO(type, first_last), sizeof(type)}

/* The body of a dn_..._init(): as many bytes of `defaults`, which have the kind's size, as there is room for,
 * 0 behind them, and struct_size. Nothing where `options` is NULL or has no room for struct_size. */
void dni_options_init(void *options, size_t struct_size, const void *defaults, const dni_options_kind *kind);

/* Takes the caller's options over `own`, which holds the defaults, in this library's form. NULL: nothing is
 * taken. DN_ERR_ARGUMENT where struct_size is no caller's, DN_ERR_UNSUPPORTED where something is set that
 * came later than this library. */
dn_status dni_options_take(void *own, const void *given, const dni_options_kind *kind, dn_error *error);

#endif

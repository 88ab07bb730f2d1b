/* SPDX-License-Identifier: MIT */
/* The call of a progress callback. */
#include "core/progress.h"

#include "core/error.h"

dn_status dni_progress_tell(int (*on_progress)(void *context, size_t done, size_t total), void *context,
                            size_t done, size_t total, const char *what, dn_error *error) {
    if (!on_progress || on_progress(context, done, total) == 0) return DN_OK;
    return dni_fail(error, DN_ERR_CANCELLED, "%s was stopped by its callback at %zu of %zu", what, done,
                    total);
}

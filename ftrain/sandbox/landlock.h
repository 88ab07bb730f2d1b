/* SPDX-License-Identifier: MIT */
/* Landlock: which files can be read. */
#ifndef FTRAIN_SANDBOX_LANDLOCK_H
#define FTRAIN_SANDBOX_LANDLOCK_H

#include "core/status.h"

#include <stddef.h>

/* From here on this thread, and those that it starts, can read files and folders at and below `paths`,
 * wherever links lead, and no others; nothing is written. DN_ERR_UNSUPPORTED: the kernel has no Landlock, or
 * not now. */
dn_status landlock_enter(const char *const *paths, size_t count, dn_error *error);

#endif

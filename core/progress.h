/* SPDX-License-Identifier: MIT */
/* How long work tells how far it is, and is stopped: one shape for all of the library.
 *
 * `on_progress` is called on the thread that called the library, after every step, with what is done of the
 * whole; anything but 0 stops the work with DN_ERR_CANCELLED. Where it is NULL nothing is told. */
#ifndef DN_CORE_PROGRESS_H
#define DN_CORE_PROGRESS_H

#include "core/status.h"

/* DN_ERR_CANCELLED, with `what` was being done, where the callback wants it stopped. */
dn_status dni_progress_tell(int (*on_progress)(void *context, size_t done, size_t total), void *context,
                            size_t done, size_t total, const char *what, dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* The three standard streams and the signals of writing, as the program needs them. */
#ifndef FTRAIN_SHELL_STREAMS_H
#define FTRAIN_SHELL_STREAMS_H

#include "ftrain/shell/outcome.h"

/* Call it first. Opens the standard streams that the caller has closed, so that no file of the program's
 * own takes their place: reading or writing them fails. From then on a write to a pipe that nobody reads,
 * or beyond the limit of a file's size, fails as other writes do, and does not end the program. Returns
 * OUTCOME_OK or, after a message, OUTCOME_MACHINE. */
outcome streams_open(void);

/* Call it last. Writes what is left of standard output. `code` is returned where all was written. Else a
 * message says so, and the outcome is OUTCOME_MACHINE; but where the reader of standard output has gone
 * (`ftrain ... | head`), the program ends by SIGPIPE, as others do, now that its work is done. */
outcome streams_close(outcome code);

#endif

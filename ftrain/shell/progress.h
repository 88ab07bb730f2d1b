/* SPDX-License-Identifier: MIT */
/* Progress on stderr: a bar with rate and time left on a terminal, a line now and then elsewhere. One at a
 * time. */
#ifndef FTRAIN_SHELL_PROGRESS_H
#define FTRAIN_SHELL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* `what` must outlive the bar. Quiet: nothing is shown. */
void progress_start(const char *what, size_t total, bool quiet);
void progress_step(size_t done);
/* Removes the bar, if there is one, so that a message can be printed; the next step draws it again. */
void progress_clear(void);
/* Ends with a line that says how much was done in which time. */
void progress_end(void);

#endif

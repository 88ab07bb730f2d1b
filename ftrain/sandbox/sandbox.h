/* SPDX-License-Identifier: MIT */
/* What a process gives up before it looks at bytes that anybody may have made: pictures, models, weights.
 * Decoders are large, and most of them other people's; whoever takes one over, by a file made for it, is
 * then left in a process that can do hardly more than it has to do anyway.
 *
 * There are two locks. A filter of system calls (seccomp, through libseccomp) holds for all threads, and for
 * good: no program is started, no process, no connection; no file is written, made, renamed or removed; no
 * other process is looked into or signalled; no memory becomes code. Landlock, where the kernel has it,
 * leaves of the files only those below chosen paths. */
#ifndef FTRAIN_SANDBOX_SANDBOX_H
#define FTRAIN_SANDBOX_SANDBOX_H

#include "ftrain/shell/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/* "libseccomp 2.5.4"; NULL where the program was built without it. */
const char *sandbox_library(void);

/* For a command to ask before any work that is to be done in a sandbox: OUTCOME_OK or, after a message, why
 * this program has none. */
outcome sandbox_check(void);

/* From here on files are only read, and only those at and below `paths`; one that is not there gives nothing.
 * To be called before any thread is started. Without Landlock any file can be read: a message says so.
 * Returns OUTCOME_OK or, after a message, another outcome: then the process is to end. */
outcome sandbox_enter_reader(const char *const *paths, size_t count);

/* From here on no file is opened at all, and connections come from a socket that listens already. A
 * message says that it is so; or, unless it `is_demanded`, why it cannot be, and OUTCOME_OK is returned
 * either way. */
outcome sandbox_enter_server(bool is_demanded);

#endif

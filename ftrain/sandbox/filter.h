/* SPDX-License-Identifier: MIT */
/* The filter of system calls, by libseccomp. */
#ifndef FTRAIN_SANDBOX_FILTER_H
#define FTRAIN_SANDBOX_FILTER_H

#include "core/status.h"

typedef enum filter_kind {
    FILTER_READER, /* opens files, to read them */
    FILTER_SERVER, /* opens none; takes connections, and what comes on them */
} filter_kind;

/* Puts all threads of the process under the filter. A call that nothing here ever makes ends the process by
 * SIGSYS, after a message that names it; others fail. DN_ERR_UNSUPPORTED: the kernel has no such filters. */
dn_status filter_load(filter_kind kind, dn_error *error);

/* At its end a program with AddressSanitizer looks for leaks: from a process of its own, by ptrace() and by
 * what /proc has to say. There this passes, and so the sandbox is not what it is elsewhere. */
#if defined(__SANITIZE_ADDRESS__)
#define FILTER_BEARS_LEAK_SEARCH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FILTER_BEARS_LEAK_SEARCH 1
#endif
#endif
#ifndef FILTER_BEARS_LEAK_SEARCH
#define FILTER_BEARS_LEAK_SEARCH 0
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* A large file over http or https, into a file that is gone on with after a cut. */
#ifndef FTRAIN_NET_DOWNLOAD_H
#define FTRAIN_NET_DOWNLOAD_H

#include "ftrain/net/retry.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct download_end {
    int descriptor;  /* the part, locked and open for reading; to be closed unless it is -1 */
    bool is_cut_off; /* no tries are left: there is no connection, or none that lasts */
    bool is_resumed; /* its beginning is what a former run left */
} download_end;

typedef struct download_options {
    const char *url, *shown; /* shown: without its password, for messages */
    const char *part;        /* the file that is filled; its folder exists */
    bool resume;    /* go on with what a former run left in it: a hash must then tell the end's worth */
    double timeout; /* seconds without a byte after which a connection counts as cut */
    size_t max_bytes;
    bool quiet;
} download_options;

/* Fetches all of the address into `part`. What has come stays there whatever happens, for the next run, but
 * an answer that is no file: a status that refuses, a page of HTML. Signals must be let wait. Returns
 * OUTCOME_OK or, after a message, OUTCOME_MODEL: the address does not give the file; OUTCOME_MACHINE: cut
 * off, or no disk or memory; OUTCOME_INTERRUPTED. */
outcome download(const download_options *options, retry_policy *policy, download_end *end);

#endif

/* SPDX-License-Identifier: MIT */
/* Decisions on the pictures of a data set, in a file of its own: DATA/decisions.tsv. No picture is ever
 * touched; whoever reads the set heeds the file.
 *
 * It is text, one decision a line, with the columns path (relative to DATA, escaped by io/escape.h), xxh3
 * (XXH3-128 of the file's bytes), bytes (their number), decision (keep, exclude, move:CLASS, undo) and time
 * (UTC, ISO 8601). Lines are only ever appended. What is decided on is the pair of
 * path and hash; its last decision counts, and each undo takes back the last one that still counts. */
#ifndef DN_IO_DECISIONS_H
#define DN_IO_DECISIONS_H

#include "core/status.h"
#include "io/content_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNI_DECISIONS_NAME "decisions.tsv"

typedef enum dni_decision_kind { DNI_KEEP, DNI_EXCLUDE, DNI_MOVE, DNI_UNDO, DNI_DECISIONS } dni_decision_kind;

enum { DNI_TIME_TEXT = 21 }; /* "2026-11-29T04:30:00Z" and its end */

typedef struct dni_decision {
    char *path; /* relative to the data set */
    dni_key key;
    uint64_t bytes;
    dni_decision_kind kind;
    char *class_name; /* DNI_MOVE's; else NULL */
    char time[DNI_TIME_TEXT];
    size_t line; /* of the file, from 1 */
} dni_decision;

/* The decisions that count. */
typedef struct dni_decisions {
    dni_decision *items; /* by path, then by the hash; each pair once, and no DNI_UNDO */
    size_t count;
    size_t made;     /* lines of decisions in the file */
    bool is_present; /* whether there is a file */
    dni_key hash;    /* XXH3-128 of the file, but for last lines that were cut off */
} dni_decisions;

/* "keep", "exclude", "move", "undo" */
const char *dni_decision_name(dni_decision_kind kind);

/* Reads a file of decisions. One that is not there has none, which is no error. A last line that a killed
 * process left unfinished is passed over, as are lines with zero bytes, which a power cut leaves of lines
 * that nobody was told of. DN_ERR_CORRUPT: a line is none of the above; the message names the file and the
 * line. On failure *out is empty. */
dn_status dni_decisions_load(dni_decisions *out, const char *path, dn_error *error);
void dni_decisions_free(dni_decisions *decisions);

/* Appends lines, all by one write(), and syncs them; makes the file where there is none. Of each decision
 * path, key, bytes, kind and class_name are taken; the time is now. A lock keeps writers apart; last lines
 * that were cut off are removed first. Where this fails the file has what it had. */
dn_status dni_decisions_append(const char *path, const dni_decision *made, size_t count, dn_error *error);

/* The decision on the picture that is at `path` (relative) with those bytes; NULL: there is none. */
const dni_decision *dni_decisions_find(const dni_decisions *decisions, const char *path, const dni_key *key);

#endif

/* SPDX-License-Identifier: MIT */
/* Numbers that must not move: test/golden/digests.tsv holds a digest, the XXH3-128, of the exact bytes of
 * each result. A test computes the results anew and compares; with --update it writes its own rows instead.
 *
 * Whoever changes numbers on purpose runs `make digests` and says in CHANGELOG.md what has changed. */
#ifndef TEST_SUPPORT_DIGESTS_H
#define TEST_SUPPORT_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>

/* What tells a row from all others: one word each, without spaces. */
typedef struct digest_key {
    const char *what;      /* "features", "head", "pictures", ... */
    const char *code;      /* that computes it: "avx512+vnni", "OpenBLAS-0.3.21-Prescott" */
    const char *precision; /* "fp32", "bf16", "int8" */
    const char *variant;   /* the rest: "fast,calibrated" */
} digest_key;

/* Reads the table, or starts an update where an argument of the program's is --update: the first thing that
 * main() does. Ends the program where there is another argument than that and --once, or the table cannot be
 * read. */
void digests_open(int count, char **arguments);

/* Whether each result is to be computed once, and not for every number of threads: --once, for emulators. */
bool digests_once(void);

/* Compares `size` bytes with the row of that key, or writes the row where the table is updated. Where they
 * differ, and where there is no row, a line says so by name. */
void digests_check(const digest_key *key, const void *bytes, size_t size);

/* To be called at the end of each test: fails it where bytes differed in it, and skips it where rows were
 * missing. */
void digests_verdict(void);

/* Writes the table where it is updated. True where that was not needed or has succeeded. */
bool digests_close(void);

#endif

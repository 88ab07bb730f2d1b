/* SPDX-License-Identifier: MIT */
/* The processes of a run, its ranks: one, or as many as mpirun has started. Rank 0 has the command line's
 * work: it names the pictures, owns every file that is written, and alone prints. The others, its helpers,
 * have the same command line, and do for rank 0 what it sends them.
 *
 * However a rank's command ends, ranks_end() brings all of them to an end together: a helper tells rank 0 how
 * it ended, and rank 0 tells every helper when there is nothing more to come. */
#ifndef FTRAIN_RANKS_RANKS_H
#define FTRAIN_RANKS_RANKS_H

#include "ftrain/ranks/mail.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

/* What letters are about. */
enum {
    LETTER_HELLO,   /* of a helper, its first: the version of its program */
    LETTER_READY,   /* of a helper: it waits for weights */
    LETTER_ASK,     /* of a helper: it has no pictures; how many views it wants */
    LETTER_RESULTS, /* of a helper: of some views */
    LETTER_FAILURE, /* of a helper: why a picture cannot be used */
    LETTER_END,     /* of a helper, its last: its outcome, and the message that belongs to it */
    LETTER_WEIGHTS, /* to a helper: which weights are broadcast now */
    LETTER_BLOCK,   /* to a helper: pictures */
    LETTER_STOP,    /* to a helper, the last: there is nothing more to do */
};

/* Once, when the program starts. Where mpirun has started it, joins the others; from then on a helper's
 * standard output is nothing, and its messages are kept. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome ranks_begin(void);

/* Once, when the program ends as `code` says. Returns the exit status: rank 0's is that of the first helper
 * that failed, after its message, where rank 0 itself did not fail. */
outcome ranks_end(outcome code);

int ranks_count(void);
bool ranks_is_helper(void); /* any but rank 0 */

/* On rank 0: what became of a helper, by its HELLO or END. Returns OUTCOME_OK or, after a message that names
 * the rank, the outcome of its failure. */
outcome ranks_hear(const letter *from);
/* "rank 3 on HOST" */
const char *ranks_name(int rank);

/* On a helper: the next letter of rank 0; NULL: there is nothing more to do, or waiting is not allowed. */
letter *ranks_await(void);
/* On a helper: whether rank 0 has said that there is nothing more to do. */
bool ranks_are_stopped(void);

#endif

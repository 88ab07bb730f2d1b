/* SPDX-License-Identifier: MIT */
/* What shells complete behind `ftrain`, as lines for their scripts (docs/completion/): the tables of options
 * say it all. `ftrain help --completion` prints the commands, `ftrain help --completion COMMAND` what may
 * follow one. */
#ifndef FTRAIN_SHELL_COMPLETION_H
#define FTRAIN_SHELL_COMPLETION_H

#include "ftrain/shell/commands.h"

#include <stddef.h>

/* A line "NAME<TAB>SUMMARY" for each. */
void completion_print_commands(const command *const *commands, size_t count);

/* A line for each option and each argument that is none, of these fields, with tabs between them:
 *
 *     NAME      "--format"; of an argument "-"
 *     LETTER    "-w", or empty
 *     KIND      "flag"; or of a value: "words", one of WORDS; "list", some of WORDS with commas between them;
 *               "file", one that ends in one of ENDINGS, or in anything where there are none; "folder"; "value",
 *               which cannot be foretold
 *     WORDS     with spaces between them; of files, what may be given in place of one
 *     ENDINGS   likewise
 *     HELP      one line
 */
void completion_print(const command *self);

#endif

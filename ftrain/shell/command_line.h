/* SPDX-License-Identifier: MIT */
/* The command line, for what is written to say how it came about. */
#ifndef FTRAIN_SHELL_COMMAND_LINE_H
#define FTRAIN_SHELL_COMMAND_LINE_H

/* The words after the program's name: the command's name is argv[0]. */
typedef struct command_line {
    int argc;
    char *const *argv;
} command_line;

/* Keeps the words, which must outlive the program's work; main() calls it. */
void command_line_keep(int argc, char *const *argv);
command_line command_line_kept(void);

#endif

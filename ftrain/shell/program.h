/* What all commands share: exit codes, messages, interruption. */
#ifndef FTRAIN_PROGRAM_H
#define FTRAIN_PROGRAM_H

#include "core/status.h"

#include <jansson.h>
#include <stdbool.h>

/* Exit codes; stable. */
enum {
    EXIT_DONE = 0,
    EXIT_SKIPPED = 1, /* done, but some inputs were left out, each named */
    EXIT_USAGE = 2,
    EXIT_DATA = 3,
    EXIT_MODEL = 4,   /* a model, weights or feature file */
    EXIT_MACHINE = 5, /* memory, disk, permission */
    EXIT_FOUND = 10,  /* --exit-status: predict found a picture of another class, audit an alarm */
    EXIT_INTERRUPTED = 130,
};

/* A line on stderr, "ftrain: ...", clear of any progress bar. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the error's message and gives the exit code of its status. `not_found` is the code for a file that is
 * missing: EXIT_DATA or EXIT_MODEL, by what the file was to be. */
int report(const dn_error *error, int not_found);
int report_no_memory(void);

/* Whether a file can be written there, found out before the work. Returns CONTINUE or, after a message, the exit
 * code. */
int check_output(const char *path);

/* Prints the value as one line of JSON on stdout and lets go of it; false, after a message, without memory. */
bool print_json(json_t *value);

/* From the first call on SIGINT and SIGTERM only set a flag; a second one ends the program at once. */
void catch_interrupts(void);
bool interrupted(void);

#endif

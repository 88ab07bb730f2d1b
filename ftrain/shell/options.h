/* Options of a command: one table gives parsing, range checks and the list that --help shows. */
#ifndef FTRAIN_SHELL_OPTIONS_H
#define FTRAIN_SHELL_OPTIONS_H

#include "ftrain/shell/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_kind {
    OPTION_FLAG,    /* bool: set true */
    OPTION_NO_FLAG, /* bool: set false */
    OPTION_TEXT,    /* const char * */
    OPTION_INT,     /* int in [low, high] */
    OPTION_FLOAT,   /* float in [low, high] */
    OPTION_SEED,    /* uint64_t */
    OPTION_WIDTHS,  /* widths: "512,256" */
    OPTION_CHOICE,  /* int: which word of `argument`, "one|other", from 0 */
} option_kind;

enum { MAX_WIDTHS = 15 };

typedef struct widths {
    int values[MAX_WIDTHS];
    int count;
} widths;

typedef struct option_spec {
    const char *name; /* "hidden" for --hidden */
    char letter;      /* 'w' for -w; 0: none */
    option_kind kind;
    void *target;
    double low, high;
    const char *argument; /* what --help calls it: "N" */
    const char *help;
} option_spec;

typedef struct command command;

/* Parses a command's arguments: sets the targets and moves all that are no options to argv[*first] ..
 * argv[argc - 1], of which there must be `least` to `most`. --help prints the command's help. Returns OUTCOME_OK
 * or the outcome to end with, which is OUTCOME_FINISHED after --help. */
outcome parse_options(const command *self, const option_spec *specs, size_t count, int argc, char **argv,
                      int least, int most, int *first);

/* Sets one option by its name as the command line would; false after a message. */
bool option_set(const option_spec *specs, size_t count, const char *name, const char *value);

#endif

/* SPDX-License-Identifier: MIT */
/* The options of a command: one table gives parsing, range checks and the list that --help shows. */
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
    OPTION_INT,     /* int in [min, max] */
    OPTION_FLOAT,   /* float in [min, max] */
    OPTION_DOUBLE,  /* double in [min, max]: where a float's rounding would be seen */
    OPTION_SEED,    /* uint64_t */
    OPTION_WIDTHS,  /* widths: "512,256" */
    OPTION_CHOICE,  /* int: which word of `argument`, "one|other", from 0 */
    OPTION_GROUP,   /* a struct that another table fills */
} option_kind;

enum { MAX_WIDTHS = 15, MAX_OPTIONS = 64 };

typedef struct widths {
    int values[MAX_WIDTHS];
    int count;
} widths;

typedef struct option_spec option_spec;

/* Rows that fill one struct. */
typedef struct option_table {
    const option_spec *specs;
    size_t count;
} option_table;

/* A row. The macros below make one each: the option's name, its letter (0: none), the member that it sets,
 * and what --help says. A member of another type than the option's does not compile. */
struct option_spec {
    const char *name; /* "hidden" for --hidden */
    char letter;      /* 'w' for -w */
    option_kind kind;
    size_t offset; /* of the member in the struct that the table fills */
    double min, max;
    const char *argument;      /* what --help calls the value: "N" */
    const char *help;          /* one line */
    const option_table *group; /* OPTION_GROUP's */
};

#define OPTION_OFFSET(type, member, member_type)                                                             \
    _Generic(((type *)0)->member, member_type : offsetof(type, member))

#define OPT_FLAG(name_, letter_, type, member, help_)                                                        \
    {                                                                                                        \
        .name = (name_), .letter = (letter_), .kind = OPTION_FLAG,                                           \
        .offset = OPTION_OFFSET(type, member, bool), .help = (help_)                                         \
    }
#define OPT_NO_FLAG(name_, letter_, type, member, help_)                                                     \
    {                                                                                                        \
        .name = (name_), .letter = (letter_), .kind = OPTION_NO_FLAG,                                        \
        .offset = OPTION_OFFSET(type, member, bool), .help = (help_)                                         \
    }
#define OPT_VALUE(name_, letter_, kind_, offset_, min_, max_, argument_, help_)                              \
    {                                                                                                        \
        .name = (name_), .letter = (letter_), .kind = (kind_), .offset = (offset_), .min = (min_),           \
        .max = (max_), .argument = (argument_), .help = (help_)                                              \
    }
#define OPT_TEXT(name, letter, type, member, argument, help)                                                 \
    OPT_VALUE(name, letter, OPTION_TEXT, OPTION_OFFSET(type, member, const char *), 0, 0, argument, help)
#define OPT_INT(name, letter, type, member, min, max, argument, help)                                        \
    OPT_VALUE(name, letter, OPTION_INT, OPTION_OFFSET(type, member, int), min, max, argument, help)
#define OPT_FLOAT(name, letter, type, member, min, max, argument, help)                                      \
    OPT_VALUE(name, letter, OPTION_FLOAT, OPTION_OFFSET(type, member, float), min, max, argument, help)
#define OPT_DOUBLE(name, letter, type, member, min, max, argument, help)                                     \
    OPT_VALUE(name, letter, OPTION_DOUBLE, OPTION_OFFSET(type, member, double), min, max, argument, help)
#define OPT_SEED(name, letter, type, member, help)                                                           \
    OPT_VALUE(name, letter, OPTION_SEED, OPTION_OFFSET(type, member, uint64_t), 0, 0, "N", help)
#define OPT_WIDTHS(name, letter, type, member, argument, help)                                               \
    OPT_VALUE(name, letter, OPTION_WIDTHS, OPTION_OFFSET(type, member, widths), 0, 0, argument, help)
#define OPT_CHOICE(name, letter, type, member, choices, help)                                                \
    OPT_VALUE(name, letter, OPTION_CHOICE, OPTION_OFFSET(type, member, int), 0, 0, choices, help)
#define OPT_GROUP(type, member, table)                                                                       \
    { .kind = OPTION_GROUP, .offset = offsetof(type, member), .group = &(table) }

/* Another table's rows, which fill the same struct. */
#define OPT_ROWS(table)                                                                                      \
    { .kind = OPTION_GROUP, .group = &(table) }

#define OPTION_TABLE(rows)                                                                                   \
    { .specs = (rows), .count = sizeof(rows) / sizeof *(rows) }

/* What a command's `options` points to. */
#define OPTIONS(rows) (&(const option_table)OPTION_TABLE(rows))

/* Rows of many commands. */
#define THREADS_OPTION(type, member)                                                                         \
    OPT_INT("threads", 0, type, member, 0, 1024, "N", "number of threads; 0: one for each core (default)")
#define STRICT_OPTION(type, member)                                                                          \
    OPT_FLAG("strict", 0, type, member, "stop at the first picture that cannot be used")
#define QUIET_OPTION(type, member) OPT_FLAG("quiet", 'q', type, member, "show no progress")
#define JSON_LINES_OPTION(type, member)                                                                      \
    OPT_FLAG("json", 0, type, member, "print results as JSON, one object a line")
#define JSON_OBJECT_OPTION(type, member)                                                                     \
    OPT_FLAG("json", 0, type, member, "print the result as one JSON object")

typedef struct command command;

/* Parses a command's arguments by its table, which fills `*base`, and moves all that are no options to
 * argv[*first] .. argv[argc - 1]; checks how many there are. --help prints the command's help. Returns
 * OUTCOME_OK or the outcome to end with, which is OUTCOME_FINISHED after --help. */
outcome parse_options(const command *self, void *base, int argc, char **argv, int *first);

/* Calls `visit` with each row of the table, and of the groups in it in their place. */
void options_visit(const option_table *table, void (*visit)(const option_spec *spec, void *context),
                   void *context);

/* Sets one option by its name as the command line would; false after a message. */
bool option_set(const option_table *table, void *base, const char *name, const char *value);

#endif

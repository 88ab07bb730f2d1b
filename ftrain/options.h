/* Options of a command: one table gives parsing, range checks and the list that --help shows. */
#ifndef FTRAIN_OPTIONS_H
#define FTRAIN_OPTIONS_H

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
} option_kind;

enum { MAX_WIDTHS = 15 };

typedef struct widths {
    int values[MAX_WIDTHS];
    int count;
} widths;

typedef struct option_spec {
    const char *name;     /* "hidden" for --hidden */
    char letter;          /* 'w' for -w; 0: none */
    option_kind kind;
    void *target;
    double low, high;
    const char *argument; /* what --help calls it: "N" */
    const char *help;
} option_spec;

typedef struct command command;

/* Sets the targets and moves all other arguments to argv[*first] .. argv[argc - 1]. False after a message. */
bool parse_options(const command *self, const option_spec *specs, size_t count, int argc, char **argv,
                   int *first);

/* The whole help text of a command, on stdout. */
void print_help(const command *self, const option_spec *specs, size_t count);

/* Whole number in [low, high]; false, after a message that names `option` and the text. */
bool parse_int(const char *option, const char *text, double low, double high, int *out);

#endif

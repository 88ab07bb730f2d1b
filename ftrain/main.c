/* SPDX-License-Identifier: MIT */
/* ftrain COMMAND [options] [paths]. */
#include "ftrain/ranks/ranks.h"
#include "ftrain/shell/command_line.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/completion.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/streams.h"
#include "ftrain/shell/suggestion.h"

#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const command *const commands[] = {
    &weights_command,  &collect_command, &split_command,    &prepare_command, &audit_command,
    &review_command,   &train_command,   &evaluate_command, &predict_command, &explain_command,
    &baseline_command, &extract_command, &convert_command,  &export_command,  &import_command,
    &serve_command,    &info_command,
};

static const command *find_command(const char *name) {
    suggestion nearest = {.typed = name};
    suggestion_consider(&nearest, "help");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
        suggestion_consider(&nearest, commands[i]->name);
    }
    if (nearest.best)
        message("'%s' is not a command; did you mean '%s'? 'ftrain help' lists them", name, nearest.best);
    else
        message("'%s' is not a command; 'ftrain help' lists them", name);
    return NULL;
}

static void print_overview(FILE *to) {
    fputs("Usage: ftrain COMMAND [options] [paths]\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'ftrain help COMMAND' explains one of them, with an example.\n", to);
}

/* For the shells' scripts. */
static outcome print_completion(const char *name) {
    if (!name) {
        completion_print_commands(commands, sizeof commands / sizeof *commands);
        return OUTCOME_OK;
    }
    const command *found = find_command(name);
    if (found) completion_print(found);
    return found ? OUTCOME_OK : OUTCOME_USAGE;
}

static bool asks_for_help(const char *word) {
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static outcome help(int argc, char **argv) {
    if (argc < 3 || asks_for_help(argv[2])) {
        print_overview(stdout);
        return OUTCOME_OK;
    }
    if (strcmp(argv[2], "--completion") == 0) return print_completion(argc > 3 ? argv[3] : NULL);
    const command *found = find_command(argv[2]);
    if (!found) return OUTCOME_USAGE;
    char option[] = "--help";
    return found->run(found, 2, (char *[]){argv[2], option, NULL});
}

/* Several processes that do the same would only get in each other's way. */
static outcome check_ranks(const command *self) {
    if (ranks_count() == 1 || self->has_helpers) return OUTCOME_OK;
    message("%s: works in one process, and mpirun has started %d; 'extract' and 'predict' can use them",
            self->name, ranks_count());
    return OUTCOME_USAGE;
}

static outcome dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return OUTCOME_USAGE;
    }
    if (asks_for_help(argv[1])) return help(argc, argv);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("ftrain %s\n", dn_version());
        return OUTCOME_OK;
    }
    const command *found = find_command(argv[1]);
    command_line_keep(argc - 1, argv + 1);
    const outcome code = found ? check_ranks(found) : OUTCOME_USAGE;
    return !code ? found->run(found, argc - 1, argv + 1) : code;
}

/* OpenBLAS calls this of itself as soon as it is loaded, to start a thread for every further core. This
 * program's takes its place and starts none: products run on the thread that asks for them, as main() says.
 * OpenBLAS's threads would try for ever to map their buffers where memory is limited, so that not even
 * --version would end, and where threads are limited it would kill the program before it begins. */
__attribute__((visibility("default"))) int blas_thread_init(void);

int blas_thread_init(void) {
    return 0;
}

int main(int argc, char **argv) {
    outcome code = streams_open();
    if (code) return code;
    interrupts_begin();
    openblas_set_num_threads(1); /* the same seed gives the same bits */
    code = ranks_begin();
    if (!code) code = dispatch(argc, argv);
    code = ranks_end(streams_close(code));
    return code == OUTCOME_FINISHED ? OUTCOME_OK : code;
}

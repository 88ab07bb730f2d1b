/* Exit codes, messages, interruption. */
#include "ftrain/shell/program.h"

#include "ftrain/shell/options.h"
#include "ftrain/shell/progress.h"
#include "io/file.h"
#include "io/json.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void message(const char *format, ...) {
    progress_clear();
    fputs("ftrain: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static int exit_code(dn_status status, int not_found) {
    switch (status) {
    case DN_ERR_CANCELLED:
        return EXIT_INTERRUPTED;
    case DN_ERR_NOT_FOUND:
        return not_found;
    case DN_ERR_ARGUMENT:
        return EXIT_USAGE;
    case DN_ERR_UNSUPPORTED:
        return EXIT_MODEL;
    default:
        break;
    }
    if (status < 40) return EXIT_MACHINE;
    return status < 80 ? EXIT_MODEL : EXIT_DATA;
}

int report(const dn_error *error, int not_found) {
    message("%s", error->message);
    return exit_code(error->status, not_found);
}

int report_no_memory(void) {
    message("out of memory");
    return EXIT_MACHINE;
}

int check_output(const char *path) {
    dni_file_writer *writer;
    dn_error error;
    if (dni_file_writer_open(&writer, path, &error)) return report(&error, EXIT_MACHINE);
    dni_file_writer_abandon(writer);
    return CONTINUE;
}

bool print_json(json_t *value) {
    char *line = dni_json_line(value);
    if (!line) {
        report_no_memory();
        return false;
    }
    puts(line);
    fflush(stdout);
    free(line);
    return true;
}

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught = 1;
}

void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void) {
    return caught != 0;
}

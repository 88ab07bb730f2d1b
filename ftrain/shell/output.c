/* SPDX-License-Identifier: MIT */
/* Where results go: files that are checked before the work, and lines of JSON. */
#include "ftrain/shell/output.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"
#include "io/file.h"
#include "io/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Elsewhere - is a standard stream, which a file that is written whole or not at all cannot be. */
static outcome refuse_stream(const char *path) {
    if (strcmp(path, "-") != 0) return OUTCOME_OK;
    message("'-' names no file to write; ./- would be a file of that name");
    return OUTCOME_USAGE;
}

outcome check_output(const char *path) {
    if (refuse_stream(path)) return OUTCOME_USAGE;
    dni_file_writer *writer;
    dn_error error;
    const bool before = interrupts_wait(true);
    const dn_status status = dni_file_writer_open(&writer, path, &error);
    dni_file_writer_abandon(writer);
    interrupts_wait(before);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static bool are_one(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What a name leads to; *is_there: false where it leads nowhere. */
static outcome examine(struct stat *out, bool *is_there, const char *path) {
    *is_there = stat(path, out) == 0;
    if (*is_there || errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG)
        return OUTCOME_OK;
    message("%s: cannot be examined: %s", path, strerror(errno));
    return OUTCOME_MACHINE;
}

/* Whether two names lead to one file. One that is not there yet is where its folder is. */
static outcome lead_to_one(bool *out, const char *a, const char *b) {
    struct stat at_a, at_b;
    bool has_a, has_b;
    outcome code = examine(&at_a, &has_a, a);
    if (!code) code = examine(&at_b, &has_b, b);
    if (code) return code;
    *out = has_a && has_b && are_one(&at_a, &at_b);
    if (has_a || has_b || strcmp(dni_path_name(a), dni_path_name(b)) != 0) return OUTCOME_OK;
    char *const folder_a = dni_path_folder(a), *const folder_b = dni_path_folder(b);
    const bool enough = folder_a && folder_b;
    *out = enough && stat(folder_a, &at_a) == 0 && stat(folder_b, &at_b) == 0 && are_one(&at_a, &at_b);
    free(folder_a);
    free(folder_b);
    return enough ? OUTCOME_OK : report_no_memory();
}

static outcome check_apart(const named_file *output, const named_file *other) {
    bool are_same;
    if (!output->path || !other->path) return OUTCOME_OK;
    const outcome code = lead_to_one(&are_same, output->path, other->path);
    if (code || !are_same) return code;
    message("%s: '%s' is the file of %s, too", output->option, output->path, other->option);
    return OUTCOME_USAGE;
}

outcome check_outputs_apart(const named_file *outputs, int output_count, const named_file *inputs,
                            int input_count) {
    outcome code = OUTCOME_OK;
    for (int o = 0; !code && o < output_count; o++) {
        for (int i = 0; !code && i < input_count; i++) code = check_apart(&outputs[o], &inputs[i]);
        for (int i = 0; !code && i < o; i++) code = check_apart(&outputs[o], &outputs[i]);
    }
    return code;
}

void print_wrote(const char *path) {
    fputs("wrote ", stdout);
    quote_write(stdout, path);
    putchar('\n');
}

bool print_json(json_t *value) {
    char *line = dni_json_line(value);
    if (!line) {
        (void)report_no_memory();
        return false;
    }
    puts(line);
    fflush(stdout);
    free(line);
    return true;
}

/* Where results go: files that are checked before the work, and lines of JSON. */
#include "ftrain/shell/output.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/outcome.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>

outcome check_output(const char *path) {
    dni_file_writer *writer;
    dn_error error;
    const bool before = interrupts_wait(true);
    const dn_status status = dni_file_writer_open(&writer, path, &error);
    dni_file_writer_abandon(writer);
    interrupts_wait(before);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
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

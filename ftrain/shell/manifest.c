/* SPDX-License-Identifier: MIT */
/* The file of a manifest; what stands in it is its command's. */
#include "ftrain/shell/manifest.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

dn_status manifest_write_line(dni_file_writer *writer, char *line, dn_error *error) {
    if (!line) return dni_no_memory(error, "a line of manifest.tsv");
    const dn_status status = dni_file_write(writer, line, strlen(line), error);
    free(line);
    return status;
}

outcome manifest_write(const char *folder, manifest_lines lines, const void *context) {
    char *path = dni_path_join(folder, "manifest.tsv");
    dni_file_writer *writer = NULL;
    dn_error error;
    if (!path) return report_no_memory();
    dn_status status = dni_file_writer_open(&writer, path, &error);
    if (!status) status = lines(writer, context, &error);
    if (!status)
        status = dni_file_writer_commit(writer, &error);
    else
        dni_file_writer_abandon(writer);
    free(path);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

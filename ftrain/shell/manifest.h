/* SPDX-License-Identifier: MIT */
/* manifest.tsv of a folder that a command has made: which file came from where. */
#ifndef FTRAIN_SHELL_MANIFEST_H
#define FTRAIN_SHELL_MANIFEST_H

#include "ftrain/shell/outcome.h"
#include "io/file.h"

/* Writes the header and all lines; `context` is the caller's. */
typedef dn_status (*manifest_lines)(dni_file_writer *writer, const void *context, dn_error *error);

/* A line from malloc, which is freed; NULL: DN_ERR_MEMORY. */
dn_status manifest_write_line(dni_file_writer *writer, char *line, dn_error *error);

/* Writes folder/manifest.tsv, whole or not at all. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome manifest_write(const char *folder, manifest_lines lines, const void *context);

#endif

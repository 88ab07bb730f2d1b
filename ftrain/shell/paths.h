/* SPDX-License-Identifier: MIT */
/* The pictures that a command line names: files, folders and what is in them, lists on standard input.
 * They come one after the other, so that memory does not grow with their number. */
#ifndef FTRAIN_SHELL_PATHS_H
#define FTRAIN_SHELL_PATHS_H

#include "core/status.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

typedef struct named_picture {
    char *path;
    dn_error *
        error; /* a known error of this path (it is missing, it may not be read); NULL: none is known yet, the
                        decoder will find out. DN_ERR_DATA_EMPTY: it is a folder without files */
} named_picture;

void named_picture_free(void *picture); /* a named_picture from malloc */

typedef struct path_source path_source;

/* `paths` as on the command line, "-" for the list on standard input, whose paths end in `separator`. A
 * folder stands for all files in it and in its folders, by name; hidden ones are left out. Returns OUTCOME_OK
 * or, after a message, another outcome; *out is then NULL. */
outcome path_source_create(path_source **out, char *const *paths, int count, char separator);

/* The next one; false: there are no more, or memory is out, or the source was stopped. */
bool path_source_next(path_source *source, named_picture **out);
bool path_source_lacks_memory(const path_source *source);

/* From any thread: wakes a `next` that waits for standard input. */
void path_source_stop(path_source *source);
void path_source_free(path_source *source);

#endif

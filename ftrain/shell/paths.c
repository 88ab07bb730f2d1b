/* SPDX-License-Identifier: MIT */
/* Walking the paths of a command line, one picture at a time. */
#include "ftrain/shell/paths.h"

#include "core/error.h"
#include "io/entry.h"
#include "io/file.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_PATH = 65536, DEEPEST = 64 };

typedef struct open_folder {
    char *path;
    dni_entry entry;
    dni_listing listing;
    size_t next;
} open_folder;

struct path_source {
    char *const *paths;
    int count, next;
    open_folder folders[DEEPEST]; /* one in the other */
    int depth;
    size_t found; /* in the outermost folder, files and what could not be listed */

    /* standard input */
    bool in_list;
    char separator;
    char *buffer;      /* LONGEST_PATH */
    size_t begin, end; /* of what was read and not yet used */
    int wake[2];       /* a pipe: its end is closed by path_source_stop() */

    bool lacks_memory;
};

void named_picture_free(void *picture) {
    named_picture *self = picture;
    if (!self) return;
    free(self->path);
    free(self->error);
    free(self);
}

static dn_status open_pipe(path_source *source, dn_error *error) {
    if (pipe(source->wake) == 0) return DN_OK;
    return dni_fail_errno(error, errno, "a pipe, by which the reading of paths is stopped, cannot be opened");
}

outcome path_source_create(path_source **out, char *const *paths, int count, char separator) {
    dn_error error;
    *out = NULL;
    path_source *source = calloc(1, sizeof *source);
    if (!source) return report_no_memory();
    *source = (path_source){.paths = paths, .count = count, .separator = separator, .wake = {-1, -1}};
    source->buffer = malloc(LONGEST_PATH);
    const outcome code = !source->buffer             ? report_no_memory()
                         : open_pipe(source, &error) ? report(&error, OUTCOME_MACHINE)
                                                     : OUTCOME_OK;
    if (!code) {
        *out = source;
        return OUTCOME_OK;
    }
    free(source->buffer);
    free(source);
    return code;
}

static void close_folder(path_source *source) {
    open_folder *folder = &source->folders[--source->depth];
    dni_listing_free(&folder->listing);
    free(folder->path);
}

void path_source_stop(path_source *source) {
    if (source->wake[1] >= 0) close(source->wake[1]);
    source->wake[1] = -1;
}

void path_source_free(path_source *source) {
    if (!source) return;
    while (source->depth) close_folder(source);
    path_source_stop(source);
    close(source->wake[0]);
    free(source->buffer);
    free(source);
}

bool path_source_lacks_memory(const path_source *source) {
    return source->lacks_memory;
}

/* Takes over `path`. `error` may be NULL. */
static bool give(path_source *source, char *path, const dn_error *error, named_picture **out) {
    named_picture *picture = calloc(1, sizeof *picture);
    dn_error *copy = error ? malloc(sizeof *copy) : NULL;
    if (!picture || !path || (error && !copy)) {
        free(picture);
        free(copy);
        free(path);
        source->lacks_memory = true;
        return false;
    }
    if (copy) *copy = *error;
    *picture = (named_picture){.path = path, .error = copy};
    *out = picture;
    return true;
}

static dn_status enter(path_source *source, char *path, const dni_entry *entry, dn_error *error) {
    for (int i = 0; i < source->depth; i++)
        if (dni_entry_is_same(&source->folders[i].entry, entry))
            return dni_fail(error, DN_ERR_FILE_KIND, "%s: is a link to a folder that it lies in", path);
    if (source->depth == DEEPEST)
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: more than %d folders inside one another", path,
                        DEEPEST);
    open_folder *folder = &source->folders[source->depth];
    const dn_status status = dni_list_folder(&folder->listing, path, error);
    if (status) return status;
    folder->path = path;
    folder->entry = *entry;
    folder->next = 0;
    if (source->depth++ == 0) source->found = 0;
    return DN_OK;
}

/* ---- standard input ---- */

/* Reads more behind what is there; 0: the end, or stopped; -1 with errno. */
static ssize_t read_more(path_source *source) {
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    for (;;) {
        struct pollfd events[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = source->wake[0]}};
        if (poll(events, 2, -1) < 0 && errno != EINTR) return -1;
        if (events[1].revents) return 0;
        if (!events[0].revents) continue;
        const ssize_t n = read(STDIN_FILENO, source->buffer + source->end, LONGEST_PATH - source->end);
        if (n < 0 && errno == EINTR) continue;
        if (n > 0) source->end += (size_t)n;
        return n;
    }
}

/* The next line that is not empty; NULL at the end. */
static dn_status read_path(path_source *source, char **out, dn_error *error) {
    *out = NULL;
    for (;;) {
        const char *line = source->buffer + source->begin;
        const size_t there = source->end - source->begin;
        const char *stop = memchr(line, source->separator, there);
        size_t length = stop ? (size_t)(stop - line) : there;
        if (!stop && there < LONGEST_PATH) {
            const ssize_t n = read_more(source);
            if (n < 0) return dni_fail_errno(error, errno, "standard input: cannot read");
            if (n > 0) continue;
            if (!there) return DN_OK;
            line = source->buffer; /* the last one, not ended */
        } else if (!stop) {
            return dni_fail(error, DN_ERR_FORMAT, "standard input: a path of more than %d bytes",
                            LONGEST_PATH - 1); /* and what ends it */
        }
        source->begin += length + (stop != NULL);
        if (!length) continue;
        if (source->separator && memchr(line, '\0', length))
            return dni_fail(error, DN_ERR_FORMAT,
                            "standard input: a line with a zero byte; paths that end in one need -0");
        *out = strndup(line, length);
        source->lacks_memory = !*out;
        return DN_OK;
    }
}

/* ---- all of them ---- */

/* The next path, be it a folder's or a file's, from malloc; NULL: there are no more. An error is to be
 * told in its place. */
static dn_status next_path(path_source *source, char **out, dn_error *error) {
    *out = NULL;
    if (source->depth) {
        open_folder *folder = &source->folders[source->depth - 1];
        *out = dni_path_join(folder->path, folder->listing.names[folder->next++]);
        source->lacks_memory = !*out;
        return DN_OK;
    }
    while (source->in_list || source->next < source->count) {
        if (source->in_list) {
            const dn_status status = read_path(source, out, error);
            if (status || *out || source->lacks_memory) return status;
            source->in_list = false;
        } else if (strcmp(source->paths[source->next++], "-") == 0) {
            source->in_list = true;
        } else {
            *out = strdup(source->paths[source->next - 1]);
            source->lacks_memory = !*out;
            return DN_OK;
        }
    }
    return DN_OK;
}

/* Leaves the folders that are done; DN_ERR_DATA_EMPTY, with its path, when the outermost of them held
 * nothing. */
static dn_status leave(path_source *source, char **path, dn_error *error) {
    while (source->depth) {
        open_folder *folder = &source->folders[source->depth - 1];
        if (folder->next < folder->listing.count) return DN_OK;
        if (source->depth == 1 && !source->found) {
            *path = strdup(folder->path);
            const dn_status status =
                dni_fail(error, DN_ERR_DATA_EMPTY, "%s: a folder without files", folder->path);
            close_folder(source);
            return status;
        }
        close_folder(source);
    }
    return DN_OK;
}

bool path_source_next(path_source *source, named_picture **out) {
    dn_error error;
    for (;;) {
        char *path = NULL;
        if (leave(source, &path, &error)) return give(source, path, &error, out);
        if (next_path(source, &path, &error)) {
            source->in_list = false;
            return give(source, strdup("-"), &error, out);
        }
        if (!path) return false;
        dni_entry entry;
        dn_status status = dni_entry_find(&entry, path, &error);
        if (!status && entry.kind == DNI_ENTRY_FOLDER) {
            status = enter(source, path, &entry, &error);
            if (!status) continue;
        }
        source->found++;
        return give(source, path, status ? &error : NULL, out);
    }
}

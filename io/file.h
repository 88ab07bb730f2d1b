/* SPDX-License-Identifier: MIT */
/* Files: read, replaced atomically, folders made and listed. */
#ifndef DN_IO_FILE_H
#define DN_IO_FILE_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who is told how far reading is, and may stop it. */
typedef struct dni_reading {
    int (*on_progress)(void *context, size_t done, size_t total); /* not 0: stop */
    void *context;
    uint64_t done; /* bytes read so far; some may be read twice */
} dni_reading;

/* A regular file, open for reading, or memory that is read as if it were one. No file is mapped here: where a
 * mapped file is cut by somebody else, looking at it kills the process with SIGBUS; a read of such a file
 * fails and can be told. */
typedef struct dni_file {
    int descriptor;             /* -1: memory */
    uint64_t size;              /* when it was opened */
    const char *path;           /* the caller's, for messages */
    const unsigned char *bytes; /* memory's; of a file NULL */
    bool is_lasting;            /* of memory: it outlives all that is read from it, which may point into it */
    dni_reading *reading;       /* NULL: nobody is told */
    bool is_left_out;           /* where somebody cuts it while it is read, as one of many pictures */
} dni_file;

/* Refuses what is not a regular file, without waiting for a pipe's other end. `path` must outlive the
 * file. On failure there is nothing to close. */
dn_status dni_file_open(dni_file *out, const char *path, dn_error *error);
/* The same of memory, which cannot fail; closing it does nothing. */
dni_file dni_file_of_memory(const void *bytes, size_t size, const char *name);
/* All `size` bytes from `offset` on; DN_ERR_TRUNCATED where the file had not so many when it was opened.
 * Where it had, and somebody has cut it since, nothing is known of what it holds: DN_ERR_IO, or, where it is
 * left out then, DN_ERR_TRUNCATED. DN_ERR_CANCELLED when `reading` says so. Any number of threads, where
 * nobody is told. */
dn_status dni_file_read_at(const dni_file *file, void *out, size_t size, uint64_t offset, dn_error *error);
/* Those bytes where they lie, of lasting memory that has them at a multiple of `alignment`; else NULL: they
 * have to be read. */
void *dni_file_view(const dni_file *file, size_t size, uint64_t offset, size_t alignment);
void dni_file_close(dni_file *file);

/* A whole file in memory (one of no bytes has data NULL), for files that are small: DN_ERR_UNSUPPORTED above
 * DNI_FILE_LOAD_LIMIT. */
typedef struct dni_file_content {
    unsigned char *data;
    size_t size;
} dni_file_content;

#define DNI_FILE_LOAD_LIMIT ((uint64_t)1 << 30)

dn_status dni_file_load(dni_file_content *out, const char *path, dn_error *error);
void dni_file_unload(dni_file_content *content);

/* A file under construction: written beside its goal under a temporary name, and renamed over it, synced,
 * when it is whole. Whatever was there before stays until then, and for good if anything fails. What a
 * killed process left of an attempt at the same file is removed by the next one. */
typedef struct dni_file_writer dni_file_writer;

dn_status dni_file_writer_open(dni_file_writer **out, const char *path, dn_error *error);
dn_status dni_file_write(dni_file_writer *writer, const void *bytes, size_t size, dn_error *error);
/* Brings what was written onto the disk, so that of dni_file_writer_commit() little more than the rename can
 * fail: for files that go together. */
dn_status dni_file_writer_sync(dni_file_writer *writer, dn_error *error);
/* Flushes, syncs file and folder, renames. Frees the writer, also when it fails. */
dn_status dni_file_writer_commit(dni_file_writer *writer, dn_error *error);
/* Takes everything back. NULL is fine. */
void dni_file_writer_abandon(dni_file_writer *writer);

/* Makes a folder and those above it, which last; one that is there is fine. */
dn_status dni_make_folders(const char *path, dn_error *error);

/* A new string "folder/name"; NULL when out of memory. */
char *dni_path_join(const char *folder, const char *name);
/* The part behind the last slash. */
const char *dni_path_name(const char *path);
/* A new string: the folder that the path is in, "." for a name alone and else with its last slash; NULL when
 * out of memory. */
char *dni_path_folder(const char *path);
/* The part behind a folder that the path, as text, begins with; NULL: it does not, or nothing follows. */
const char *dni_path_inside(const char *path, const char *folder);

/* Names in a folder, sorted by byte value; hidden ones (leading dot) are left out. */
typedef struct dni_listing {
    char **names;
    size_t count;
} dni_listing;

dn_status dni_list_folder(dni_listing *out, const char *path, dn_error *error);
void dni_listing_free(dni_listing *listing);

#endif

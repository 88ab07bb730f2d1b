/* Files: mapped for reading, replaced atomically, folders made and listed. */
#ifndef DN_IO_FILE_H
#define DN_IO_FILE_H

#include "core/status.h"

#include <stddef.h>

/* A whole file, mapped read-only (a file of no bytes has data NULL). */
typedef struct dni_mapping {
    const unsigned char *data;
    size_t size;
} dni_mapping;

/* Refuses what is not a regular file. */
dn_status dni_file_map(dni_mapping *out, const char *path, dn_error *error);
void dni_file_unmap(dni_mapping *mapping);

/* A file under construction: written beside its goal under a temporary name, and renamed over it, synced,
 * when it is whole. Whatever was there before stays until then, and for good if anything fails. */
typedef struct dni_file_writer dni_file_writer;

dn_status dni_file_writer_open(dni_file_writer **out, const char *path, dn_error *error);
dn_status dni_file_write(dni_file_writer *writer, const void *bytes, size_t size, dn_error *error);
/* Flushes, syncs file and folder, renames. Frees the writer, also when it fails. */
dn_status dni_file_writer_commit(dni_file_writer *writer, dn_error *error);
/* Takes everything back. NULL is fine. */
void dni_file_writer_abandon(dni_file_writer *writer);

/* Makes a folder and those above it; one that is there is fine. */
dn_status dni_make_folders(const char *path, dn_error *error);

/* A new string "folder/name"; NULL when out of memory. */
char *dni_path_join(const char *folder, const char *name);
/* The part behind the last slash. */
const char *dni_path_name(const char *path);

/* Names in a folder, sorted by byte value; hidden ones (leading dot) are left out. */
typedef struct dni_listing {
    char **names;
    size_t count;
} dni_listing;

dn_status dni_list_folder(dni_listing *out, const char *path, dn_error *error);
void dni_listing_free(dni_listing *listing);

#endif

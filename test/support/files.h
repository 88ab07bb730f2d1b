/* SPDX-License-Identifier: MIT */
/* Files for tests: temporary folders, whole files, and what lies in ../shared. Failures end the running
 * test. */
#ifndef TEST_SUPPORT_FILES_H
#define TEST_SUPPORT_FILES_H

#include <stddef.h>

typedef struct file_bytes {
    unsigned char *data; /* to be freed */
    size_t size;
} file_bytes;

file_bytes read_whole(const char *path);
void write_whole(const char *path, const void *data, size_t size);

/* A new empty folder, and its removal with all that it holds. */
char *make_folder(void);
void remove_folder(char *folder);

/* The same as cmocka's setup and teardown: *state is the folder's path. */
int folder_set_up(void **state);
int folder_tear_down(void **state);
/* "folder/name" in a buffer of the function's own, valid until the fourth call after. */
const char *folder_path(void **state, const char *name);

/* $DN_SHARED or ../shared, followed by "/" and `inside`; NULL, after a message, when it is not there. */
char *shared_path(const char *inside);

#endif

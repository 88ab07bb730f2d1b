/* Support for the tests of pictures: golden files, temporary folders. */
#ifndef DN_TEST_PICTURES_H
#define DN_TEST_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#define GOLDEN_PICTURES "test/golden/pictures"

typedef struct file_bytes {
    unsigned char *data;
    size_t size;
} file_bytes;

/* Reads or writes a whole file; fails the test when it cannot. */
file_bytes read_whole(const char *path);
void write_whole(const char *path, const void *data, size_t size);

/* The golden file of that name; fails the test when it is not there. */
file_bytes read_golden(const char *name);

uint32_t little_endian(const unsigned char *bytes);

/* A new empty folder, and its removal with all that it holds. */
char *make_folder(void);
void remove_folder(char *folder);

/* $DN_SHARED or ../shared, followed by "/" and `inside`; NULL, after a message, when it is not there. */
char *shared_path(const char *inside);

#endif

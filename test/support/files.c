/* SPDX-License-Identifier: MIT */
/* Files for tests: temporary folders, whole files, and what lies in ../shared. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <unistd.h>

file_bytes read_whole(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s: cannot be opened", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    file_bytes bytes = {.size = (size_t)ftell(file)};
    rewind(file);
    bytes.data = malloc(bytes.size + 1);
    assert_non_null(bytes.data);
    assert_int_equal(fread(bytes.data, 1, bytes.size, file), bytes.size);
    fclose(file);
    return bytes;
}

void write_whole(const char *path, const void *data, size_t size) {
    unlink(path); /* ext4 flushes a file that is truncated and rewritten, which costs milliseconds */
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: cannot be made", path);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

char *make_folder(void) {
    const char *const base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/densenet-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    char *const copy = strdup(path);
    assert_non_null(copy);
    return copy;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *position) {
    (void)info, (void)kind, (void)position;
    return remove(path);
}

void remove_folder(char *folder) {
    assert_int_equal(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(folder);
}

int folder_set_up(void **state) {
    *state = make_folder();
    return 0;
}

int folder_tear_down(void **state) {
    remove_folder(*state);
    return 0;
}

const char *folder_path(void **state, const char *name) {
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
    return path;
}

char *shared_path(const char *inside) {
    const char *const base = getenv("DN_SHARED");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", base && *base ? base : "../shared", inside);
    if (access(path, R_OK) != 0) {
        print_message("%s is not there: skipped\n", path);
        return NULL;
    }
    return strdup(path);
}

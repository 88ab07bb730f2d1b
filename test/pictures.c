#define _XOPEN_SOURCE 700
#include "test/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

file_bytes read_whole(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s: cannot be opened", path);
    fseek(file, 0, SEEK_END);
    file_bytes bytes = {.size = (size_t)ftell(file)};
    rewind(file);
    bytes.data = malloc(bytes.size + 1);
    assert_non_null(bytes.data);
    assert_int_equal(fread(bytes.data, 1, bytes.size, file), bytes.size);
    fclose(file);
    return bytes;
}

void write_whole(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: cannot be made", path);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

file_bytes read_golden(const char *name) {
    char path[256];
    snprintf(path, sizeof path, GOLDEN_PICTURES "/%s", name);
    return read_whole(path);
}

uint32_t little_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

char *make_folder(void) {
    const char *const base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/pictures-XXXXXX", base && *base ? base : "/tmp");
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
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
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

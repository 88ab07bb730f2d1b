/* Shared by the tests of files and weights. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "weights_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <unistd.h>

int weights_make_folder(void **state) {
    const char *base = getenv("TMPDIR");
    char *folder = malloc(512);
    if (!folder) return -1;
    snprintf(folder, 512, "%s/densenet-test-XXXXXX", base && *base ? base : "/tmp");
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

int weights_remove_folder(void **state) {
    const int failed = nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return failed;
}

const char *weights_path(void **state, const char *name) {
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
    return path;
}

unsigned char *weights_read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

void weights_write_file(const char *path, const void *bytes, size_t size) {
    unlink(path); /* ext4 flushes a file that is truncated and rewritten, which costs milliseconds */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The tensor's elements in row-major order. */
static unsigned char *gather(const dni_tensor *tensor, size_t *size) {
    const size_t count = (size_t)dni_tensor_count(tensor), element = dni_dtype_size(tensor->dtype);
    *size = count * element;
    unsigned char *out = malloc(*size + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        size_t rest = i, offset = 0;
        for (int d = tensor->rank - 1; d >= 0; d--) {
            offset += rest % (size_t)tensor->shape[d] * (size_t)tensor->stride[d];
            rest /= (size_t)tensor->shape[d];
        }
        memcpy(out + i * element, (const char *)tensor->data + offset * element, element);
    }
    return out;
}

void weights_assert_same(const dni_tensor_dict *a, const dni_tensor_dict *b) {
    assert_int_equal(dni_tensor_dict_count(a), dni_tensor_dict_count(b));
    for (size_t i = 0; i < dni_tensor_dict_count(a); i++) {
        const dni_named_tensor *x = dni_tensor_dict_at(a, i);
        const dni_tensor *y = dni_tensor_dict_find(b, x->name);
        if (!y) fail_msg("tensor '%s' is missing", x->name);
        if (x->tensor.dtype != y->dtype || !dni_tensor_same_shape(y, x->tensor.rank, x->tensor.shape))
            fail_msg("tensor '%s' has another dtype or shape", x->name);
        size_t x_size, y_size;
        unsigned char *x_bytes = gather(&x->tensor, &x_size), *y_bytes = gather(y, &y_size);
        if (memcmp(x_bytes, y_bytes, x_size) != 0) fail_msg("tensor '%s' has other elements", x->name);
        free(x_bytes);
        free(y_bytes);
    }
}

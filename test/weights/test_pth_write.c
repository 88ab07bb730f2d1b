/* SPDX-License-Identifier: MIT */
/* weights/pth_write.c: what is written is torch's format, and reads back as the same bits. That torch itself
 * reads it is asked in test/interop/. */
#include "core/tensor_dict.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "weights/pth.h"
#include "test/support/files.h"
#include "test/support/weights.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zip.h>

#include <cmocka.h>

#define VARIETY "test/golden/weights/variety.safetensors"

static dni_tensor_dict *variety(void) {
    dni_tensor_dict *dict;
    dn_error error;
    if (dni_safetensors_read(&dict, VARIETY, &error)) fail_msg("%s", error.message);
    return dict;
}

static void must_write(const dni_tensor_dict *dict, const char *path) {
    dn_error error;
    if (dni_pth_zip_write(dict, path, &error)) fail_msg("%s", error.message);
}

static dni_tensor_dict *must_read(const char *path) {
    dni_tensor_dict *dict;
    dn_error error;
    dni_file file;
    if (dni_file_open(&file, path, &error)) fail_msg("%s", error.message);
    if (dni_pth_zip_read(&dict, &file, NULL, &error)) fail_msg("%s", error.message);
    dni_file_close(&file);
    return dict;
}

static void assert_survives(void **state, dni_tensor_dict *dict) {
    const char *path = folder_path(state, "survives.pth");
    must_write(dict, path);
    dni_tensor_dict *read = must_read(path);
    weights_assert_same(dict, read);
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++)
        assert_string_equal(dni_tensor_dict_at(dict, i)->name, dni_tensor_dict_at(read, i)->name);
    dni_tensor_dict_free(read);
    dni_tensor_dict_free(dict);
}

static void test_every_dtype_and_shape_reads_back_as_the_same_bits(void **state) {
    assert_survives(state, variety());
}

static void test_names_and_sizes_that_need_long_opcodes(void **state) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    char name[400];
    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 8, ".weight", 8);
    void *data;
    assert_int_equal(dni_tensor_dict_allocate(dict, name, DNI_F32, 1, (const int64_t[]){3}, &data, NULL),
                     DN_OK);
    memcpy(data, (const float[]){1, -2, 3}, 3 * sizeof(float));
    const dni_tensor empty = dni_tensor_of(DNI_F32, NULL, 3, (const int64_t[]){2, 0, (int64_t)1 << 40});
    assert_int_equal(dni_tensor_dict_add(dict, "empty.\xc3\xa4.weight", empty, NULL), DN_OK);
    assert_survives(state, dict);
}

/* Where the bytes of an entry begin in the file. */
static size_t data_offset(const unsigned char *file, size_t header) {
    assert_memory_equal(file + header, "PK\3\4", 4);
    return header + 30 + (file[header + 26] | (size_t)file[header + 27] << 8) +
           (file[header + 28] | (size_t)file[header + 29] << 8);
}

static void test_the_archive_is_as_torch_lays_it_out(void **state) {
    const char *path = folder_path(state, "layout.pth");
    dni_tensor_dict *dict = variety();
    must_write(dict, path);
    dni_file_content file;
    assert_int_equal(dni_file_load(&file, path, NULL), DN_OK);
    zip_t *zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
    assert_non_null(zip);
    const size_t count = dni_tensor_dict_count(dict);
    assert_int_equal(zip_get_num_entries(zip, 0), count + 3);
    size_t header = 0;
    for (size_t i = 0; i < count + 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "archive/data/%zu", i - 2);
        const char *expected = i == 0           ? "archive/data.pkl"
                               : i == 1         ? "archive/byteorder"
                               : i == count + 2 ? "archive/version"
                                                : name;
        zip_stat_t info;
        assert_int_equal(zip_stat_index(zip, i, 0, &info), 0);
        assert_string_equal(info.name, expected);
        assert_int_equal(info.comp_method, ZIP_CM_STORE);
        assert_int_equal(info.size, info.comp_size);
        const size_t offset = data_offset(file.data, header);
        assert_int_equal(offset % 64, 0);
        header = offset + info.size;
    }
    zip_discard(zip);
    dni_file_unload(&file);
    dni_tensor_dict_free(dict);
}

static void test_equal_content_gives_equal_bytes(void **state) {
    const char *first = folder_path(state, "first.pth"), *second = folder_path(state, "second.pth");
    dni_tensor_dict *dict = variety();
    must_write(dict, first);
    dni_tensor_dict_free(dict);
    dict = variety();
    must_write(dict, second);
    dni_file_content a, b;
    assert_int_equal(dni_file_load(&a, first, NULL), DN_OK);
    assert_int_equal(dni_file_load(&b, second, NULL), DN_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    dni_file_unload(&a);
    dni_file_unload(&b);
    dni_tensor_dict_free(dict);
}

/* Adds the tensor to a dictionary that is otherwise sound, and expects a refusal that leaves the file as it
 * is. */
static void assert_refused(void **state, const char *name, dni_tensor tensor, const char *word) {
    const char *path = folder_path(state, "refused.pth");
    dni_tensor_dict *dict = variety();
    must_write(dict, path);
    assert_int_equal(dni_tensor_dict_add(dict, name, tensor, NULL), DN_OK);
    dn_error error;
    assert_int_equal(dni_pth_zip_write(dict, path, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, word));
    dni_tensor_dict_free(dict);
    dict = must_read(path);
    dni_tensor_dict_free(dict);
}

static void test_what_cannot_be_written_is_refused_and_the_old_file_stays(void **state) {
    float values[6] = {0};
    dni_tensor columns = dni_tensor_of(DNI_F32, values, 2, (const int64_t[]){2, 3});
    columns.stride[0] = 1;
    columns.stride[1] = 2;
    assert_refused(state, "columns.weight", columns, "'columns.weight' is not dense");
    assert_refused(state, "\xff.weight", dni_tensor_of(DNI_F32, values, 1, (const int64_t[]){6}),
                   "is not UTF-8");
}

static void test_a_place_that_cannot_be_written_is_named(void **state) {
    dni_tensor_dict *dict = variety();
    const char *path = folder_path(state, "missing/out.pth");
    dn_error error;
    assert_int_equal(dni_pth_zip_write(dict, path, &error), DN_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, path));
    dni_tensor_dict_free(dict);
}

static void test_a_full_disk_is_reported_and_the_old_file_stays(void **state) {
    const char *path = folder_path(state, "full.pth");
    dni_tensor_dict *dict = variety();
    must_write(dict, path);
    const int64_t shape[] = {1 << 20};
    void *data;
    assert_int_equal(dni_tensor_dict_allocate(dict, "large.weight", DNI_F32, 1, shape, &data, NULL), DN_OK);
    struct rlimit before, limit; /* stands in for a full disk */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    dn_error error;
    const dn_status status = dni_pth_zip_write(dict, path, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, old);
    assert_int_equal(status, DN_ERR_IO);
    assert_int_equal(error.status, DN_ERR_IO);
    assert_non_null(strstr(error.message, path));
    dni_tensor_dict_free(dict);
    dict = must_read(path);
    assert_null(dni_tensor_dict_find(dict, "large.weight"));
    dni_tensor_dict_free(dict);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dtype_and_shape_reads_back_as_the_same_bits),
        cmocka_unit_test(test_names_and_sizes_that_need_long_opcodes),
        cmocka_unit_test(test_the_archive_is_as_torch_lays_it_out),
        cmocka_unit_test(test_equal_content_gives_equal_bytes),
        cmocka_unit_test(test_what_cannot_be_written_is_refused_and_the_old_file_stays),
        cmocka_unit_test(test_a_full_disk_is_reported_and_the_old_file_stays),
        cmocka_unit_test(test_a_place_that_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}

/* SPDX-License-Identifier: MIT */
/* weights/: each file is read and written, and of all that the machine gives for it one thing after the other
 * is refused. */
#include "io/file.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "test/support/failures.h"
#include "test/support/files.h"
#include "weights/checkpoint.h"
#include "weights/npz.h"
#include "weights/pth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zip.h>

#define GOLDEN "test/golden/weights/"

/* One of each way in which files are read. */
static const char *const files[] = {"small.pth",     "deflated.pth",       "small.legacy.pth",
                                    "variety.pth",   "variety.legacy.pth", "small.safetensors",
                                    "lightning.pth", "plain.zip"};
enum { FILES = sizeof files / sizeof *files - 1 };

static void add_dict(uint64_t *digest, const dni_tensor_dict *dict) {
    static float values[1 << 16];
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *const named = dni_tensor_dict_at(dict, i);
        const size_t count = (size_t)dni_tensor_count(&named->tensor);
        assert_true(count <= sizeof values / sizeof *values);
        dni_tensor_to_f32(&named->tensor, values);
        digest_add(digest, named->name, strlen(named->name));
        digest_add(digest, named->tensor.shape, (size_t)named->tensor.rank * sizeof *named->tensor.shape);
        digest_add(digest, values, count * sizeof *values);
    }
}

/* ---- reading ---- */

static dn_status read_checkpoint(const void *path, uint64_t *digest, dn_error *error) {
    dni_checkpoint checkpoint;
    const dn_status status = dni_checkpoint_load(&checkpoint, path, NULL, error);
    if (status)
        assert_true(!checkpoint.file && !checkpoint.network && !checkpoint.outside);
    else
        add_dict(digest, checkpoint.network);
    dni_checkpoint_free(&checkpoint);
    return status;
}

static void test_checkpoints_are_read(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", files[i]);
        const scenario it = {.name = files[i], .run = read_checkpoint, .context = path, .word = files[i]};
        fail_each_allocation(&it);
        fail_each_file_call(&it);
        disturb_each_file_call(&it);
    }
}

/* A zip archive whose names are in an encoding that libzip has to convert, which takes memory. */
static void test_names_in_code_page_437(void **state) {
    const char *const path = folder_path(state, "cp437.pth");
    const file_bytes file = read_whole(GOLDEN "small.pth");
    for (size_t i = 0; i + 10 < file.size; i++) {
        if (memcmp(file.data + i, "small/", 6) == 0) file.data[i + 1] = 0x81;
        if (memcmp(file.data + i, "PK\3\4", 4) == 0) file.data[i + 7] &= 0xf7; /* not UTF-8 */
        if (memcmp(file.data + i, "PK\1\2", 4) == 0) file.data[i + 9] &= 0xf7;
    }
    write_whole(path, file.data, file.size);
    free(file.data);
    fail_each_allocation(
        &(scenario){.name = "cp437.pth", .run = read_checkpoint, .context = path, .word = "cp437.pth"});
}

/* An archive of one array of 3 x 4 numbers, deflated. */
static void make_npz(const char *path) {
    enum { ROWS = 3, COLUMNS = 4 };
    static char bytes[DNI_NPY_HEADER + ROWS * COLUMNS * sizeof(float)];
    dni_npy_header(bytes, ROWS, COLUMNS);
    zip_t *const zip = zip_open(path, ZIP_CREATE | ZIP_EXCL, NULL);
    assert_non_null(zip);
    zip_source_t *const source = zip_source_buffer(zip, bytes, sizeof bytes, 0);
    const zip_int64_t index = zip_file_add(zip, "coef_.npy", source, 0);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 9), 0);
    assert_int_equal(zip_close(zip), 0);
}

static dn_status read_npz(const void *path, uint64_t *digest, dn_error *error) {
    dni_file file;
    dni_npz archive = {.zip = {.zip = NULL}};
    dni_npz_array coef = {.name = NULL}, missing = {.name = NULL};
    bool found = false, found_missing = false;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = dni_npz_open(&archive, &file, error);
    if (!status) status = dni_npz_load(&archive, "coef_", &found, &coef, error);
    if (!status) status = dni_npz_load(&archive, "missing", &found_missing, &missing, error);
    if (!status) {
        assert_true(found && !found_missing);
        digest_add(digest, coef.npy.values, (size_t)coef.npy.count * coef.npy.width);
    }
    dni_npz_array_free(&coef);
    dni_npz_array_free(&missing);
    dni_npz_close(&archive);
    dni_file_close(&file);
    return status;
}

static void test_npz_is_read(void **state) {
    const char *const path = folder_path(state, "head.npz");
    make_npz(path);
    const scenario it = {.name = "npz", .run = read_npz, .context = path, .word = path};
    fail_each_allocation(&it);
    fail_each_file_call(&it);
    disturb_each_file_call(&it);
}

/* ---- writing ---- */

static dni_checkpoint small;

static dn_status write_pth(const void *path, uint64_t *digest, dn_error *error) {
    (void)digest;
    return dni_pth_zip_write(small.network, path, error);
}

static dn_status write_safetensors(const void *path, uint64_t *digest, dn_error *error) {
    (void)digest;
    return dni_safetensors_write(small.network, path, error);
}

static void test_checkpoints_are_written(void **state) {
    dn_error error;
    if (dni_checkpoint_load(&small, GOLDEN "variety.safetensors", NULL, &error))
        fail_msg("%s", error.message);
    const char *const path = folder_path(state, "written");
    const scenario kinds[] = {{.name = "a .pth written", .run = write_pth},
                              {.name = "safetensors written", .run = write_safetensors}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scenario it = kinds[i];
        it.context = it.word = it.output = path;
        it.folder = *state;
        fail_each_allocation(&it);
        fail_each_file_call(&it);
        fail_each_write_for_space(&it);
        disturb_each_file_call(&it);
    }
    dni_checkpoint_free(&small);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, failures_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoints_are_read),
        IN_FOLDER(test_names_in_code_page_437),
        IN_FOLDER(test_npz_is_read),
        IN_FOLDER(test_checkpoints_are_written),
    };
    return cmocka_run_group_tests_name("weights, when the machine fails", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Feature vectors come back by row as they were written: in any order, in runs, from F32 and from BF16, and
 * from a file that has lost its name; and what cannot be read says so. */
#include "io/feature_values.h"

#include "core/tensor_dict.h"
#include "io/feature_store.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 20, FEATURES = 7 };

/* Numbers that BF16 holds without loss, all different. */
static float number_at(uint32_t row, int feature) {
    return (float)(1 + (int)row % 4 * 32 + feature) * (row < 10 ? 1.0f : -0.5f) * (float)(1 << row / 4);
}

/* A file of ROWS rows in which each number is `size` bytes: the upper ones of the float. */
static void write_rows(const char *path, dni_dtype dtype) {
    const size_t size = dni_dtype_size(dtype);
    dni_tensor_dict *dict = dni_tensor_dict_create();
    void *data;
    assert_int_equal(
        dni_tensor_dict_allocate(dict, "features", dtype, 2, (const int64_t[]){ROWS, FEATURES}, &data, NULL),
        DN_OK);
    for (uint32_t row = 0; row < ROWS; row++)
        for (int i = 0; i < FEATURES; i++) {
            const float number = number_at(row, i);
            memcpy((char *)data + (row * FEATURES + (size_t)i) * size,
                   (const char *)&number + sizeof number - size, size);
        }
    assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
}

static void assert_rows(const dni_feature_values *values, const uint32_t *rows, size_t count) {
    float found[2 * ROWS * FEATURES];
    dn_error error = {.message = ""};
    if (dni_feature_values_read(values, rows, count, found, &error)) fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < FEATURES; k++)
            assert_true(found[i * FEATURES + (size_t)k] == number_at(rows[i], k));
}

static void assert_any_order(const dni_feature_values *values) {
    uint32_t all[ROWS], mixed[2 * ROWS];
    for (uint32_t i = 0; i < ROWS; i++) {
        all[i] = i;
        mixed[i] = (i * 7 + 3) % ROWS;
        mixed[ROWS + i] = i / 3 * 3 + (2 - i % 3) < ROWS ? i / 3 * 3 + (2 - i % 3) : 0;
    }
    assert_rows(values, all, ROWS);
    assert_rows(values, mixed, 2 * ROWS);
    assert_rows(values, (const uint32_t[]){5, 6, 7, 7, 8, 19, 0, 1}, 8);
    assert_rows(values, NULL, 0);
}

static void test_rows_come_back_in_any_order_from_both_types(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    const dni_dtype types[] = {DNI_F32, DNI_BF16};
    for (int t = 0; t < 2; t++) {
        write_rows(path, types[t]);
        dni_safetensors content;
        dni_feature_values values;
        assert_int_equal(dni_safetensors_open(&content, path, NULL), DN_OK);
        assert_int_equal(dni_feature_values_find(&values, &content, NULL), DN_OK);
        assert_int_equal(values.count, ROWS);
        assert_int_equal(values.features, FEATURES);
        assert_any_order(&values);
        dni_safetensors_close(&content);
    }
}

static void test_what_is_kept_outlives_the_open_file_and_its_name(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    write_rows(path, DNI_F32);
    dni_safetensors content;
    dni_feature_values values, kept;
    assert_int_equal(dni_safetensors_open(&content, path, NULL), DN_OK);
    assert_int_equal(dni_feature_values_find(&values, &content, NULL), DN_OK);
    assert_int_equal(dni_feature_values_keep(&kept, &values, NULL), DN_OK);
    dni_safetensors_close(&content);
    write_rows(path, DNI_BF16); /* another file of that name */
    assert_any_order(&kept);
    assert_int_equal(unlink(path), 0);
    assert_any_order(&kept);
    dni_feature_values_close(&kept);
    dni_feature_values_close(&kept); /* closed is closed */
}

static void test_a_row_that_is_not_there_and_a_file_that_got_shorter_are_told(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    write_rows(path, DNI_BF16);
    dni_safetensors content;
    dni_feature_values values;
    assert_int_equal(dni_safetensors_open(&content, path, NULL), DN_OK);
    assert_int_equal(dni_feature_values_find(&values, &content, NULL), DN_OK);
    float out[3 * FEATURES];
    dn_error error = {.message = ""};
    assert_int_equal(dni_feature_values_read(&values, (const uint32_t[]){18, 19, 20}, 3, out, &error),
                     DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "row 20 is not one of its 20"));
    assert_int_equal(dni_feature_values_read(&values, &(const uint32_t){UINT32_MAX}, 1, out, &error),
                     DN_ERR_ARGUMENT);
    assert_int_equal(truncate(path, (off_t)(values.offset + 2 * FEATURES * 18 + 3)), 0);
    assert_int_equal(dni_feature_values_read(&values, &(const uint32_t){17}, 1, out, &error), DN_OK);
    assert_int_equal(dni_feature_values_read(&values, &(const uint32_t){18}, 1, out, &error), DN_ERR_IO);
    assert_non_null(strstr(error.message, path));
    dni_safetensors_close(&content);
}

static void expect_refusal(const char *path, const char *name, dni_dtype dtype, int rank,
                           const int64_t *shape, dn_status status, const char *needle) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    void *data;
    assert_int_equal(dni_tensor_dict_allocate(dict, name, dtype, rank, shape, &data, NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dni_safetensors content;
    dni_feature_values values;
    dn_error error = {.message = ""};
    assert_int_equal(dni_safetensors_open(&content, path, NULL), DN_OK);
    assert_int_equal(dni_feature_values_find(&values, &content, &error), status);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, needle));
    dni_safetensors_close(&content);
}

static void test_other_names_types_and_shapes_are_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    expect_refusal(path, "feature", DNI_F32, 2, (const int64_t[]){2, 3}, DN_ERR_TENSOR_MISSING, "'features'");
    expect_refusal(path, "features", DNI_F16, 2, (const int64_t[]){2, 3}, DN_ERR_TENSOR_DTYPE, "not F16");
    expect_refusal(path, "features", DNI_F32, 1, (const int64_t[]){2}, DN_ERR_TENSOR_SHAPE, "(2)");
    expect_refusal(path, "features", DNI_F32, 2, (const int64_t[]){2, 0}, DN_ERR_TENSOR_SHAPE, "(2, 0)");
    expect_refusal(path, "features", DNI_F32, 2, (const int64_t[]){0, 0}, DN_ERR_TENSOR_SHAPE, "(0, 0)");
}

/* A training reads on while another run adds to the store. */
static void test_a_store_that_is_closed_can_be_read_on_while_another_adds_to_it(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    dni_feature_values values[2];
    uint32_t rows[2][4];
    float record[1];
    for (int round = 0; round < 2; round++) {
        dni_feature_store *store;
        assert_int_equal(
            dni_feature_store_open(
                &store, &(dni_feature_store_options){.path = path, .provenance = "p", .features = 1}, NULL),
            DN_OK);
        for (int i = 0; i < 2 + 2 * round; i++) {
            const dni_key key = dni_key_of_bytes(&i, sizeof i);
            assert_int_equal(dni_feature_store_put(store, &key, &(const float){(float)i}, NULL), DN_OK);
        }
        const dni_key first = dni_key_of_bytes(&(const int){3}, sizeof(int));
        assert_false(dni_feature_store_row(store, &first, &rows[0][3])); /* it is in the journal, if at all */
        assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        for (int i = 0; i < 2 + 2 * round; i++) {
            const dni_key key = dni_key_of_bytes(&i, sizeof i);
            assert_true(dni_feature_store_row(store, &key, &rows[round][i]));
        }
        assert_int_equal(dni_feature_store_values(store, &values[round], NULL), DN_OK);
        dni_feature_store_close(store); /* the second round's opening waits for this */
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2 + 2 * round; i++) {
            assert_int_equal(dni_feature_values_read(&values[round], &rows[round][i], 1, record, NULL),
                             DN_OK);
            assert_true(record[0] == (float)i);
        }
        dni_feature_values_close(&values[round]);
    }
}

static void test_an_empty_store_has_values_without_rows(void **state) {
    dni_feature_store *store;
    dni_feature_values values;
    assert_int_equal(dni_feature_store_open(
                         &store,
                         &(dni_feature_store_options){
                             .path = folder_path(state, "f.safetensors"), .provenance = "p", .features = 1},
                         NULL),
                     DN_OK);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    assert_int_equal(dni_feature_store_values(store, &values, NULL), DN_OK);
    assert_int_equal(values.count, 0);
    dni_feature_values_close(&values);
    dni_feature_store_close(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
        TEST(test_rows_come_back_in_any_order_from_both_types),
        TEST(test_what_is_kept_outlives_the_open_file_and_its_name),
        TEST(test_a_row_that_is_not_there_and_a_file_that_got_shorter_are_told),
        TEST(test_other_names_types_and_shapes_are_refused),
        TEST(test_a_store_that_is_closed_can_be_read_on_while_another_adds_to_it),
        TEST(test_an_empty_store_has_values_without_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* A feature store says which picture each record is of: what was described is read back, through merges that
 * move the rows, and a table that says what cannot be is refused by the name of its tensor. */
#include "io/feature_pictures.h"

#include "core/tensor_dict.h"
#include "io/feature_reader.h"
#include "io/feature_store.h"
#include "io/safetensors.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { FEATURES = 3, PICTURES = 1300 };

static const char *const class_names[] = {"dark", "l\xfcght, \"2\""};
static const dni_view views[] = {
    {.kind = DNI_VIEW_PLAIN}, {.flip = true}, {.kind = DNI_VIEW_JPEG, .amount = 75}};

/* The longest is longer than the reader's window is wide for twenty of them. */
static char paths[PICTURES][4000];
static dni_feature_picture pictures[PICTURES];

/* Picture i: those of train have all views; picture 5 has the content of picture 3. */
static dni_feature_pictures describe(size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t content = i == 5 ? 3 : i;
        const int length = snprintf(paths[i], sizeof paths[i], "train/x/%zu-", i);
        if (i % 7 == 0) {
            memset(paths[i] + length, 'n', sizeof paths[i] - (size_t)length - 1);
            paths[i][sizeof paths[i] - 1] = '\0';
        }
        pictures[i] = (dni_feature_picture){.path = paths[i],
                                            .key = dni_key_of_bytes(&content, sizeof content),
                                            .split = (dni_split)(i * 3 / count),
                                            .label = (int)(i % 2),
                                            .view_count = i * 3 / count ? 1 : 3};
    }
    return (dni_feature_pictures){.next = dni_feature_pictures_next_of_array,
                                  .context = pictures,
                                  .count = count,
                                  .classes = class_names,
                                  .class_count = 2,
                                  .views = views,
                                  .view_count = 3};
}

/* The record of a view, by its key alone. */
static void record_of(const dni_key *file, int view, float out[FEATURES]) {
    const dni_key key = dni_key_of_view(file, &views[view]);
    for (int j = 0; j < FEATURES; j++) out[j] = (float)key.bytes[j];
}

static dni_feature_store *open_store(const char *path) {
    dni_feature_store *store;
    dn_error error = {.message = ""};
    if (dni_feature_store_open(
            &store,
            &(dni_feature_store_options){.path = path, .provenance = "backbone a", .features = FEATURES},
            &error))
        fail_msg("%s", error.message);
    return store;
}

static void put_records(dni_feature_store *store, const dni_feature_pictures *of) {
    for (size_t i = 0; i < of->count; i++)
        for (int v = 0; v < pictures[i].view_count; v++) {
            const dni_key key = dni_key_of_view(&pictures[i].key, &views[v]);
            float record[FEATURES];
            record_of(&pictures[i].key, v, record);
            assert_int_equal(dni_feature_store_put(store, &key, record, NULL), DN_OK);
        }
}

static void finish(dni_feature_store *store) {
    dn_error error = {.message = ""};
    if (dni_feature_store_finish(store, &error)) fail_msg("%s", error.message);
}

/* A store of those pictures, described. */
static void write_store(const char *path, size_t count) {
    const dni_feature_pictures of = describe(count);
    dni_feature_store *store = open_store(path);
    put_records(store, &of);
    dni_feature_store_describe(store, &of);
    finish(store);
    dni_feature_store_close(store);
}

static void assert_entry(const dni_feature_reader *reader, const dni_feature_entry *found,
                         const dni_feature_picture *expected) {
    assert_string_equal(found->path, expected->path);
    assert_memory_equal(&found->key, &expected->key, sizeof found->key);
    assert_int_equal(found->split, expected->split);
    assert_int_equal(found->label, expected->label);
    for (int v = 0; v < 3; v++) {
        assert_int_equal(found->rows[v] >= 0, v < expected->view_count);
        if (found->rows[v] < 0) continue;
        float values[FEATURES], record[FEATURES];
        record_of(&expected->key, v, record);
        assert_int_equal(dni_feature_reader_values(reader, found->rows[v], values, NULL), DN_OK);
        assert_memory_equal(values, record, sizeof values);
    }
}

static void assert_pictures(const char *path, size_t count) {
    dni_feature_reader *reader;
    dn_error error = {.message = ""};
    if (dni_feature_reader_open(&reader, path, &error)) fail_msg("%s", error.message);
    const dni_feature_header *header = dni_feature_reader_header(reader);
    assert_true(header->has_pictures);
    assert_int_equal(header->pictures, count);
    assert_int_equal(header->class_count, 2);
    assert_string_equal(header->classes[1], class_names[1]);
    assert_int_equal(header->view_count, 3);
    assert_string_equal(header->views[0], "plain");
    assert_string_equal(header->views[2], "jpeg:75");
    for (int round = 0; round < 2; round++, dni_feature_reader_rewind(reader)) {
        bool more = true;
        dni_feature_entry entry;
        for (size_t i = 0; i < count; i++) {
            if (dni_feature_reader_next(reader, &entry, &more, &error)) fail_msg("%s", error.message);
            assert_true(more);
            assert_entry(reader, &entry, &pictures[i]);
        }
        assert_int_equal(dni_feature_reader_next(reader, &entry, &more, NULL), DN_OK);
        assert_false(more);
    }
    dni_feature_reader_close(reader);
}

static void test_what_was_described_is_read_back(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    write_store(path, PICTURES);
    assert_pictures(path, PICTURES);
}

static void test_a_merge_that_describes_nothing_keeps_the_table(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    write_store(path, 12);
    const dni_feature_pictures more = describe(40);
    dni_feature_store *store = open_store(path);
    put_records(store, &more);
    finish(store);
    dni_feature_store_close(store);
    describe(12);
    assert_pictures(path, 12); /* though each row is another now */
}

static ino_t inode_of(const char *path) {
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

static void test_the_same_description_leaves_the_file_and_another_replaces_its_table(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    write_store(path, 12);
    const ino_t first = inode_of(path);
    const file_bytes before = read_whole(path);
    write_store(path, 12);
    assert_true(inode_of(path) == first);

    dni_feature_pictures fewer = describe(12);
    fewer.count = 7;
    dni_feature_store *store = open_store(path);
    dni_feature_store_describe(store, &fewer);
    finish(store);
    finish(store); /* it holds for one finish alone: the table stays */
    dni_feature_store_close(store);
    assert_true(inode_of(path) != first);
    assert_pictures(path, 7);

    write_store(path, 12);
    const file_bytes after = read_whole(path);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    free(before.data);
    free(after.data);
}

static void test_a_store_without_a_table_gives_its_records(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    const dni_feature_pictures of = describe(600);
    dni_feature_store *store = open_store(path);
    put_records(store, &of);
    finish(store);
    const size_t records = dni_feature_store_count(store);
    dni_feature_store_close(store);

    dni_feature_reader *reader;
    assert_int_equal(dni_feature_reader_open(&reader, path, NULL), DN_OK);
    assert_false(dni_feature_reader_header(reader)->has_pictures);
    assert_int_equal(dni_feature_reader_header(reader)->records, records);
    bool more;
    dni_feature_entry entry;
    size_t count = 0;
    while (!dni_feature_reader_next(reader, &entry, &more, NULL) && more) {
        assert_null(entry.path);
        assert_int_equal(entry.rows[0], count++);
        float values[FEATURES];
        assert_int_equal(dni_feature_reader_values(reader, entry.rows[0], values, NULL), DN_OK);
        for (int j = 0; j < FEATURES; j++) assert_true(values[j] == (float)entry.key.bytes[j]);
    }
    assert_int_equal(count, records);
    dni_feature_reader_close(reader);
}

/* ---- broken tables ---- */

/* Reads all of it; the status at which that ends. */
static dn_status read_all(const char *path, dn_error *error) {
    dni_feature_reader *reader;
    dn_status status = dni_feature_reader_open(&reader, path, error);
    bool more = !status;
    dni_feature_entry entry;
    while (!status && more) status = dni_feature_reader_next(reader, &entry, &more, error);
    if (reader) dni_feature_reader_close(reader);
    return status;
}

/* Writes the number into the tensor's element 0, in a copy of the store, and expects its refusal. */
static void expect_refused(const char *path, const char *broken, const char *tensor, int value) {
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    const dni_tensor *changed = dni_tensor_dict_find(dict, tensor);
    if (changed->dtype == DNI_I64)
        *(int64_t *)changed->data = value;
    else
        *(unsigned char *)changed->data = (unsigned char)value;
    assert_int_equal(dni_safetensors_write(dict, broken, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_error error = {.message = ""};
    assert_int_equal(read_all(broken, &error), DN_ERR_CORRUPT);
    assert_non_null(strstr(error.message, tensor));
}

static void test_a_table_that_says_what_cannot_be_is_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    expect_refused(path, broken, "pictures.splits", 3);
    expect_refused(path, broken, "pictures.labels", -1);
    expect_refused(path, broken, "pictures.labels", 2);
    expect_refused(path, broken, "pictures.rows", -2);
    expect_refused(path, broken, "pictures.rows", 1000);
    expect_refused(path, broken, "pictures.paths", 0); /* a path more */
    expect_refused(path, broken, "pictures.views", 0); /* a view more */
}

static void test_a_merge_does_not_carry_a_broken_table_on(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    expect_refused(path, broken, "pictures.rows", 1000);
    const dni_feature_pictures more = describe(14);
    dni_feature_store *store = open_store(broken);
    put_records(store, &more);
    dn_error error = {.message = ""};
    assert_int_equal(dni_feature_store_finish(store, &error), DN_ERR_CORRUPT);
    assert_non_null(strstr(error.message, "pictures.rows"));
    dni_feature_store_close(store);
}

static void test_a_table_that_lacks_a_tensor_is_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    for (int which = 0; which < DNI_PICTURES_TENSORS; which++) {
        const char *name = dni_pictures_tensor_name((dni_pictures_tensor)which);
        dni_tensor_dict *dict;
        assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
        for (size_t i = dni_tensor_dict_count(dict); i-- > 0;)
            if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) dni_tensor_dict_remove(dict, i);
        assert_int_equal(dni_safetensors_write(dict, broken, NULL), DN_OK);
        dni_tensor_dict_free(dict);
        dn_error error = {.message = ""};
        assert_int_equal(read_all(broken, &error), DN_ERR_TENSOR_MISSING);
        assert_non_null(strstr(error.message, name));
        dni_feature_store *store;
        assert_int_equal(dni_feature_store_open(&store,
                                                &(dni_feature_store_options){.path = broken,
                                                                             .provenance = "backbone a",
                                                                             .features = FEATURES},
                                                NULL),
                         DN_ERR_TENSOR_MISSING);
    }
}

/* A copy of the store in which the tensor is another one, of zeros. */
static void replace_tensor(const char *path, const char *broken, const char *tensor, dni_dtype dtype,
                           int rank, const int64_t *shape) {
    dni_tensor_dict *dict;
    void *data;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    for (size_t i = dni_tensor_dict_count(dict); i-- > 0;)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, tensor) == 0) dni_tensor_dict_remove(dict, i);
    assert_int_equal(dni_tensor_dict_allocate(dict, tensor, dtype, rank, shape, &data, NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, broken, NULL), DN_OK);
    dni_tensor_dict_free(dict);
}

static dn_status open_for_writing(const char *path, dn_error *error) {
    dni_feature_store *store;
    const dn_status status = dni_feature_store_open(
        &store, &(dni_feature_store_options){.path = path, .provenance = "backbone a", .features = FEATURES},
        error);
    if (!status) dni_feature_store_close(store);
    return status;
}

/* Whoever reads a store and whoever adds to it refuse it by the tensor's name. */
static void assert_both_refuse(const char *path, dn_status status, const char *words) {
    dn_error error = {.message = ""};
    assert_int_equal(read_all(path, &error), status);
    assert_non_null(strstr(error.message, words));
    assert_non_null(strstr(error.message, path));
    error.message[0] = '\0';
    assert_int_equal(open_for_writing(path, &error), status);
    assert_non_null(strstr(error.message, words));
    assert_non_null(strstr(error.message, path));
}

static void test_a_table_of_another_type_or_shape_is_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    for (int which = 0; which < DNI_PICTURES_TENSORS; which++) {
        const char *name = dni_pictures_tensor_name((dni_pictures_tensor)which);
        char words[64];
        snprintf(words, sizeof words, "'%s' is F32 (12)", name);
        replace_tensor(path, broken, name, DNI_F32, 1, (const int64_t[]){12});
        assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, words);
    }
    replace_tensor(path, broken, "pictures.keys", DNI_U8, 2, (const int64_t[]){12, 15});
    assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, "'pictures.keys' is U8 (12, 15)");
    replace_tensor(path, broken, "pictures.labels", DNI_I64, 1, (const int64_t[]){11});
    assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, "'pictures.labels' is I64 (11)");
    replace_tensor(path, broken, "pictures.classes", DNI_U8, 2, (const int64_t[]){3, 4});
    assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, "'pictures.classes' is U8 (3, 4)");
}

/* Without its end a path goes on into the next one. */
static void test_a_table_with_too_few_paths_is_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    const dni_tensor *names = dni_tensor_dict_find(dict, "pictures.paths");
    char *const end = memchr(names->data, '\0', (size_t)dni_tensor_count(names));
    assert_non_null(end);
    *end = 'x';
    assert_int_equal(dni_safetensors_write(dict, broken, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_error error = {.message = ""};
    assert_int_equal(read_all(broken, &error), DN_ERR_CORRUPT);
    assert_non_null(strstr(error.message, "pictures.paths"));
}

static void test_keys_that_are_none_are_refused(void **state) {
    const char *path = folder_path(state, "f.safetensors"), *broken = folder_path(state, "b.safetensors");
    write_store(path, 12);
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    const int64_t records = dni_tensor_dict_find(dict, "keys")->shape[0];
    dni_tensor_dict_free(dict);
    replace_tensor(path, broken, "keys", DNI_I64, 2, (const int64_t[]){records, 16});
    assert_both_refuse(broken, DN_ERR_TENSOR_DTYPE, "tensor 'keys' must be U8, not I64");
    replace_tensor(path, broken, "keys", DNI_U8, 2, (const int64_t[]){records - 1, 16});
    assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, "not (");
    replace_tensor(path, broken, "keys", DNI_U8, 1, (const int64_t[]){16 * records});
    assert_both_refuse(broken, DN_ERR_TENSOR_SHAPE, "tensor 'keys' is (");
}

static void test_another_file_is_no_feature_store(void **state) {
    const char *path = folder_path(state, "f.safetensors");
    dni_tensor_dict *dict = dni_tensor_dict_create();
    void *data;
    assert_int_equal(
        dni_tensor_dict_allocate(dict, "features", DNI_F32, 2, (const int64_t[]){1, 3}, &data, NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_error error = {.message = ""};
    assert_int_equal(read_all(path, &error), DN_ERR_FORMAT);
    assert_non_null(strstr(error.message, path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
        TEST(test_what_was_described_is_read_back),
        TEST(test_a_merge_that_describes_nothing_keeps_the_table),
        TEST(test_the_same_description_leaves_the_file_and_another_replaces_its_table),
        TEST(test_a_store_without_a_table_gives_its_records),
        TEST(test_a_table_that_says_what_cannot_be_is_refused),
        TEST(test_a_merge_does_not_carry_a_broken_table_on),
        TEST(test_a_table_that_lacks_a_tensor_is_refused),
        TEST(test_a_table_of_another_type_or_shape_is_refused),
        TEST(test_a_table_with_too_few_paths_is_refused),
        TEST(test_keys_that_are_none_are_refused),
        TEST(test_another_file_is_no_feature_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

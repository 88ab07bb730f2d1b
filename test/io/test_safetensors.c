/* SPDX-License-Identifier: MIT */
/* io/safetensors: every rule of the format, and bytes that depend on content alone. */
#include "io/safetensors.h"
#include "io/safetensors_format.h"
#include "test/support/files.h"
#include "test/support/weights.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

/* Writes length, header and `data_size` bytes 0, 1, 2, ...; returns the path. */
static const char *file_of(void **state, const char *header, size_t data_size) {
    static unsigned char bytes[8192];
    const uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data_size; i++) bytes[8 + length + i] = (unsigned char)i;
    const char *path = folder_path(state, "file.safetensors");
    write_whole(path, bytes, 8 + length + data_size);
    return path;
}

static dni_tensor_dict *must_read(const char *path) {
    dni_tensor_dict *dict;
    dn_error error;
    if (dni_safetensors_read(&dict, path, &error) != DN_OK) fail_msg("%s", error.message);
    return dict;
}

static void test_tensors_and_metadata_are_read(void **state) {
    const char *path = file_of(state,
                               "{\"__metadata__\":{\"a\":\"1\"},"
                               "\"x\":{\"dtype\":\"U8\",\"shape\":[2,2],\"data_offsets\":[0,4]},"
                               "\"scalar\":{\"dtype\":\"I16\",\"shape\":[],\"data_offsets\":[4,6]},"
                               "\"none\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[6,6]}}   ",
                               6);
    dni_tensor_dict *dict = must_read(path);
    assert_int_equal(dni_tensor_dict_count(dict), 3);
    assert_string_equal(dni_tensor_dict_meta(dict, "a"), "1");
    const dni_tensor *x = dni_tensor_dict_find(dict, "x");
    assert_int_equal(x->dtype, DNI_U8);
    assert_true(dni_tensor_same_shape(x, 2, (int64_t[]){2, 2}));
    assert_memory_equal(x->data, "\0\1\2\3", 4);
    assert_int_equal(dni_tensor_dict_find(dict, "scalar")->rank, 0);
    assert_int_equal(dni_tensor_count(dni_tensor_dict_find(dict, "none")), 0);
    dni_tensor_dict_free(dict);
}

static void test_misaligned_tensors_are_copied_to_alignment(void **state) {
    const char *path = file_of(state,
                               "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                               "\"f\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[1,9]},"
                               "\"g\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[9,17]}}",
                               17);
    dni_tensor_dict *dict = must_read(path);
    const dni_tensor *f = dni_tensor_dict_find(dict, "f"), *g = dni_tensor_dict_find(dict, "g");
    assert_int_equal((uintptr_t)f->data % 8, 0);
    assert_int_equal((uintptr_t)g->data % 8, 0);
    assert_int_equal(*(const int64_t *)f->data, 0x0807060504030201);
    assert_int_equal(*(const int64_t *)g->data, 0x100f0e0d0c0b0a09);
    dni_tensor_dict_free(dict);
}

/* One U8 tensor described by `fields`, over 4 bytes. */
#define TENSOR(fields) "{\"x\":{" fields "}}"
#define U8_4           "\"dtype\":\"U8\",\"shape\":[4],"

static void test_headers_that_break_a_rule_are_refused(void **state) {
    static const struct {
        const char *header;
        size_t data_size;
        dn_status status;
        const char *word;
    } cases[] = {
        {"[]", 0, DN_ERR_FORMAT, "begin with '{'"},
        {" {}", 0, DN_ERR_FORMAT, "begin with '{'"},
        {"{,}", 0, DN_ERR_CORRUPT, "header"},
        {"{}x", 0, DN_ERR_CORRUPT, "header"},
        {"{\"\\u0000\":1}", 0, DN_ERR_CORRUPT, "header"},
        {"{\"\xff\":1}", 0, DN_ERR_CORRUPT, "header"},
        {"{\"x\"}", 0, DN_ERR_CORRUPT, "header, byte 4: ':' is missing"},
        {"{\"x\":", 0, DN_ERR_CORRUPT, "'x' is not described"},
        {"{\"x\":{", 0, DN_ERR_CORRUPT, "header"},
        {"{\"x\":[1,1]}", 0, DN_ERR_CORRUPT, "'x' is not described"},
        {"{\"__metadata__\":{\"a\":[1,1]}}", 0, DN_ERR_CORRUPT, "'a' is not a string"},
        {"{\"__metadata__\":{\"a\":\"1\",}}", 0, DN_ERR_CORRUPT, "no name of a member"},
        {"{\"__metadata__\":{\"a\":\"1\"}", 0, DN_ERR_CORRUPT, "'}' is missing"},
        {"{\"x", 0, DN_ERR_CORRUPT, "header"},
        {"{", 0, DN_ERR_TRUNCATED, "too few"},
        {"{ ", 0, DN_ERR_CORRUPT, "header"},
        {"{\"__metadata__\":{}", 0, DN_ERR_CORRUPT, "header, byte 18: '}' is missing"},
        {"{\"__metadata__\":{},}", 0, DN_ERR_CORRUPT, "no name of a member"},
        {"{\"__metadata__\":{},3:4}", 0, DN_ERR_CORRUPT, "no name of a member"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, DN_ERR_CORRUPT, "a second __metadata__"},
        {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, DN_ERR_CORRUPT, "entry 'a' occurs twice"},
        {"{}", 1, DN_ERR_CORRUPT, "1 bytes behind the last tensor"},
        {"{\"x\":1}", 0, DN_ERR_CORRUPT, "'x' is not described"},
        {"{\"__metadata__\":[]}", 0, DN_ERR_CORRUPT, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1}}", 0, DN_ERR_CORRUPT, "'a' is not a string"},
        {TENSOR("\"shape\":[4],\"data_offsets\":[0,4]"), 4, DN_ERR_CORRUPT, "no dtype"},
        {TENSOR("\"dtype\":\"X9\",\"shape\":[4],\"data_offsets\":[0,4]"), 4, DN_ERR_TENSOR_DTYPE, "'X9'"},
        {TENSOR("\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,4]"), 4, DN_ERR_CORRUPT, "no dtype"},
        {TENSOR("\"dtype\":\"U8\",\"data_offsets\":[0,4]"), 4, DN_ERR_CORRUPT, "no shape"},
        {TENSOR("\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]"), 4, DN_ERR_CORRUPT, "dimension 0"},
        {TENSOR("\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]"), 4, DN_ERR_CORRUPT, "dimension 0"},
        {TENSOR("\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]"), 4,
         DN_ERR_CORRUPT, "header"},
        {TENSOR("\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]"), 4,
         DN_ERR_CORRUPT, "more elements than fit"},
        {TENSOR("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,4]"), 4,
         DN_ERR_UNSUPPORTED, "9 dimensions"},
        {TENSOR(U8_4 "\"data_offsets\":[0]"), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR(U8_4 "\"data_offsets\":[0,4,4]"), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR(U8_4 "\"data_offsets\":[4,0]"), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR(U8_4 "\"data_offsets\":[-4,0]"), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR(U8_4 "\"data_offsets\":\"0,4\""), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR("\"dtype\":\"U8\",\"shape\":[4]"), 4, DN_ERR_CORRUPT, "data_offsets"},
        {TENSOR(U8_4 "\"data_offsets\":[0,3]"), 4, DN_ERR_CORRUPT, "needs 4 bytes"},
        {TENSOR(U8_4 "\"data_offsets\":[0,4]"), 3, DN_ERR_TRUNCATED, "inside tensor 'x'"},
        {TENSOR(U8_4 "\"data_offsets\":[1,5]"), 5, DN_ERR_CORRUPT, "belong to no tensor"},
        {"{\"x\":{" U8_4 "\"data_offsets\":[0,4]},\"x\":{" U8_4 "\"data_offsets\":[4,8]}}", 8, DN_ERR_CORRUPT,
         "header"},
        {"{\"x\":{" U8_4 "\"data_offsets\":[0,4]},\"y\":{" U8_4 "\"data_offsets\":[3,7]}}", 7, DN_ERR_CORRUPT,
         "inside the one before it"},
        {"{\"x\":{" U8_4 "\"data_offsets\":[0,4]},\"y\":{" U8_4 "\"data_offsets\":[5,9]}}", 9, DN_ERR_CORRUPT,
         "belong to no tensor"},
        {"{\"x\":{" U8_4 "\"data_offsets\":[0,4]},\"y\":{" U8_4 "\"data_offsets\":[0,4]}}", 4, DN_ERR_CORRUPT,
         "inside the one before it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dni_tensor_dict *dict;
        dn_error error = {0};
        const char *path = file_of(state, cases[i].header, cases[i].data_size);
        const dn_status status = dni_safetensors_read(&dict, path, &error);
        if (status != cases[i].status || !strstr(error.message, cases[i].word) ||
            !strstr(error.message, path))
            fail_msg("%s: %s, '%s'", cases[i].header, dn_status_name(status), error.message);
        assert_null(dict);
    }
}

static void test_header_lengths_are_limited(void **state) {
    const struct {
        uint64_t length;
        dn_status status;
    } cases[] = {{100000001, DN_ERR_CORRUPT},
                 {100000000, DN_ERR_TRUNCATED},
                 {UINT64_MAX, DN_ERR_CORRUPT},
                 {3, DN_ERR_TRUNCATED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[10] = {0};
        memcpy(bytes, &cases[i].length, 8);
        memcpy(bytes + 8, "{}", 2);
        const char *path = folder_path(state, "file");
        write_whole(path, bytes, sizeof bytes);
        dni_tensor_dict *dict;
        assert_int_equal(dni_safetensors_read(&dict, path, NULL), cases[i].status);
        write_whole(path, bytes, 7);
        assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_ERR_TRUNCATED);
    }
}

/* A file of `count` empty tensors. */
static const char *file_of_many(void **state, size_t count) {
    static const char member[] = "\"tensor.%zu\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},";
    char *bytes = malloc(8 + 2 + count * (sizeof member + 20));
    assert_non_null(bytes);
    size_t size = 8;
    bytes[size++] = '{';
    for (size_t i = 0; i < count; i++) size += (size_t)sprintf(bytes + size, member, i);
    bytes[size - 1] = '}';
    const uint64_t length = size - 8;
    memcpy(bytes, &length, sizeof length);
    const char *path = folder_path(state, "many");
    write_whole(path, bytes, size);
    free(bytes);
    return path;
}

/* Their whole header as one JSON value would take 1.7 GB. */
static void test_very_many_tensors_are_refused_in_a_moment(void **state) {
    const char *path = file_of_many(state, 1000000);
    const struct rlimit little = {(rlim_t)600 << 20, RLIM_INFINITY};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    const char *const sanitizer = getenv("SANITIZE"), *const tool = getenv("RUN_WITH");
    const bool limited = !(sanitizer && *sanitizer) && !(tool && *tool); /* whose shadows need far more */
    if (limited)
        assert_int_equal(setrlimit(RLIMIT_AS, &(struct rlimit){little.rlim_cur, before.rlim_max}), 0);
    dni_tensor_dict *dict;
    dn_error error;
    const dn_status status = dni_safetensors_read(&dict, path, &error);
    if (limited) assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(status, DN_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "more than 100000 tensors"));
}

static void test_as_many_tensors_as_may_be_are_read_in_a_moment(void **state) {
    enum { MOST = 100000 };
    dni_tensor_dict *dict = must_read(file_of_many(state, MOST));
    assert_int_equal(dni_tensor_dict_count(dict), MOST);
    for (size_t i = 0; i < MOST; i++) { /* quadratic, this takes minutes */
        char name[40];
        snprintf(name, sizeof name, "tensor.%zu", i);
        assert_non_null(dni_tensor_dict_find(dict, name));
    }
    dni_tensor_dict_free(dict);
}

/* Spaces count, too. */
static void test_a_description_has_a_longest(void **state) {
    char header[DESCRIPTION_LIMIT + 16],
        description[] = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    dni_tensor_dict *dict;
    dn_error error = {.message = ""};
    for (int more = 0; more < 2; more++) {
        snprintf(header, sizeof header, "{\"x\":{%*s}", DESCRIPTION_LIMIT - 1 + more, description + 1);
        assert_int_equal(strlen(header), 5 + DESCRIPTION_LIMIT + more + 1);
        const dn_status status = dni_safetensors_read(&dict, file_of(state, header, 0), &error);
        assert_int_equal(status, more ? DN_ERR_CORRUPT : DN_OK);
        dni_tensor_dict_free(dict);
    }
    assert_non_null(strstr(error.message, "tensor 'x' is described by more than 4096 bytes"));
}

static void test_deep_json_is_refused(void **state) {
    char header[3000] = "{\"x\":{\"a\":";
    memset(header + strlen(header), '[', 2900);
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, file_of(state, header, 0), NULL), DN_ERR_CORRUPT);
}

static void add(dni_tensor_dict *dict, const char *name, dni_tensor tensor) {
    assert_int_equal(dni_tensor_dict_add(dict, name, tensor, NULL), DN_OK);
}

static float floats[6] = {1, 2, 3, 4, 5, 6};
static int64_t longs[1] = {7};
static uint8_t bytes_u8[3] = {8, 9, 10};

/* The same content, put in in one order or the other. */
static dni_tensor_dict *sample(int reversed) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_non_null(dict);
    for (int i = 0; i < 5; i++) {
        switch (reversed ? 4 - i : i) {
        case 0:
            add(dict, "u", dni_tensor_of(DNI_U8, bytes_u8, 1, (int64_t[]){3}));
            assert_int_equal(dni_tensor_dict_set_meta(dict, "z", "last \"quoted\"", NULL), DN_OK);
            break;
        case 1:
            add(dict, "f.2", dni_tensor_of(DNI_F32, floats, 2, (int64_t[]){2, 3}));
            assert_int_equal(dni_tensor_dict_set_meta(dict, "a", "\xc3\xa4", NULL), DN_OK);
            break;
        case 2:
            add(dict, "f.1", dni_tensor_of(DNI_F32, floats + 1, 1, (int64_t[]){2}));
            break;
        case 3:
            add(dict, "l", dni_tensor_of(DNI_I64, longs, 0, NULL));
            break;
        default:
            add(dict, "none", dni_tensor_of(DNI_F32, NULL, 1, (int64_t[]){0}));
        }
    }
    return dict;
}

static void test_what_is_written_is_read_back(void **state) {
    dni_tensor_dict *dict = sample(0);
    const char *path = folder_path(state, "out");
    assert_int_equal(dni_safetensors_write(dict, path, NULL), DN_OK);
    dni_tensor_dict *back = must_read(path);
    weights_assert_same(dict, back);
    assert_string_equal(dni_tensor_dict_meta(back, "z"), "last \"quoted\"");
    assert_string_equal(dni_tensor_dict_meta(back, "a"), "\xc3\xa4");
    assert_int_equal(dni_tensor_dict_meta_count(back), 2);
    dni_tensor_dict_free(dict);
    dni_tensor_dict_free(back);
}

static void test_the_same_content_gives_the_same_bytes(void **state) {
    dni_tensor_dict *a = sample(0), *b = sample(1);
    assert_int_equal(dni_safetensors_write(a, folder_path(state, "a"), NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(b, folder_path(state, "b"), NULL), DN_OK);
    const file_bytes a_file = read_whole(folder_path(state, "a")),
                     b_file = read_whole(folder_path(state, "b"));
    assert_int_equal(a_file.size, b_file.size);
    assert_memory_equal(a_file.data, b_file.data, a_file.size);
    uint64_t length;
    memcpy(&length, a_file.data, 8);
    assert_int_equal((length + 8) % 64, 0); /* data begins on a cache line */
    static const char order[] = "{\"__metadata__\":{\"a\":\"\xc3\xa4\",\"z\":\"last \\\"quoted\\\"\"},\"l\":";
    assert_memory_equal(a_file.data + 8, order, sizeof order - 1);
    free(a_file.data);
    free(b_file.data);
    dni_tensor_dict_free(a);
    dni_tensor_dict_free(b);
}

static void test_what_cannot_be_written_leaves_no_file(void **state) {
    const char *path = folder_path(state, "out");
    const struct {
        const char *name;
        int transposed;
        const char *word;
    } cases[] = {
        {"view", 1, "'view' is not dense"}, {"__metadata__", 0, "__metadata__"}, {"\xff", 0, "UTF-8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dni_tensor_dict *dict = dni_tensor_dict_create();
        dni_tensor tensor = dni_tensor_of(DNI_F32, floats, 2, (int64_t[]){2, 3});
        if (cases[i].transposed) tensor.stride[0] = 1, tensor.stride[1] = 2;
        add(dict, cases[i].name, tensor);
        dn_error error;
        assert_int_equal(dni_safetensors_write(dict, path, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, cases[i].word));
        FILE *file = fopen(path, "rb");
        assert_null(file);
        dni_tensor_dict_free(dict);
    }
}

/* A dictionary with so many entries of metadata. */
static dni_tensor_dict *dict_of_metadata(int count) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    for (int i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(dni_tensor_dict_set_meta(dict, key, "value", NULL), DN_OK);
    }
    return dict;
}

/* As many entries as may be are written and read; one more is neither. */
static void test_entries_of_metadata_are_limited(void **state) {
    enum { MOST = 1000 };
    const char *path = folder_path(state, "out");
    dni_tensor_dict *dict = dict_of_metadata(MOST), *back;
    dn_error error;
    assert_int_equal(dni_safetensors_write(dict, path, &error), DN_OK);
    back = must_read(path);
    assert_int_equal(dni_tensor_dict_meta_count(back), MOST);
    assert_string_equal(dni_tensor_dict_meta(back, "key 999"), "value");
    dni_tensor_dict_free(back);
    assert_int_equal(dni_tensor_dict_set_meta(dict, "one more", "value", NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, folder_path(state, "more"), &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "1001 entries of metadata"));
    dni_tensor_dict_free(dict);

    enum { ENTRY = 16 };
    char *header = malloc(64 + ENTRY * (MOST + 1));
    assert_non_null(header);
    size_t length = (size_t)sprintf(header + 8, "{\"__metadata__\":{");
    for (int i = 0; i <= MOST; i++)
        length += (size_t)sprintf(header + 8 + length, "%s\"%d\":\"\"", i ? "," : "", i);
    length += (size_t)sprintf(header + 8 + length, "}}");
    const uint64_t size = length;
    memcpy(header, &size, sizeof size);
    write_whole(path, header, 8 + length);
    free(header);
    assert_int_equal(dni_safetensors_read(&back, path, &error), DN_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "more than 1000 entries of __metadata__"));
    assert_null(back);
}

static void test_metadata_that_would_not_be_read_is_not_written(void **state) {
    const char *path = folder_path(state, "out");
    static const char *const wrong[][2] = {{"key", "\xff"}, {"\xff", "value"}};
    for (int i = 0; i < 2; i++) {
        dni_tensor_dict *dict = dni_tensor_dict_create();
        dn_error error;
        assert_int_equal(dni_tensor_dict_set_meta(dict, wrong[i][0], wrong[i][1], NULL), DN_OK);
        assert_int_equal(dni_safetensors_write(dict, path, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, "is not UTF-8 text"));
        dni_tensor_dict_free(dict);
    }
    dni_tensor_dict *dict = dni_tensor_dict_create();
    enum { LONG = 100 * 1000 * 1000 };
    char *value = malloc(LONG + 1);
    dn_error error;
    assert_non_null(value);
    memset(value, 'x', LONG);
    value[LONG] = '\0';
    assert_int_equal(dni_tensor_dict_set_meta(dict, "key", value, NULL), DN_OK);
    free(value);
    assert_int_equal(dni_safetensors_write(dict, path, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "above the format's limit of 100000000"));
    dni_tensor_dict_free(dict);
    FILE *file = fopen(path, "rb");
    assert_null(file);
}

/* Gives the tensors of a dictionary in pieces of three bytes, but of "wide" that many more or fewer. */
typedef struct giver {
    const dni_tensor_dict *dict;
    int more;
} giver;

static dn_status give(void *context, const dni_named_tensor *named, const dni_sink *to, dn_error *error) {
    const giver *self = context;
    const dni_tensor *tensor = dni_tensor_dict_find(self->dict, named->name);
    assert_null(named->tensor.data);
    size_t size = (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
    const int more = strcmp(named->name, "wide") == 0 ? self->more : 0;
    dn_status status = more > 0 ? dni_sink_put(to, "", 1, error) : DN_OK;
    size -= more < 0;
    for (size_t done = 0; !status && done < size; done += 3)
        status =
            dni_sink_put(to, (const char *)tensor->data + done, size - done < 3 ? size - done : 3, error);
    return status;
}

/* A dictionary of two tensors; without their data for the second case, in which they are given in pieces. */
static dni_tensor_dict *wide_dict(bool with_data) {
    static const float wide[6] = {1, 2, 3, 4, 5, 6};
    dni_tensor_dict *dict = dni_tensor_dict_create();
    for (int i = 0; i < 2; i++) {
        void *data;
        dni_tensor tensor = dni_tensor_of(DNI_F32, NULL, 1, (const int64_t[]){3 + i});
        if (!with_data) {
            add(dict, i ? "wide" : "narrow", tensor);
            continue;
        }
        assert_int_equal(dni_tensor_dict_allocate(dict, i ? "wide" : "narrow", DNI_F32, 1,
                                                  (const int64_t[]){3 + i}, &data, NULL),
                         DN_OK);
        memcpy(data, wide + i, (size_t)(3 + i) * sizeof *wide);
    }
    return dict;
}

static void test_tensors_in_pieces_give_the_same_bytes_and_are_counted(void **state) {
    dni_tensor_dict *whole = wide_dict(true), *hollow = wide_dict(false);
    const char *path = folder_path(state, "pieces");
    assert_int_equal(dni_safetensors_write(whole, folder_path(state, "whole"), NULL), DN_OK);
    for (int more = -1; more <= 1; more++) {
        dn_error error = {.message = ""};
        giver from = {.dict = whole, .more = more};
        assert_int_equal(dni_safetensors_write_pieces(hollow, path, give, &from, &error),
                         more ? DN_ERR_ARGUMENT : DN_OK);
        if (more) assert_non_null(strstr(error.message, more < 0 ? "'wide' has 16 bytes, but 15" : "but 17"));
        FILE *file = fopen(path, "rb");
        assert_int_equal(!file, more < 0);
        if (file) fclose(file); /* also the refused one leaves what was there before */
    }
    const file_bytes a = read_whole(folder_path(state, "whole")), b = read_whole(path);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    free(a.data);
    free(b.data);
    dni_tensor_dict_free(whole);
    dni_tensor_dict_free(hollow);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_tensors_and_metadata_are_read),
        IN_FOLDER(test_misaligned_tensors_are_copied_to_alignment),
        IN_FOLDER(test_very_many_tensors_are_refused_in_a_moment),
        IN_FOLDER(test_as_many_tensors_as_may_be_are_read_in_a_moment),
        IN_FOLDER(test_headers_that_break_a_rule_are_refused),
        IN_FOLDER(test_header_lengths_are_limited),
        IN_FOLDER(test_a_description_has_a_longest),
        IN_FOLDER(test_deep_json_is_refused),
        IN_FOLDER(test_what_is_written_is_read_back),
        IN_FOLDER(test_the_same_content_gives_the_same_bytes),
        IN_FOLDER(test_what_cannot_be_written_leaves_no_file),
        IN_FOLDER(test_entries_of_metadata_are_limited),
        IN_FOLDER(test_metadata_that_would_not_be_read_is_not_written),
        IN_FOLDER(test_tensors_in_pieces_give_the_same_bytes_and_are_counted),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Pickles that no torch writes, put together opcode by opcode: a part of a sound file is replaced by another,
 * and the file is refused for that part. */
#include "io/file.h"
#include "test/support/files.h"
#include "weights/checkpoint.h"
#include "weights/pth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zip.h>

/* A piece of a pickle, whose bytes may be zeros. */
typedef struct piece {
    const char *bytes;
    size_t size;
} piece;

#define PIECE(text) ((piece){text, sizeof(text) - 1})

/* The storage "0" of two floats, up to what may stand behind the count; a tensor of shape (2) over it. */
#define STORAGE                                                                                              \
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"                                                       \
    "0X\3\0\0\0cpuK\2"
#define REBUILD        "ctorch._utils\n_rebuild_tensor_v2\n"
#define TENSOR_OF(id)  REBUILD "(" id "tQK\0K\2\x85K\1\x85\211ccollections\nOrderedDict\n)RtR"
#define TENSOR         TENSOR_OF(STORAGE)
#define NAMED(tensor)  "X\6\0\0\0weight" tensor
#define STATE(members) "\x80\2}(" members "u."

/* What a legacy file is made of, behind the magic number: pickles, then the storages. */
typedef struct legacy_file {
    piece version, system, object, keys, storages;
} legacy_file;

static const char two_floats[] = "\2\0\0\0\0\0\0\0\0\0\x80?\0\0\0@"; /* 1, 2 */

static legacy_file sound(void) {
    return (legacy_file){.version = PIECE("\x80\2M\xe9\3."),
                         .system = PIECE("\x80\2}."),
                         .object = PIECE(STATE(NAMED(TENSOR))),
                         .keys = PIECE("\x80\2]X\1\0\0\0"
                                       "0a."),
                         .storages = {two_floats, sizeof two_floats - 1}};
}

static const char *write_legacy(void **state, const legacy_file *file) {
    const piece parts[] = {PIECE("\x80\2\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8\x50\x19."),
                           file->version,
                           file->system,
                           file->object,
                           file->keys,
                           file->storages};
    const char *path = folder_path(state, "file.pth");
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_int_equal(fwrite(parts[i].bytes, 1, parts[i].size, out), parts[i].size);
    assert_int_equal(fclose(out), 0);
    return path;
}

static void assert_refused(const char *path, dn_status status, const char *words) {
    dni_checkpoint checkpoint;
    dn_error error = {.message = ""};
    const dn_status found = dni_checkpoint_load(&checkpoint, path, NULL, &error);
    if (found != status || !strstr(error.message, words))
        fail_msg("%s instead of %s: '%s' has to say '%s'", dn_status_name(found), dn_status_name(status),
                 error.message, words);
    assert_null(checkpoint.network);
    assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
}

static void assert_gives(const char *path, const float *values, int64_t count) {
    dni_checkpoint checkpoint;
    dn_error error;
    if (dni_checkpoint_load(&checkpoint, path, NULL, &error)) fail_msg("%s", error.message);
    const dni_tensor *tensor = dni_tensor_dict_find(checkpoint.network, "weight");
    assert_non_null(tensor);
    assert_true(dni_tensor_same_shape(tensor, 1, &count));
    assert_memory_equal(tensor->data, values, (size_t)count * sizeof *values);
    dni_checkpoint_free(&checkpoint);
}

/* Without this the refusals below would say little. */
static void test_the_sound_file_is_read(void **state) {
    legacy_file file = sound();
    assert_gives(write_legacy(state, &file), (const float[]){1, 2}, 2);
    /* old files have a view beside the storage: key, offset, count */
    file.object = PIECE(STATE(NAMED(REBUILD "(" STORAGE "(X\1\0\0\0vK\1K\1ttQK\0K\1\x85K\1\x85\x89NtR")));
    assert_gives(write_legacy(state, &file), (const float[]){2}, 1);
}

static void test_objects_that_are_made_otherwise_are_refused(void **state) {
    const struct {
        piece object;
        dn_status status;
        const char *words;
    } cases[] = {
        {PIECE("\x80\4K\1K\2\x93."), DN_ERR_CORRUPT, "a global whose name is no string"},
        {PIECE("\x80\2"
               "ccollections\nOrderedDict\n(K\1tR."),
         DN_ERR_CORRUPT, "not made of a list"},
        {PIECE("\x80\2"
               "ccollections\nOrderedDict\n(]K\1atR."),
         DN_ERR_CORRUPT, "entry is no pair"},
        {PIECE("\x80\2"
               "ccollections\nOrderedDict\n(](K\1K\1K\1tatR."),
         DN_ERR_CORRUPT, "entry is no pair"},
        {PIECE("\x80\2"
               "ctorch._utils\n_rebuild_parameter\n(K\1tR."),
         DN_ERR_CORRUPT, "a parameter that is not made of a tensor"},
        {PIECE("\x80\2"
               "ctorch._utils\n_rebuild_parameter\n)R."),
         DN_ERR_CORRUPT, "a parameter that is not made of a tensor"},
        {PIECE(STATE(
             NAMED(REBUILD "(" STORAGE "tQK\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1K\1K\1K\1K\1ttR"))),
         DN_ERR_UNSUPPORTED, "9 dimensions"},
        {PIECE(STATE(NAMED(TENSOR_OF(STORAGE "K\7")))), DN_ERR_CORRUPT, "the view of a storage is not"},
        {PIECE(STATE(NAMED(TENSOR_OF(STORAGE "(X\1\0\0\0vK\1t")))), DN_ERR_CORRUPT,
         "the view of a storage is not"},
        {PIECE(STATE(NAMED(TENSOR_OF(STORAGE "(X\1\0\0\0vNK\1t")))), DN_ERR_CORRUPT,
         "the view of a storage is not"},
        {PIECE(STATE(NAMED(TENSOR_OF(STORAGE "(X\1\0\0\0vK\1K\2t")))), DN_ERR_CORRUPT, "reaches beyond it"},
        {PIECE(STATE(NAMED(TENSOR_OF(STORAGE "(X\1\0\0\0vK\3K\0t")))), DN_ERR_CORRUPT, "reaches beyond it"},
        {PIECE(STATE(NAMED(TENSOR) "K\1" TENSOR)), DN_ERR_CORRUPT, "has no string for its name"},
        {PIECE(STATE(NAMED(TENSOR) "X\3\0\0\0a\0b" TENSOR)), DN_ERR_CORRUPT, "'a' holds a zero byte"},
        {PIECE(STATE(NAMED(TENSOR) NAMED(TENSOR))), DN_ERR_CORRUPT, "'weight' occurs twice"},
        {PIECE(STATE("X\1\0\0\0a}X\1\0\0\0x" TENSOR "sX\1\0\0\0b}X\1\0\0\0x" TENSOR "s")), DN_ERR_UNSUPPORTED,
         "2 dictionaries of tensors ('a' first)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        legacy_file file = sound();
        file.object = cases[i].object;
        assert_refused(write_legacy(state, &file), cases[i].status, cases[i].words);
    }
}

static void test_parts_around_the_object_are_checked(void **state) {
    legacy_file file = sound();
    file.version = PIECE("\x80\2N.");
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "its protocol version is no number");
    file.version = PIECE("\x80\2M\xea\3.");
    assert_refused(write_legacy(state, &file), DN_ERR_UNSUPPORTED, "its protocol version is 1002, not 1001");

    file = sound();
    file.system = PIECE("\x80\2}X\x0d\0\0\0little_endian\x89s.");
    assert_refused(write_legacy(state, &file), DN_ERR_UNSUPPORTED, "written on a big-endian machine");
    file.system = PIECE("\x80\2}X\x0d\0\0\0little_endian\x88s.");
    assert_gives(write_legacy(state, &file), (const float[]){1, 2}, 2);

    file = sound();
    file.keys = PIECE("\x80\2K\1.");
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "its storage keys are no list");
    file.keys = PIECE("\x80\2]K\1a.");
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "a storage key is no string");
    file.keys = PIECE(
        "\x80\2]X\1\0\0\0"
        "1a.");
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "storage '1' belongs to no tensor");
    file.keys = PIECE("\x80\2].");
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "storage '0' is not in the file");

    char twice[2 * (sizeof two_floats - 1)];
    memcpy(twice, two_floats, sizeof two_floats - 1);
    memcpy(twice + sizeof two_floats - 1, two_floats, sizeof two_floats - 1);
    file.keys = PIECE(
        "\x80\2](X\1\0\0\0"
        "0X\1\0\0\0"
        "0e.");
    file.storages = (piece){twice, sizeof twice};
    assert_refused(write_legacy(state, &file), DN_ERR_CORRUPT, "storage '0' comes twice");
    file = sound();
    file.storages.size--;
    assert_refused(write_legacy(state, &file), DN_ERR_TRUNCATED, "ends inside storage '0'");
    file.storages.size = 7;
    assert_refused(write_legacy(state, &file), DN_ERR_TRUNCATED, "ends before storage '0'");
}

/* Which no other reader would have handed over. */
static void test_a_file_of_another_kind_is_refused(void **state) {
    const char *path = folder_path(state, "file.pth");
    write_whole(path, "\x80\2}.", 4);
    dni_file file;
    dni_tensor_dict *dict;
    dn_error error = {.message = ""};
    assert_int_equal(dni_file_open(&file, path, &error), DN_OK);
    assert_int_equal(dni_pth_legacy_read(&dict, &file, NULL, &error), DN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "does not begin with torch's magic number"));
    assert_null(dict);
    dni_file_close(&file);
}

/* A string of 256 MB, of which the disk has nothing; the reader gives up long before its end. */
static void test_pickles_beyond_any_state_dicts_are_refused(void **state) {
    legacy_file file = sound();
    file.object = PIECE("\x80\2X\0\0\0\x10");
    file.keys = file.storages = PIECE("");
    const char *path = write_legacy(state, &file);
    assert_int_equal(truncate(path, (off_t)300 << 20), 0);
    assert_refused(path, DN_ERR_CORRUPT, "pickles of more than 67108864 bytes");
}

/* ---- zip archives ---- */

typedef struct record {
    const char *name;
    piece content;
} record;

static const char *write_zip(void **state, const record *records, size_t count) {
    const char *path = folder_path(state, "zip.pth");
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *source = zip_source_buffer(zip, records[i].content.bytes, records[i].content.size, 0);
        const zip_int64_t index = zip_file_add(zip, records[i].name, source, 0);
        assert_true(index >= 0);
        assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0), 0);
    }
    assert_int_equal(zip_close(zip), 0);
    return path;
}

static void test_archives_of_odd_records_are_refused(void **state) {
    static const char floats[] = "\0\0\x80?\0\0\0@";
    const record data = {"a/data/0", {floats, sizeof floats - 1}};
    const piece pickle = PIECE(STATE(NAMED(TENSOR)));
    assert_gives(write_zip(state, (const record[]){{"a/data.pkl", pickle}, data}, 2), (const float[]){1, 2},
                 2);
    assert_refused(
        write_zip(state, (const record[]){{"a/data.pkl", pickle}, data, {"b/data.pkl", pickle}}, 3),
        DN_ERR_CORRUPT, "holds two pickles, in 'a' and in 'b'");
    assert_refused(write_zip(state, (const record[]){{"a/data.pkl", pickle}}, 1), DN_ERR_TRUNCATED,
                   "record 'a/data/0' is missing");
#define KEY "123456789 123456789 123456789 123456789 123456789 1"
    const piece long_key = PIECE(
        STATE(NAMED(TENSOR_OF("(X\7\0\0\0storagectorch\nFloatStorage\nX\x33\0\0\0" KEY "X\3\0\0\0cpuK\2"))));
    assert_refused(write_zip(state, (const record[]){{"a/data.pkl", long_key}, data}, 2), DN_ERR_CORRUPT,
                   "storage key '" KEY "' has 51 bytes, more than 50");

    const size_t size = ((size_t)64 << 20) + 1;
    char *const zeros = calloc(1, size);
    assert_non_null(zeros);
    assert_refused(write_zip(state, (const record[]){{"a/data.pkl", {zeros, size}}}, 1), DN_ERR_CORRUPT,
                   "a pickle of 67108865 bytes, more than 67108864");
    free(zeros);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
        TEST(test_the_sound_file_is_read),
        TEST(test_objects_that_are_made_otherwise_are_refused),
        TEST(test_parts_around_the_object_are_checked),
        TEST(test_a_file_of_another_kind_is_refused),
        TEST(test_pickles_beyond_any_state_dicts_are_refused),
        TEST(test_archives_of_odd_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

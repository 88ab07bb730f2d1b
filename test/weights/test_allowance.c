/* SPDX-License-Identifier: MIT */
/* Small .pth files that describe much: each is refused by the limit, within the memory that
 * weights/allowance.h grants it, each time in a process of its own. And files at the limits of what is
 * read. */
#include "weights/allowance.h"

#include "core/tensor_dict.h"
#include "test/support/files.h"
#include "test/support/peak.h"
#include "weights/checkpoint.h"
#include "weights/pickle.h"
#include "weights/pth.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>
#include <zip.h>

/* ---- files ---- */

/* A zip archive of <stem>/data.pkl, compressed. */
static void write_zip(const char *path, const void *pickle, size_t size) {
    zip_t *const zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    zip_source_t *const source = zip_source_buffer(zip, pickle, size, 0);
    assert_non_null(source);
    const zip_int64_t index = zip_file_add(zip, "stem/data.pkl", source, 0);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 1), 0);
    assert_int_equal(zip_close(zip), 0);
}

/* The magic number, the protocol's version, a system without facts, and the pickle. */
static void write_legacy(const char *path, const void *pickle, size_t size) {
    static const unsigned char beginning[] =
        "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}.";
    unsigned char *const bytes = malloc(sizeof beginning - 1 + size);
    assert_non_null(bytes);
    memcpy(bytes, beginning, sizeof beginning - 1);
    memcpy(bytes + sizeof beginning - 1, pickle, size);
    write_whole(path, bytes, sizeof beginning - 1 + size);
    free(bytes);
}

/* A pickle: what it begins with, an operation so many times, and what it ends with. */
typedef struct program {
    const char *what, *first;
    size_t first_size;
    const char *repeated;
    size_t repeated_size, times;
    const char *last;
} program;

#define PROGRAM(what, first, repeated, times, last)                                                          \
    { what, first, sizeof first - 1, repeated, sizeof repeated - 1, times, last }

enum { MB = 1 << 20 };

static const program hostile[] = {
    PROGRAM("values of one byte", "\x80\2(", "N", 4 * MB, "t."),
    PROGRAM("empty lists", "\x80\2(", "]", 4 * MB, "t."),
    PROGRAM("strings", "\x80\2(", "U\0", 4 * MB, "t."),
    PROGRAM("marks", "\x80\2", "(", 15 * MB, "."),
    PROGRAM("places in the memo", "\x80\2}", "\x94", 15 * MB, "."),
    PROGRAM("one far place in the memo", "\x80\2}r\0\0\xf0\0", "q\0", 8 * MB, "."),
    PROGRAM("references", "\x80\2(}q\0", "h\0", 7 * MB, "t."),
    PROGRAM("a list that is appended to", "\x80\2]q\0", "h\0a", 5 * MB, "."),
};

static unsigned char *assemble(const program *of, size_t *size) {
    const size_t last = strlen(of->last);
    *size = of->first_size + of->times * of->repeated_size + last;
    unsigned char *const bytes = malloc(*size);
    assert_non_null(bytes);
    memcpy(bytes, of->first, of->first_size);
    for (size_t i = 0; i < of->times; i++)
        memcpy(bytes + of->first_size + i * of->repeated_size, of->repeated, of->repeated_size);
    memcpy(bytes + *size - last, of->last, last);
    return bytes;
}

/* A pickle's beginning: a dictionary's entry "w", a tensor of no dimensions, which place 1 of the memo has. */
#define TENSOR                                                                                               \
    "\x80\2}(U\1wctorch._utils\n_rebuild_tensor_v2\n((U\7storagectorch\nFloatStorage\nU\1"                   \
    "0U\3cpuK\1tQK\0))tRq\1"

/* A dictionary of so many names, "0", "1" and so on in hexadecimal digits, for one and the same tensor. */
static unsigned char *assemble_tensors(int count, size_t *size) {
    static const char first[] = TENSOR;
    static const char last[] = "u.";
    unsigned char *const bytes = malloc(sizeof first + (size_t)count * 12 + sizeof last);
    assert_non_null(bytes);
    memcpy(bytes, first, sizeof first - 1);
    size_t used = sizeof first - 1;
    for (int i = 1; i < count; i++) {
        const int length = snprintf((char *)bytes + used + 2, 10, "%x", i);
        bytes[used] = 'U';
        bytes[used + 1] = (unsigned char)length;
        memcpy(bytes + used + 2 + length, "h\1", 2);
        used += 4 + (size_t)length;
    }
    memcpy(bytes + used, last, sizeof last - 1);
    *size = used + sizeof last - 1;
    return bytes;
}

/* ---- reading ---- */

static dn_status load(const void *path, dn_error *error) {
    dni_checkpoint checkpoint;
    const dn_status status = dni_checkpoint_load(&checkpoint, path, NULL, error);
    dni_checkpoint_free(&checkpoint);
    return status;
}

static size_t size_of(const char *path) {
    const file_bytes whole = read_whole(path);
    free(whole.data);
    return whole.size;
}

static void assert_bounded(const char *what, const char *path) {
    const dni_allowance allowance = dni_allowance_of(size_of(path), path);
    const peak_outcome found = peak_of(load, path);
    char limit[64];
    snprintf(limit, sizeof limit, "more than %zu bytes of memory", allowance.all);
    if (found.status != DN_ERR_CORRUPT || !strstr(found.error.message, limit))
        fail_msg("%s: '%s' does not say '%s'", what, found.error.message, limit);
    if (found.peak > allowance.all + PEAK_ALLOWANCE)
        fail_msg("%s: %zu KB of memory for a file of %zu KB", what, found.peak >> 10, size_of(path) >> 10);
}

static void assert_refused(const char *path, dn_status status, const char *words) {
    dn_error error = {.message = ""};
    if (load(path, &error) != status || !strstr(error.message, words))
        fail_msg("'%s' does not say '%s'", error.message, words);
}

static void test_small_archives_that_describe_much_are_refused(void **state) {
    const char *const path = folder_path(state, "hostile.pth");
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        size_t size;
        unsigned char *const pickle = assemble(&hostile[i], &size);
        write_zip(path, pickle, size);
        free(pickle);
        assert_bounded(hostile[i].what, path);
    }
}

static void test_legacy_files_that_describe_much_are_refused(void **state) {
    const char *const path = folder_path(state, "hostile.pth");
    for (size_t i = 0; i < 3; i++) {
        size_t size;
        unsigned char *const pickle = assemble(&hostile[i], &size);
        write_legacy(path, pickle, size);
        free(pickle);
        assert_bounded(hostile[i].what, path);
    }
}

/* Entries of a dictionary are the caller's memory, too. */
static void test_one_tensor_under_many_names_is_refused(void **state) {
    const char *const path = folder_path(state, "names.pth");
    size_t size;
    unsigned char *const pickle = assemble_tensors(80000, &size);
    write_zip(path, pickle, size);
    free(pickle);
    zip_t *const zip = zip_open(path, 0, NULL);
    assert_non_null(zip);
    assert_true(zip_file_add(zip, "stem/data/0", zip_source_buffer(zip, "\0\0\0", 4, 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
    assert_bounded("tensors", path);
}

/* ---- at the limits ---- */

/* Behind a pickle of the legacy format: the keys of its storages, storage "0", and `padding` bytes of others. */
static unsigned char *end_legacy(const void *pickle, size_t pickle_size, size_t padding, size_t *size) {
    static const unsigned char keys[] =
        "\x80\2]U\1"
        "0a.\1\0\0\0\0\0\0\0\0\0\0\0";
    *size = pickle_size + sizeof keys - 1 + padding;
    unsigned char *const whole = calloc(*size, 1);
    assert_non_null(whole);
    memcpy(whole, pickle, pickle_size);
    memcpy(whole + pickle_size, keys, sizeof keys - 1);
    return whole;
}

/* In a file that is large enough for its entries. */
static void write_tensors(const char *path, int count) {
    enum { PADDING = 8 << 20 };
    size_t pickle_size, size;
    unsigned char *const pickle = assemble_tensors(count, &pickle_size);
    unsigned char *const whole = end_legacy(pickle, pickle_size, PADDING, &size);
    write_legacy(path, whole, size);
    free(whole);
    free(pickle);
}

static void test_as_many_tensors_as_the_limit_are_read(void **state) {
    const char *const path = folder_path(state, "tensors.pth");
    dn_error error = {.message = ""};
    write_tensors(path, DNI_TENSOR_LIMIT);
    if (load(path, &error)) fail_msg("%s", error.message);
    write_tensors(path, DNI_TENSOR_LIMIT + 1);
    assert_refused(path, DN_ERR_UNSUPPORTED, "more than 100000 tensors");
}

static void test_as_many_values_as_the_limit_are_read(void **state) {
    (void)state;
    enum { SIZE = DNI_PICKLE_VALUES + 5 };
    unsigned char *const bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (int more = 0; more < 2; more++) {
        /* the tuple is a value, too */
        memset(bytes, 'N', SIZE);
        memcpy(bytes, "\x80\2(", 3);
        const size_t size = (size_t)DNI_PICKLE_VALUES - 1 + 3 + (size_t)more;
        memcpy(bytes + size, "t.", 2);
        dni_pickle *pickle;
        size_t position = 0;
        dn_error error = {.message = ""};
        dni_allowance allowance = dni_allowance_of(SIZE * 4ull, "values");
        const dn_status status = dni_pickle_read(&pickle, bytes, size + 2, &position, &allowance, &error);
        assert_int_equal(status, more ? DN_ERR_CORRUPT : DN_OK);
        if (more) assert_non_null(strstr(error.message, "more than 4194304 values"));
        dni_pickle_free(pickle);
    }
    free(bytes);
}

/* A checkpoint of so many state dicts, of which the last is called "model", as what is meant is called. */
static void write_state_dicts(const char *path, int count) {
    char bytes[8192];
    size_t used = sizeof TENSOR - 1, size;
    memcpy(bytes, TENSOR, used);
    for (int i = 1; i <= count; i++) {
        char name[8] = "model";
        if (i < count) snprintf(name, sizeof name, "sd%03d", i);
        used += (size_t)snprintf(bytes + used, sizeof bytes - used, "U%c%s}U%cweighth%cs", 5, name, 6, 1);
    }
    memcpy(bytes + used, "u.", 2);
    unsigned char *const whole = end_legacy(bytes, used + 2, 0, &size);
    write_legacy(path, whole, size);
    free(whole);
}

/* Those beyond it were not looked at, so that another one could be taken for the only one that is meant. */
static void test_state_dicts_beyond_the_limit_are_not_passed_over(void **state) {
    const char *const path = folder_path(state, "dicts.pth");
    dn_error error = {.message = ""};
    write_state_dicts(path, 64);
    if (load(path, &error)) fail_msg("%s", error.message);
    write_state_dicts(path, 65);
    assert_refused(path, DN_ERR_UNSUPPORTED, "more than 64 state dicts");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_small_archives_that_describe_much_are_refused),
        IN_FOLDER(test_legacy_files_that_describe_much_are_refused),
        IN_FOLDER(test_one_tensor_under_many_names_is_refused),
        IN_FOLDER(test_as_many_tensors_as_the_limit_are_read),
        cmocka_unit_test(test_as_many_values_as_the_limit_are_read),
        IN_FOLDER(test_state_dicts_beyond_the_limit_are_not_passed_over),
    };
    return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}

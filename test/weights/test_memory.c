/* SPDX-License-Identifier: MIT */
/* Weight files in memory: read as they are from disk, wherever the bytes lie and wherever they end. */
#include "io/file.h"
#include "test/support/files.h"
#include "test/support/weights.h"
#include "weights/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "test/golden/weights/"

static const char *const names[] = {"small.pth",     "small.legacy.pth",   "python2.pth",
                                    "protocol4.pth", "deflated.pth",       "variety.pth",
                                    "wrapped.pth",   "variety.legacy.pth", "variety.safetensors"};
enum { NAMES = sizeof names / sizeof *names };

/* Kept a buffer of its own for each length, so that AddressSanitizer sees a read behind the end. */
static dn_status read_memory(dni_checkpoint *out, const unsigned char *bytes, size_t size, size_t shift,
                             unsigned char **block, bool is_lasting, dn_error *error) {
    *block = malloc(size + shift + (size + shift == 0));
    assert_non_null(*block);
    if (size) memcpy(*block + shift, bytes, size);
    dni_file file = dni_file_of_memory(*block + shift, size, "in memory");
    file.is_lasting = is_lasting;
    return dni_checkpoint_read(out, &file, NULL, error);
}

/* Nothing is kept of the bytes: they are gone before the tensors are looked at. */
static void test_memory_is_read_as_the_file_is(void **state) {
    (void)state;
    for (int n = 0; n < NAMES; n++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", names[n]);
        const file_bytes whole = read_whole(path);
        dni_checkpoint expected, found;
        dn_error error;
        if (dni_checkpoint_load(&expected, path, NULL, &error)) fail_msg("%s", error.message);
        for (size_t shift = 0; shift < 4; shift++) {
            unsigned char *block;
            if (read_memory(&found, whole.data, whole.size, shift, &block, false, &error))
                fail_msg("%s", error.message);
            memset(block, 0xff, whole.size + shift);
            free(block);
            weights_assert_same(found.network, expected.network);
            dni_checkpoint_free(&found);
        }
        dni_checkpoint_free(&expected);
        free(whole.data);
    }
}

/* Lasting memory is pointed to where it is aligned, and copied where it is not. */
static void test_lasting_memory_is_not_copied(void **state) {
    (void)state;
    const file_bytes whole = read_whole(GOLDEN "variety.safetensors");
    dni_checkpoint expected, found;
    dn_error error;
    if (dni_checkpoint_load(&expected, GOLDEN "variety.safetensors", NULL, &error))
        fail_msg("%s", error.message);
    for (size_t shift = 0; shift < 9; shift++) {
        unsigned char *block;
        size_t inside = 0;
        if (read_memory(&found, whole.data, whole.size, shift, &block, true, &error))
            fail_msg("%s", error.message);
        weights_assert_same(found.network, expected.network);
        for (size_t i = 0; i < dni_tensor_dict_count(found.network); i++) {
            const dni_tensor *tensor = &dni_tensor_dict_at(found.network, i)->tensor;
            const uintptr_t place = (uintptr_t)tensor->data, begin = (uintptr_t)block;
            if (!dni_tensor_count(tensor)) continue;
            assert_int_equal(place % dni_dtype_size(tensor->dtype), 0);
            inside += place >= begin && place < begin + shift + whole.size;
        }
        assert_true(inside > 0); /* bytes and booleans at least */
        if (shift == 0 || shift == 8) assert_true(inside > 5);
        dni_checkpoint_free(&found);
        free(block);
    }
    dni_checkpoint_free(&expected);
    free(whole.data);
}

static void test_memory_cut_short_is_refused_as_the_file_is(void **state) {
    char path[600];
    snprintf(path, sizeof path, "%s", folder_path(state, "cut"));
    for (int n = 0; n < NAMES; n++) {
        char source[200];
        snprintf(source, sizeof source, GOLDEN "%s", names[n]);
        const file_bytes whole = read_whole(source);
        for (size_t size = 0; size < whole.size; size += 1 + size / 100) {
            dni_checkpoint checkpoint;
            dn_error of_file = {.message = ""}, of_memory = {.message = ""};
            unsigned char *block;
            write_whole(path, whole.data, size);
            const dn_status expected = dni_checkpoint_load(&checkpoint, path, NULL, &of_file);
            const dn_status found =
                read_memory(&checkpoint, whole.data, size, size % 3, &block, size % 2 == 0, &of_memory);
            assert_int_not_equal(expected, DN_OK);
            assert_null(checkpoint.file);
            assert_int_equal(found, expected);
            assert_int_equal(strncmp(of_memory.message, "in memory: ", 11), 0);
            /* the message, but for the name */
            assert_string_equal(of_memory.message + 9, of_file.message + strlen(path));
            free(block);
        }
        free(whole.data);
    }
}

static void test_no_bytes_are_an_empty_file(void **state) {
    (void)state;
    dni_checkpoint checkpoint;
    dn_error error;
    const dni_file file = dni_file_of_memory(NULL, 0, "nothing");
    assert_int_equal(dni_checkpoint_read(&checkpoint, &file, NULL, &error), DN_ERR_TRUNCATED);
    assert_string_equal(error.message, "nothing: is empty");
}

/* ---- progress ---- */

typedef struct told {
    uint64_t calls, done, stop_at;
    size_t size;
} told;

static int tell(void *context, size_t done, size_t total) {
    told *t = context;
    t->calls++;
    assert_int_equal(total, t->size);
    assert_true(done >= t->done && done < total);
    t->done = done;
    return done >= t->stop_at;
}

/* A file of 8 MB of the kind, larger than what is read at once. */
static file_bytes large_safetensors(void) {
    enum { VALUES = 2000000 };
    static const char header[] =
        "{\"features.conv0.weight\":{\"dtype\":\"F32\",\"shape\":[2000000],\"data_offsets\":[0,8000000]}}   ";
    const uint64_t length = sizeof header - 1;
    file_bytes file = {.size = 8 + sizeof header - 1 + 4 * VALUES};
    file.data = calloc(1, file.size);
    assert_non_null(file.data);
    memcpy(file.data, &length, 8);
    memcpy(file.data + 8, header, sizeof header - 1);
    return file;
}

static void test_reading_tells_how_far_it_is_and_can_be_stopped(void **state) {
    const file_bytes whole = large_safetensors();
    char path[600];
    snprintf(path, sizeof path, "%s", folder_path(state, "large.safetensors"));
    write_whole(path, whole.data, whole.size);
    for (int of_memory = 0; of_memory < 2; of_memory++)
        for (int stop = 0; stop < 2; stop++) {
            told t = {.size = whole.size, .stop_at = stop ? 4000000 : UINT64_MAX};
            dni_reading reading = {.on_progress = tell, .context = &t};
            dni_file file;
            dni_checkpoint checkpoint;
            dn_error error = {.message = ""};
            if (of_memory)
                file = dni_file_of_memory(whole.data, whole.size, path);
            else
                assert_int_equal(dni_file_open(&file, path, &error), DN_OK);
            file.reading = &reading;
            const dn_status status = dni_checkpoint_read(&checkpoint, &file, NULL, &error);
            assert_int_equal(status, stop ? DN_ERR_CANCELLED : DN_OK);
            assert_true(t.calls >= (stop ? 4 : 8));
            assert_true(t.done > (stop ? 3999999 : 7000000) && (!stop || t.done < 6000000));
            if (stop) assert_non_null(strstr(error.message, "cancelled after"));
            dni_checkpoint_free(&checkpoint);
            dni_file_close(&file);
        }
    free(whole.data);
}

/* Also from inside libzip and the pickle's reader: each call in turn says stop. */
static int stop_at_call(void *context, size_t done, size_t total) {
    (void)done;
    (void)total;
    told *t = context;
    return ++t->calls == t->stop_at;
}

static void test_every_reader_can_be_stopped_at_every_call(void **state) {
    (void)state;
    for (int n = 0; n < NAMES; n++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", names[n]);
        dn_status status = DN_ERR_CANCELLED;
        for (uint64_t call = 1; status; call++) {
            told t = {.stop_at = call};
            dni_reading reading = {.on_progress = stop_at_call, .context = &t};
            dni_file file;
            dni_checkpoint checkpoint;
            dn_error error = {.message = ""};
            assert_int_equal(dni_file_open(&file, path, &error), DN_OK);
            file.reading = &reading;
            status = dni_checkpoint_read(&checkpoint, &file, NULL, &error);
            if (status) assert_int_equal(status, DN_ERR_CANCELLED);
            if (status) assert_non_null(strstr(error.message, path));
            assert_int_equal(!status, t.calls < call);
            dni_checkpoint_free(&checkpoint);
            dni_file_close(&file);
        }
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_read_as_the_file_is),
        cmocka_unit_test(test_lasting_memory_is_not_copied),
        IN_FOLDER(test_memory_cut_short_is_refused_as_the_file_is),
        cmocka_unit_test(test_no_bytes_are_an_empty_file),
        IN_FOLDER(test_reading_tells_how_far_it_is_and_can_be_stopped),
        cmocka_unit_test(test_every_reader_can_be_stopped_at_every_call),
    };
    return cmocka_run_group_tests_name("weights in memory", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Files that somebody else cuts while they are read: every reader ends in a message, none in a signal. A file
 * that was whole when it was opened is not a broken one; only a picture, one of many, is left out as if it
 * were.
 *
 * This program's fstat() stands in front of the C library's: right after the library has learnt how long a
 * file is, the file is cut. */
#define _GNU_SOURCE /* AT_EMPTY_PATH */
#include "core/error.h"
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "head/classifier/classifier.h"
#include "head/training.h"
#include "io/content_key.h"
#include "io/feature_store.h"
#include "io/file.h"
#include "io/image.h"
#include "io/safetensors.h"
#include "test/support/files.h"
#include "weights/checkpoint.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    char path[600]; /* "": none */
    off_t size;
} cut;

int fstat(int descriptor, struct stat *info) {
    const int result = fstatat(descriptor, "", info, AT_EMPTY_PATH);
    if (!result && *cut.path && info->st_size > cut.size) {
        if (truncate(cut.path, cut.size) != 0) return -1;
        cut.path[0] = '\0';
    }
    return result;
}

static void cut_after_opening(const char *path, size_t size) {
    snprintf(cut.path, sizeof cut.path, "%s", path);
    cut.size = (off_t)size;
}

/* Reads the file anew for each of some lengths that it is cut to; it must fail, name the file and leave
 * nothing. */
static void assert_survives_cuts(const char *path, dn_status (*read)(const char *path, dn_error *error),
                                 bool is_left_out) {
    const file_bytes whole = read_whole(path);
    for (int i = 0; i < 24; i++) {
        const size_t size = i < 12 ? (size_t)i * 5 : whole.size - 1 - (whole.size * (size_t)(i - 12)) / 13;
        if (size >= whole.size) continue;
        write_whole(path, whole.data, whole.size);
        dn_error error = {.message = ""};
        assert_int_equal(read(path, &error), DN_OK);
        cut_after_opening(path, size);
        const dn_status status = read(path, &error);
        assert_string_equal(cut.path, ""); /* it was cut */
        if (!status) fail_msg("%s: cut to %zu of %zu bytes, and nothing was said", path, size, whole.size);
        assert_int_equal(error.status, status);
        if (dni_status_is_machine(status) == is_left_out)
            fail_msg("%s: cut to %zu bytes: %s", path, size, dn_status_name(status));
        if (!strstr(error.message, path)) fail_msg("'%s' does not name the file", error.message);
    }
    free(whole.data);
}

static dn_status read_checkpoint(const char *path, dn_error *error) {
    dni_checkpoint checkpoint;
    const dn_status status = dni_checkpoint_load(&checkpoint, path, NULL, error);
    dni_checkpoint_free(&checkpoint);
    return status;
}

static dn_status read_image(const char *path, dn_error *error) {
    dn_image image;
    const dn_status status = dn_image_load(&image, path, error);
    dn_image_free(&image);
    return status;
}

static dn_status read_key(const char *path, dn_error *error) {
    dni_key key;
    return dni_key_of_file(&key, path, error);
}

static dn_status read_store(const char *path, dn_error *error) {
    dni_feature_store *store;
    const dn_status status = dni_feature_store_open(
        &store, &(dni_feature_store_options){.path = path, .provenance = "p", .features = 5}, error);
    float record[5];
    dn_status read = status;
    for (int i = 0; i < 40 && !read; i++) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        read = dni_feature_store_get(store, &key, record, error);
    }
    dni_feature_store_close(store);
    return read;
}

static void copy_file(const char *from, const char *to) {
    const file_bytes file = read_whole(from);
    write_whole(to, file.data, file.size);
    free(file.data);
}

static void test_weight_files(void **state) {
    static const char *const names[] = {"small.pth", "small.legacy.pth", "variety.legacy.pth", "deflated.pth",
                                        "small.safetensors"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char from[200];
        snprintf(from, sizeof from, "test/golden/weights/%s", names[i]);
        const char *path = folder_path(state, names[i]);
        copy_file(from, path);
        assert_survives_cuts(path, read_checkpoint, false);
    }
}

static void test_pictures_and_their_keys(void **state) {
    const char *path = folder_path(state, "picture.ppm");
    static unsigned char picture[13 + 3 * 64 * 64] = "P6 64 64 255\n";
    write_whole(path, picture, sizeof picture);
    assert_survives_cuts(path, read_image, true);
    write_whole(path, picture, sizeof picture);
    assert_survives_cuts(path, read_key, true);
}

static void test_feature_stores(void **state) {
    const char *path = folder_path(state, "store.safetensors");
    dni_feature_store *store;
    assert_int_equal(
        dni_feature_store_open(
            &store, &(dni_feature_store_options){.path = path, .provenance = "p", .features = 5}, NULL),
        DN_OK);
    for (int i = 0; i < 40; i++) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        const float record[5] = {(float)i, 1, 2, 3, 4};
        assert_int_equal(dni_feature_store_put(store, &key, record, NULL), DN_OK);
    }
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    assert_survives_cuts(path, read_store, false);
}

/* A store that is cut later than its opening: a record that is gone is told, and merging writes no wrong
 * one. */
static void test_a_feature_store_cut_while_it_is_in_use(void **state) {
    char path[600];
    snprintf(path, sizeof path, "%s", folder_path(state, "store.safetensors"));
    dni_feature_store *store;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(
            dni_feature_store_open(
                &store, &(dni_feature_store_options){.path = path, .provenance = "p", .features = 5}, NULL),
            DN_OK);
        for (int i = 0; i < 40 + round; i++) {
            const dni_key key = dni_key_of_bytes(&i, sizeof i);
            const float record[5] = {(float)i, 1, 2, 3, 4};
            assert_int_equal(dni_feature_store_put(store, &key, record, NULL), DN_OK);
        }
        if (round == 1) assert_int_equal(truncate(path, 900), 0);
        dn_error error = {.message = ""};
        assert_int_equal(dni_feature_store_finish(store, &error), round ? DN_ERR_IO : DN_OK);
        if (round) assert_non_null(strstr(error.message, path));
        dni_feature_store_close(store);
    }
}

static dn_status read_classifier(const char *path, dn_error *error) {
    dn_classifier *classifier;
    const dn_status status = dn_classifier_load(&classifier, path, error);
    dn_classifier_free(classifier);
    return status;
}

static void test_model_files(void **state) {
    const char *path = folder_path(state, "m.safetensors");
    dn_weights *weights;
    dn_head *head;
    char hash[33];
    assert_int_equal(dn_weights_random(&weights, dn_config_find("densenet121"), 1, NULL), DN_OK);
    const dn_head_options options = {.struct_size = sizeof options, .hidden_count = 0, .seed = 1};
    assert_int_equal(dn_head_create(&head, dn_weights_config(weights)->features, 2, &options, NULL), DN_OK);
    dn_weights_hash(weights, hash);
    const dn_classifier_info info = {.struct_size = sizeof info,
                                     .backbone = "densenet121",
                                     .weights_source = "some.pth",
                                     .weights_hash = hash,
                                     .class_count = 2,
                                     .classes = (const char *const[]){"a", "b"},
                                     .preprocessing = dn_preprocessing_default(),
                                     .recipe = "{}",
                                     .metrics = "{}"};
    assert_int_equal(dn_classifier_save(path, head, &info, weights, NULL), DN_OK);
    assert_survives_cuts(path, read_classifier, false);
    dn_head_free(head);
    dn_weights_free(weights);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_weight_files),   IN_FOLDER(test_pictures_and_their_keys),
        IN_FOLDER(test_feature_stores), IN_FOLDER(test_a_feature_store_cut_while_it_is_in_use),
        IN_FOLDER(test_model_files),
    };
    return cmocka_run_group_tests_name("cut files", tests, NULL, NULL);
}

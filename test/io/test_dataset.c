/* SPDX-License-Identifier: MIT */
/* Folders of labelled pictures: classes by name, order, and what is refused. */
#include "io/dataset.h"
#include "io/file.h"
#include "test/support/files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder under test, filled by put(). */
static char *root;

static int set_up(void **state) {
    (void)state;
    root = make_folder();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove_folder(root);
    return 0;
}

/* Makes the file root/inside, with its folders; only the folders when it ends in a slash. */
static void put(const char *inside) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, inside);
    char *const slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(dni_make_folders(path, NULL), DN_OK);
    *slash = '/';
    if (slash[1]) write_whole(path, "x", 1);
}

static void put_whole_set(void) {
    static const char *const splits[] = {"train", "valid", "test"};
    static const char *const classes[] = {"fake", "real"};
    for (int split = 0; split < 3; split++)
        for (int k = 0; k < 2; k++) {
            char path[64];
            snprintf(path, sizeof path, "%s/%s/%d.jpg", splits[split], classes[k], split);
            put(path);
        }
}

static void remove_inside(const char *inside) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, inside);
    assert_int_equal(remove(path), 0);
}

static void assert_scan_refused(dn_status expected, const char *words) {
    dni_dataset dataset;
    dn_error error = {0};
    const dn_status status = dni_dataset_scan(&dataset, root, &error);
    if (status != expected) fail_msg("%s instead of %s", dn_status_name(status), dn_status_name(expected));
    if (!strstr(error.message, words)) fail_msg("'%s' without '%s'", error.message, words);
    assert_null(dataset.classes);
    assert_int_equal(dataset.class_count, 0);
}

static const char *inside_root(const char *path) {
    assert_memory_equal(path, root, strlen(root));
    return path + strlen(root) + 1;
}

static void test_labels_follow_the_sorted_class_names(void **state) {
    (void)state;
    put_whole_set();
    put("train/fake/10.jpg");
    put("train/fake/2.png");
    put("train/fake/notes.txt"); /* found out when decoded */
    put("train/fake/.hidden.jpg");
    put("train/.cache/x.jpg");
    put("train/readme.txt");
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);

    assert_int_equal(dataset.class_count, 2);
    assert_string_equal(dataset.classes[0], "fake");
    assert_string_equal(dataset.classes[1], "real");
    static const char *const paths[] = {"train/fake/0.jpg", "train/fake/10.jpg", "train/fake/2.png",
                                        "train/fake/notes.txt", "train/real/0.jpg"};
    const dni_samples *const train = &dataset.splits[DNI_TRAIN];
    assert_int_equal(train->count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(inside_root(train->items[i].path), paths[i]);
        assert_int_equal(train->items[i].label, i == 4);
    }
    assert_int_equal(dataset.splits[DNI_VALID].count, 2);
    assert_string_equal(inside_root(dataset.splits[DNI_TEST].items[1].path), "test/real/2.jpg");
    dni_dataset_free(&dataset);
    assert_null(dataset.classes);
}

/* Byte order: capitals before small letters, a space before a hyphen; nothing depends on the locale. */
static void test_classes_are_sorted_by_byte_value(void **state) {
    (void)state;
    static const char *const sorted[] = {"Zebra", "ant", "ant hill", "ant-eater", "\xc3\xa4"};
    static const char *const splits[] = {"train", "valid", "test"};
    for (int split = 0; split < 3; split++)
        for (int i = 4; i >= 0; i--) {
            char path[64];
            snprintf(path, sizeof path, "%s/%s/1.jpg", splits[split], sorted[i]);
            put(path);
        }
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
    assert_int_equal(dataset.class_count, 5);
    for (int i = 0; i < 5; i++) assert_string_equal(dataset.classes[i], sorted[i]);
    dni_dataset_free(&dataset);
}

static void test_folders_inside_a_class_and_links_are_walked(void **state) {
    (void)state;
    put_whole_set();
    put("train/fake/b/9.jpg");
    put("train/fake/a/1.jpg");
    put("elsewhere/7.jpg");
    char target[1024], link[1024];
    snprintf(target, sizeof target, "%s/elsewhere", root);
    snprintf(link, sizeof link, "%s/train/fake/c", root);
    assert_int_equal(symlink(target, link), 0);
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
    static const char *const paths[] = {"train/fake/0.jpg", "train/fake/a/1.jpg", "train/fake/b/9.jpg",
                                        "train/fake/c/7.jpg", "train/real/0.jpg"};
    assert_int_equal(dataset.splits[DNI_TRAIN].count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(inside_root(dataset.splits[DNI_TRAIN].items[i].path), paths[i]);
    dni_dataset_free(&dataset);
}

static void link_to(const char *target, const char *inside) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, inside);
    assert_int_equal(symlink(target, path), 0);
}

static void assert_left_out(const dni_samples *samples, size_t i, dn_status status, const char *words) {
    assert_true(i < samples->left_out_count);
    assert_int_equal(samples->left_out[i].status, status);
    if (!strstr(samples->left_out[i].message, words))
        fail_msg("'%s' without '%s'", samples->left_out[i].message, words);
}

static void test_what_cannot_be_a_picture_is_left_out_and_named(void **state) {
    (void)state;
    put_whole_set();
    char path[1024];
    snprintf(path, sizeof path, "%s/valid/real/pipe", root);
    assert_int_equal(mkfifo(path, 0600), 0);
    link_to("absent/picture", "valid/real/gone");
    link_to("itself", "valid/real/itself");
    link_to(root, "valid/real/up");
    link_to("absent/class", "valid/broken");
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
    const dni_samples *valid = &dataset.splits[DNI_VALID];
    assert_int_equal(valid->count, 2);
    assert_string_equal(inside_root(valid->items[0].path), "valid/fake/1.jpg");
    assert_string_equal(inside_root(valid->items[1].path), "valid/real/1.jpg");
    assert_int_equal(valid->left_out_count, 5);
    assert_left_out(valid, 0, DN_ERR_NOT_FOUND, "valid/broken: ");
    assert_left_out(valid, 1, DN_ERR_NOT_FOUND, "valid/real/gone: ");
    assert_left_out(valid, 2, DN_ERR_NOT_FOUND, "valid/real/itself: ");
    assert_left_out(valid, 3, DN_ERR_FILE_KIND, "valid/real/pipe: is not a regular file");
    assert_left_out(valid, 4, DN_ERR_FILE_KIND, "is a link to a folder that it lies in");
    assert_int_equal(dataset.splits[DNI_TRAIN].left_out_count, 0);
    dni_dataset_free(&dataset);
}

/* 16 folders inside one another are walked; what lies deeper is left out. */
static void test_folders_too_deep_are_left_out_and_named(void **state) {
    (void)state;
    put_whole_set();
    put("train/real/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/there.jpg");
    put("train/real/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/lost.jpg");
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
    const dni_samples *train = &dataset.splits[DNI_TRAIN];
    assert_int_equal(train->count, 3);
    assert_non_null(strstr(train->items[2].path, "/16/there.jpg"));
    assert_int_equal(train->left_out_count, 1);
    assert_left_out(train, 0, DN_ERR_FILE_KIND, "/16/17: more than 16 folders inside one another");
    dni_dataset_free(&dataset);
}

static void test_a_class_of_nothing_but_what_was_left_out_is_empty(void **state) {
    (void)state;
    put_whole_set();
    remove_inside("test/real/2.jpg");
    link_to("absent/picture", "test/real/gone");
    assert_scan_refused(DN_ERR_DATA_EMPTY, "test/real");
}

static void test_splits_that_disagree_on_classes_are_refused_by_name(void **state) {
    (void)state;
    put_whole_set();
    remove_inside("valid/real/1.jpg");
    remove_inside("valid/real");
    put("valid/reall/1.jpg");
    assert_scan_refused(DN_ERR_DATA_CLASSES,
                        "valid: classes fake, real expected as in train; 'real' is missing; "
                        "'reall' is extra");
    put("valid/real/1.jpg");
    put("valid/another/1.jpg");
    assert_scan_refused(DN_ERR_DATA_CLASSES, "'another', 'reall' are extra");
}

static void test_very_many_differing_classes_still_give_a_whole_message(void **state) {
    (void)state;
    put_whole_set();
    for (int i = 0; i < 100; i++) {
        char path[64];
        snprintf(path, sizeof path, "test/class number %d/1.jpg", i);
        put(path);
    }
    assert_scan_refused(DN_ERR_DATA_CLASSES, "...");
}

static void test_more_classes_than_the_limit_are_refused(void **state) {
    (void)state;
    put("train/");
    put("empty/");
    for (int i = 0; i < DNI_CLASS_LIMIT; i++) { /* links cost the file system less than folders */
        char path[1024];
        snprintf(path, sizeof path, "%s/train/%06d", root, i);
        assert_int_equal(symlink("../empty", path), 0);
    }
    assert_scan_refused(DN_ERR_DATA_EMPTY, "train/000000");
    put("train/one more/");
    assert_scan_refused(DN_ERR_DATA_CLASSES, "train: has 100001 class folders; at most 100000 are taken");
}

static void test_missing_splits_too_few_classes_and_empty_ones_are_refused(void **state) {
    (void)state;
    assert_scan_refused(DN_ERR_NOT_FOUND, "train");
    put("train/fake/1.jpg");
    assert_scan_refused(DN_ERR_DATA_CLASSES, "1 class");
    put_whole_set();
    remove_inside("test/real/2.jpg");
    put("test/real/.hidden");
    assert_scan_refused(DN_ERR_DATA_EMPTY, "test/real");
    put("test/real/2.jpg");
    put("train/sad/");
    assert_scan_refused(DN_ERR_DATA_EMPTY, "train/sad");
}

static void test_a_split_alone_is_matched_with_the_models_classes(void **state) {
    (void)state;
    static const char *const classes[] = {"cat", "fake", "real"};
    dni_samples samples;
    dn_error error = {0};
    assert_int_equal(dni_samples_scan(&samples, root, classes, 3, &error), DN_ERR_DATA_EMPTY);
    put("real/1.jpg");
    put("cat/2.jpg");
    if (dni_samples_scan(&samples, root, classes, 3, &error)) fail_msg("%s", error.message);
    assert_int_equal(samples.count, 2);
    assert_int_equal(samples.items[0].label, 0);
    assert_string_equal(inside_root(samples.items[1].path), "real/1.jpg");
    assert_int_equal(samples.items[1].label, 2);
    dni_samples_free(&samples);

    put("dog/3.jpg");
    assert_int_equal(dni_samples_scan(&samples, root, classes, 3, &error), DN_ERR_DATA_CLASSES);
    assert_non_null(strstr(error.message, "as in the model; 'dog' is extra"));
    assert_null(samples.items);
}

static void rename_inside(const char *from, const char *to) {
    char before[1024], after[1024];
    snprintf(before, sizeof before, "%s/%s", root, from);
    snprintf(after, sizeof after, "%s/%s", root, to);
    assert_int_equal(rename(before, after), 0);
}

static void test_a_split_alone_that_is_not_there_is_refused_by_name(void **state) {
    (void)state;
    char path[1024];
    dni_samples samples;
    dn_error error = {0};
    snprintf(path, sizeof path, "%s/none", root);
    assert_int_equal(dni_samples_scan(&samples, path, (const char *[]){"fake", "real"}, 2, &error),
                     DN_ERR_NOT_FOUND);
    assert_memory_equal(error.message, path, strlen(path));
    assert_int_equal(samples.count, 0);
}

static void test_val_and_validation_are_the_validation_split(void **state) {
    (void)state;
    static const char *const names[] = {"val", "validation"};
    put_whole_set();
    for (int i = 0; i < 2; i++) {
        rename_inside(i ? names[i - 1] : "valid", names[i]);
        dni_dataset dataset;
        dn_error error = {0};
        if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
        char path[64];
        snprintf(path, sizeof path, "%s/fake/1.jpg", names[i]);
        assert_int_equal(dataset.splits[DNI_VALID].count, 2);
        assert_string_equal(inside_root(dataset.splits[DNI_VALID].items[0].path), path);
        dni_dataset_free(&dataset);
        assert_int_equal(dni_split_of_name(names[i]), DNI_VALID);
    }
    assert_int_equal(dni_split_of_name("vali"), DNI_SPLITS);
}

static void test_two_folders_for_the_validation_split_are_refused_by_name(void **state) {
    (void)state;
    put_whole_set();
    put("validation"); /* a file is none */
    dni_dataset dataset;
    dn_error error = {0};
    if (dni_dataset_scan(&dataset, root, &error)) fail_msg("%s", error.message);
    dni_dataset_free(&dataset);
    put("val/fake/1.jpg");
    assert_scan_refused(DN_ERR_DATA_CLASSES, "'valid' and 'val' both stand for the validation split");
}

static void test_a_missing_split_is_named_with_what_is_there(void **state) {
    (void)state;
    assert_scan_refused(DN_ERR_NOT_FOUND, "has no folder 'train', and no other");
    put_whole_set();
    put("notes.txt");
    rename_inside("valid", "Valid");
    assert_scan_refused(DN_ERR_NOT_FOUND, "has no folder 'valid'; it has 'Valid', 'test', 'train'");
    for (int i = 0; i < 20; i++) {
        char path[64];
        snprintf(path, sizeof path, "Z%02d/", i);
        put(path);
    }
    assert_scan_refused(DN_ERR_NOT_FOUND,
                        "it has 'Valid', 'Z00', 'Z01', 'Z02', 'Z03', 'Z04', 'Z05', 'Z06', "
                        "'Z07', 'Z08', ...");
}

static void test_split_names(void **state) {
    (void)state;
    assert_string_equal(dni_split_name(DNI_TRAIN), "train");
    assert_string_equal(dni_split_name(DNI_VALID), "valid");
    assert_string_equal(dni_split_name(DNI_TEST), "test");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_labels_follow_the_sorted_class_names),
        IN_FOLDER(test_classes_are_sorted_by_byte_value),
        IN_FOLDER(test_folders_inside_a_class_and_links_are_walked),
        IN_FOLDER(test_what_cannot_be_a_picture_is_left_out_and_named),
        IN_FOLDER(test_folders_too_deep_are_left_out_and_named),
        IN_FOLDER(test_a_class_of_nothing_but_what_was_left_out_is_empty),
        IN_FOLDER(test_splits_that_disagree_on_classes_are_refused_by_name),
        IN_FOLDER(test_very_many_differing_classes_still_give_a_whole_message),
        IN_FOLDER(test_more_classes_than_the_limit_are_refused),
        IN_FOLDER(test_missing_splits_too_few_classes_and_empty_ones_are_refused),
        IN_FOLDER(test_a_split_alone_is_matched_with_the_models_classes),
        IN_FOLDER(test_a_split_alone_that_is_not_there_is_refused_by_name),
        IN_FOLDER(test_val_and_validation_are_the_validation_split),
        IN_FOLDER(test_two_folders_for_the_validation_split_are_refused_by_name),
        IN_FOLDER(test_a_missing_split_is_named_with_what_is_there),
        cmocka_unit_test(test_split_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

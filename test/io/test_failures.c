/* SPDX-License-Identifier: MIT */
/* Files, folders, decisions, feature stores, text in memory and PNG files, when the machine fails. */
#include "core/error.h"
#include "io/content_key.h"
#include "io/dataset.h"
#include "io/decision_match.h"
#include "io/decisions.h"
#include "io/feature_pictures.h"
#include "io/feature_reader.h"
#include "io/feature_store.h"
#include "io/file.h"
#include "io/png.h"
#include "io/split.h"
#include "io/text_stream.h"
#include "test/support/calls.h"
#include "test/support/failures.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[600], data[700], file[800];

static void fail_all(const scenario *it) {
    fail_each_allocation(it);
    fail_each_file_call(it);
    disturb_each_file_call(it);
}

/* ---- a data set and what was decided on it ---- */

static const char *const pictures[] = {"train/cat/1.ppm",      "train/cat/2.ppm", "train/dog/3.ppm",
                                       "train/dog/deep/4.ppm", "valid/cat/5.ppm", "valid/dog/6.ppm",
                                       "test/cat/7.ppm",       "test/dog/8.ppm"};
enum { PICTURES = sizeof pictures / sizeof *pictures };

static void make_data_set(void) {
    char path[1400];
    for (int i = 0; i < PICTURES; i++) {
        snprintf(path, sizeof path, "%s/%s", data, pictures[i]);
        *strrchr(path, '/') = '\0';
        assert_int_equal(dni_make_folders(path, NULL), DN_OK);
        path[strlen(path)] = '/';
        write_whole(path, pictures[i], strlen(pictures[i]));
    }
}

static dn_status load_file(const void *path, uint64_t *digest, dn_error *error) {
    dni_file_content content = {.size = 1};
    dni_key key;
    dn_status status = dni_file_load(&content, path, error);
    if (status) assert_true(!content.data && !content.size);
    if (!status) digest_add(digest, content.data, content.size);
    if (!status) status = dni_key_of_file(&key, path, error);
    if (!status) digest_add(digest, &key, sizeof key);
    dni_file_unload(&content);
    return status;
}

static dn_status make_deep_folders(const void *path, uint64_t *digest, dn_error *error) {
    (void)digest;
    return dni_make_folders(path, error);
}

static void remove_deep_folders(const void *path) {
    char part[1400];
    snprintf(part, sizeof part, "%s", (const char *)path);
    for (int i = 0; i < 3; i++) {
        rmdir(part);
        *strrchr(part, '/') = '\0';
    }
}

static void add_samples(uint64_t *digest, const dni_samples *samples) {
    for (size_t i = 0; i < samples->count; i++) {
        digest_add(digest, samples->items[i].path, strlen(samples->items[i].path));
        digest_add(digest, &samples->items[i].label, sizeof samples->items[i].label);
    }
    digest_add(digest, &samples->left_out_count, sizeof samples->left_out_count);
}

static dn_status scan(const void *path, uint64_t *digest, dn_error *error) {
    dni_dataset set;
    const dn_status status = dni_dataset_scan(&set, path, error);
    if (status)
        assert_true(!set.classes && !set.class_count);
    else
        for (int i = 0; i < DNI_SPLITS; i++) add_samples(digest, &set.splits[i]);
    dni_dataset_free(&set);
    return status;
}

static dn_status find_split(const void *path, uint64_t *digest, dn_error *error) {
    char *found;
    const dn_status status = dni_split_find(&found, path, "train", error);
    if (status)
        assert_null(found);
    else
        digest_add(digest, found, strlen(found));
    free(found);
    return status;
}

static dn_status list_classes(const void *path, uint64_t *digest, dn_error *error) {
    dni_listing found;
    const dn_status status = dni_classes_list(&found, path, error);
    for (size_t i = 0; i < found.count; i++) digest_add(digest, found.names[i], strlen(found.names[i]));
    dni_listing_free(&found);
    return status;
}

static void test_files_and_folders(void **state) {
    (void)state;
    char path[900], deep[900];
    snprintf(path, sizeof path, "%s/train/cat/1.ppm", data);
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    fail_all(&(scenario){.name = "a file", .run = load_file, .context = path, .word = path});
    fail_all(&(scenario){.name = "folders",
                         .run = make_deep_folders,
                         .context = deep,
                         .word = "/",
                         .prepare = remove_deep_folders});
    fail_all(&(scenario){.name = "a split", .run = find_split, .context = data, .word = data});
    /* a picture that cannot be examined is left out, and named */
    fail_all(
        &(scenario){.name = "a data set", .run = scan, .context = data, .word = data, .excused = CALL_LOOK});
    snprintf(path, sizeof path, "%s/train", data);
    fail_all(&(scenario){.name = "classes", .run = list_classes, .context = path, .word = path});
}

/* ---- decisions ---- */

static void add_decisions(uint64_t *digest, const dni_decisions *all) {
    for (size_t i = 0; i < all->count; i++) {
        const dni_decision *const one = &all->items[i];
        digest_add(digest, one->path, strlen(one->path));
        digest_add(digest, &one->kind, sizeof one->kind);
        if (one->class_name) digest_add(digest, one->class_name, strlen(one->class_name));
    }
}

static void begin_decisions(const void *path) {
    unlink(path);
}

/* Each run adds the same decision, so that what counts in the end is the same however often that was done. A
 * failure has left as many lines as there were. */
static dn_status decide(const void *path, uint64_t *digest, dn_error *error) {
    dni_decision made[] = {{.path = (char *)(uintptr_t) "train/cat/1.ppm", .kind = DNI_EXCLUDE},
                           {.path = (char *)(uintptr_t) "train/dog/3.ppm", .kind = DNI_MOVE}};
    made[1].class_name = (char *)(uintptr_t) "cat";
    for (int i = 0; i < 2; i++) {
        made[i].bytes = strlen(made[i].path); /* each picture holds its own name */
        made[i].key = dni_key_of_bytes(made[i].path, strlen(made[i].path));
    }
    struct stat before = {.st_size = 0}, after = {.st_size = 0};
    dni_decisions all = {.count = 0};
    const bool is_there = stat(path, &before) == 0;
    dn_status status = dni_decisions_append(path, made, 2, error);
    if (status && is_there && stat(path, &after) == 0) assert_int_equal(before.st_size, after.st_size);
    if (!status) status = dni_decisions_load(&all, path, error);
    if (status) assert_int_equal(all.count, 0);
    if (!status) add_decisions(digest, &all);
    dni_decisions_free(&all);
    return status;
}

static dn_status load_decisions(const void *path, uint64_t *digest, dn_error *error) {
    dni_decisions all = {.count = 0};
    const dn_status status = dni_decisions_load(&all, path, error);
    if (!status) add_decisions(digest, &all);
    dni_decisions_free(&all);
    return status;
}

/* Decisions brought to the pictures of the data set. One on a picture that cannot be examined just now is not
 * one on a picture that is gone. */
static dni_dataset scanned;

static dn_status match(const void *path, uint64_t *digest, dn_error *error) {
    dni_decisions all = {.count = 0};
    dni_decision_match match = {.places = NULL};
    const dni_samples *const parts[] = {&scanned.splits[0], &scanned.splits[1]};
    dn_status status = dni_decisions_load(&all, path, error);
    if (!status) status = dni_decisions_match(&match, &all, data, parts, 2, error);
    if (!status) digest_add(digest, match.places, all.count * sizeof *match.places);
    if (!status)
        for (size_t i = 0; i < parts[0]->count; i++) {
            const int kind = match.of_sample[i] ? (int)match.of_sample[i]->kind : -1;
            digest_add(digest, &kind, sizeof kind);
        }
    dni_decision_match_free(&match);
    dni_decisions_free(&all);
    return status;
}

static dn_status heed(const void *path, uint64_t *digest, dn_error *error) {
    static const char *const classes[] = {"cat", "dog"};
    dni_decisions all = {.count = 0};
    dni_dataset set = {.class_count = 0};
    dni_decision_match match = {.places = NULL};
    dni_decision_counts counts = {0, 0};
    dn_status status = dni_decisions_load(&all, path, error);
    if (!status) status = dni_dataset_scan(&set, data, error);
    dni_samples *const parts[] = {&set.splits[0], &set.splits[1]};
    if (!status)
        status = dni_decisions_match(&match, &all, data, (const dni_samples *const[]){parts[0], parts[1]}, 2,
                                     error);
    if (!status) status = dni_decisions_apply(&counts, &match, path, parts, 2, classes, 2, error);
    if (!status) {
        for (int i = 0; i < 2; i++) add_samples(digest, parts[i]);
        digest_add(digest, &counts, sizeof counts);
    }
    dni_decision_match_free(&match);
    dni_dataset_free(&set);
    dni_decisions_free(&all);
    return status;
}

static void test_decisions(void **state) {
    (void)state;
    snprintf(file, sizeof file, "%s/decisions.tsv", data);
    const scenario it = {
        .name = "decisions made", .run = decide, .context = file, .word = file, .prepare = begin_decisions};
    fail_all(&it);
    fail_each_write_for_space(&it);
    struct stat info;
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(truncate(file, info.st_size - 1), 0);
    fail_all(&(scenario){.name = "decisions without their last end of line",
                         .run = load_decisions,
                         .context = file,
                         .word = file});
    dn_error error;
    if (dni_dataset_scan(&scanned, data, &error)) fail_msg("%s", error.message);
    fail_all(&(scenario){.name = "decisions matched", .run = match, .context = file, .word = data});
    dni_dataset_free(&scanned);
    fail_each_allocation(&(scenario){.name = "decisions heeded", .run = heed, .context = file, .word = data});
}

/* ---- feature stores ---- */

enum { FEATURES = 5, RECORDS = 7 };

typedef struct kind {
    const char *name;
    dni_feature_form form;
    int kept;    /* records of an earlier store */
    int journal; /* records that a killed process has left beside them */
} kind;

static const kind kinds[] = {{"a new store", DNI_FORM_F32, 0, 0},
                             {"a new store of bf16", DNI_FORM_BF16, 0, 0},
                             {"a store that grows", DNI_FORM_AS_KEPT, 3, 0},
                             {"a store with a journal", DNI_FORM_AS_KEPT, 2, 3}};

static dni_feature_picture table[RECORDS];

static dni_key key_of(int i) {
    return dni_key_of_bytes(&i, sizeof i);
}

static dn_status open_store(dni_feature_store **out, const kind *of, dn_error *error) {
    return dni_feature_store_open(
        out,
        &(dni_feature_store_options){
            .path = file, .provenance = "backbone a", .features = FEATURES, .form = of->form},
        error);
}

static dn_status put_records(dni_feature_store *store, int first, int end, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = first; !status && i < end; i++) {
        const float record[FEATURES] = {(float)i, 1.5f, 2.25f, -3.0f, 1.0f / 3.0f};
        const dni_key key = key_of(i);
        status = dni_feature_store_put(store, &key, record, error);
    }
    return status;
}

static void begin_store(const void *context) {
    const kind *const of = context;
    char journal[900];
    snprintf(journal, sizeof journal, "%s.journal", file);
    unlink(file);
    unlink(journal);
    for (int step = 0; step < 2; step++) {
        const int end = step ? of->kept + of->journal : of->kept;
        dni_feature_store *store;
        if (!(step ? of->journal : of->kept)) continue;
        assert_int_equal(open_store(&store, of, NULL), DN_OK);
        assert_int_equal(put_records(store, step ? of->kept : 0, end, NULL), DN_OK);
        if (!step) assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        dni_feature_store_close(store);
    }
}

static dn_status add_records(uint64_t *digest, const dni_feature_store *store, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < RECORDS; i++) {
        float record[FEATURES];
        const dni_key key = key_of(i);
        status = dni_feature_store_get(store, &key, record, error);
        if (!status) digest_add(digest, record, sizeof record);
    }
    return status;
}

static dn_status add_values(uint64_t *digest, const dni_feature_store *store, dn_error *error) {
    dni_feature_values values;
    float record[FEATURES];
    dn_status status = dni_feature_store_values(store, &values, error);
    if (status) return status;
    for (uint32_t row = 0; !status && row < values.count; row++) {
        status = dni_feature_values_read(&values, &row, 1, record, error);
        if (!status) digest_add(digest, record, sizeof record);
    }
    dni_feature_values_close(&values);
    return status;
}

/* All records put, read from the journal, merged, described, and read again. */
static dn_status use_store(const void *context, uint64_t *digest, dn_error *error) {
    static const char *const classes[] = {"cat", "dog"};
    static const dni_view views[] = {{.kind = DNI_VIEW_PLAIN}};
    const dni_feature_pictures described = {.next = dni_feature_pictures_next_of_array,
                                            .context = table,
                                            .count = RECORDS,
                                            .classes = classes,
                                            .class_count = 2,
                                            .views = views,
                                            .view_count = 1};
    dni_feature_store *store;
    dn_status status = open_store(&store, context, error);
    if (status) {
        assert_null(store);
        return status;
    }
    status = put_records(store, 0, RECORDS, error);
    if (!status) status = add_records(digest, store, error);
    if (!status) dni_feature_store_describe(store, &described);
    if (!status) status = dni_feature_store_finish(store, error);
    if (!status) status = add_records(digest, store, error);
    if (!status) status = add_values(digest, store, error);
    dni_feature_store_close(store);
    return status;
}

static dn_status read_store(const void *path, uint64_t *digest, dn_error *error) {
    dni_feature_reader *reader;
    dni_feature_entry entry;
    float record[FEATURES];
    bool more = true;
    dn_status status = dni_feature_reader_open(&reader, path, error);
    if (status) {
        assert_null(reader);
        return status;
    }
    while (!status && more) {
        status = dni_feature_reader_next(reader, &entry, &more, error);
        if (status || !more) break;
        digest_add(digest, entry.path, strlen(entry.path));
        if (entry.rows[0] >= 0) status = dni_feature_reader_values(reader, entry.rows[0], record, error);
        if (entry.rows[0] >= 0) digest_add(digest, record, sizeof record);
    }
    dni_feature_reader_close(reader);
    return status;
}

static void test_feature_stores(void **state) {
    (void)state;
    snprintf(file, sizeof file, "%s/store.safetensors", folder);
    for (int i = 0; i < RECORDS; i++)
        table[i] = (dni_feature_picture){
            .path = pictures[i % PICTURES], .key = key_of(100 + i), .label = i % 2, .view_count = 1};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const scenario it = {.name = kinds[i].name,
                             .run = use_store,
                             .context = &kinds[i],
                             .word = file,
                             .prepare = begin_store,
                             .folder = folder,
                             .result = file};
        fail_all(&it);
        fail_each_write_for_space(&it);
    }
    fail_all(&(scenario){.name = "a store read", .run = read_store, .context = file, .word = file});
}

/* ---- text in memory ---- */

/* What comes behind a failure is printed all the same, and must not pass for the whole. */
static dn_status print_text(const void *lines, uint64_t *digest, dn_error *error) {
    dni_text_stream stream;
    if (!dni_text_stream_open(&stream)) {
        assert_true(!stream.to && !stream.text);
        return dni_no_memory(error, "a text");
    }
    for (int i = 0; i < *(const int *)lines; i++) fprintf(stream.to, "line %d\n", i);
    if (!dni_text_stream_close(&stream)) {
        assert_true(!stream.to && !stream.text);
        return dni_no_memory(error, "a text");
    }
    digest_add(digest, stream.text, stream.size + 1);
    free(stream.text);
    return DN_OK;
}

static void test_text_in_memory(void **state) {
    (void)state;
    /* The one grows when it is closed, the other several times while it is printed. */
    static const int few = 100, many = 3000;
    fail_each_allocation(&(scenario){.name = "a short text", .run = print_text, .context = &few});
    fail_each_allocation(&(scenario){.name = "a long text", .run = print_text, .context = &many});
}

/* ---- pictures that are written ---- */

static dn_status write_png(const void *path, uint64_t *digest, dn_error *error) {
    enum { SIDE = 40 };
    uint8_t pixels[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * i);
    const dn_status status =
        dni_png_write(path, &(dn_image){.width = SIDE, .height = SIDE, .rgb = pixels}, error);
    if (!status) digest_add(digest, pixels, sizeof pixels);
    return status;
}

static void test_png_files(void **state) {
    (void)state;
    char folder_of_png[700], path[800];
    snprintf(folder_of_png, sizeof folder_of_png, "%s/png", folder);
    snprintf(path, sizeof path, "%s/map.png", folder_of_png);
    assert_int_equal(mkdir(folder_of_png, 0777), 0);
    const scenario it = {.name = "a PNG file",
                         .run = write_png,
                         .context = path,
                         .word = path,
                         .folder = folder_of_png,
                         .output = path,
                         .result = path};
    fail_all(&it);
    fail_each_write_for_space(&it);
}

static int set_up(void **state) {
    const int failed = failures_set_up(state);
    snprintf(folder, sizeof folder, "%s", (const char *)*state);
    snprintf(data, sizeof data, "%s/data", folder);
    make_data_set();
    return failed;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_and_folders), cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_feature_stores),    cmocka_unit_test(test_text_in_memory),
        cmocka_unit_test(test_png_files),
    };
    return cmocka_run_group_tests_name("files, when the machine fails", tests, set_up, folder_tear_down);
}

/* SPDX-License-Identifier: MIT */
/* The feature store keeps what was put into it through copies, kills and torn files, and refuses what is not
 * its own. The oracle is a store made by undisturbed work: files are compared byte for byte. */
#include "io/feature_store.h"

#include "core/rng.h"
#include "core/tensor_dict.h"
#include "io/safetensors.h"
#include "test/support/files.h"
#include "test/support/sanitizer.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 10, RECORDS = 40 };
enum { HEADER_BYTES = 32, RECORD_BYTES = 16 + 4 * FEATURES + 8 };

static char *folder, store_path[600], journal_path[620];

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(store_path, sizeof store_path, "%s/f.safetensors", folder);
    snprintf(journal_path, sizeof journal_path, "%s.journal", store_path);
    return 0;
}

static void empty_folder(void) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));) unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
}

static int tear_down(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

/* Record i of the work that every test does. */
static dni_key key_of(int i) {
    return dni_key_of_bytes(&i, sizeof i);
}

static void fill_record(int i, float record[FEATURES]) {
    for (int j = 0; j < FEATURES; j++) record[j] = (float)(100 * i + j);
}

static dni_feature_store *open_store(void) {
    dni_feature_store *store;
    dn_error error = {.message = ""};
    if (dni_feature_store_open(&store,
                               &(dni_feature_store_options){
                                   .path = store_path, .provenance = "backbone a", .features = FEATURES},
                               &error))
        fail_msg("%s", error.message);
    return store;
}

/* Puts the records [first, last) that are not there yet, as an extraction does. */
static void work(dni_feature_store *store, int first, int last) {
    for (int i = first; i < last; i++) {
        const dni_key key = key_of(i);
        float record[FEATURES];
        fill_record(i, record);
        if (!dni_feature_store_has(store, &key))
            assert_int_equal(dni_feature_store_put(store, &key, record, NULL), DN_OK);
    }
}

static void work_to_the_end(void) {
    dni_feature_store *store = open_store();
    work(store, 0, RECORDS);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
}

/* The file that undisturbed work makes, and nothing on disk afterwards. */
static file_bytes undisturbed(void) {
    work_to_the_end();
    const file_bytes expected = read_whole(store_path);
    unlink(store_path);
    return expected;
}

static void assert_finished_as(const file_bytes *expected) {
    const file_bytes found = read_whole(store_path);
    assert_int_equal(found.size, expected->size);
    assert_memory_equal(found.data, expected->data, expected->size);
    free(found.data);
    assert_int_equal(access(journal_path, F_OK), -1);
}

/* The journal of the first `count` records, left behind by a process that never finished. */
static file_bytes journal_of(int count) {
    dni_feature_store *store = open_store();
    work(store, 0, count);
    dni_feature_store_close(store);
    const file_bytes journal = read_whole(journal_path);
    assert_int_equal(journal.size, HEADER_BYTES + count * RECORD_BYTES);
    return journal;
}

static void test_records_come_back_from_memory_journal_and_file(void **state) {
    (void)state;
    dni_feature_store *store = open_store();
    for (int round = 0; round < 3; round++) {
        work(store, 0, RECORDS);
        assert_int_equal(dni_feature_store_count(store), RECORDS);
        for (int i = 0; i < RECORDS; i++) {
            const dni_key key = key_of(i);
            float expected[FEATURES];
            fill_record(i, expected);
            float found[FEATURES];
            assert_true(dni_feature_store_has(store, &key));
            assert_int_equal(dni_feature_store_get(store, &key, found, NULL), DN_OK);
            assert_memory_equal(found, expected, sizeof expected);
        }
        const dni_key absent = key_of(RECORDS);
        assert_false(dni_feature_store_has(store, &absent));
        float nothing[FEATURES];
        assert_int_equal(dni_feature_store_get(store, &absent, nothing, NULL), DN_ERR_ARGUMENT);
        if (round == 1) assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        dni_feature_store_close(store);
        store = open_store();
    }
    dni_feature_store_close(store);
}

static void test_a_key_that_is_there_keeps_its_record(void **state) {
    (void)state;
    dni_feature_store *store = open_store();
    work(store, 0, 1);
    const dni_key key = key_of(0);
    const float other[FEATURES] = {7};
    assert_int_equal(dni_feature_store_put(store, &key, other, NULL), DN_OK);
    assert_int_equal(dni_feature_store_count(store), 1);
    float found[FEATURES];
    assert_int_equal(dni_feature_store_get(store, &key, found, NULL), DN_OK);
    assert_true(found[1] == 1.0f);
    dni_feature_store_close(store);
}

static void test_the_file_is_a_safetensors_sorted_by_key(void **state) {
    (void)state;
    work_to_the_end();
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, store_path, NULL), DN_OK);
    const dni_tensor *keys = dni_tensor_dict_find(dict, "keys");
    const dni_tensor *features = dni_tensor_dict_find(dict, "features");
    assert_true(dni_tensor_same_shape(keys, 2, (const int64_t[]){RECORDS, 16}));
    assert_true(dni_tensor_same_shape(features, 2, (const int64_t[]){RECORDS, FEATURES}));
    for (int i = 1; i < RECORDS; i++)
        assert_true(memcmp((const dni_key *)keys->data + i - 1, (const dni_key *)keys->data + i, 16) < 0);
    assert_string_equal(dni_tensor_dict_meta(dict, "provenance"), "backbone a");
    dni_tensor_dict_free(dict);
}

static void test_the_order_of_work_leaves_no_trace(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    dni_feature_store *store = open_store();
    work(store, 25, RECORDS);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    work(store, 10, 30); /* after finish a store goes on as before */
    dni_feature_store_close(store);
    store = open_store();
    work(store, 0, 10);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK); /* nothing to merge is fine */
    dni_feature_store_close(store);
    assert_finished_as(&expected);
    free(expected.data);
}

/* More than are sorted at once. The file is refused when it is opened unless its keys rise. */
static void test_many_records_are_sorted_whatever_their_order(void **state) {
    (void)state;
    enum { MANY = 20000 };
    const dni_feature_store_options options = {.path = store_path, .provenance = "many", .features = 1};
    file_bytes files[2];
    for (int turn = 0; turn < 2; turn++) {
        dni_feature_store *store;
        assert_int_equal(dni_feature_store_open(&store, &options, NULL), DN_OK);
        for (int i = 0; i < MANY; i++) {
            const int number = turn ? MANY - 1 - i : i;
            const dni_key key = key_of(number);
            assert_int_equal(dni_feature_store_put(store, &key, &(const float){(float)number}, NULL), DN_OK);
            if (turn && i == MANY / 3) assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        }
        assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        dni_feature_store_close(store);
        assert_int_equal(dni_feature_store_open(&store, &options, NULL), DN_OK);
        assert_int_equal(dni_feature_store_count(store), MANY);
        for (int i = 0; i < MANY; i++) {
            const dni_key key = key_of(i);
            float found = -1;
            assert_int_equal(dni_feature_store_get(store, &key, &found, NULL), DN_OK);
            assert_true(found == (float)i);
        }
        dni_feature_store_close(store);
        files[turn] = read_whole(store_path);
        unlink(store_path);
    }
    assert_int_equal(files[0].size, files[1].size);
    assert_memory_equal(files[0].data, files[1].data, files[0].size);
    free(files[0].data);
    free(files[1].data);
}

static void test_a_journal_cut_at_any_byte_loses_the_torn_record_alone(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    const file_bytes journal = journal_of(4);
    for (size_t size = 0; size <= journal.size; size++) {
        unlink(store_path);
        write_whole(journal_path, journal.data, size);
        dni_feature_store *store = open_store();
        const size_t whole = size < HEADER_BYTES ? 0 : (size - HEADER_BYTES) / RECORD_BYTES;
        assert_int_equal(dni_feature_store_count(store), whole);
        work(store, 0, RECORDS);
        assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        dni_feature_store_close(store);
        assert_finished_as(&expected);
    }
    free(journal.data);
    free(expected.data);
}

/* Power fails when the disk has the journal's size and, of its bytes, none or only those of some sectors. */
static void test_a_journal_of_which_the_disk_got_no_header_is_begun_anew(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    for (int form = 0; form < 2; form++) {
        unlink(store_path);
        const file_bytes journal = journal_of(3);
        if (form == 1) memset(journal.data + HEADER_BYTES, 0, journal.size - HEADER_BYTES);
        for (size_t lost = 1; lost <= HEADER_BYTES; lost++) {
            unlink(store_path);
            memset(journal.data + HEADER_BYTES - lost, 0, lost);
            write_whole(journal_path, journal.data, journal.size);
            dni_feature_store *store = open_store();
            assert_int_equal(dni_feature_store_count(store), 0);
            dni_feature_store_close(store);
            work_to_the_end();
            assert_finished_as(&expected);
        }
        free(journal.data);
    }
    free(expected.data);
}

static void test_a_journal_of_zeros_beside_a_file_of_bf16_is_begun_anew(void **state) {
    (void)state;
    dni_feature_store *store;
    const dni_feature_store_options options = {
        .path = store_path, .provenance = "backbone a", .features = FEATURES, .form = DNI_FORM_BF16};
    assert_int_equal(dni_feature_store_open(&store, &options, NULL), DN_OK);
    work(store, 0, 3);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    const char zeros[100] = {0};
    write_whole(journal_path, zeros, sizeof zeros);
    assert_int_equal(dni_feature_store_open(&store, &options, NULL), DN_OK);
    assert_int_equal(dni_feature_store_count(store), 3);
    dni_feature_store_close(store);
}

static void test_a_flipped_bit_in_the_journal_never_gets_into_the_file(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    const file_bytes journal = journal_of(3);
    for (size_t byte = HEADER_BYTES; byte < journal.size; byte++) {
        unlink(store_path);
        journal.data[byte] ^= 0x10;
        write_whole(journal_path, journal.data, journal.size);
        journal.data[byte] ^= 0x10;
        dni_feature_store *store = open_store();
        assert_int_equal(dni_feature_store_count(store), (byte - HEADER_BYTES) / RECORD_BYTES);
        dni_feature_store_close(store);
        work_to_the_end();
        assert_finished_as(&expected);
    }
    free(journal.data);
    free(expected.data);
}

static void test_a_kill_between_merging_and_removing_the_journal_does_no_harm(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    const file_bytes journal = journal_of(RECORDS);
    work_to_the_end();
    write_whole(journal_path, journal.data, journal.size); /* the file has all of it already */
    dni_feature_store *store = open_store();
    assert_int_equal(dni_feature_store_count(store), RECORDS);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    assert_finished_as(&expected);
    free(journal.data);
    free(expected.data);
}

/* A child that works slowly enough to be killed in the middle. */
static pid_t start_worker(void) {
    const pid_t child = fork();
    if (child) return child;
    dni_feature_store *store;
    if (dni_feature_store_open(&store,
                               &(dni_feature_store_options){
                                   .path = store_path, .provenance = "backbone a", .features = FEATURES},
                               NULL))
        _exit(1);
    for (int i = 0; i < RECORDS; i++) {
        const dni_key key = key_of(i);
        float record[FEATURES];
        fill_record(i, record);
        if (dni_feature_store_put(store, &key, record, NULL)) _exit(1);
        if (i % 10 == 9 && dni_feature_store_finish(store, NULL)) _exit(1);
    }
    dni_feature_store_close(store);
    _exit(0);
}

static void test_work_killed_at_random_moments_ends_in_the_same_file(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    dni_rng rng = dni_rng_named(1, "moments of kills");
    int killed = 0;
    for (int trial = 0; trial < 100; trial++) {
        unlink(store_path);
        for (int attempt = 0; attempt < 3; attempt++) {
            const pid_t child = start_worker();
            assert_true(child > 0);
            nanosleep(&(struct timespec){.tv_nsec = (long)dni_rng_below(&rng, 4000000)}, NULL);
            kill(child, SIGKILL);
            int outcome;
            assert_int_equal(waitpid(child, &outcome, 0), child);
            killed += WIFSIGNALED(outcome);
            assert_true(WIFSIGNALED(outcome) || WEXITSTATUS(outcome) == 0);
        }
        work_to_the_end();
        assert_finished_as(&expected);
        empty_folder(); /* a killed writer's temporary file is no one's any more */
    }
    assert_true(killed > 20); /* otherwise this showed nothing */
    free(expected.data);
}

static void expect_refusal(dn_status status, const char *provenance, int features, const char *needle) {
    dni_feature_store *store;
    dn_error error = {.message = ""};
    assert_int_equal(
        dni_feature_store_open(
            &store,
            &(dni_feature_store_options){.path = store_path, .provenance = provenance, .features = features},
            &error),
        status);
    assert_null(store);
    assert_int_equal(error.status, status);
    assert_non_null(strstr(error.message, folder));
    assert_non_null(strstr(error.message, needle));
}

static void test_another_provenance_is_refused(void **state) {
    (void)state;
    const file_bytes journal = journal_of(2);
    expect_refusal(DN_ERR_MISMATCH, "backbone b", FEATURES, "backbone b");
    expect_refusal(DN_ERR_MISMATCH, "backbone a", FEATURES + 1, "journal");
    work_to_the_end();
    expect_refusal(DN_ERR_MISMATCH, "backbone b", FEATURES, "'backbone a'");
    expect_refusal(DN_ERR_TENSOR_SHAPE, "backbone a", FEATURES + 1, "(40, 11)");
    free(journal.data);
}

static void test_a_store_of_another_form_is_refused(void **state) {
    (void)state;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_int_equal(dni_tensor_dict_set_meta(dict, "format", "densenet feature store 1", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_set_meta(dict, "provenance", "backbone a", NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, store_path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    expect_refusal(DN_ERR_MISMATCH, "backbone a", FEATURES, "'densenet feature store 1'");
    unlink(store_path);
    const file_bytes journal = journal_of(2);
    journal.data[7] = '1';
    write_whole(journal_path, journal.data, journal.size);
    expect_refusal(DN_ERR_MISMATCH, "backbone a", FEATURES, "another form");
    free(journal.data);
}

static void test_a_foreign_file_of_that_name_is_refused_and_left_alone(void **state) {
    (void)state;
    static const unsigned char text[] = "a diary that has nothing to do with features at all";
    write_whole(journal_path, text, sizeof text);
    expect_refusal(DN_ERR_FORMAT, "backbone a", FEATURES, "not a journal");
    const file_bytes journal = read_whole(journal_path);
    assert_int_equal(journal.size, sizeof text);
    assert_memory_equal(journal.data, text, sizeof text);
    free(journal.data);
    unlink(journal_path);

    dni_tensor_dict *dict = dni_tensor_dict_create();
    void *data;
    assert_int_equal(dni_tensor_dict_allocate(dict, "weight", DNI_F32, 1, (const int64_t[]){3}, &data, NULL),
                     DN_OK);
    assert_int_equal(dni_safetensors_write(dict, store_path, NULL), DN_OK);
    expect_refusal(DN_ERR_FORMAT, "backbone a", FEATURES, "'format'");
    assert_int_equal(dni_tensor_dict_set_meta(dict, "format", "densenet feature store 2", NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, store_path, NULL), DN_OK);
    expect_refusal(DN_ERR_FORMAT, "backbone a", FEATURES, "'provenance'");
    assert_int_equal(dni_tensor_dict_set_meta(dict, "provenance", "backbone a", NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, store_path, NULL), DN_OK);
    expect_refusal(DN_ERR_TENSOR_MISSING, "backbone a", FEATURES, "'keys'");
    dni_tensor_dict_free(dict);
}

static void test_a_truncated_file_is_refused_at_every_length(void **state) {
    (void)state;
    work_to_the_end();
    const file_bytes whole = read_whole(store_path);
    for (size_t size = 0; size < whole.size; size += size < 1024 ? 1 : 61) {
        write_whole(store_path, whole.data, size);
        dni_feature_store *store;
        dn_error error = {.status = DN_OK};
        assert_int_not_equal(dni_feature_store_open(&store,
                                                    &(dni_feature_store_options){.path = store_path,
                                                                                 .provenance = "backbone a",
                                                                                 .features = FEATURES},
                                                    &error),
                             DN_OK);
        assert_null(store);
        assert_non_null(strstr(error.message, store_path));
    }
    free(whole.data);
}

static void test_unsorted_keys_are_refused(void **state) {
    (void)state;
    work_to_the_end();
    const file_bytes whole = read_whole(store_path);
    dni_key keys[RECORDS]; /* U8 stands behind F32: the file's last file_bytes */
    unsigned char *place = whole.data + whole.size - sizeof keys;
    memcpy(keys, place, sizeof keys);
    memcpy(place, &keys[1], sizeof keys[1]);
    memcpy(place + sizeof keys[0], &keys[0], sizeof keys[0]);
    write_whole(store_path, whole.data, whole.size);
    expect_refusal(DN_ERR_CORRUPT, "backbone a", FEATURES, "not sorted at row 1");
    free(whole.data);
}

static void test_a_missing_folder_is_named(void **state) {
    (void)state;
    dni_feature_store *store;
    dn_error error = {.message = ""};
    char path[600];
    snprintf(path, sizeof path, "%s/absent/f.safetensors", folder);
    assert_int_equal(
        dni_feature_store_open(
            &store, &(dni_feature_store_options){.path = path, .provenance = "a", .features = 1}, &error),
        DN_ERR_NOT_FOUND);
    assert_null(store);
    assert_non_null(strstr(error.message, path));
}

static void write_waiting(void *context) {
    assert_int_equal(write(*(int *)context, "w", 1), 1);
}

/* Opens once the parent says so, and reports by exit code that it then saw all 30 records. */
static void open_second(int go, int told) {
    char letter;
    dni_feature_store *second;
    if (read(go, &letter, 1) != 1 ||
        dni_feature_store_open(&second,
                               &(dni_feature_store_options){.path = store_path,
                                                            .provenance = "backbone a",
                                                            .features = FEATURES,
                                                            .on_wait = write_waiting,
                                                            .context = &told},
                               NULL))
        _exit(1);
    const size_t count = dni_feature_store_count(second);
    dni_feature_store_close(second);
    _exit(count == 30 ? 0 : 2);
}

static void test_a_second_process_waits_until_the_first_closes(void **state) {
    (void)state;
    int go[2], told[2];
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork(); /* before opening: a lock is shared with children */
    if (child == 0) open_second(go[0], told[1]);
    dni_feature_store *store = open_store();
    work(store, 0, 20);
    char letter = 'g';
    assert_int_equal(write(go[1], &letter, 1), 1);
    assert_int_equal(read(told[0], &letter, 1), 1); /* it waits */
    work(store, 20, 30);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(told[i]);
    }
}

/* ---- vectors kept as BF16 ---- */

enum { NARROW_BYTES = 16 + 2 * FEATURES + 8 };

static dn_status open_as(dni_feature_store **out, dni_feature_form form, dn_error *error) {
    return dni_feature_store_open(
        out,
        &(dni_feature_store_options){
            .path = store_path, .provenance = "backbone a", .features = FEATURES, .form = form},
        error);
}

/* Numbers that lie between two of BF16's, of both signs, ties among them. */
static void fill_uneven(int i, float record[FEATURES]) {
    for (int j = 0; j < FEATURES; j++)
        record[j] = (j % 2 ? -1.0f : 1.0f) * (1.0f + (float)(i * FEATURES + j) / 256.0f);
}

/* The nearest number of 8 significant bits, ties to even: the definition, by steps of the last bit. */
static float nearest(float value) {
    int exponent;
    const double fraction = frexp((double)value, &exponent);
    return (float)ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
}

static void put_uneven(dni_feature_store *store, int first, int last) {
    for (int i = first; i < last; i++) {
        const dni_key key = key_of(i);
        float record[FEATURES];
        fill_uneven(i, record);
        assert_int_equal(dni_feature_store_put(store, &key, record, NULL), DN_OK);
    }
}

static void assert_rounded(const dni_feature_store *store, int count) {
    for (int i = 0; i < count; i++) {
        const dni_key key = key_of(i);
        float record[FEATURES], found[FEATURES];
        fill_uneven(i, record);
        assert_int_equal(dni_feature_store_get(store, &key, found, NULL), DN_OK);
        for (int j = 0; j < FEATURES; j++) assert_true(found[j] == nearest(record[j]));
    }
}

static void test_bf16_is_rounded_at_once_and_stays_through_journal_and_file(void **state) {
    (void)state;
    dni_feature_store *store;
    assert_int_equal(open_as(&store, DNI_FORM_BF16, NULL), DN_OK);
    put_uneven(store, 0, RECORDS);
    assert_rounded(store, RECORDS);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    const file_bytes expected = read_whole(store_path);
    unlink(store_path);
    assert_int_equal(open_as(&store, DNI_FORM_BF16, NULL), DN_OK);
    put_uneven(store, 0, 15);
    dni_feature_store_close(store);
    const file_bytes journal = read_whole(journal_path);
    assert_int_equal(journal.size, HEADER_BYTES + 15 * NARROW_BYTES);
    write_whole(journal_path, journal.data, journal.size - 1); /* the last record is torn */
    const dni_feature_form forms[] = {DNI_FORM_AS_KEPT, DNI_FORM_BF16, DNI_FORM_AS_KEPT};
    for (int round = 0; round < 3; round++) { /* a journal, a file and a journal, a file */
        assert_int_equal(open_as(&store, forms[round], NULL), DN_OK);
        assert_rounded(store, round == 0 ? 14 : round == 1 ? 30 : RECORDS);
        put_uneven(store, 0, round == 0 ? 30 : RECORDS);
        if (round == 0) assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        if (round == 2) assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
        dni_feature_store_close(store);
    }
    assert_finished_as(&expected);
    free(journal.data);
    free(expected.data);
}

static void expect_other_form(dni_feature_form form, const char *needle) {
    dni_feature_store *store;
    dn_error error = {.message = ""};
    assert_int_equal(open_as(&store, form, &error), DN_ERR_MISMATCH);
    assert_null(store);
    assert_non_null(strstr(error.message, store_path));
    assert_non_null(strstr(error.message, needle));
}

static void test_a_store_of_the_other_numbers_is_refused_by_name(void **state) {
    (void)state;
    dni_feature_store *store;
    assert_int_equal(open_as(&store, DNI_FORM_BF16, NULL), DN_OK);
    put_uneven(store, 0, 3);
    dni_feature_store_close(store);
    expect_other_form(DNI_FORM_F32, "BF16, not as F32"); /* the journal's */
    const file_bytes narrow = read_whole(journal_path);
    assert_int_equal(open_as(&store, DNI_FORM_AS_KEPT, NULL), DN_OK);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    expect_other_form(DNI_FORM_F32, "BF16, not as F32"); /* the file's */
    unlink(store_path);
    work_to_the_end();
    expect_other_form(DNI_FORM_BF16, "F32, not as BF16");
    write_whole(journal_path, narrow.data, narrow.size);
    expect_other_form(DNI_FORM_AS_KEPT, "unfinished features as BF16");
    narrow.data[12] = 2; /* a type that a later program may have */
    write_whole(journal_path, narrow.data, narrow.size);
    expect_other_form(DNI_FORM_AS_KEPT, "unfinished features");
    free(narrow.data);
}

/* Sets how long a file may get, which stands for a full disk; returns the former limit. */
static struct rlimit limit_files(rlim_t bytes) {
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, before.rlim_max}), 0);
    return before;
}

/* A write beyond the limit fails half way through a record. */
static void test_a_failed_write_leaves_whole_records_and_can_be_repeated(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    dni_feature_store *store = open_store();
    work(store, 0, 3);
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = limit_files(HEADER_BYTES + 3 * RECORD_BYTES + 10);
    const dni_key key = key_of(3);
    const float record[FEATURES] = {0};
    dn_error error = {.message = ""};
    assert_int_equal(dni_feature_store_put(store, &key, record, &error), DN_ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, old);
    assert_non_null(strstr(error.message, journal_path));
    assert_false(dni_feature_store_has(store, &key));
    struct stat journal;
    assert_int_equal(stat(journal_path, &journal), 0);
    assert_int_equal(journal.st_size, HEADER_BYTES + 3 * RECORD_BYTES);
    work(store, 0, RECORDS);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    assert_finished_as(&expected);
    free(expected.data);
}

static void test_a_merge_that_fails_leaves_the_former_file_and_can_be_repeated(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    dni_feature_store *store = open_store();
    work(store, 0, 10);
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    const file_bytes former = read_whole(store_path);
    work(store, 10, RECORDS);
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = limit_files(200);
    dn_error error = {.message = ""};
    assert_int_equal(dni_feature_store_finish(store, &error), DN_ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, old);
    assert_non_null(strstr(error.message, store_path));
    const file_bytes left = read_whole(store_path);
    assert_int_equal(left.size, former.size);
    assert_memory_equal(left.data, former.data, former.size);
    for (int i = 0; i < RECORDS; i++) { /* the index, too, is whole */
        const dni_key key = key_of(i);
        float found[FEATURES], record[FEATURES];
        fill_record(i, record);
        assert_int_equal(dni_feature_store_get(store, &key, found, NULL), DN_OK);
        assert_memory_equal(found, record, sizeof found);
    }
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    assert_finished_as(&expected);
    free(left.data);
    free(former.data);
    free(expected.data);
}

/* Vectors are read back from the journal when they are merged: one that changed on the disk since it was
 * written, or is gone, is not taken for a vector. */
static void test_a_journal_that_changes_under_an_open_store_is_noticed(void **state) {
    (void)state;
    const file_bytes expected = undisturbed();
    for (int cut = 0; cut < 2; cut++) {
        dni_feature_store *store = open_store();
        work(store, 0, 6);
        const off_t place = HEADER_BYTES + 4 * RECORD_BYTES + 20;
        FILE *journal = fopen(journal_path, "r+b");
        assert_non_null(journal);
        if (cut) {
            assert_int_equal(ftruncate(fileno(journal), place), 0);
        } else {
            assert_int_equal(fseek(journal, place, SEEK_SET), 0);
            assert_int_equal(fputc(0x77, journal), 0x77);
        }
        assert_int_equal(fclose(journal), 0);
        const dni_key good = key_of(3), bad = key_of(4);
        float record[FEATURES];
        dn_error error = {.message = ""};
        assert_int_equal(dni_feature_store_get(store, &good, record, NULL), DN_OK);
        const dn_status expected_status = cut ? DN_ERR_IO : DN_ERR_CORRUPT;
        assert_int_equal(dni_feature_store_get(store, &bad, record, &error), expected_status);
        assert_non_null(strstr(error.message, journal_path));
        assert_non_null(strstr(error.message, "record 4"));
        assert_int_equal(dni_feature_store_finish(store, NULL), expected_status);
        assert_int_equal(access(store_path, F_OK), -1);
        dni_feature_store_close(store);
        work_to_the_end();
        assert_finished_as(&expected);
        unlink(store_path);
    }
    free(expected.data);
}

enum { WIDE = 1 << 18, WIDE_RECORDS = 40 }; /* vectors of a megabyte */

static long peak_kilobytes(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : -1;
}

/* Writes 40 MB in two merges; 0 where the process has grown by less than 10 MB. */
static int merge_wide(void) {
    static float record[WIDE];
    dni_feature_store *store;
    for (int i = 0; i < WIDE; i++) record[i] = (float)i;
    const long before = peak_kilobytes();
    if (dni_feature_store_open(
            &store, &(dni_feature_store_options){.path = store_path, .provenance = "wide", .features = WIDE},
            NULL))
        return 1;
    for (int i = 0; i < WIDE_RECORDS; i++) {
        const dni_key key = key_of(i);
        record[0] = (float)i;
        if (dni_feature_store_put(store, &key, record, NULL)) return 2;
        if (i == WIDE_RECORDS / 2 && dni_feature_store_finish(store, NULL)) return 3;
    }
    if (dni_feature_store_finish(store, NULL)) return 4;
    for (int i = 0; i < WIDE_RECORDS; i++) {
        const dni_key key = key_of(i);
        if (dni_feature_store_get(store, &key, record, NULL) || record[0] < (float)i || record[0] > (float)i)
            return 5;
    }
    dni_feature_store_close(store);
    return peak_kilobytes() - before < 10 << 10 ? 0 : 6;
}

static void test_memory_does_not_grow_with_the_vectors(void **state) {
    (void)state;
    if (SANITIZER_SHADOWS_MEMORY) skip();
    const pid_t child = fork();
    if (child == 0) _exit(merge_wide());
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
}

static void test_keys_depend_on_content_alone(void **state) {
    (void)state;
    char copy[620];
    snprintf(copy, sizeof copy, "%s/copy", folder);
    static const unsigned char text[] = "the same picture";
    write_whole(store_path, text, sizeof text);
    write_whole(copy, text, sizeof text);
    dni_key a, b;
    assert_int_equal(dni_key_of_file(&a, store_path, NULL), DN_OK);
    assert_int_equal(dni_key_of_file(&b, copy, NULL), DN_OK);
    assert_memory_equal(&a, &b, sizeof a);
    const dni_key c = dni_key_of_bytes(text, sizeof text);
    assert_memory_equal(&a, &c, sizeof a);
    unlink(copy);
    char hex[33];
    const dni_key empty = dni_key_of_bytes("", 0);
    dni_key_text(&empty, hex);
    assert_string_equal(hex,
                        "99aa06d3014798d86001c324468d497f"); /* XXH3-128 of nothing, xxHash's test value */
    dn_error error = {.message = ""};
    assert_int_equal(dni_key_of_file(&a, copy, &error), DN_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, copy));
}

/* Anybody can make these keys: the mirror image's is the hash of the file's key and the name "flip". */
static void test_each_view_has_a_key_of_its_own(void **state) {
    (void)state;
    const dni_key file = dni_key_of_bytes("the same picture", 16);
    const dni_key plain = dni_key_of_view(&file, &(dni_view){.kind = DNI_VIEW_PLAIN});
    assert_memory_equal(&plain, &file, sizeof file);
    const dni_key flip = dni_key_of_view(&file, &(dni_view){.flip = true});
    unsigned char named[20];
    memcpy(named, file.bytes, 16);
    memcpy(named + 16, "flip", 4);
    const dni_key expected = dni_key_of_bytes(named, sizeof named);
    assert_memory_equal(&flip, &expected, sizeof flip);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_records_come_back_from_memory_journal_and_file),
        TEST(test_a_key_that_is_there_keeps_its_record),
        TEST(test_the_file_is_a_safetensors_sorted_by_key),
        TEST(test_the_order_of_work_leaves_no_trace),
        TEST(test_many_records_are_sorted_whatever_their_order),
        TEST(test_a_journal_cut_at_any_byte_loses_the_torn_record_alone),
        TEST(test_a_journal_of_which_the_disk_got_no_header_is_begun_anew),
        TEST(test_a_journal_of_zeros_beside_a_file_of_bf16_is_begun_anew),
        TEST(test_a_flipped_bit_in_the_journal_never_gets_into_the_file),
        TEST(test_a_kill_between_merging_and_removing_the_journal_does_no_harm),
        TEST(test_work_killed_at_random_moments_ends_in_the_same_file),
        TEST(test_another_provenance_is_refused),
        TEST(test_a_store_of_another_form_is_refused),
        TEST(test_a_foreign_file_of_that_name_is_refused_and_left_alone),
        TEST(test_a_truncated_file_is_refused_at_every_length),
        TEST(test_unsorted_keys_are_refused),
        TEST(test_a_missing_folder_is_named),
        TEST(test_a_second_process_waits_until_the_first_closes),
        TEST(test_a_failed_write_leaves_whole_records_and_can_be_repeated),
        TEST(test_a_merge_that_fails_leaves_the_former_file_and_can_be_repeated),
        TEST(test_a_journal_that_changes_under_an_open_store_is_noticed),
        TEST(test_memory_does_not_grow_with_the_vectors),
        TEST(test_bf16_is_rounded_at_once_and_stays_through_journal_and_file),
        TEST(test_a_store_of_the_other_numbers_is_refused_by_name),
        TEST(test_keys_depend_on_content_alone),
        TEST(test_each_view_has_a_key_of_its_own),
    };
    return cmocka_run_group_tests_name("feature store", tests, NULL, NULL);
}

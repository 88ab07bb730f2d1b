/* io/file: mapping, atomic writing, folders, listing. */
#include "io/file.h"

#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

static void test_a_mapped_file_shows_its_bytes(void **state) {
    const char *path = folder_path(state, "a");
    write_whole(path, "hello", 5);
    dni_mapping mapping;
    assert_int_equal(dni_file_map(&mapping, path, NULL), DN_OK);
    assert_int_equal(mapping.size, 5);
    assert_memory_equal(mapping.data, "hello", 5);
    dni_file_unmap(&mapping);
    assert_null(mapping.data);
}

static void test_an_empty_file_maps_to_nothing(void **state) {
    const char *path = folder_path(state, "empty");
    write_whole(path, "", 0);
    dni_mapping mapping;
    assert_int_equal(dni_file_map(&mapping, path, NULL), DN_OK);
    assert_null(mapping.data);
    assert_int_equal(mapping.size, 0);
    dni_file_unmap(&mapping);
}

static void test_what_is_no_regular_file_is_refused_by_name(void **state) {
    dni_mapping mapping;
    dn_error error;
    assert_int_equal(dni_file_map(&mapping, *state, &error), DN_ERR_FILE_KIND);
    assert_non_null(strstr(error.message, *state));
    assert_non_null(strstr(error.message, "folder"));
    const char *pipe_path = folder_path(state, "pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(dni_file_map(&mapping, pipe_path, &error), DN_ERR_FILE_KIND);
    assert_int_equal(dni_file_map(&mapping, folder_path(state, "absent"), &error), DN_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, "absent"));
}

static void assert_content(const char *path, const char *text) {
    const file_bytes found = read_whole(path);
    assert_int_equal(found.size, strlen(text));
    assert_memory_equal(found.data, text, found.size);
    free(found.data);
}

static size_t entries(const char *folder) {
    dni_listing listing;
    char command[1200];
    snprintf(command, sizeof command, "test -z \"$(ls -A '%s' | grep '\\.tmp$')\"", folder);
    assert_int_equal(system(command), 0); /* no temporary file is left */
    assert_int_equal(dni_list_folder(&listing, folder, NULL), DN_OK);
    const size_t count = listing.count;
    dni_listing_free(&listing);
    return count;
}

static void test_a_file_appears_when_it_is_committed(void **state) {
    const char *path = folder_path(state, "out");
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, path, NULL), DN_OK);
    assert_int_equal(dni_file_write(writer, "new", 3, NULL), DN_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(dni_file_writer_commit(writer, NULL), DN_OK);
    assert_content(path, "new");
    assert_int_equal(entries(*state), 1);
}

static void test_an_abandoned_file_leaves_what_was_there(void **state) {
    const char *path = folder_path(state, "out");
    write_whole(path, "old", 3);
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, path, NULL), DN_OK);
    assert_int_equal(dni_file_write(writer, "new", 3, NULL), DN_OK);
    dni_file_writer_abandon(writer);
    dni_file_writer_abandon(NULL);
    assert_content(path, "old");
    assert_int_equal(entries(*state), 1);
}

static void test_permissions_follow_the_umask(void **state) {
    const char *path = folder_path(state, "out");
    const mode_t before = umask(027);
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, path, NULL), DN_OK);
    assert_int_equal(dni_file_writer_commit(writer, NULL), DN_OK);
    umask(before);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

static void test_a_failed_write_is_reported_and_taken_back(void **state) {
    const char *path = folder_path(state, "out");
    write_whole(path, "old", 3);
    dni_file_writer *writer;
    dn_error error;
    assert_int_equal(dni_file_writer_open(&writer, path, NULL), DN_OK);
    struct rlimit before, limit; /* stands in for a full disk */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    char block[1 << 16] = {0};
    const dn_status written = dni_file_write(writer, block, sizeof block, &error);
    const dn_status committed = dni_file_writer_commit(writer, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(written, DN_ERR_IO);
    assert_int_equal(committed, DN_ERR_IO);
    assert_non_null(strstr(error.message, path));
    assert_content(path, "old");
    assert_int_equal(entries(*state), 1);
}

static void test_a_device_is_never_replaced(void **state) {
    (void)state;
    dn_error error;
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, "/dev/null", &error), DN_ERR_IO);
    assert_null(writer);
    assert_non_null(strstr(error.message, "/dev/null"));
}

static void test_a_link_stays_and_its_file_is_replaced(void **state) {
    const char *target = folder_path(state, "target"), *link_path = folder_path(state, "link");
    write_whole(target, "old", 3);
    assert_int_equal(symlink("target", link_path), 0);
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, link_path, NULL), DN_OK);
    assert_int_equal(dni_file_write(writer, "new", 3, NULL), DN_OK);
    assert_int_equal(dni_file_writer_commit(writer, NULL), DN_OK);
    struct stat info;
    assert_int_equal(lstat(link_path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_content(target, "new");
}

static void test_a_file_in_a_missing_folder_is_not_found(void **state) {
    dni_file_writer *writer;
    dn_error error;
    const char *path = folder_path(state, "no/such");
    assert_int_equal(dni_file_writer_open(&writer, path, &error), DN_ERR_NOT_FOUND);
    assert_null(writer);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(dni_file_writer_open(&writer, *state, &error), DN_ERR_IO);
    assert_int_equal(dni_file_writer_open(&writer, "a/", &error), DN_ERR_ARGUMENT);
}

static void test_folders_are_made_to_any_depth(void **state) {
    const char *path = folder_path(state, "a//b/c/");
    assert_int_equal(dni_make_folders(path, NULL), DN_OK);
    assert_int_equal(dni_make_folders(path, NULL), DN_OK);
    struct stat info;
    assert_int_equal(stat(folder_path(state, "a/b/c"), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    write_whole(folder_path(state, "file"), "", 0);
    dn_error error;
    assert_int_equal(dni_make_folders(folder_path(state, "file"), &error), DN_ERR_IO);
    assert_int_not_equal(dni_make_folders(folder_path(state, "file/x"), &error), DN_OK);
    assert_int_not_equal(dni_make_folders("", &error), DN_OK);
}

static void test_listings_are_sorted_by_bytes_without_hidden_names(void **state) {
    const char *const names[] = {"b", "a", "\xc3\xa4", "B", ".hidden", "a b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_whole(folder_path(state, names[i]), "", 0);
    dni_listing listing;
    assert_int_equal(dni_list_folder(&listing, *state, NULL), DN_OK);
    const char *const expected[] = {"B", "a", "a b", "b", "\xc3\xa4"};
    assert_int_equal(listing.count, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(listing.names[i], expected[i]);
    dni_listing_free(&listing);
    assert_int_equal(dni_list_folder(&listing, folder_path(state, "absent"), NULL), DN_ERR_NOT_FOUND);
}

static void test_paths_are_joined_and_taken_apart(void **state) {
    (void)state;
    const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *joined = dni_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        free(joined);
    }
    assert_string_equal(dni_path_name("a/b/c.png"), "c.png");
    assert_string_equal(dni_path_name("c.png"), "c.png");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_mapped_file_shows_its_bytes),
        IN_FOLDER(test_an_empty_file_maps_to_nothing),
        IN_FOLDER(test_what_is_no_regular_file_is_refused_by_name),
        IN_FOLDER(test_a_file_appears_when_it_is_committed),
        IN_FOLDER(test_an_abandoned_file_leaves_what_was_there),
        IN_FOLDER(test_permissions_follow_the_umask),
        IN_FOLDER(test_a_failed_write_is_reported_and_taken_back),
        IN_FOLDER(test_a_device_is_never_replaced),
        IN_FOLDER(test_a_link_stays_and_its_file_is_replaced),
        IN_FOLDER(test_a_file_in_a_missing_folder_is_not_found),
        IN_FOLDER(test_folders_are_made_to_any_depth),
        IN_FOLDER(test_listings_are_sorted_by_bytes_without_hidden_names),
        cmocka_unit_test(test_paths_are_joined_and_taken_apart),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}

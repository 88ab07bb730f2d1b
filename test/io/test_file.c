/* SPDX-License-Identifier: MIT */
/* io/file: reading, atomic writing, folders, listing. */
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
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_loaded_file_has_its_bytes(void **state) {
    const char *path = folder_path(state, "a");
    write_whole(path, "hello", 5);
    dni_file_content content;
    assert_int_equal(dni_file_load(&content, path, NULL), DN_OK);
    assert_int_equal(content.size, 5);
    assert_memory_equal(content.data, "hello", 5);
    dni_file_unload(&content);
    assert_null(content.data);
}

static void test_an_empty_file_loads_to_nothing(void **state) {
    const char *path = folder_path(state, "empty");
    write_whole(path, "", 0);
    dni_file_content content;
    assert_int_equal(dni_file_load(&content, path, NULL), DN_OK);
    assert_null(content.data);
    assert_int_equal(content.size, 0);
    dni_file_unload(&content);
}

static void test_what_is_no_regular_file_is_refused_by_name(void **state) {
    dni_file_content content;
    dn_error error;
    assert_int_equal(dni_file_load(&content, *state, &error), DN_ERR_FILE_KIND);
    assert_non_null(strstr(error.message, *state));
    assert_non_null(strstr(error.message, "folder"));
    const char *pipe_path = folder_path(state, "pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(dni_file_load(&content, pipe_path, &error), DN_ERR_FILE_KIND);
    assert_int_equal(dni_file_load(&content, folder_path(state, "absent"), &error), DN_ERR_NOT_FOUND);
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

/* Files in the folder, hidden ones too. */
static int all_entries(const char *folder) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = -2; /* "." and ".." */
    while (readdir(listing)) count++;
    closedir(listing);
    return count;
}

/* A child that begins to write the file, tells so, and waits to be killed (not for ever, should this test
 * end before). */
static pid_t start_writer(const char *path) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dni_file_writer *writer;
        alarm(60);
        if (dni_file_writer_open(&writer, path, NULL) || dni_file_write(writer, "half", 4, NULL)) _exit(1);
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void kill_writer(pid_t child) {
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void write_file(const char *path, const char *text) {
    dni_file_writer *writer;
    dn_error error;
    if (dni_file_writer_open(&writer, path, &error) || dni_file_write(writer, text, strlen(text), &error) ||
        dni_file_writer_commit(writer, &error))
        fail_msg("%s", error.message);
}

static void test_what_killed_writers_left_is_removed_by_the_next(void **state) {
    const char *path = folder_path(state, "out");
    pid_t children[3];
    for (int i = 0; i < 3; i++) children[i] = start_writer(path);
    assert_int_equal(all_entries(*state), 3);
    for (int i = 0; i < 3; i++) kill_writer(children[i]);
    assert_int_equal(all_entries(*state), 3);
    write_file(path, "whole");
    assert_content(path, "whole");
    assert_int_equal(all_entries(*state), 1);
}

static void test_a_writer_at_work_keeps_its_temporary_file(void **state) {
    const char *path = folder_path(state, "out");
    const pid_t killed = start_writer(path), alive = start_writer(path);
    dni_file_writer *mine;
    assert_int_equal(dni_file_writer_open(&mine, path, NULL), DN_OK);
    kill_writer(killed);
    write_file(path, "another");
    assert_int_equal(all_entries(*state), 3); /* the file, the living child's and mine */
    assert_int_equal(dni_file_write(mine, "mine", 4, NULL), DN_OK);
    assert_int_equal(dni_file_writer_commit(mine, NULL), DN_OK);
    assert_content(path, "mine");
    assert_int_equal(all_entries(*state), 2);
    kill_writer(alive);
    write_file(path, "last");
    assert_int_equal(all_entries(*state), 1);
}

/* Many writers of one file at once: each commits, and the file is whole, one of theirs. */
static void test_writers_of_one_file_do_not_disturb_each_other(void **state) {
    const char *path = folder_path(state, "out");
    enum { WRITERS = 6, ROUNDS = 40, SIZE = 100000 };
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0) continue;
        static char block[SIZE];
        memset(block, 'a' + i, SIZE);
        for (int round = 0; round < ROUNDS; round++) {
            dni_file_writer *writer;
            if (dni_file_writer_open(&writer, path, NULL) || dni_file_write(writer, block, SIZE, NULL) ||
                dni_file_writer_commit(writer, NULL))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    const file_bytes found = read_whole(path);
    assert_int_equal(found.size, SIZE);
    for (size_t i = 1; i < SIZE; i++) assert_int_equal(found.data[i], found.data[0]);
    free(found.data);
    assert_int_equal(all_entries(*state), 1);
}

static void test_a_file_cut_after_opening_is_told(void **state) {
    const char *path = folder_path(state, "cut");
    write_whole(path, "0123456789", 10);
    dni_file file;
    char bytes[10];
    dn_error error;
    assert_int_equal(dni_file_open(&file, path, NULL), DN_OK);
    assert_int_equal(file.size, 10);
    assert_int_equal(truncate(path, 4), 0);
    assert_int_equal(dni_file_read_at(&file, bytes, 4, 0, &error), DN_OK);
    assert_int_equal(dni_file_read_at(&file, bytes, 4, 2, &error), DN_ERR_IO);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "ends at byte 4; it had 10"));
    assert_int_equal(dni_file_read_at(&file, bytes, 4, 8, &error), DN_ERR_TRUNCATED); /* it never had these */
    file.is_left_out = true;
    assert_int_equal(dni_file_read_at(&file, bytes, 4, 2, &error), DN_ERR_TRUNCATED);
    assert_int_equal(dni_file_read_at(&file, bytes, 10, UINT64_MAX - 3, &error), DN_ERR_TRUNCATED);
    dni_file_close(&file);
}

static void test_memory_is_read_like_a_file(void **state) {
    (void)state;
    static const _Alignas(8) char text[] = "0123456789abcdef";
    char bytes[10];
    dn_error error;
    dni_file file = dni_file_of_memory(text, 10, "digits");
    assert_int_equal(file.size, 10);
    assert_int_equal(dni_file_read_at(&file, bytes, 4, 6, &error), DN_OK);
    assert_memory_equal(bytes, "6789", 4);
    assert_int_equal(dni_file_read_at(&file, bytes, 0, 10, &error), DN_OK);
    const struct {
        size_t size;
        uint64_t offset;
    } beyond[] = {{5, 6}, {1, 10}, {0, 11}, {10, UINT64_MAX - 3}, {SIZE_MAX, 1}};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        assert_int_equal(dni_file_read_at(&file, bytes, beyond[i].size, beyond[i].offset, &error),
                         DN_ERR_TRUNCATED);
        assert_string_equal(error.message, "digits: ends at byte 10");
    }
    /* only lasting memory is pointed to, only inside, and only where it is aligned */
    assert_null(dni_file_view(&file, 4, 0, 1));
    file.is_lasting = true;
    assert_ptr_equal(dni_file_view(&file, 4, 4, 4), text + 4);
    assert_ptr_equal(dni_file_view(&file, 10, 0, 8), text);
    assert_null(dni_file_view(&file, 4, 5, 4));
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        assert_null(dni_file_view(&file, beyond[i].size, beyond[i].offset, 1));
    dni_file_close(&file);
}

static void test_a_device_is_never_replaced(void **state) {
    (void)state;
    dn_error error;
    dni_file_writer *writer;
    assert_int_equal(dni_file_writer_open(&writer, "/dev/null", &error), DN_ERR_FILE_KIND);
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
    assert_int_equal(dni_file_writer_open(&writer, *state, &error), DN_ERR_FILE_KIND);
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
    const char *const folders[][2] = {{"a/b/c", "a/b/"}, {"a/b/", "a/"}, {"/a", "/"}, {"/", "/"},
                                      {"a", "."},        {"a//", "."},   {"", "."},   {"a//b", "a//"}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *folder = dni_path_folder(folders[i][0]);
        assert_string_equal(folder, folders[i][1]);
        free(folder);
    }
    assert_string_equal(dni_path_name("a/b/c.png"), "c.png");
    assert_string_equal(dni_path_name("c.png"), "c.png");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_loaded_file_has_its_bytes),
        IN_FOLDER(test_an_empty_file_loads_to_nothing),
        IN_FOLDER(test_what_is_no_regular_file_is_refused_by_name),
        IN_FOLDER(test_a_file_appears_when_it_is_committed),
        IN_FOLDER(test_an_abandoned_file_leaves_what_was_there),
        IN_FOLDER(test_permissions_follow_the_umask),
        IN_FOLDER(test_a_failed_write_is_reported_and_taken_back),
        IN_FOLDER(test_what_killed_writers_left_is_removed_by_the_next),
        IN_FOLDER(test_a_writer_at_work_keeps_its_temporary_file),
        IN_FOLDER(test_writers_of_one_file_do_not_disturb_each_other),
        IN_FOLDER(test_a_file_cut_after_opening_is_told),
        IN_FOLDER(test_memory_is_read_like_a_file),
        IN_FOLDER(test_a_device_is_never_replaced),
        IN_FOLDER(test_a_link_stays_and_its_file_is_replaced),
        IN_FOLDER(test_a_file_in_a_missing_folder_is_not_found),
        IN_FOLDER(test_folders_are_made_to_any_depth),
        IN_FOLDER(test_listings_are_sorted_by_bytes_without_hidden_names),
        cmocka_unit_test(test_paths_are_joined_and_taken_apart),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Decisions: what a file of them says, and that no line is lost, whatever happens to its writers. */
#include "io/decisions.h"
#include "io/file.h"
#include "test/support/files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER "path\txxh3\tbytes\tdecision\ttime\n"
#define KEY    "00112233445566778899aabbccddeeff"
#define TIME   "2026-11-29T04:30:00Z"
/* A line of that path and decision. */
#define LINE(path, decision) path "\t" KEY "\t5\t" decision "\t" TIME "\n"

static const char *file(void **state) {
    return folder_path(state, "decisions.tsv");
}

static void put(void **state, const char *text) {
    write_whole(file(state), text, strlen(text));
}

static dni_decision decision(const char *path, const char *bytes, dni_decision_kind kind) {
    return (dni_decision){.path = strdup(path),
                          .key = dni_key_of_bytes(bytes, strlen(bytes)),
                          .bytes = strlen(bytes),
                          .kind = kind};
}

static void append(void **state, const char *path, dni_decision_kind kind) {
    dni_decision made = decision(path, "bytes", kind);
    dn_error error = {0};
    if (kind == DNI_MOVE) made.class_name = strdup("dog");
    assert_int_equal(dni_decisions_append(file(state), &made, 1, &error), DN_OK);
    free(made.path);
    free(made.class_name);
}

static dni_decisions load(void **state) {
    dni_decisions all;
    dn_error error = {0};
    const dn_status status = dni_decisions_load(&all, file(state), &error);
    if (status) fail_msg("%s", error.message);
    return all;
}

/* What is decided on a path of `append`'s: a name, or "-". */
static const char *decided(void **state, const char *path) {
    dni_decisions all = load(state);
    const dni_key key = dni_key_of_bytes("bytes", 5);
    const dni_decision *found = dni_decisions_find(&all, path, &key);
    const char *name = found ? dni_decision_name(found->kind) : "-";
    dni_decisions_free(&all);
    return name;
}

/* ---- what it says ---- */

static void test_no_file_is_no_decision(void **state) {
    dni_decisions all = load(state);
    assert_int_equal(all.count, 0);
    assert_false(all.is_present);
    dni_decisions_free(&all);
}

static void test_the_last_decision_counts(void **state) {
    append(state, "train/cat/1.jpg", DNI_EXCLUDE);
    append(state, "train/cat/2.jpg", DNI_EXCLUDE);
    append(state, "train/cat/1.jpg", DNI_MOVE);
    append(state, "train/cat/1.jpg", DNI_KEEP);
    assert_string_equal(decided(state, "train/cat/1.jpg"), "keep");
    assert_string_equal(decided(state, "train/cat/2.jpg"), "exclude");
    assert_string_equal(decided(state, "train/cat/3.jpg"), "-");
    dni_decisions all = load(state);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.made, 4);
    assert_int_equal(all.items[0].line, 5);
    assert_int_equal(all.items[0].bytes, 5);
    dni_decisions_free(&all);
}

static void test_each_undo_takes_one_decision_back(void **state) {
    const char path[] = "train/cat/1.jpg";
    append(state, path, DNI_UNDO); /* of nothing */
    append(state, path, DNI_EXCLUDE);
    append(state, path, DNI_MOVE);
    append(state, path, DNI_KEEP);
    append(state, path, DNI_UNDO);
    assert_string_equal(decided(state, path), "move");
    append(state, path, DNI_UNDO);
    assert_string_equal(decided(state, path), "exclude");
    append(state, path, DNI_KEEP);
    append(state, path, DNI_UNDO);
    append(state, path, DNI_UNDO);
    assert_string_equal(decided(state, path), "-");
    append(state, path, DNI_UNDO);
    append(state, path, DNI_KEEP);
    assert_string_equal(decided(state, path), "keep");
}

static void test_a_decision_is_on_path_and_bytes(void **state) {
    dni_decision made[] = {decision("a.jpg", "one", DNI_EXCLUDE), decision("a.jpg", "two", DNI_KEEP)};
    assert_int_equal(dni_decisions_append(file(state), made, 2, NULL), DN_OK);
    dni_decisions all = load(state);
    assert_int_equal(all.count, 2);
    assert_int_equal(dni_decisions_find(&all, "a.jpg", &made[0].key)->kind, DNI_EXCLUDE);
    assert_int_equal(dni_decisions_find(&all, "a.jpg", &made[1].key)->kind, DNI_KEEP);
    dni_decisions_free(&all);
    free(made[0].path);
    free(made[1].path);
}

static void test_names_of_any_bytes_come_back(void **state) {
    const char path[] = "train/a\tb/c\nd\\e\xff.jpg";
    dni_decision made = decision(path, "x", DNI_MOVE);
    made.class_name = strdup("tab\there: move:\r");
    assert_int_equal(dni_decisions_append(file(state), &made, 1, NULL), DN_OK);
    dni_decisions all = load(state);
    assert_int_equal(all.count, 1);
    assert_string_equal(all.items[0].path, path);
    assert_string_equal(all.items[0].class_name, made.class_name);
    assert_memory_equal(&all.items[0].key, &made.key, sizeof made.key);
    dni_decisions_free(&all);
    free(made.path);
    free(made.class_name);
}

static void test_the_form_of_a_line(void **state) {
    append(state, "train/a b.jpg", DNI_MOVE);
    file_bytes text = read_whole(file(state));
    text.data = realloc(text.data, text.size + 1);
    text.data[text.size] = '\0';
    static const char expected[] = HEADER "train/a b.jpg\t";
    const dni_key key = dni_key_of_bytes("bytes", 5);
    char rest[64] = "";
    dni_key_text(&key, rest);
    strcat(rest, "\t5\tmove:dog\t20");
    assert_memory_equal(text.data, expected, sizeof expected - 1);
    assert_memory_equal(text.data + sizeof expected - 1, rest, strlen(rest));
    assert_string_equal((char *)text.data + text.size - 2, "Z\n");
    free(text.data);
}

static void test_the_hash_is_the_files(void **state) {
    put(state, HEADER LINE("a.jpg", "keep"));
    dni_decisions all = load(state);
    dni_key key;
    assert_int_equal(dni_key_of_file(&key, file(state), NULL), DN_OK);
    assert_memory_equal(&all.hash, &key, sizeof key);
    assert_true(all.is_present);
    dni_decisions_free(&all);
    put(state, HEADER LINE("a.jpg", "keep") "b.jpg\t0011");
    all = load(state);
    assert_memory_equal(&all.hash, &key, sizeof key);
    dni_decisions_free(&all);
}

/* ---- what is wrong is named ---- */

static void assert_refused(void **state, const char *text, const char *words) {
    dni_decisions all;
    dn_error error = {0};
    put(state, text);
    assert_int_equal(dni_decisions_load(&all, file(state), &error), DN_ERR_CORRUPT);
    assert_int_equal(all.count, 0);
    assert_null(all.items);
    assert_non_null(strstr(error.message, "decisions.tsv: line "));
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}

static void test_bad_lines_are_named(void **state) {
    static const char good[] = HEADER LINE("a.jpg", "keep");
    char text[1024];
    static const char *const wrong[][2] = {
        {"", "line 3: it has not the five columns"},
        {"a.jpg", "line 3: it has not the five columns"},
        {"a.jpg\t" KEY "\t5\tkeep\t" TIME "\tmore", "line 3: it has not the five columns"},
        {"/etc/a.jpg\t" KEY "\t5\tkeep\t" TIME, "line 3: its path is none inside"},
        {"train/../../a.jpg\t" KEY "\t5\tkeep\t" TIME, "line 3: its path is none inside"},
        {"..\t" KEY "\t5\tkeep\t" TIME, "line 3: its path is none inside"},
        {"\t" KEY "\t5\tkeep\t" TIME, "line 3: its path is none inside"},
        {"a\\q\t" KEY "\t5\tkeep\t" TIME, "line 3: its path is none inside"},
        {"a.jpg\t0011\t5\tkeep\t" TIME, "line 3: its second column"},
        {"a.jpg\tX0112233445566778899aabbccddeeff\t5\tkeep\t" TIME, "line 3: its second column"},
        {"a.jpg\t" KEY "\t\tkeep\t" TIME, "line 3: its third column"},
        {"a.jpg\t" KEY "\t-5\tkeep\t" TIME, "line 3: its third column"},
        {"a.jpg\t" KEY "\t99999999999999999999999\tkeep\t" TIME, "line 3: its third column"},
        {"a.jpg\t" KEY "\t5\tmaybe\t" TIME, "line 3: its fourth column"},
        {"a.jpg\t" KEY "\t5\tmove\t" TIME, "line 3: its fourth column"},
        {"a.jpg\t" KEY "\t5\tmove:\t" TIME, "line 3: its fourth column"},
        {"a.jpg\t" KEY "\t5\tmove:a/b\t" TIME, "line 3: its fourth column"},
        {"a.jpg\t" KEY "\t5\tkeep\tyesterday", "line 3: its last column"},
        {"a.jpg\t" KEY "\t5\tkeep\t2026-11-29 04:30:00Z", "line 3: its last column"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "%s%s\n%s", good, wrong[i][0], LINE("b.jpg", "keep"));
        assert_refused(state, text, wrong[i][1]);
    }
}

static void test_another_file_is_no_file_of_decisions(void **state) {
    static const char other[] = "split\tclass\tfile\n";
    assert_refused(state, other, "line 1: is not that of a file of decisions");
    dni_decision made = decision("a.jpg", "x", DNI_KEEP);
    dn_error error = {0};
    assert_int_equal(dni_decisions_append(file(state), &made, 1, &error), DN_ERR_CORRUPT);
    file_bytes text = read_whole(file(state));
    assert_int_equal(text.size, strlen(other));
    free(text.data);
    free(made.path);
    assert_int_equal(unlink(file(state)), 0);
    assert_int_equal(mkdir(file(state), 0777), 0);
    dni_decisions all;
    assert_int_equal(dni_decisions_load(&all, file(state), &error), DN_ERR_FILE_KIND);
}

static void test_a_pipe_and_a_file_beyond_the_limit_are_refused(void **state) {
    dni_decision made = decision("a.jpg", "x", DNI_KEEP);
    dni_decisions all;
    dn_error error = {0};
    assert_int_equal(mkfifo(file(state), 0600), 0);
    assert_int_equal(dni_decisions_append(file(state), &made, 1, &error), DN_ERR_FILE_KIND);
    assert_non_null(strstr(error.message, file(state)));
    assert_int_equal(unlink(file(state)), 0);
    write_whole(file(state), "", 0);
    assert_int_equal(truncate(file(state), (off_t)DNI_FILE_LOAD_LIMIT + 1),
                     0); /* takes no room on the disk */
    error.message[0] = '\0';
    assert_int_equal(dni_decisions_load(&all, file(state), &error), DN_ERR_CORRUPT);
    assert_non_null(
        strstr(error.message, "bytes are too large for a file of decisions; the limit is 1073741824"));
    assert_int_equal(dni_decisions_append(file(state), &made, 1, &error), DN_ERR_CORRUPT);
    free(made.path);
}

/* ---- what a killed process leaves ---- */

static void test_a_line_that_was_cut_is_passed_over_and_mended(void **state) {
    static const char whole[] = HEADER LINE("a.jpg", "keep");
    static const char line[] = LINE("b.jpg", "move:dog");
    for (size_t cut = 0; cut + 1 < sizeof line - 1; cut++) {
        char text[512];
        snprintf(text, sizeof text, "%s%.*s", whole, (int)cut, line);
        put(state, text);
        dni_decisions all = load(state);
        assert_int_equal(all.count, 1);
        dni_decisions_free(&all);
        append(state, "c.jpg", DNI_EXCLUDE);
        all = load(state);
        assert_int_equal(all.count, 2);
        dni_decisions_free(&all);
        file_bytes mended = read_whole(file(state));
        assert_memory_equal(mended.data, whole, sizeof whole - 1);
        assert_memory_equal(mended.data + sizeof whole - 1, "c.jpg\t", 6);
        free(mended.data);
    }
}

static void test_a_last_line_without_its_end_counts(void **state) {
    char text[512];
    snprintf(text, sizeof text, "%s%s", HEADER LINE("a.jpg", "keep"), LINE("b.jpg", "exclude"));
    text[strlen(text) - 1] = '\0';
    put(state, text);
    dni_decisions all = load(state);
    assert_int_equal(all.count, 2);
    dni_decisions_free(&all);
    append(state, "c.jpg", DNI_KEEP);
    all = load(state);
    assert_int_equal(all.count, 3);
    dni_decisions_free(&all);
}

static void test_a_header_that_was_cut_is_mended(void **state) {
    for (size_t cut = 0; cut < sizeof HEADER - 1; cut++) {
        char text[64];
        snprintf(text, sizeof text, "%.*s", (int)cut, HEADER);
        put(state, text);
        dni_decisions all = load(state);
        assert_int_equal(all.count, 0);
        dni_decisions_free(&all);
        append(state, "c.jpg", DNI_KEEP);
        assert_string_equal(decided(state, "c.jpg"), "keep");
    }
}

/* Appends for ever, telling each line that was synced through a pipe. */
static void append_until_killed(const char *path, int tell) {
    for (unsigned i = 0;; i++) {
        char name[32];
        snprintf(name, sizeof name, "train/cat/%u.jpg", i);
        dni_decision made = decision(name, "bytes", DNI_EXCLUDE);
        if (dni_decisions_append(path, &made, 1, NULL) || write(tell, "x", 1) != 1) _exit(1);
        free(made.path);
    }
}

/* The first letters of the paths that are decided on, in their order. */
static const char *letters(void **state) {
    static char found[16];
    dni_decisions all = load(state);
    size_t count = 0;
    for (; count < all.count; count++) found[count] = all.items[count].path[0];
    found[count] = '\0';
    dni_decisions_free(&all);
    return found;
}

static void assert_no_zeros(void **state) {
    file_bytes after = read_whole(file(state));
    assert_null(memchr(after.data, 0, after.size));
    free(after.data);
}

/* Power fails when the disk has the new size, and of the bytes behind the last sync some sectors. */
static void test_lines_that_power_took_are_passed_over_and_mended(void **state) {
    static const char kept[] = HEADER LINE("a.jpg", "keep"), line[] = LINE("b.jpg", "keep");
    static const char lines[] = HEADER LINE("a.jpg", "keep") LINE("b.jpg", "keep") LINE("c.jpg", "keep");
    enum { SIZE = sizeof lines - 1, BEGIN = sizeof kept - 1, HALF = BEGIN + sizeof line - 1 };
    for (size_t first = BEGIN; first < SIZE; first++) {
        char text[SIZE] = "";
        memcpy(text, lines, first);
        write_whole(file(state), text, SIZE);
        assert_string_equal(letters(state), first < HALF ? "a" : "ab");
        append(state, "d.jpg", DNI_EXCLUDE);
        assert_string_equal(letters(state), first < HALF ? "ad" : "abd");
        assert_no_zeros(state);
    }
    char text[sizeof lines];
    memcpy(text, lines, sizeof lines);
    memset(text + BEGIN, 0, 20); /* and what is behind it is there */
    write_whole(file(state), text, SIZE);
    assert_string_equal(letters(state), "ac");
    append(state, "d.jpg", DNI_EXCLUDE);
    assert_string_equal(letters(state), "acd");
}

static void test_a_header_that_power_took_is_mended(void **state) {
    for (size_t beginning = 0; beginning < sizeof HEADER - 1; beginning++) {
        char text[sizeof HEADER - 1] = "";
        memcpy(text, HEADER, beginning);
        write_whole(file(state), text, sizeof text);
        assert_string_equal(letters(state), "");
        append(state, "a.jpg", DNI_KEEP);
        assert_string_equal(letters(state), "a");
        assert_no_zeros(state);
    }
}

static void test_what_was_appended_survives_sigkill(void **state) {
    for (int round = 0; round < 5; round++) {
        int ends[2];
        char seen;
        assert_int_equal(pipe(ends), 0);
        unlink(file(state));
        const pid_t child = fork();
        if (!child) append_until_killed(file(state), ends[1]);
        close(ends[1]);
        size_t told = 0;
        for (; told < 3 + 7 * (size_t)round && read(ends[0], &seen, 1) == 1; told++) continue;
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        dni_decisions all = load(state);
        assert_true(all.count >= told);
        dni_decisions_free(&all);
        append(state, "after.jpg", DNI_KEEP);
        assert_string_equal(decided(state, "after.jpg"), "keep");
        close(ends[0]);
    }
}

static void test_writers_at_once_lose_nothing(void **state) {
    enum { WRITERS = 4, LINES = 25 };
    for (int w = 0; w < WRITERS; w++) {
        if (fork()) continue;
        for (int i = 0; i < LINES; i++) {
            char name[32];
            snprintf(name, sizeof name, "%d/%d.jpg", w, i);
            dni_decision made = decision(name, "bytes", DNI_EXCLUDE);
            if (dni_decisions_append(file(state), &made, 1, NULL)) _exit(1);
            free(made.path);
        }
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    dni_decisions all = load(state);
    assert_int_equal(all.count, WRITERS * LINES);
    assert_int_equal(all.made, WRITERS * LINES);
    dni_decisions_free(&all);
}

static void test_a_full_disk_leaves_what_was_there(void **state) {
    append(state, "a.jpg", DNI_KEEP);
    file_bytes before = read_whole(file(state));
    const pid_t child = fork();
    if (!child) { /* the limit is a process's own */
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = {before.size + 20, before.size + 20};
        dni_decision made = decision("train/cat/long-name-of-a-picture.jpg", "bytes", DNI_EXCLUDE);
        dn_error error = {0};
        if (setrlimit(RLIMIT_FSIZE, &limit)) _exit(2);
        _exit(dni_decisions_append(file(state), &made, 1, &error) ? 0 : 3);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    file_bytes after = read_whole(file(state));
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    free(before.data);
    free(after.data);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_no_file_is_no_decision),
        TEST(test_the_last_decision_counts),
        TEST(test_each_undo_takes_one_decision_back),
        TEST(test_a_decision_is_on_path_and_bytes),
        TEST(test_names_of_any_bytes_come_back),
        TEST(test_the_form_of_a_line),
        TEST(test_the_hash_is_the_files),
        TEST(test_bad_lines_are_named),
        TEST(test_another_file_is_no_file_of_decisions),
        TEST(test_a_pipe_and_a_file_beyond_the_limit_are_refused),
        TEST(test_a_line_that_was_cut_is_passed_over_and_mended),
        TEST(test_a_last_line_without_its_end_counts),
        TEST(test_a_header_that_was_cut_is_mended),
        TEST(test_lines_that_power_took_are_passed_over_and_mended),
        TEST(test_a_header_that_power_took_is_mended),
        TEST(test_what_was_appended_survives_sigkill),
        TEST(test_writers_at_once_lose_nothing),
        TEST(test_a_full_disk_leaves_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

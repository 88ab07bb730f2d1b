/* SPDX-License-Identifier: MIT */
/* Decisions and the pictures of a set: which is for which, and what becomes of the lists. */
#include "io/decision_match.h"
#include "io/file.h"
#include "test/support/files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const classes[] = {"cat", "dog"};

/* Makes DATA/class/name with these bytes. */
static void put(void **state, const char *inside, const char *bytes) {
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", folder_path(state, inside));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(dni_make_folders(folder, NULL), DN_OK);
    write_whole(folder_path(state, inside), bytes, strlen(bytes));
}

static void decide(void **state, const char *path, const char *bytes, dni_decision_kind kind,
                   const char *class_name) {
    dni_decision made = {.path = strdup(path),
                         .key = dni_key_of_bytes(bytes, strlen(bytes)),
                         .bytes = strlen(bytes),
                         .kind = kind,
                         .class_name = class_name ? strdup(class_name) : NULL};
    assert_int_equal(dni_decisions_append(folder_path(state, "decisions.tsv"), &made, 1, NULL), DN_OK);
    free(made.path);
    free(made.class_name);
}

static int set_up(void **state) {
    folder_set_up(state);
    put(state, "cat/1", "cat one");
    put(state, "cat/2", "cat two");
    put(state, "cat/3", "cat three");
    put(state, "dog/1", "dog one");
    put(state, "dog/2", "dog two");
    return 0;
}

/* What the set comes to: "cat:1,3 dog:1,2", by label and name; and how the decisions stand: "home renamed". */
typedef struct outcome_text {
    char set[1200], places[256];
    dni_decision_counts counts;
} outcome_text;

static void add(char *text, size_t size, const char *word) {
    snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " " : "", word);
}

static outcome_text heed(void **state) {
    static const char *const place_names[] = {"home", "renamed", "changed", "missing"};
    outcome_text out = {.set = ""};
    dni_decisions all;
    dni_samples samples;
    dni_decision_match match;
    dn_error error = {0};
    const char *const folder = *state;
    assert_int_equal(dni_decisions_load(&all, folder_path(state, "decisions.tsv"), &error), DN_OK);
    assert_int_equal(dni_samples_scan(&samples, folder, classes, 2, &error), DN_OK);
    assert_int_equal(
        dni_decisions_match(&match, &all, folder, (const dni_samples *const[]){&samples}, 1, &error), DN_OK);
    for (size_t i = 0; i < all.count; i++) add(out.places, sizeof out.places, place_names[match.places[i]]);
    const dn_status status = dni_decisions_apply(&out.counts, &match, "F", (dni_samples *const[]){&samples},
                                                 1, classes, 2, &error);
    if (status) add(out.set, sizeof out.set, error.message);
    for (size_t i = 0; !status && i < samples.count; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s:%s", classes[samples.items[i].label],
                 dni_path_inside(samples.items[i].path, folder));
        add(out.set, sizeof out.set, word);
    }
    dni_decision_match_free(&match);
    dni_samples_free(&samples);
    dni_decisions_free(&all);
    return out;
}

static void assert_heeded(void **state, const char *set, const char *places) {
    const outcome_text found = heed(state);
    assert_string_equal(found.set, set);
    assert_string_equal(found.places, places);
}

#define WHOLE "cat:cat/1 cat:cat/2 cat:cat/3 dog:dog/1 dog:dog/2"

static void test_without_decisions_nothing_changes(void **state) {
    assert_heeded(state, WHOLE, "");
}

static void test_excluded_pictures_are_left_out(void **state) {
    decide(state, "cat/2", "cat two", DNI_EXCLUDE, NULL);
    decide(state, "dog/1", "dog one", DNI_EXCLUDE, NULL);
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:dog/2", "home home");
    assert_int_equal(heed(state).counts.excluded, 2);
    assert_int_equal(heed(state).counts.moved, 0);
}

static void test_moved_pictures_change_class_and_keep_the_order_by_class(void **state) {
    decide(state, "cat/1", "cat one", DNI_MOVE, "dog");
    decide(state, "dog/2", "dog two", DNI_MOVE, "cat");
    decide(state, "cat/3", "cat three", DNI_MOVE, "cat"); /* where it is already */
    assert_heeded(state, "cat:cat/2 cat:cat/3 cat:dog/2 dog:cat/1 dog:dog/1", "home home home");
    assert_int_equal(heed(state).counts.moved, 2);
}

static void test_kept_pictures_stay(void **state) {
    decide(state, "cat/1", "cat one", DNI_KEEP, NULL);
    assert_heeded(state, WHOLE, "home");
    assert_int_equal(heed(state).counts.excluded, 0);
}

static void test_a_renamed_picture_keeps_its_decision(void **state) {
    decide(state, "cat/2", "cat two", DNI_EXCLUDE, NULL);
    assert_int_equal(rename(folder_path(state, "cat/2"), folder_path(state, "cat/9")), 0);
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:dog/1 dog:dog/2", "renamed");
    assert_int_equal(rename(folder_path(state, "cat/9"), folder_path(state, "dog/0")), 0);
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:dog/1 dog:dog/2", "renamed");
}

static void test_a_changed_picture_has_no_decision(void **state) {
    decide(state, "cat/2", "cat two", DNI_EXCLUDE, NULL);
    put(state, "cat/2", "cat too"); /* as long */
    assert_heeded(state, WHOLE, "changed");
    put(state, "cat/2", "another length");
    assert_heeded(state, WHOLE, "changed");
    decide(state, "cat/2", "another length", DNI_MOVE, "dog");
    const outcome_text found = heed(state);
    assert_string_equal(found.set, "cat:cat/1 cat:cat/3 dog:cat/2 dog:dog/1 dog:dog/2");
}

static void test_a_picture_that_is_gone_matters_to_nobody(void **state) {
    decide(state, "cat/2", "cat two", DNI_EXCLUDE, NULL);
    assert_int_equal(unlink(folder_path(state, "cat/2")), 0);
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:dog/1 dog:dog/2", "missing");
}

static void test_copies_can_be_decided_on_apart(void **state) {
    put(state, "dog/copy", "cat two");
    decide(state, "dog/copy", "cat two", DNI_EXCLUDE, NULL);
    assert_heeded(state, WHOLE, "home");
    decide(state, "cat/2", "cat two", DNI_KEEP, NULL);
    assert_int_equal(unlink(folder_path(state, "dog/copy")), 0);
    assert_heeded(state, WHOLE, "home missing");
}

static void test_names_that_change_places_keep_what_was_decided_on_their_bytes(void **state) {
    decide(state, "cat/1", "cat one", DNI_EXCLUDE, NULL);
    decide(state, "cat/2", "cat two", DNI_KEEP, NULL);
    put(state, "cat/1", "cat two");
    put(state, "cat/2", "cat one");
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:dog/1 dog:dog/2", "renamed renamed");
}

static void test_of_decisions_elsewhere_the_last_counts(void **state) {
    decide(state, "was/a", "cat two", DNI_EXCLUDE, NULL);
    decide(state, "was/b", "cat two", DNI_KEEP, NULL);
    assert_heeded(state, WHOLE, "renamed renamed");
    decide(state, "was/a", "cat two", DNI_MOVE, "dog");
    assert_heeded(state, "cat:cat/1 cat:cat/3 dog:cat/2 dog:dog/1 dog:dog/2", "renamed renamed");
}

static void test_a_decision_on_a_file_outside_the_samples_is_at_home(void **state) {
    put(state, "elsewhere/1", "cat two");
    decide(state, "elsewhere/1", "cat two", DNI_EXCLUDE, NULL);
    dni_samples samples;
    dni_decisions all;
    dni_decision_match match;
    assert_int_equal(dni_decisions_load(&all, folder_path(state, "decisions.tsv"), NULL), DN_OK);
    assert_int_equal(
        dni_samples_scan(&samples, *state, (const char *const[]){"cat", "dog", "elsewhere"}, 3, NULL), DN_OK);
    samples.count--; /* as of a set of which one split is looked at */
    assert_int_equal(
        dni_decisions_match(&match, &all, *state, (const dni_samples *const[]){&samples}, 1, NULL), DN_OK);
    assert_int_equal(match.places[0], DNI_DECISION_HOME);
    for (size_t i = 0; i < samples.count; i++) assert_null(match.of_sample[i]);
    dni_decision_match_free(&match);
    dni_samples_free(&samples);
    dni_decisions_free(&all);
}

static void test_a_class_that_is_none_is_named_with_its_line(void **state) {
    decide(state, "cat/1", "cat one", DNI_KEEP, NULL);
    decide(state, "cat/2", "cat two", DNI_MOVE, "bird");
    const outcome_text found = heed(state);
    assert_string_equal(found.set, "F: line 3: moves cat/2 to 'bird', which is not a class here");
}

static void test_parts_are_matched_together(void **state) {
    dni_samples first, second = {.count = 0};
    dni_decisions all;
    dni_decision_match match;
    dni_decision_counts counts;
    decide(state, "dog/1", "dog one", DNI_EXCLUDE, NULL);
    decide(state, "cat/1", "cat one", DNI_MOVE, "dog");
    assert_int_equal(dni_decisions_load(&all, folder_path(state, "decisions.tsv"), NULL), DN_OK);
    assert_int_equal(dni_samples_scan(&first, *state, classes, 2, NULL), DN_OK);
    second.items = malloc(2 * sizeof *second.items);
    second.items[second.count++] = first.items[--first.count];
    second.items[second.count++] = first.items[--first.count];
    dni_samples *const parts[] = {&first, &second};
    assert_int_equal(dni_decisions_match(&match, &all, *state, (const dni_samples *const *)parts, 2, NULL),
                     DN_OK);
    assert_int_equal(dni_decisions_apply(&counts, &match, "F", parts, 2, classes, 2, NULL), DN_OK);
    assert_int_equal(first.count, 3);
    assert_int_equal(second.count, 1);
    assert_int_equal(first.items[2].label, 1);
    assert_int_equal(counts.excluded, 1);
    assert_int_equal(counts.moved, 1);
    dni_decision_match_free(&match);
    dni_samples_free(&first);
    dni_samples_free(&second);
    dni_decisions_free(&all);
}

static void test_the_part_of_a_path_in_a_folder(void **state) {
    (void)state;
    assert_string_equal(dni_path_inside("a/b/c.jpg", "a"), "b/c.jpg");
    assert_string_equal(dni_path_inside("a//b/c.jpg", "a/"), "b/c.jpg");
    assert_string_equal(dni_path_inside("/b/c.jpg", "/"), "b/c.jpg");
    assert_string_equal(dni_path_inside("./b", "."), "b");
    assert_null(dni_path_inside("ab/c.jpg", "a"));
    assert_null(dni_path_inside("a", "a"));
    assert_null(dni_path_inside("a/", "a"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_without_decisions_nothing_changes),
        TEST(test_excluded_pictures_are_left_out),
        TEST(test_moved_pictures_change_class_and_keep_the_order_by_class),
        TEST(test_kept_pictures_stay),
        TEST(test_a_renamed_picture_keeps_its_decision),
        TEST(test_a_changed_picture_has_no_decision),
        TEST(test_a_picture_that_is_gone_matters_to_nobody),
        TEST(test_copies_can_be_decided_on_apart),
        TEST(test_names_that_change_places_keep_what_was_decided_on_their_bytes),
        TEST(test_of_decisions_elsewhere_the_last_counts),
        TEST(test_a_decision_on_a_file_outside_the_samples_is_at_home),
        TEST(test_a_class_that_is_none_is_named_with_its_line),
        TEST(test_parts_are_matched_together),
        cmocka_unit_test(test_the_part_of_a_path_in_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Options by table: groups fill the struct inside their caller's, values are checked, the number of rows
 * is bounded. */
#include "ftrain/shell/commands.h"
#include "ftrain/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct inner {
    int before, number;
} inner;

typedef struct outer {
    bool flag;
    inner first, second;
    const char *text;
    float share;
    int choice;
    uint64_t seed;
} outer;

static const option_spec inner_rows[] = {OPT_INT("number", 'n', inner, number, 1, 9, "N", "a number")};
static const option_table inner_table = OPTION_TABLE(inner_rows);

static const option_spec more_rows[] = {OPT_FLOAT("share", 0, outer, share, 0, 1, "X", "a share"),
                                        OPT_CHOICE("choice", 0, outer, choice, "one|other", "a word")};
static const option_table more_table = OPTION_TABLE(more_rows);

static const option_spec rows[] = {
    OPT_FLAG("flag", 'f', outer, flag, "a flag"),       OPT_GROUP(outer, second, inner_table),
    OPT_TEXT("text", 0, outer, text, "TEXT", "a text"), OPT_ROWS(more_table),
    OPT_SEED("seed", 0, outer, seed, "a seed"),
};

static const command program = {
    .name = "test", .arguments = "PATH...", .options = OPTIONS(rows), .min_paths = 1, .max_paths = 2};

/* Parses words that are separated by blanks. */
static outcome parse(outer *out, const char *line, int *first) {
    static char words[200];
    char *argv[20] = {words};
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) argv[argc++] = word;
    return parse_options(&program, out, argc, argv, first);
}

static void test_a_group_fills_the_struct_it_stands_for(void **state) {
    (void)state;
    outer found = {.first = {1, 2}, .second = {3, 4}};
    int first;
    assert_int_equal(parse(&found, "test -n 7 path", &first), OUTCOME_OK);
    assert_int_equal(found.first.before, 1);
    assert_int_equal(found.first.number, 2);
    assert_int_equal(found.second.before, 3);
    assert_int_equal(found.second.number, 7);
}

static void test_rows_of_a_shared_table_fill_the_same_struct(void **state) {
    (void)state;
    outer found = {.flag = false};
    int first;
    assert_int_equal(parse(&found, "test --share 0.5 -f --choice other path --seed 12 --text word", &first),
                     OUTCOME_OK);
    assert_true(found.flag);
    assert_true(found.share == 0.5f);
    assert_int_equal(found.choice, 1);
    assert_int_equal(found.seed, 12);
    assert_string_equal(found.text, "word");
}

static void test_values_and_counts_out_of_range_are_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "test --number 10 p", "test --number x p", "test --share 1.5 p", "test --choice on p",
        "test --seed -1 p",   "test --number",     "test --nothing p",   "test",
        "test a b c"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        outer found = {.flag = false};
        int first;
        assert_int_equal(parse(&found, wrong[i], &first), OUTCOME_USAGE);
    }
}

static void test_an_option_of_a_group_is_set_by_name(void **state) {
    (void)state;
    outer found = {.flag = false};
    const option_table table = OPTION_TABLE(rows);
    assert_true(option_set(&table, &found, "number", "3"));
    assert_int_equal(found.second.number, 3);
    assert_false(option_set(&table, &found, "number", "0"));
    assert_false(option_set(&table, &found, "unknown", "0"));
}

static void test_more_rows_than_a_command_may_have_are_refused(void **state) {
    (void)state;
    static option_spec many[MAX_OPTIONS + 1];
    for (size_t i = 0; i <= MAX_OPTIONS; i++) many[i] = rows[0];
    outer found = {.flag = false};
    const option_table table = OPTION_TABLE(many);
    const command large = {.name = "test", .arguments = "", .options = &table};
    char name[] = "test";
    int first;
    assert_int_equal(parse_options(&large, &found, 1, (char *[]){name, NULL}, &first), OUTCOME_USAGE);
    const option_table allowed = {many, MAX_OPTIONS};
    const command full = {.name = "test", .arguments = "", .options = &allowed};
    assert_int_equal(parse_options(&full, &found, 1, (char *[]){name, NULL}, &first), OUTCOME_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_fills_the_struct_it_stands_for),
        cmocka_unit_test(test_rows_of_a_shared_table_fill_the_same_struct),
        cmocka_unit_test(test_values_and_counts_out_of_range_are_refused),
        cmocka_unit_test(test_an_option_of_a_group_is_set_by_name),
        cmocka_unit_test(test_more_rows_than_a_command_may_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

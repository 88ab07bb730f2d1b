/* SPDX-License-Identifier: MIT */
/* Mistyped words: which faults are seen through, and what is too far away. */
#include "ftrain/shell/suggestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *suggest(const char *typed, size_t length) {
    static const char *const words[] = {"train", "predict", "evaluate", "info", "learning-rate"};
    suggestion found = {.typed = typed, .length = length};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) suggestion_consider(&found, words[i]);
    return found.best;
}

static void test_one_fault_of_each_kind_is_seen_through(void **state) {
    (void)state;
    assert_string_equal(suggest("trian", 0), "train");
    assert_string_equal(suggest("tran", 0), "train");
    assert_string_equal(suggest("ttrain", 0), "train");
    assert_string_equal(suggest("drain", 0), "train");
    assert_string_equal(suggest("train", 0), "train");
}

static void test_a_longer_word_may_have_two_faults(void **state) {
    (void)state;
    assert_string_equal(suggest("pedictt", 0), "predict");
    assert_string_equal(suggest("leanring-rat", 0), "learning-rate");
    assert_null(suggest("pedicttt", 0));
    assert_null(suggest("tarni", 0));
}

static void test_what_is_short_long_or_unlike_has_no_suggestion(void **state) {
    (void)state;
    assert_null(suggest("in", 0));
    assert_null(suggest("colour", 0));
    assert_null(suggest("learning-rate-learning-rate-learning-rate", 0));
}

static void test_the_nearest_word_wins_and_the_length_cuts_the_typed_one(void **state) {
    (void)state;
    suggestion found = {.typed = "sweeep=1", .length = 6};
    suggestion_consider(&found, "sleep");
    suggestion_consider(&found, "sweep");
    suggestion_consider(&found, "steep");
    assert_string_equal(found.best, "sweep");
    assert_int_equal(found.distance, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_fault_of_each_kind_is_seen_through),
        cmocka_unit_test(test_a_longer_word_may_have_two_faults),
        cmocka_unit_test(test_what_is_short_long_or_unlike_has_no_suggestion),
        cmocka_unit_test(test_the_nearest_word_wins_and_the_length_cuts_the_typed_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

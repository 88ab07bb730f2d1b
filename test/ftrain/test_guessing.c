/* SPDX-License-Identifier: MIT */
/* The sentence that says whether an accuracy can be told from guessing, and its JSON. */
#include "ftrain/page/report.h"
#include "ftrain/shell/guessing.h"

#include "test/support/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Of two classes with `fake` and `real` pictures. */
static void check_sentence(int fake, int real, int correct, const char *wanted) {
    const int of_class[] = {fake, real};
    const dni_versus_largest versus = dni_versus_largest_class(of_class, 2, correct);
    const guessing_sentence sentence =
        guessing_sentence_make(&versus, versus.largest ? "real" : "fake", correct, fake + real);
    char found[300];
    snprintf(found, sizeof found, "%s%s%s", sentence.before, sentence.name ? sentence.name : "",
             sentence.after);
    assert_string_equal(found, wanted);
}

static void test_what_is_better_says_than_what_and_how_surely(void **state) {
    (void)state;
    check_sentence(67, 67, 80, "better than always guessing the largest class (0.5000): p = 0.015");
    check_sentence(67, 67, 134, "better than always guessing the largest class (0.5000): p < 0.0001");
    check_sentence(3, 27, 30, "better than always guessing the largest class (0.9000): p = 0.042");
}

static void test_what_is_not_better_names_the_guess_and_both_counts(void **state) {
    (void)state;
    check_sentence(67, 67, 76,
                   "not told from guessing: 76 of 134 correct, always guessing 'fake' gives 67; p = 0.071");
    check_sentence(44, 90, 80,
                   "not told from guessing: 80 of 134 correct, always guessing 'real' gives 90; p = 0.97");
}

static void test_one_class_alone_tells_nothing(void **state) {
    (void)state;
    check_sentence(0, 50, 50, "not told from guessing: every picture is of the class 'real'");
    check_sentence(50, 0, 20, "not told from guessing: every picture is of the class 'fake'");
}

static void test_json_has_share_p_value_and_verdict(void **state) {
    (void)state;
    const int of_class[] = {1, 1};
    const dni_versus_largest versus = dni_versus_largest_class(of_class, 2, 2);
    json_t *object = guessing_json(&versus);
    char *text = json_dumps(object, 0);
    assert_string_equal(text, "{\"share\": 0.5, \"p_value\": 0.25, \"better\": false}");
    free(text);
    json_decref(object);
}

static void test_a_page_has_the_sentence_with_the_name_escaped(void **state) {
    (void)state;
    const int of_class[] = {67, 67};
    const dni_versus_largest versus = dni_versus_largest_class(of_class, 2, 70);
    const guessing_sentence sentence = guessing_sentence_make(&versus, "<b>&", 70, 134);
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    report_guessing(page, "This is ", &sentence);
    char *text = page_close_and_read(page, path);
    assert_non_null(strstr(text,
                           "<p>This is not told from guessing: 70 of 134 correct, always guessing "
                           "&#39;&lt;b&gt;&amp;&#39; gives 67; p = 0.33.</p>"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_better_says_than_what_and_how_surely),
        cmocka_unit_test(test_what_is_not_better_names_the_guess_and_both_counts),
        cmocka_unit_test(test_one_class_alone_tells_nothing),
        cmocka_unit_test(test_json_has_share_p_value_and_verdict),
        cmocka_unit_test(test_a_page_has_the_sentence_with_the_name_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

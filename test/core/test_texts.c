/* SPDX-License-Identifier: MIT */
/* Texts stay what and where they are, whatever is added behind them and wherever they are moved. */
#include "core/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 20000, LONG = 200000 };

static const char *copies[2][MANY];

/* Text i of list k: some are empty, one is longer than a block. */
static const char *text_of(int k, int i) {
    static char text[LONG + 1];
    if (i == 777) {
        memset(text, 'a' + k, LONG);
        text[LONG] = '\0';
    } else {
        snprintf(text, sizeof text, "%.*s", i % 40, "some/folder/and/a/file/whose/name/is/long");
        if (i % 40 > 20) snprintf(text + 12, sizeof text - 12, "%d-%d", k, i);
    }
    return text;
}

static void assert_texts(int k) {
    for (int i = 0; i < MANY; i++) assert_string_equal(copies[k][i], text_of(k, i));
}

static void test_texts_stay_where_they_are(void **state) {
    (void)state;
    dni_texts texts[2] = {{0}, {0}};
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < 2; k++) {
            copies[k][i] = dni_texts_add(&texts[k], text_of(k, i));
            assert_non_null(copies[k][i]);
        }
    dni_texts_move(&texts[0], &texts[1]);
    assert_texts(0);
    assert_texts(1);
    dni_texts_free(&texts[1]); /* nothing is left there */
    assert_string_equal(dni_texts_add(&texts[0], "behind"), "behind");
    assert_texts(0);
    assert_texts(1);
    dni_texts_free(&texts[0]);
    dni_texts_free(&texts[0]);
}

static void test_moving_nothing_and_into_nothing(void **state) {
    (void)state;
    dni_texts full = {0}, empty = {0};
    const char *copy = dni_texts_add(&full, "text");
    dni_texts_move(&full, &empty);
    dni_texts_move(&empty, &full);
    assert_string_equal(copy, "text");
    assert_null(full.last);
    dni_texts_free(&empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_stay_where_they_are),
        cmocka_unit_test(test_moving_nothing_and_into_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

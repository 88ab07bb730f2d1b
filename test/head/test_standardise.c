/* SPDX-License-Identifier: MIT */
/* Standardisation by what was measured on the training split. */
#include "test/support/head.h"

#include "head/standardise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WIDTH = 12, VIEWS = 2, TRAIN = 50 };

static void test_standardisation_makes_mean_zero_and_deviation_one_over_the_views_used(void **state) {
    (void)state;
    toy_data data = toy_data_make("test/train", TRAIN, VIEWS, WIDTH);
    dni_feature_array array;
    dn_feature_rows rows;
    assert_int_equal(dni_feature_array_rows(&rows, &array, &data.features, "train", WIDTH, NULL), DN_OK);
    for (int views = 1; views <= VIEWS; views++) {
        float measured[2 * WIDTH];
        assert_int_equal(dni_standardise_measure(&rows, views, WIDTH, measured, NULL), DN_OK);
        for (int i = 0; i < WIDTH; i++) {
            double sum = 0.0, squares = 0.0;
            for (int n = 0; n < TRAIN; n++)
                for (int v = 0; v < views; v++) {
                    const float x = data.values[(n * VIEWS + v) * WIDTH + i];
                    const double z = ((double)x - (double)measured[i]) * (double)measured[WIDTH + i];
                    sum += z;
                    squares += z * z;
                }
            assert_close(sum / (TRAIN * views), 0.0, 1e-6);
            assert_close(squares / (TRAIN * views), 1.0, 1e-6);
        }
    }
    toy_data_free(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standardisation_makes_mean_zero_and_deviation_one_over_the_views_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

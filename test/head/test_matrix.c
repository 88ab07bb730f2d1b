/* SPDX-License-Identifier: MIT */
/* Rows of doubles: the same numbers wherever they come from, of which some are kept. */
#include "head/matrix.h"

#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* So wide that 256 rows are kept, and no more. */
enum { WIDTH = DNI_MATRIX_KEPT / 256 / 4, PICTURES = 300, VIEWS = 2, STEP = 3 };

typedef struct reader {
    int reads; /* vectors in all */
    int left;  /* calls until one fails */
} reader;

static float value(size_t picture, size_t column) {
    return (float)picture + (float)(column % 64) / 64;
}

static dn_status read_vectors(void *context, const size_t *vectors, size_t count, float *out,
                              dn_error *error) {
    reader *self = context;
    if (--self->left == 0) return dni_fail(error, DN_ERR_IO, "cannot be read");
    self->reads += (int)count;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(vectors[i] % VIEWS, 0);
        for (size_t k = 0; k < WIDTH; k++) out[i * WIDTH + k] = value(vectors[i] / VIEWS, k);
    }
    return DN_OK;
}

/* All rows, backwards, a few at a time; 0: it could not be read. */
static int read_all(const dni_matrix *matrix, double *out) {
    for (int first = PICTURES - STEP; first >= 0; first -= STEP) {
        const size_t rows[STEP] = {(size_t)first + 2, (size_t)first, (size_t)first + 1};
        if (matrix->read(matrix->context, rows, STEP, out, NULL)) return 0;
        for (size_t i = 0; i < STEP; i++)
            for (size_t k = 0; k < WIDTH; k += 31)
                assert_true(out[i * WIDTH + k] == (double)value(rows[i], k));
    }
    return 1;
}

static void test_rows_are_the_vectors_of_view_0_and_the_first_are_read_once(void **state) {
    (void)state;
    reader from = {.left = -1};
    const dn_feature_rows rows = {.read = read_vectors, .context = &from, .count = PICTURES, .views = VIEWS};
    double *out = malloc(sizeof(double[STEP * WIDTH]));
    dni_matrix matrix;
    dni_feature_matrix context;
    assert_non_null(out);
    assert_int_equal(dni_matrix_of_features(&matrix, &context, &rows, WIDTH, NULL), DN_OK);
    assert_true(read_all(&matrix, out));
    assert_int_equal(from.reads, PICTURES);
    assert_true(read_all(&matrix, out));
    assert_int_equal(from.reads, 2 * PICTURES - 256);
    dni_feature_matrix_free(&context);
    free(out);
}

static void test_a_read_that_fails_keeps_nothing(void **state) {
    (void)state;
    reader from = {.left = 50};
    const dn_feature_rows rows = {.read = read_vectors, .context = &from, .count = PICTURES, .views = VIEWS};
    double *out = malloc(sizeof(double[STEP * WIDTH]));
    dni_matrix matrix;
    dni_feature_matrix context;
    assert_non_null(out);
    assert_int_equal(dni_matrix_of_features(&matrix, &context, &rows, WIDTH, NULL), DN_OK);
    assert_false(read_all(&matrix, out));
    assert_true(read_all(&matrix, out)); /* the rows that could not be read are read now */
    dni_feature_matrix_free(&context);
    free(out);
}

static void test_a_part_is_read_in_blocks_shifted_and_scaled(void **state) {
    (void)state;
    enum { ROWS = 2 * DNI_MATRIX_BLOCK + 7 };
    static double values[ROWS][3];
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 3; k++) values[i][k] = 10 * i + k;
    dni_array_matrix array = {.values = values[0], .width = 3, .columns = 2, .column = (int[]){2, 0}};
    const dni_matrix matrix = dni_matrix_of_array(&array);
    const double mean[] = {1, 2}, scale[] = {0.5, 2};
    const dni_matrix_part part = {
        .matrix = &matrix, .first = 3, .count = ROWS - 3, .mean = mean, .scale = scale};
    dni_matrix_pass pass;
    assert_int_equal(dni_matrix_pass_create(&pass, &part, NULL), DN_OK);
    for (int turn = 0; turn < 2; turn++) {
        int seen = 0;
        dni_matrix_pass_rewind(&pass);
        while (!dni_matrix_pass_next(&pass, NULL) && pass.count) {
            assert_int_equal(pass.first, seen);
            for (int i = 0; i < pass.count; i++, seen++) {
                assert_true(pass.values[2 * i] == (values[3 + seen][2] - 1) * 0.5);
                assert_true(pass.values[2 * i + 1] == (values[3 + seen][0] - 2) * 2);
            }
        }
        assert_int_equal(seen, ROWS - 3);
    }
    dni_matrix_pass_free(&pass);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_the_vectors_of_view_0_and_the_first_are_read_once),
        cmocka_unit_test(test_a_read_that_fails_keeps_nothing),
        cmocka_unit_test(test_a_part_is_read_in_blocks_shifted_and_scaled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

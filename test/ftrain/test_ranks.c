/* SPDX-License-Identifier: MIT */
/* What ranks are told apart by, pictures as the bytes of a letter, results put in order. Letters themselves
 * are tested by test/cli/test_mpi.sh, under mpirun. */
#include "ftrain/ranks/launch.h"
#include "ftrain/ranks/picture_block.h"
#include "ftrain/ranks/result_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- launch ---- */

static void forget_launchers(void) {
    static const char *const names[] = {
        "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK",
        "SLURM_STEP_NUM_TASKS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
}

static void assert_launch(bool is_launched, int count, int rank) {
    const launch found = launch_find();
    assert_int_equal(found.is_launched, is_launched);
    assert_int_equal(found.count, count);
    assert_int_equal(found.rank, rank);
    forget_launchers();
}

static void test_a_launcher_is_told_by_its_variables(void **state) {
    (void)state;
    forget_launchers();
    assert_launch(false, 0, 0);
    setenv("SLURM_STEP_NUM_TASKS", "4", 1); /* a job's script has it, too, and is none of the tasks */
    assert_launch(false, 0, 0);
    setenv("OMPI_COMM_WORLD_RANK", "2", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
    setenv("PMIX_RANK", "1", 1); /* Open MPI's mpirun sets it, too */
    assert_launch(true, 3, 2);
    setenv("PMI_RANK", "1", 1);
    setenv("PMI_SIZE", "2", 1);
    assert_launch(true, 2, 1);
    setenv("PMIX_RANK", "0", 1);
    setenv("SLURM_STEP_NUM_TASKS", "8", 1);
    assert_launch(true, 8, 0);
    setenv("PMIX_RANK", "5", 1);
    assert_launch(true, 0, 5);
    setenv("OMPI_COMM_WORLD_RANK", "-7", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "99999999999999999999", 1);
    assert_launch(true, 0, 0);
}

/* ---- pictures ---- */

static void test_pictures_come_out_of_a_block_as_they_went_in(void **state) {
    (void)state;
    const dni_view views[] = {{.kind = DNI_VIEW_PLAIN},
                              {.kind = DNI_VIEW_PLAIN, .flip = true},
                              {.kind = DNI_VIEW_JPEG, .amount = 75}};
    char path[301];
    memset(path, 'x', 300);
    picture_block block = {.bytes = NULL};
    for (int i = 0; i < 40; i++) {
        path[300 - i] = '\0';
        const dni_reader_job job = {.path = path, .views = views + i % 3, .view_count = 3 - i % 3};
        assert_true(picture_block_add(&block, &job));
        path[300 - i] = 'x';
    }
    for (int i = 0; i < 40; i++) {
        dni_reader_job *job;
        assert_true(picture_block_next(&block, &job));
        assert_non_null(job);
        assert_ptr_equal(job->user_data, job);
        assert_int_equal(strlen(job->path), 300 - i);
        assert_int_equal(job->view_count, 3 - i % 3);
        for (int v = 0; v < job->view_count; v++) {
            assert_int_equal(job->views[v].kind, views[i % 3 + v].kind);
            assert_float_equal(job->views[v].amount, views[i % 3 + v].amount, 0);
            assert_int_equal(job->views[v].flip, views[i % 3 + v].flip);
        }
        free(job);
    }
    dni_reader_job *none;
    assert_true(picture_block_next(&block, &none));
    assert_null(none);
    free(block.bytes);
}

/* ---- order ---- */

static void add(result_order *order, size_t number, bool is_error) {
    const dn_error error = {.status = DN_ERR_TRUNCATED, .message = "short"};
    const dni_reader_slot slot = {.frames = (int)number};
    const double value = (double)number / 2;
    assert_true(result_order_add(order, number, &slot, is_error ? &error : NULL, is_error ? NULL : &value,
                                 sizeof value));
}

static void expect(result_order *order, size_t number, bool is_error) {
    ordered_result *const one = result_order_take(order);
    assert_non_null(one);
    assert_int_equal(one->number, number);
    assert_int_equal(one->slot.frames, number);
    assert_int_equal(one->error != NULL, is_error);
    assert_int_equal(one->values == NULL, is_error);
    if (is_error) assert_string_equal(one->error->message, "short");
    if (!is_error) assert_true(*(const double *)one->values == (double)number / 2);
    ordered_result_free(one);
}

static void test_results_wait_for_their_turn(void **state) {
    (void)state;
    result_order order = {.first = NULL};
    add(&order, 2, false);
    add(&order, 1, true);
    assert_null(result_order_take(&order));
    add(&order, 0, false);
    expect(&order, 0, false);
    expect(&order, 1, true);
    expect(&order, 2, false);
    assert_null(result_order_take(&order));
    add(&order, 4, true);
    assert_null(result_order_take(&order));
    add(&order, 3, false);
    expect(&order, 3, false);
    ordered_result *const left = result_order_take_left(&order);
    assert_int_equal(left->number, 4);
    ordered_result_free(left);
    assert_null(result_order_take_left(&order));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_launcher_is_told_by_its_variables),
        cmocka_unit_test(test_pictures_come_out_of_a_block_as_they_went_in),
        cmocka_unit_test(test_results_wait_for_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

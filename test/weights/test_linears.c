/* SPDX-License-Identifier: MIT */
/* The linear layers of a head among other people's tensors: what is refused, by name. That those which are
 * taken compute what torch does is held by test/ftrain/test_import.c. */
#include "core/tensor_dict.h"
#include "weights/linears.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void add(dni_tensor_dict *dict, const char *name, dni_dtype dtype, int rank, int64_t rows,
                int64_t columns) {
    void *data;
    const int64_t shape[] = {rows, columns};
    assert_int_equal(dni_tensor_dict_allocate(dict, name, dtype, rank, shape, &data, NULL), DN_OK);
}

static void assert_refused(dni_tensor_dict *dict, dn_status expected, const char *words) {
    dni_linears found;
    dn_error error = {.message = ""};
    assert_int_equal(dni_linears_find(&found, dict, NULL, "h.pth", &error), expected);
    assert_memory_equal(error.message, "h.pth: ", 7);
    if (!strstr(error.message, words)) fail_msg("'%s' without '%s'", error.message, words);
    dni_tensor_dict_free(dict);
}

static void test_more_layers_than_a_head_has_are_refused(void **state) {
    (void)state;
    dni_tensor_dict *const dict = dni_tensor_dict_create();
    for (int i = 0; i <= DNI_LINEARS_LIMIT; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.weight", 2 * i);
        add(dict, name, DNI_F32, 2, 3, 3);
    }
    assert_refused(dict, DN_ERR_UNSUPPORTED, "a head of more than");
}

static void test_weights_that_are_whole_numbers_are_refused(void **state) {
    (void)state;
    dni_tensor_dict *const dict = dni_tensor_dict_create();
    add(dict, "fc.weight", DNI_I64, 2, 2, 3);
    assert_refused(dict, DN_ERR_TENSOR_DTYPE, "tensor 'fc.weight' is I64");
}

static void test_a_bias_of_another_layers_size_is_refused(void **state) {
    (void)state;
    dni_tensor_dict *const dict = dni_tensor_dict_create();
    add(dict, "fc.weight", DNI_F32, 2, 2, 3);
    add(dict, "fc.bias", DNI_F32, 1, 3, 0);
    assert_refused(dict, DN_ERR_TENSOR_SHAPE, "'fc.bias'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_layers_than_a_head_has_are_refused),
        cmocka_unit_test(test_weights_that_are_whole_numbers_are_refused),
        cmocka_unit_test(test_a_bias_of_another_layers_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

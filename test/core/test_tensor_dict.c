/* The dictionary of named tensors. */
#include "core/memory.h"
#include "core/tensor_dict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void release_flag(void *context) {
    ++*(int *)context;
}

static void test_a_dict_keeps_order_names_and_memory(void **state) {
    (void)state;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_non_null(dict);
    assert_null(dni_tensor_dict_find(dict, "none"));
    for (int i = 0; i < 1000; i++) {
        char name[16];
        void *data;
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(dni_tensor_dict_allocate(dict, name, DNI_F32, 1, (int64_t[]){2}, &data, NULL),
                         DN_OK);
        assert_int_equal((uintptr_t)data % DNI_ALIGNMENT, 0);
        assert_true(((float *)data)[0] == 0.0f && ((float *)data)[1] == 0.0f);
        ((float *)data)[0] = (float)i;
    }
    dn_error error;
    float value = 1;
    const dni_tensor view = dni_tensor_of(DNI_F32, &value, 0, NULL);
    assert_int_equal(dni_tensor_dict_add(dict, "t7", view, &error), DN_ERR_CORRUPT);
    assert_non_null(strstr(error.message, "'t7'"));
    assert_int_equal(dni_tensor_dict_rename(dict, 7, "seven", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_rename(dict, 7, "seven", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_rename(dict, 7, "t8", NULL), DN_ERR_CORRUPT);
    assert_null(dni_tensor_dict_find(dict, "t7"));
    dni_tensor_dict_remove(dict, 0);
    assert_null(dni_tensor_dict_find(dict, "t0"));
    assert_int_equal(dni_tensor_dict_count(dict), 999);
    assert_string_equal(dni_tensor_dict_at(dict, 6)->name, "seven");
    assert_true(*(const float *)dni_tensor_dict_find(dict, "seven")->data == 7.0f);
    assert_true(*(const float *)dni_tensor_dict_find(dict, "t999")->data == 999.0f);
    int released = 0;
    assert_int_equal(dni_tensor_dict_adopt(dict, release_flag, &released, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    assert_int_equal(released, 1);
    dni_tensor_dict_free(NULL);
}

static void test_a_tensor_beyond_memory_is_refused(void **state) {
    (void)state;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    void *data = &data;
    const int64_t shape[] = {INT64_C(1) << 40, INT64_C(1) << 40};
    assert_int_equal(dni_tensor_dict_allocate(dict, "x", DNI_F32, 2, shape, &data, NULL), DN_ERR_MEMORY);
    assert_null(data);
    dni_tensor_dict_free(dict);
}

static void test_metadata_is_set_replaced_and_listed(void **state) {
    (void)state;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_null(dni_tensor_dict_meta(dict, "a"));
    assert_int_equal(dni_tensor_dict_set_meta(dict, "a", "1", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_set_meta(dict, "b", "2", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_set_meta(dict, "a", "3", NULL), DN_OK);
    assert_int_equal(dni_tensor_dict_meta_count(dict), 2);
    assert_string_equal(dni_tensor_dict_meta(dict, "a"), "3");
    const char *key, *value;
    dni_tensor_dict_meta_at(dict, 1, &key, &value);
    assert_string_equal(key, "b");
    assert_string_equal(value, "2");
    dni_tensor_dict_free(dict);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dict_keeps_order_names_and_memory),
        cmocka_unit_test(test_a_tensor_beyond_memory_is_refused),
        cmocka_unit_test(test_metadata_is_set_replaced_and_listed),
    };
    return cmocka_run_group_tests_name("tensor_dict", tests, NULL, NULL);
}

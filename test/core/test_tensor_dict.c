/* SPDX-License-Identifier: MIT */
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
    dni_tensor_dict_remove(dict, 0);
    assert_null(dni_tensor_dict_find(dict, "t0"));
    assert_int_equal(dni_tensor_dict_count(dict), 999);
    assert_string_equal(dni_tensor_dict_at(dict, 6)->name, "t7");
    assert_true(*(const float *)dni_tensor_dict_find(dict, "t7")->data == 7.0f);
    assert_true(*(const float *)dni_tensor_dict_find(dict, "t999")->data == 999.0f);
    int released = 0;
    assert_int_equal(dni_tensor_dict_adopt(dict, release_flag, &released, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    assert_int_equal(released, 1);
    dni_tensor_dict_free(NULL);
}

/* Counts what is in use; refuses the third block. */
typedef struct counted {
    int blocks, given;
    size_t bytes;
} counted;

static void *allocate_counted(void *context, size_t size) {
    counted *count = context;
    if (count->given == 2) return NULL;
    count->given++;
    count->blocks++;
    count->bytes += size;
    return dni_allocate(NULL, size);
}

static void release_counted(void *context, void *memory, size_t size) {
    counted *count = context;
    count->blocks--;
    count->bytes -= size;
    dni_release(NULL, memory, size);
}

static void test_memory_comes_from_the_allocator_and_goes_back(void **state) {
    (void)state;
    counted count = {0};
    const dn_allocator allocator = {allocate_counted, release_counted, &count};
    dni_tensor_dict *dict = dni_tensor_dict_create_in(&allocator);
    void *memory, *data;
    dn_error error;
    assert_int_equal(dni_tensor_dict_new_memory(dict, 0, "nothing", &memory, NULL), DN_OK);
    assert_non_null(memory);
    assert_int_equal(dni_tensor_dict_allocate(dict, "x", DNI_F32, 1, (int64_t[]){25}, &data, NULL), DN_OK);
    assert_int_equal(count.blocks, 2);
    assert_int_equal(count.bytes, 101);
    assert_int_equal(dni_tensor_dict_new_memory(dict, 8, "the third", &memory, &error), DN_ERR_MEMORY);
    assert_null(memory);
    assert_non_null(strstr(error.message, "the third"));
    dni_tensor_dict_free(dict);
    assert_int_equal(count.blocks, 0);
    assert_int_equal(count.bytes, 0);
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
        cmocka_unit_test(test_memory_comes_from_the_allocator_and_goes_back),
        cmocka_unit_test(test_a_tensor_beyond_memory_is_refused),
        cmocka_unit_test(test_metadata_is_set_replaced_and_listed),
    };
    return cmocka_run_group_tests_name("tensor_dict", tests, NULL, NULL);
}

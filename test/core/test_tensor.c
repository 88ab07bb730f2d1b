/* SPDX-License-Identifier: MIT */
/* Tensor views and the conversion of elements. */
#include "core/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_dtypes_have_sizes_and_names(void **state) {
    (void)state;
    static const size_t sizes[] = {4, 8, 2, 2, 8, 4, 2, 1, 1, 1};
    for (int i = DNI_F32; i <= DNI_BOOL; i++) {
        dni_dtype found;
        assert_int_equal(dni_dtype_size((dni_dtype)i), sizes[i]);
        assert_true(dni_dtype_from_name(dni_dtype_name((dni_dtype)i), &found));
        assert_int_equal(found, i);
    }
    dni_dtype none;
    assert_false(dni_dtype_from_name("F8", &none));
}

static void test_slices_are_views(void **state) {
    (void)state;
    float data[2 * 3 * 4 * 5];
    for (int i = 0; i < 120; i++) data[i] = (float)i;
    const dni_tensor whole = dni_tensor_nhwc(data, 2, 3, 4, 5);
    assert_true(dni_tensor_is_dense(&whole));
    assert_int_equal(dni_tensor_count(&whole), 120);
    const dni_tensor channels = dni_tensor_slice(&whole, 3, 1, 2);
    const dni_tensor inside = dni_tensor_slice(&channels, 1, 2, 1);
    assert_true(dni_tensor_same_shape(&inside, 4, (int64_t[]){2, 1, 4, 2}));
    assert_false(dni_tensor_same_shape(&inside, 4, (int64_t[]){2, 1, 4, 3}));
    assert_false(dni_tensor_is_dense(&inside));
    float out[16];
    dni_tensor_to_f32(&inside, out);
    for (int n = 0; n < 2; n++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 2; c++)
                assert_true(out[(n * 4 + x) * 2 + c] == data[((n * 3 + 2) * 4 + x) * 5 + c + 1]);
}

static void test_shapes_are_written_as_tuples(void **state) {
    (void)state;
    char text[32], tiny[8];
    assert_string_equal(dni_tensor_shape_text(4, (int64_t[]){64, 3, 7, 7}, text, sizeof text),
                        "(64, 3, 7, 7)");
    assert_string_equal(dni_tensor_shape_text(0, NULL, text, sizeof text), "()");
    dni_tensor_shape_text(3, (int64_t[]){1000, 1000, 1000}, tiny, sizeof tiny);
    assert_int_equal(strlen(tiny), 7);
}

/* All 65536 halves against their definition, sign * 2^(e - 15) * 1.f, subnormals 2^-14 * 0.f: exact. */
static void test_every_half_converts_exactly(void **state) {
    (void)state;
    uint16_t halves[65536];
    float *out = malloc(sizeof(float) * 65536);
    assert_non_null(out);
    for (unsigned i = 0; i < 65536; i++) halves[i] = (uint16_t)i;
    const dni_tensor tensor = dni_tensor_of(DNI_F16, halves, 1, (int64_t[]){65536});
    dni_tensor_to_f32(&tensor, out);
    for (unsigned i = 0; i < 65536; i++) {
        const int exponent = (int)(i >> 10 & 31);
        const double fraction = (i & 1023) / 1024.0;
        double value = exponent == 0    ? ldexp(fraction, -14)
                       : exponent == 31 ? (fraction > 0 ? (double)NAN : (double)INFINITY)
                                        : ldexp(1 + fraction, exponent - 15);
        if (i & 0x8000) value = -value;
        const int right = isnan(value) ? isnan(out[i]) : out[i] == (float)value;
        if (!right || (signbit(out[i]) != 0) != (i >= 0x8000))
            fail_msg("half 0x%04x becomes %a", i, (double)out[i]);
    }
    free(out);
}

static void test_other_types_convert_by_value(void **state) {
    (void)state;
    double f64[] = {0.1, -3e300};
    uint16_t bf16[] = {0x3fc0, 0xff80};
    int64_t i64[] = {-(INT64_C(1) << 40), 7};
    int32_t i32[] = {-5, INT32_MAX};
    int16_t i16[] = {-300, 300};
    int8_t i8[] = {-128, 127};
    uint8_t u8[] = {255, 0}, boolean[] = {1, 0};
    const struct {
        dni_dtype dtype;
        void *data;
        float expected[2];
    } cases[] = {{DNI_F64, f64, {0.1f, -INFINITY}},
                 {DNI_BF16, bf16, {1.5f, -INFINITY}},
                 {DNI_I64, i64, {-0x1p40f, 7}},
                 {DNI_I32, i32, {-5, 2147483648.0f}},
                 {DNI_I16, i16, {-300, 300}},
                 {DNI_I8, i8, {-128, 127}},
                 {DNI_U8, u8, {255, 0}},
                 {DNI_BOOL, boolean, {1, 0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float out[2];
        const dni_tensor tensor = dni_tensor_of(cases[i].dtype, cases[i].data, 1, (int64_t[]){2});
        dni_tensor_to_f32(&tensor, out);
        assert_memory_equal(out, cases[i].expected, sizeof out);
    }
}

static void test_float32_passes_every_bit_at_any_stride(void **state) {
    (void)state;
    uint32_t bits[] = {0x7fa12345, 0x80000000, 0x00000001, 0xff800000, 0x3f800001, 0x7fc00000}, out[6];
    dni_tensor tensor = dni_tensor_of(DNI_F32, bits, 2, (int64_t[]){2, 3});
    dni_tensor_to_f32(&tensor, (float *)out);
    assert_memory_equal(out, bits, sizeof bits);
    tensor = (dni_tensor){
        .data = bits, .dtype = DNI_F32, .rank = 2, .shape = {3, 2}, .stride = {1, 3}}; /* transposed */
    dni_tensor_to_f32(&tensor, (float *)out);
    for (int i = 0; i < 6; i++) assert_int_equal(out[i], bits[i / 2 + 3 * (i % 2)]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes_have_sizes_and_names),
        cmocka_unit_test(test_slices_are_views),
        cmocka_unit_test(test_shapes_are_written_as_tuples),
        cmocka_unit_test(test_every_half_converts_exactly),
        cmocka_unit_test(test_other_types_convert_by_value),
        cmocka_unit_test(test_float32_passes_every_bit_at_any_stride),
    };
    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}

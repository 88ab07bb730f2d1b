/* core/: status, tensors, tensor_dict, memory, random numbers, CPU features, worker pool. */
#include "core/cpu.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/rng.h"
#include "core/tensor.h"
#include "core/tensor_dict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>

/* The values are part of the interface: this table changes only by additions. */
static void test_status_values_and_names_are_stable(void **state) {
    (void)state;
    static const struct {
        int value;
        const char *name;
    } known[] = {
        {0, "DN_OK"},
        {10, "DN_ERR_ARGUMENT"},
        {11, "DN_ERR_UNSUPPORTED"},
        {12, "DN_ERR_CANCELLED"},
        {20, "DN_ERR_MEMORY"},
        {21, "DN_ERR_IO"},
        {22, "DN_ERR_NOT_FOUND"},
        {23, "DN_ERR_PERMISSION"},
        {24, "DN_ERR_NO_SPACE"},
        {25, "DN_ERR_THREADS"},
        {40, "DN_ERR_FORMAT"},
        {41, "DN_ERR_CORRUPT"},
        {42, "DN_ERR_TRUNCATED"},
        {43, "DN_ERR_UNSAFE"},
        {44, "DN_ERR_MISMATCH"},
        {60, "DN_ERR_TENSOR_MISSING"},
        {61, "DN_ERR_TENSOR_SHAPE"},
        {62, "DN_ERR_TENSOR_DTYPE"},
        {63, "DN_ERR_TENSOR_UNEXPECTED"},
        {80, "DN_ERR_IMAGE_EMPTY"},
        {81, "DN_ERR_IMAGE_UNSUPPORTED"},
        {82, "DN_ERR_IMAGE_CORRUPT"},
        {83, "DN_ERR_IMAGE_TRUNCATED"},
        {84, "DN_ERR_IMAGE_TOO_LARGE"},
        {100, "DN_ERR_DATA_EMPTY"},
        {101, "DN_ERR_DATA_CLASSES"},
        {102, "DN_ERR_DATA_DIVERGED"},
    };
    size_t next = 0;
    for (int value = 0; value < 256; value++) {
        const char *expected = "DN_ERR_?";
        if (next < sizeof known / sizeof *known && known[next].value == value) expected = known[next++].name;
        assert_string_equal(dn_status_name((dn_status)value), expected);
    }
    assert_int_equal(next, sizeof known / sizeof *known);
}

static void test_errors_carry_status_and_message(void **state) {
    (void)state;
    dn_error error;
    assert_int_equal(dni_fail(&error, DN_ERR_FORMAT, "%s: %d", "file", 7), DN_ERR_FORMAT);
    assert_int_equal(error.status, DN_ERR_FORMAT);
    assert_string_equal(error.message, "file: 7");
    assert_int_equal(dni_fail(NULL, DN_ERR_FORMAT, "unheard"), DN_ERR_FORMAT);
    assert_int_equal(dni_fail_errno(&error, ENOSPC, "%s", "disk"), DN_ERR_NO_SPACE);
    assert_string_equal(error.message, "disk: No space left on device");
    assert_int_equal(dni_fail_errno(NULL, ENOENT, "x"), DN_ERR_NOT_FOUND);
    assert_int_equal(dni_fail_errno(NULL, EACCES, "x"), DN_ERR_PERMISSION);
    assert_int_equal(dni_fail_errno(NULL, ENOMEM, "x"), DN_ERR_MEMORY);
    assert_int_equal(dni_fail_errno(NULL, EIO, "x"), DN_ERR_IO);
    assert_int_equal(dni_no_memory(&error, "%s: %d rows", "file", 7), DN_ERR_MEMORY);
    assert_int_equal(error.status, DN_ERR_MEMORY);
    assert_string_equal(error.message, "file: 7 rows: out of memory");
    assert_int_equal(dni_no_memory(NULL, "unheard"), DN_ERR_MEMORY);
}

static void test_a_long_message_ends_in_dots(void **state) {
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    dn_error error;
    assert_int_equal(dni_fail_errno(&error, EIO, "%s", text), DN_ERR_IO);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_string_equal(error.message + sizeof error.message - 5, "x...");
}

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

static void test_an_arena_is_cut_as_it_was_measured(void **state) {
    (void)state;
    const size_t sizes[] = {1, 64, 65, 0, 1000};
    dni_arena measure = {0};
    for (size_t i = 0; i < 5; i++) assert_null(dni_arena_cut(&measure, sizes[i]));
    assert_int_equal(measure.used, 64 + 64 + 128 + 0 + 1024);
    dni_arena arena = {.base = dni_allocate(NULL, measure.used)};
    assert_non_null(arena.base);
    for (size_t i = 0; i < 5; i++) {
        char *piece = dni_arena_cut(&arena, sizes[i]);
        assert_int_equal((uintptr_t)piece % DNI_ALIGNMENT, 0);
        memset(piece, 1, sizes[i]);
    }
    assert_int_equal(arena.used, measure.used);
    dni_release(NULL, arena.base, measure.used);
}

static void test_sizes_that_overflow_are_reported(void **state) {
    (void)state;
    size_t out;
    assert_true(dni_size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_false(dni_size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_true(dni_size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_false(dni_size_add(SIZE_MAX, 1, &out));
}

/* Expected: a dozen lines of Python over the definitions in core/rng.h; the first stream is SplitMix64's own
 * published sequence for seed 0. */
static void test_random_numbers_are_the_published_ones(void **state) {
    (void)state;
    dni_rng zero = {.key = 0};
    assert_true(dni_rng_next(&zero) == 0xe220a8397b1dcdafu);
    assert_true(dni_rng_next(&zero) == 0x6e789e6aa1b965f4u);
    assert_true(dni_rng_next(&zero) == 0x06c45d188009454fu);

    const dni_rng named = dni_rng_named(42, "weights");
    assert_true(named.key == 0x26aea6dd2b6b9a48u && named.position == 0);
    assert_true(dni_rng_at(&named, 0) == 0x94f78066949b8a80u);
    assert_true(dni_rng_at(&named, 3) == 0xc95190c296752a0eu);
    assert_true(dni_rng_at(&named, 1000000000000u) == 0x5f6fd2a51d9c3874u);

    dni_rng uniform = named;
    assert_true(dni_rng_uniform(&uniform) == 9762688 * 0x1p-24f);
    assert_true(dni_rng_uniform(&uniform) == 2732183 * 0x1p-24f);

    dni_rng bounded = named;
    static const uint64_t below10[] = {5, 1, 8, 7, 1, 0, 9, 2};
    for (size_t i = 0; i < 8; i++) assert_true(dni_rng_below(&bounded, 10) == below10[i]);
    assert_true(dni_rng_below(&bounded, 6000000000000000000u) == 2759052625851790456u);
    assert_true(dni_rng_below(&bounded, 1) == 0);

    dni_rng shuffled = named;
    uint32_t items[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint32_t expected[] = {2, 6, 7, 0, 3, 5, 1, 4};
    dni_rng_shuffle(&shuffled, items, 8);
    assert_memory_equal(items, expected, sizeof items);
}

static void test_dn_isa_chooses_a_tier_or_says_why_not(void **state) {
    (void)state;
    dni_isa isa;
    dn_error error;
    unsetenv("DN_ISA");
    assert_int_equal(dni_cpu_choose_isa(&isa, NULL), DN_OK);
    assert_int_equal(isa, dni_cpu_isa());
    setenv("DN_ISA", "", 1);
    assert_int_equal(dni_cpu_choose_isa(&isa, NULL), DN_OK);
    assert_int_equal(isa, dni_cpu_isa());
    for (dni_isa tier = DNI_ISA_PORTABLE; tier <= DNI_ISA_AVX512; tier++) {
        setenv("DN_ISA", dni_isa_name(tier), 1);
        const dn_status status = dni_cpu_choose_isa(&isa, &error);
        assert_int_equal(status, tier <= dni_cpu_isa() ? DN_OK : DN_ERR_UNSUPPORTED);
        if (!status) assert_int_equal(isa, tier);
    }
    setenv("DN_ISA", "neon", 1);
    assert_int_equal(dni_cpu_choose_isa(&isa, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "neon"));
    unsetenv("DN_ISA");
}

static void test_bf16_is_refused_with_the_reason_where_the_tier_or_the_cpu_lacks_it(void **state) {
    (void)state;
    dn_error error;
    for (dni_isa tier = DNI_ISA_PORTABLE; tier <= dni_cpu_isa(); tier++) {
        const bool has = tier == DNI_ISA_AVX512 && dni_cpu_has_bf16();
        assert_int_equal(dni_cpu_require_bf16(tier, &error), has ? DN_OK : DN_ERR_UNSUPPORTED);
        if (has) continue;
        assert_non_null(strstr(error.message, "AVX512-BF16"));
        assert_non_null(strstr(error.message, dni_isa_name(tier)));
    }
    if (dni_cpu_has_bf16()) assert_int_equal(dni_cpu_isa(), DNI_ISA_AVX512);
}

static void test_the_cpu_has_a_name_of_any_length(void **state) {
    (void)state;
    char name[64], tiny[4];
    dni_cpu_name(name, sizeof name);
    assert_true(strlen(name) > 0);
    dni_cpu_name(tiny, sizeof tiny);
    assert_int_equal(strncmp(tiny, name, 3), 0);
    assert_int_equal(tiny[3], 0);
}

enum { ITEMS = 10000 };

static void count_visit(void *context, size_t index) {
    atomic_fetch_add(&((atomic_int *)context)[index], 1);
}

static void assert_pool_visits_once(dni_pool *pool, size_t count) {
    static atomic_int visits[ITEMS];
    for (size_t i = 0; i < ITEMS; i++) atomic_store(&visits[i], 0);
    dni_pool_run(pool, count_visit, visits, count);
    for (size_t i = 0; i < ITEMS; i++) assert_int_equal(atomic_load(&visits[i]), i < count);
}

static void test_a_pool_runs_every_index_once(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 7, ITEMS};
    for (int threads = 1; threads <= 4; threads++) {
        dni_pool *pool;
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        assert_int_equal(dni_pool_threads(pool), threads);
        for (size_t i = 0; i < 5; i++) {
            assert_pool_visits_once(pool, counts[i]);
            dni_pool_rest(pool);
            assert_pool_visits_once(pool, counts[i]);
        }
        dni_pool_free(pool);
    }
    assert_pool_visits_once(NULL, ITEMS);
    assert_int_equal(dni_pool_threads(NULL), 1);
    dni_pool_free(NULL);
}

static void test_a_pool_of_no_size_has_a_thread_a_core(void **state) {
    (void)state;
    dni_pool *pool;
    assert_int_equal(dni_pool_create(&pool, 0, NULL), DN_OK);
    assert_int_equal(dni_pool_threads(pool), dni_pool_cores());
    dni_pool_free(pool);
    dn_error error;
    assert_int_equal(dni_pool_create(&pool, -1, &error), DN_ERR_ARGUMENT);
    assert_null(pool);
    assert_non_null(strstr(error.message, "-1"));
    assert_int_equal(dni_pool_create(&pool, 1025, NULL), DN_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_values_and_names_are_stable),
        cmocka_unit_test(test_errors_carry_status_and_message),
        cmocka_unit_test(test_a_long_message_ends_in_dots),
        cmocka_unit_test(test_dtypes_have_sizes_and_names),
        cmocka_unit_test(test_slices_are_views),
        cmocka_unit_test(test_shapes_are_written_as_tuples),
        cmocka_unit_test(test_every_half_converts_exactly),
        cmocka_unit_test(test_other_types_convert_by_value),
        cmocka_unit_test(test_float32_passes_every_bit_at_any_stride),
        cmocka_unit_test(test_a_dict_keeps_order_names_and_memory),
        cmocka_unit_test(test_a_tensor_beyond_memory_is_refused),
        cmocka_unit_test(test_metadata_is_set_replaced_and_listed),
        cmocka_unit_test(test_an_arena_is_cut_as_it_was_measured),
        cmocka_unit_test(test_sizes_that_overflow_are_reported),
        cmocka_unit_test(test_random_numbers_are_the_published_ones),
        cmocka_unit_test(test_dn_isa_chooses_a_tier_or_says_why_not),
        cmocka_unit_test(test_bf16_is_refused_with_the_reason_where_the_tier_or_the_cpu_lacks_it),
        cmocka_unit_test(test_the_cpu_has_a_name_of_any_length),
        cmocka_unit_test(test_a_pool_runs_every_index_once),
        cmocka_unit_test(test_a_pool_of_no_size_has_a_thread_a_core),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}

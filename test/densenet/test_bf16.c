/* SPDX-License-Identifier: MIT */
/* A model in bfloat16: how far its features are from float32's, what it promises as any other, and how it
 * is refused where the CPU or the tier has no AVX512-BF16. */
#include "core/cpu.h"
#include "densenet/densenet.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SEED = 7, SIDE = 64, BATCH = 3, INPUT = SIDE * SIDE * 3, MOST_FEATURES = 2208 };

static dn_model *model_of(const dn_weights *weights, dn_precision precision) {
    dn_model *model;
    dn_error error;
    if (dn_model_create(&model, weights,
                        &(dn_model_options){.struct_size = sizeof(dn_model_options), .precision = precision},
                        &error))
        fail_msg("%s", error.message);
    return model;
}

static void run(const dn_model *model, const float *inputs, int count, int threads, float *features) {
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = count, .height = SIDE, .width = SIDE, .threads = threads};
    dn_session *session;
    dn_error error;
    if (dn_session_create(&session, model, &options, &error) ||
        dn_session_forward(session, inputs, count, &(dn_outputs){.features = features}, &error))
        fail_msg("%s", error.message);
    dn_session_free(session);
}

static double cosine(const float *a, const float *b, size_t count) {
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < count; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static void check_features(const char *name) {
    float *inputs = seeded_inputs(SEED, BATCH * INPUT);
    dn_weights *weights = seeded_weights(dn_config_find(name), SEED);
    dn_model *exact = model_of(weights, DN_PRECISION_FLOAT32);
    dn_model *rounded = model_of(weights, DN_PRECISION_BFLOAT16);
    static float expected[BATCH * MOST_FEATURES], found[BATCH * MOST_FEATURES], again[BATCH * MOST_FEATURES];
    const size_t length = (size_t)dn_model_config(exact)->features;
    run(exact, inputs, BATCH, 2, expected);
    run(rounded, inputs, BATCH, 1, found);
    for (size_t i = 0; i < BATCH; i++) {
        const double same = cosine(expected + i * length, found + i * length, length);
        print_message("    %s: cosine %.6f\n", name, same);
        assert_true(same >= 0.9995);
    }
    assert_true(memcmp(expected, found, length * sizeof *found) != 0);
    assert_true(dn_model_size(rounded) < dn_model_size(exact));

    for (int threads = 2; threads <= 3; threads++) {
        run(rounded, inputs, BATCH, threads, again);
        assert_memory_equal(again, found, BATCH * length * sizeof *found);
    }
    for (size_t i = 0; i < BATCH; i++) {
        run(rounded, inputs + i * INPUT, 1, 2, again);
        assert_memory_equal(again, found + i * length, length * sizeof *found);
    }
    dn_model_free(exact);
    dn_model_free(rounded);
    dn_weights_free(weights);
    free(inputs);
}

static void skip_without_bf16(void) {
    if (dni_cpu_features() & DNI_CPU_AVX512_BF16) return;
    print_message("this CPU has no AVX512-BF16\n");
    skip();
}

static void test_features_lie_where_float32s_do_with_the_same_bits_for_any_threads_and_batch(void **state) {
    (void)state;
    skip_without_bf16();
    check_features("densenet121");
    check_features("densenet161");
}

static void test_only_what_was_asked_for_is_computed_in_bf16(void **state) {
    (void)state;
    skip_without_bf16();
    static const char *const rounded_convs[] = {
        "features.denseblock1.denselayer1.conv1", "features.denseblock4.denselayer16.conv1",
        "features.denseblock2.denselayer3.conv2", "features.transition3.conv"};
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    dn_model *exact = model_of(weights, DN_PRECISION_FLOAT32);
    dn_model *rounded = model_of(weights, DN_PRECISION_BFLOAT16);
    for (size_t i = 0; i < sizeof rounded_convs / sizeof *rounded_convs; i++) {
        assert_non_null(strstr(dn_model_kernel(rounded, rounded_convs[i]), "_bf16_"));
        assert_non_null(strstr(dn_model_kernel(exact, rounded_convs[i]), "_f32_"));
    }
    assert_string_equal(dn_model_kernel(rounded, "features.conv0"), dn_model_kernel(exact, "features.conv0"));
    dn_model_free(exact);
    dn_model_free(rounded);
    dn_weights_free(weights);
}

static void refuse(const dn_weights *weights, dn_precision precision, dn_status status, const char *word) {
    dn_model *model = (dn_model *)&precision;
    dn_error error;
    assert_int_equal(
        dn_model_create(&model, weights,
                        &(dn_model_options){.struct_size = sizeof(dn_model_options), .precision = precision},
                        &error),
        status);
    assert_null(model);
    assert_non_null(strstr(error.message, word));
}

static void test_bf16_is_refused_by_tier_and_a_precision_that_is_none_by_value(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    refuse(weights, (dn_precision)7, DN_ERR_ARGUMENT, "7");
    char *before = chosen_tier();
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_AVX512; isa++) {
        if (!dni_cpu_has(isa)) continue;
        setenv("DN_ISA", dni_isa_name(isa), 1);
        refuse(weights, DN_PRECISION_BFLOAT16, DN_ERR_UNSUPPORTED, "AVX512-BF16");
        refuse(weights, DN_PRECISION_BFLOAT16, DN_ERR_UNSUPPORTED, dni_isa_name(isa));
    }
    restore_tier(before);
    dn_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_lie_where_float32s_do_with_the_same_bits_for_any_threads_and_batch),
        cmocka_unit_test(test_only_what_was_asked_for_is_computed_in_bf16),
        cmocka_unit_test(test_bf16_is_refused_by_tier_and_a_precision_that_is_none_by_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

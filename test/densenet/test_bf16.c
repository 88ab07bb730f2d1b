/* SPDX-License-Identifier: MIT */
/* A model in bfloat16: how far its features are from float32's, what it promises as any other, and how it
 * is refused where the CPU or the tier has no AVX512-BF16. */
#include "core/cpu.h"
#include "densenet/densenet.h"
#include "test/support/rounded_models.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SEED = 7, SIDE = 64, BATCH = 3 };

static void check_features(const char *name) {
    float *inputs = seeded_inputs(SEED, BATCH * SIDE * SIDE * 3);
    dn_weights *weights = seeded_weights(dn_config_find(name), SEED);
    dn_model *exact = model_in(weights, DN_PRECISION_FLOAT32);
    dn_model *rounded = model_in(weights, DN_PRECISION_BFLOAT16);
    static float expected[BATCH * MOST_FEATURES], found[BATCH * MOST_FEATURES];
    const size_t length = (size_t)dn_model_config(exact)->features;
    compute_features(exact, inputs, BATCH, SIDE, 2, expected);
    compute_features(rounded, inputs, BATCH, SIDE, 1, found);
    for (size_t i = 0; i < BATCH; i++) {
        const double same = cosine(expected + i * length, found + i * length, length);
        print_message("    %s: cosine %.6f\n", name, same);
        assert_true(same >= 0.9995);
    }
    assert_true(memcmp(expected, found, length * sizeof *found) != 0);
    assert_true(dn_model_size(rounded) < dn_model_size(exact));
    assert_same_bits(rounded, inputs, BATCH, SIDE, found);
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
    dn_model *exact = model_in(weights, DN_PRECISION_FLOAT32);
    dn_model *rounded = model_in(weights, DN_PRECISION_BFLOAT16);
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

/* SPDX-License-Identifier: MIT */
/* A model in int8: how far its features are from float32's, and what it promises as any other, on every tier
 * of this CPU, for it is refused on none. */
#include "core/cpu.h"
#include "densenet/densenet.h"
#include "test/support/rounded_models.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SEED = 7, SIDE = 128, BATCH = 3 };

/* Pictures of something: waves with a little noise, so that images differ as photographs do. Noise alone
 * gives all images the same features but for what a norm then makes large. */
static float *pictures(int count, int side) {
    const int size = side * side * 3;
    float *out = seeded_inputs(SEED, (size_t)(count * size));
    assert_non_null(out);
    for (int n = 0; n < count; n++)
        for (int i = 0; i < size; i++) {
            const int channel = i % 3, x = i / 3 % side, y = i / 3 / side;
            const double wave = sin(0.07 * (n + 1) * x + n) + cos(0.05 * (channel + n + 1) * y);
            out[n * size + i] = 0.1f * out[n * size + i] + (float)wave;
        }
    return out;
}

/* Random weights whose norms have the statistics of the inputs, as those of a trained network have. */
static dn_weights *measured_weights(const char *name, const float *inputs, int count, int side) {
    dn_weights *weights;
    dn_error error;
    if (dn_weights_random(&weights, dn_config_find(name), SEED, &error) ||
        dn_weights_calibrate(weights, inputs, count, side, side, NULL, &error))
        fail_msg("%s", error.message);
    return weights;
}

/* Whether kernels of this tier multiply bytes on this CPU. Where they do not, float32 is as fast, and
 * taken. */
static bool has_int8(dni_isa isa) {
    const unsigned features = dni_cpu_features();
    if (isa == DNI_ISA_AVX512) return features & DNI_CPU_AVX512_VNNI;
    if (isa == DNI_ISA_NEON) return features & DNI_CPU_DOTPROD;
    return true;
}

static void check_features(const dn_weights *weights, const float *inputs, bool is_rounded) {
    static float expected[BATCH * MOST_FEATURES], found[BATCH * MOST_FEATURES];
    dn_model *exact = model_in(weights, DN_PRECISION_FLOAT32),
             *rounded = model_in(weights, DN_PRECISION_INT8);
    const size_t length = (size_t)dn_model_config(exact)->features;
    compute_features(exact, inputs, BATCH, SIDE, 2, expected);
    compute_features(rounded, inputs, BATCH, SIDE, 1, found);
    for (size_t i = 0; i < BATCH; i++) {
        const double same = cosine(expected + i * length, found + i * length, length);
        print_message("    %s, %s: cosine %.6f\n", dn_model_config(exact)->name, dn_model_tier(exact), same);
        assert_true(same >= 0.9985);
    }
    assert_int_equal(memcmp(expected, found, length * sizeof *found) != 0, is_rounded);
    /* With AVX2 alone 3x3 convolutions stay in float32, and their transformed weights are the larger part. */
    if (is_rounded) assert_true(dn_model_size(rounded) < dn_model_size(exact) * 2 / 3);
    assert_same_bits(rounded, inputs, BATCH, SIDE, found);
    dn_model_free(exact);
    dn_model_free(rounded);
}

static void test_features_lie_where_float32s_do_with_the_same_bits_for_any_threads_and_batch(void **state) {
    (void)state;
    float *inputs = pictures(BATCH, SIDE);
    dn_weights *weights = measured_weights("densenet121", inputs, BATCH, SIDE);
    char *before = chosen_tier();
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
        if (!dni_cpu_has(isa)) continue;
        setenv("DN_ISA", dni_isa_name(isa), 1);
        check_features(weights, inputs, has_int8(isa));
    }
    restore_tier(before);
    dn_weights_free(weights);
    free(inputs);
}

static void test_densenet161s_features_of_eight_whole_pictures_lie_where_float32s_do(void **state) {
    (void)state;
    enum { WHOLE = 224, PICTURES = 8 };
    static float expected[PICTURES * MOST_FEATURES], found[PICTURES * MOST_FEATURES];
    float *inputs = pictures(PICTURES, WHOLE);
    dn_weights *weights = measured_weights("densenet161", inputs, PICTURES, WHOLE);
    dn_model *exact = model_in(weights, DN_PRECISION_FLOAT32),
             *rounded = model_in(weights, DN_PRECISION_INT8);
    compute_features(exact, inputs, PICTURES, WHOLE, 2, expected);
    compute_features(rounded, inputs, PICTURES, WHOLE, 2, found);
    for (size_t i = 0; i < PICTURES; i++) {
        const double same = cosine(expected + i * MOST_FEATURES, found + i * MOST_FEATURES, MOST_FEATURES);
        print_message("    densenet161, %s, picture %zu: cosine %.6f\n", dn_model_tier(rounded), i, same);
        assert_true(same >= 0.9985);
    }
    dn_model_free(exact);
    dn_model_free(rounded);
    dn_weights_free(weights);
    free(inputs);
}

static void test_1x1_convolutions_are_computed_in_int8_and_only_where_it_was_asked_for(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    dn_model *exact = model_in(weights, DN_PRECISION_FLOAT32),
             *rounded = model_in(weights, DN_PRECISION_INT8);
    dni_isa isa;
    assert_int_equal(dni_cpu_choose_isa(&isa, NULL), DN_OK);
    const char *convolution;
    for (int i = 0; (convolution = dn_model_convolution(rounded, i)); i++) {
        const bool is_1x1 = strstr(convolution, ".conv1") || strstr(convolution, "transition");
        const bool is_int8 = strstr(dn_model_kernel(rounded, convolution), "_int8_");
        if (is_1x1) assert_int_equal(is_int8, has_int8(isa));
        assert_non_null(strstr(dn_model_kernel(exact, convolution), "_f32_"));
    }
    dn_model_free(exact);
    dn_model_free(rounded);
    dn_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_lie_where_float32s_do_with_the_same_bits_for_any_threads_and_batch),
        cmocka_unit_test(test_densenet161s_features_of_eight_whole_pictures_lie_where_float32s_do),
        cmocka_unit_test(test_1x1_convolutions_are_computed_in_int8_and_only_where_it_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

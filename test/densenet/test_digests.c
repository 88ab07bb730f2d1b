/* SPDX-License-Identifier: MIT */
/* Features keep their bits from commit to commit: of each tier of this CPU, in each precision, with both
 * choices of memory, for any number of threads and any batch. Which kernels compute them is all that they may
 * depend on. */
#include "core/cpu.h"
#include "densenet/densenet.h"
#include "test/support/digests.h"
#include "test/support/model_code.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Maps of the four blocks are 14x18, 7x9, 3x4 and 1x2 pixels: no tile of a kernel fits into all. */
enum { SEED = 11, HEIGHT = 56, WIDTH = 72, PICTURES = 4, INPUT = HEIGHT * WIDTH * 3, FEATURES = 1024 };
enum { COUNT = PICTURES * FEATURES };

static const char *const precisions[] = {"fp32", "bf16", "int8"}, *const memories[] = {"fast", "low"};
static const int thread_counts[] = {1, 2, 3, 8};
static float *inputs;

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

static void compute(const dn_model *model, int threads, int batch, float *features) {
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = batch, .height = HEIGHT, .width = WIDTH, .threads = threads};
    dn_session *session;
    dn_error error;
    must(dn_session_create(&session, model, &options, &error), &error);
    for (int i = 0; i < PICTURES; i += batch) {
        const int count = PICTURES - i < batch ? PICTURES - i : batch;
        must(dn_session_forward(session, inputs + (size_t)i * INPUT, count,
                                &(dn_outputs){.features = features + (size_t)i * FEATURES}, &error),
             &error);
    }
    dn_session_free(session);
}

static void check_model(const dn_weights *weights, const char *kind, dn_precision precision,
                        dn_memory memory) {
    static float features[COUNT], again[COUNT];
    dn_model *model;
    dn_error error;
    const dn_model_options options = {
        .struct_size = sizeof options, .precision = precision, .memory = memory};
    must(dn_model_create(&model, weights, &options, &error), &error);
    compute(model, 1, 3, features);
    for (size_t t = 0; !digests_once() && t < sizeof thread_counts / sizeof *thread_counts; t++)
        for (int batch = 1; batch <= 3; batch += 2) {
            compute(model, thread_counts[t], batch, again);
            if (memcmp(again, features, sizeof again))
                fail_msg(
                    "%s, %s, %s memory, %s weights: %d threads and a batch of %d give other bits than 1 and 3",
                    dn_model_tier(model), precisions[precision], memories[memory], kind, thread_counts[t],
                    batch);
        }
    char code[64], variant[64];
    model_code(model, code, sizeof code);
    snprintf(variant, sizeof variant, "%s,%s", memories[memory], kind);
    digests_check(&(digest_key){"features", code, precisions[precision], variant}, features, sizeof features);
    dn_model_free(model);
}

static void check_weights(const dn_weights *weights, const char *kind, dni_isa isa) {
    for (dn_precision precision = DN_PRECISION_FLOAT32; precision <= DN_PRECISION_INT8; precision++) {
        dn_error error;
        if (precision == DN_PRECISION_BFLOAT16 && dni_cpu_require_bf16(isa, &error)) continue;
        check_model(weights, kind, precision, DN_MEMORY_FAST);
        check_model(weights, kind, precision, DN_MEMORY_LOW);
    }
}

static void check_tier(void **state, dni_isa isa) {
    (void)state;
    if (!dni_cpu_has(isa)) skip();
    char *before = chosen_tier();
    setenv("DN_ISA", dni_isa_name(isa), 1);
    dn_error error;
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    assert_non_null(weights);
    check_weights(weights, "seeded", isa);
    /* the statistics that a random backbone gets are computed by the tier's kernels, too */
    must(dn_weights_calibrate(weights, inputs, PICTURES, HEIGHT, WIDTH, NULL, &error), &error);
    check_weights(weights, "calibrated", isa);
    dn_weights_free(weights);
    restore_tier(before);
    digests_verdict();
}

static void test_features_of_portable_kernels(void **state) {
    check_tier(state, DNI_ISA_PORTABLE);
}
static void test_features_of_neon(void **state) {
    check_tier(state, DNI_ISA_NEON);
}
static void test_features_of_avx2(void **state) {
    check_tier(state, DNI_ISA_AVX2);
}
static void test_features_of_avx512(void **state) {
    check_tier(state, DNI_ISA_AVX512);
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_of_portable_kernels),
        cmocka_unit_test(test_features_of_neon),
        cmocka_unit_test(test_features_of_avx2),
        cmocka_unit_test(test_features_of_avx512),
    };
    digests_open(count, arguments);
    inputs = seeded_inputs(SEED, (size_t)PICTURES * INPUT);
    if (!inputs) return EXIT_FAILURE;
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    free(inputs);
    return failures || !digests_close() ? EXIT_FAILURE : EXIT_SUCCESS;
}

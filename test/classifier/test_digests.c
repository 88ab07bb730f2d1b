/* SPDX-License-Identifier: MIT */
/* What a picture's file is told to be keeps its bits from commit to commit: decoded, resized, through the
 * network and the head of a model file, to probabilities; of each tier of this CPU, in each precision, for
 * any number of threads and any batch.
 *
 * Pictures are those that need no optional library: JPEG, PNG and GIF. */
#include "core/cpu.h"
#include "head/classifier/classifier.h"
#include "test/support/blas_family.h"
#include "test/support/digests.h"
#include "test/support/model_code.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 11, FEATURES = 1024, CLASSES = 3, RESIZE = 64, CROP = 56, PICTURES = 4 };
enum { COUNT = PICTURES * CLASSES };

static const char *const paths[PICTURES] = {
    "test/golden/io/pictures/photo.jpg", "test/golden/io/orientation/large_6.jpg",
    "test/golden/io/pictures/tall.png", "test/golden/io/pictures/palette.gif"};
static const char *const precisions[] = {"fp32", "bf16", "int8"};
static const int thread_counts[] = {1, 2, 3, 8};
static dn_weights *weights;
static void *file; /* the model's */
static size_t file_size;

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

static int make_model(void **state) {
    (void)state;
    static const int hidden[] = {16};
    char hash[33];
    weights = seeded_weights(dn_config_find("densenet121"), SEED);
    assert_non_null(weights);
    dn_weights_hash(weights, hash);
    dn_head_options options = dn_head_options_default();
    options.hidden = hidden;
    options.hidden_count = 1;
    options.seed = SEED;
    dn_classifier_info info = dn_classifier_info_default();
    info.backbone = "densenet121";
    info.weights_source = "seeded.safetensors";
    info.weights_hash = hash;
    info.class_count = CLASSES;
    info.classes = (const char *const[]){"a", "b", "c"};
    info.preprocessing = dn_preprocessing_default();
    info.preprocessing.resize = RESIZE;
    info.preprocessing.crop = CROP;
    info.recipe = info.metrics = "{}";
    dn_head *head;
    dn_error error;
    must(dn_head_create(&head, FEATURES, CLASSES, &options, &error), &error);
    must(dn_classifier_save_memory(&file, &file_size, head, &info, weights, NULL, &error), &error);
    dn_head_free(head);
    return 0;
}

static int free_model(void **state) {
    (void)state;
    dn_weights_free(weights);
    free(file);
    return 0;
}

/* All pictures' probabilities, from their files, by a classifier of its own. */
static void judge(const dn_model *model, int threads, int batch, float *probabilities) {
    dn_classifier *classifier;
    dn_image images[PICTURES];
    dn_error error;
    dn_session_options options = dn_session_options_default();
    options.threads = threads;
    options.batch = batch;
    must(dn_classifier_load_memory(&classifier, file, file_size, NULL, &error), &error);
    must(dn_classifier_attach_model(classifier, model, &options, &error), &error);
    for (int i = 0; i < PICTURES; i++) must(dn_image_load(&images[i], paths[i], &error), &error);
    must(dn_classifier_predict(classifier, images, PICTURES, probabilities, &error), &error);
    for (int i = 0; i < PICTURES; i++) dn_image_free(&images[i]);
    dn_classifier_free(classifier);
}

static void check_model(const dn_model *model, const char *precision) {
    float probabilities[COUNT], again[COUNT];
    char code[64], name[128];
    judge(model, 1, 3, probabilities);
    for (int i = 0; i < COUNT; i++) assert_true(probabilities[i] > 0.01f && probabilities[i] < 0.99f);
    for (size_t t = 0; !digests_once() && t < sizeof thread_counts / sizeof *thread_counts; t++)
        for (int batch = 1; batch <= 3; batch += 2) {
            judge(model, thread_counts[t], batch, again);
            if (memcmp(again, probabilities, sizeof again))
                fail_msg("%s, %s: %d threads and a batch of %d give other bits than 1 and 3",
                         dn_model_tier(model), precision, thread_counts[t], batch);
        }
    model_code(model, code, sizeof code);
    snprintf(name, sizeof name, "%s,%s", code, blas_family_name());
    digests_check(&(digest_key){"pictures", name, precision, "seeded"}, probabilities, sizeof probabilities);
}

/* io/stb_passes_*.c, which resize, let the compiler multiply by the reciprocal of 255. Every optimizer does
 * so, and a build without one divides, which has other last bits. */
#ifdef __OPTIMIZE__
static const bool is_optimized = true;
#else
static const bool is_optimized = false;
#endif

static void check_tier(void **state, dni_isa isa) {
    (void)state;
    if (!dni_cpu_has(isa) || !is_optimized) skip();
    char *before = chosen_tier();
    setenv("DN_ISA", dni_isa_name(isa), 1);
    for (dn_precision precision = DN_PRECISION_FLOAT32; precision <= DN_PRECISION_INT8; precision++) {
        const dn_model_options options = {.struct_size = sizeof options, .precision = precision};
        dn_model *model;
        dn_error error;
        if (precision == DN_PRECISION_BFLOAT16 && dni_cpu_require_bf16(isa, &error)) continue;
        must(dn_model_create(&model, weights, &options, &error), &error);
        check_model(model, precisions[precision]);
        dn_model_free(model);
    }
    restore_tier(before);
    digests_verdict();
}

static void test_pictures_of_portable_kernels(void **state) {
    check_tier(state, DNI_ISA_PORTABLE);
}
static void test_pictures_of_neon(void **state) {
    check_tier(state, DNI_ISA_NEON);
}
static void test_pictures_of_avx2(void **state) {
    check_tier(state, DNI_ISA_AVX2);
}
static void test_pictures_of_avx512(void **state) {
    check_tier(state, DNI_ISA_AVX512);
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_of_portable_kernels),
        cmocka_unit_test(test_pictures_of_neon),
        cmocka_unit_test(test_pictures_of_avx2),
        cmocka_unit_test(test_pictures_of_avx512),
    };
    blas_family_choose(arguments);
    digests_open(count, arguments);
    const int failures = cmocka_run_group_tests(tests, make_model, free_model);
    return failures || !digests_close() ? EXIT_FAILURE : EXIT_SUCCESS;
}

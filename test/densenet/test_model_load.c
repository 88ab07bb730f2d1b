/* SPDX-License-Identifier: MIT */
/* A model made of a file at once is the one that is made of its weights in memory: the same bits, the same
 * hash, the same refusals. */
#include "densenet/weights.h"
#include "io/safetensors.h"
#include "test/support/seeded_weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = 64, SEED = 3, FEATURES = 1024 };

#define CONV "features.denseblock2.denselayer3.conv1.weight"

static dn_weights *weights;
static float *input;
static char path[] = "/tmp/model-load-XXXXXX";
static dn_error error;

static void must(dn_status status) {
    if (status) fail_msg("%s", error.message);
}

static int set_up(void **state) {
    (void)state;
    weights = seeded_weights(dn_config_find("densenet121"), SEED);
    input = seeded_inputs(SEED, SIDE * SIDE * 3);
    const int descriptor = mkstemp(path);
    if (descriptor >= 0) close(descriptor);
    return weights && input && descriptor >= 0 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    dn_weights_free(weights);
    free(input);
    return 0;
}

/* ---- the file ---- */

/* The weights' tensors, as views, for a file that differs from them in something. */
static dni_tensor_dict *views(const char *prefix) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_non_null(dict);
    for (size_t i = 0; i < dni_tensor_dict_count(weights->tensors); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(weights->tensors, i);
        char name[128];
        snprintf(name, sizeof name, "%s%s", prefix, entry->name);
        must(dni_tensor_dict_add(dict, name, entry->tensor, &error));
    }
    return dict;
}

static void take_out(dni_tensor_dict *dict, const char *name) {
    size_t i = 0;
    while (strcmp(dni_tensor_dict_at(dict, i)->name, name) != 0) i++;
    dni_tensor_dict_remove(dict, i);
}

static void write_dict(dni_tensor_dict *dict) {
    must(dni_safetensors_write(dict, path, &error));
    dni_tensor_dict_free(dict);
}

/* Overwrites one float of a tensor in the file. */
static void put_value(const char *name, size_t element, float value) {
    dni_safetensors file;
    dni_tensor tensor;
    uint64_t place;
    must(dni_safetensors_open(&file, path, &error));
    assert_true(dni_safetensors_find(&file, name, &tensor, &place));
    dni_safetensors_close(&file);
    FILE *out = fopen(path, "r+b");
    assert_non_null(out);
    assert_int_equal(fseek(out, (long)(place + element * sizeof value), SEEK_SET), 0);
    assert_int_equal(fwrite(&value, sizeof value, 1, out), 1);
    assert_int_equal(fclose(out), 0);
}

/* ---- the same model ---- */

typedef struct answers {
    char hash[33];
    float features[FEATURES], logits[DN_LOGITS];
} answers;

static void ask(dn_model *model, answers *out) {
    dn_session *session;
    dn_session_options options = dn_session_options_default();
    options.height = options.width = SIDE;
    options.threads = 1;
    must(dn_session_create(&session, model, &options, &error));
    memset(out, 0, sizeof *out);
    const bool classifier = dn_model_has_classifier(model);
    const dn_outputs outputs = {.features = out->features, .logits = classifier ? out->logits : NULL};
    must(dn_session_forward(session, input, 1, &outputs, &error));
    snprintf(out->hash, sizeof out->hash, "%s", dn_model_hash(model));
    dn_session_free(session);
    dn_model_free(model);
}

static void check_same(dn_memory memory) {
    answers expected, found;
    dn_weights *loaded;
    dn_model *model;
    dn_model_options options = dn_model_options_default();
    options.memory = memory;
    options.threads = 2;
    must(dn_weights_load(&loaded, path, &error));
    must(dn_model_create(&model, loaded, &options, &error));
    dn_weights_free(loaded);
    ask(model, &expected);
    const int threads[] = {1, 2, 17, 64};
    for (int i = 0; i < 4; i++) {
        options.threads = threads[i];
        must(dn_model_load(&model, path, &options, &error));
        ask(model, &found);
        assert_string_equal(found.hash, expected.hash);
        assert_memory_equal(&found, &expected, sizeof found);
    }
}

static void test_a_safetensors_file_gives_the_same_model_on_any_number_of_threads(void **state) {
    (void)state;
    must(dn_weights_save(weights, path, &error));
    check_same(DN_MEMORY_FAST);
    check_same(DN_MEMORY_LOW);
}

static void test_a_file_without_the_classifier_gives_the_same_model(void **state) {
    (void)state;
    dni_tensor_dict *dict = views("");
    take_out(dict, "classifier.weight");
    take_out(dict, "classifier.bias");
    write_dict(dict);
    check_same(DN_MEMORY_FAST);
}

/* Names that are brought into their present form lead to the same places in the file. */
static void test_a_file_with_a_prefix_and_counters_gives_the_same_model(void **state) {
    (void)state;
    dni_tensor_dict *dict = views("module.");
    void *counter;
    must(dni_tensor_dict_allocate(dict, "module.features.norm0.num_batches_tracked", DNI_I64, 0, NULL,
                                  &counter, &error));
    write_dict(dict);
    check_same(DN_MEMORY_FAST);
}

/* What has to be converted cannot stay in the file. */
static void test_a_file_with_another_type_gives_the_same_model(void **state) {
    (void)state;
    dni_tensor_dict *dict = views("");
    const dni_tensor *conv = dni_tensor_dict_find(weights->tensors, CONV);
    const size_t count = (size_t)dni_tensor_count(conv);
    take_out(dict, CONV);
    void *data;
    must(dni_tensor_dict_allocate(dict, CONV, DNI_F64, conv->rank, conv->shape, &data, &error));
    for (size_t i = 0; i < count; i++) ((double *)data)[i] = (double)((const float *)conv->data)[i];
    write_dict(dict);
    check_same(DN_MEMORY_FAST);
}

static void test_only_vectors_are_kept_in_memory(void **state) {
    (void)state;
    must(dn_weights_save(weights, path, &error));
    dn_weights *opened;
    must(dni_weights_open(&opened, path, &error));
    for (size_t i = 0; i < dni_tensor_dict_count(opened->tensors); i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(opened->tensors, i)->tensor;
        assert_int_equal(tensor->data != NULL, tensor->rank == 1);
    }
    dn_weights_free(opened);
}

/* ---- refusals ---- */

/* Both ways refuse the file, in the same words. */
static void check_refused(dn_status status) {
    dn_error expected;
    dn_weights *loaded;
    dn_model *model = (dn_model *)(uintptr_t)1;
    assert_int_equal(dn_weights_load(&loaded, path, &expected), status);
    assert_int_equal(dn_model_load(&model, path, NULL, &error), status);
    assert_null(model);
    assert_string_equal(error.message, expected.message);
}

static void test_values_that_are_no_weights_are_refused(void **state) {
    (void)state;
    const struct {
        const char *name;
        size_t element;
        float value;
    } wrong[] = {{CONV, 0, NAN},
                 {CONV, 3, INFINITY},
                 {"features.denseblock4.denselayer16.conv1.weight", 65536, -INFINITY},
                 {"features.conv0.weight", 64 * 3 * 49 - 1, NAN},
                 {"features.norm0.running_var", 5, -1.0f},
                 {"features.norm5.bias", 1023, NAN},
                 {"classifier.weight", 1024 * 1000 - 1, INFINITY}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        must(dn_weights_save(weights, path, &error));
        put_value(wrong[i].name, wrong[i].element, wrong[i].value);
        check_refused(DN_ERR_CORRUPT);
        assert_non_null(strstr(error.message, wrong[i].name));
    }
}

static void test_files_of_other_networks_are_refused(void **state) {
    (void)state;
    dni_tensor_dict *dict = views("");
    take_out(dict, CONV);
    write_dict(dict);
    check_refused(DN_ERR_TENSOR_MISSING);

    void *data;
    dict = views("");
    must(dni_tensor_dict_allocate(dict, "features.conv9.weight", DNI_F32, 1, (int64_t[]){1}, &data, &error));
    write_dict(dict);
    check_refused(DN_ERR_TENSOR_UNEXPECTED);

    dict = dni_tensor_dict_create();
    must(dni_tensor_dict_allocate(dict, "other", DNI_F32, 1, (int64_t[]){1}, &data, &error));
    write_dict(dict);
    check_refused(DN_ERR_MISMATCH);
}

static void test_a_cut_file_and_none_are_refused(void **state) {
    (void)state;
    must(dn_weights_save(weights, path, &error));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size - 1), 0);
    check_refused(DN_ERR_TRUNCATED);
    assert_int_equal(unlink(path), 0);
    check_refused(DN_ERR_NOT_FOUND);
}

/* Whichever thread comes upon which first. */
static void test_of_several_bad_weights_the_first_is_named(void **state) {
    (void)state;
    must(dn_weights_save(weights, path, &error));
    put_value("features.denseblock4.denselayer9.conv2.weight", 0, NAN);
    put_value("features.denseblock3.denselayer24.conv2.weight", 0, NAN);
    put_value("features.denseblock4.denselayer1.conv1.weight", 0, NAN);
    put_value("classifier.weight", 0, NAN);
    for (int threads = 1; threads <= 16; threads *= 2) {
        dn_model *model;
        dn_model_options options = dn_model_options_default();
        options.threads = threads;
        assert_int_equal(dn_model_load(&model, path, &options, &error), DN_ERR_CORRUPT);
        if (!strstr(error.message, "features.denseblock3.denselayer24.conv2.weight"))
            fail_msg("%s", error.message);
    }
}

/* ---- while the model is made ---- */

typedef struct meddling {
    bool cancels; /* else the file is cut to half its size */
    size_t calls;
} meddling;

static int meddle(void *context, size_t done, size_t total) {
    meddling *own = context;
    (void)done;
    (void)total;
    if (own->calls++) return 0;
    if (own->cancels) return 1;
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size / 2), 0);
    return 0;
}

static void load_meddled(meddling how, dn_status status, const char *words) {
    must(dn_weights_save(weights, path, &error));
    dn_model *model = (dn_model *)(uintptr_t)1;
    dn_model_options options = dn_model_options_default();
    options.threads = 2;
    options.on_progress = meddle;
    options.context = &how;
    assert_int_equal(dn_model_load(&model, path, &options, &error), status);
    assert_null(model);
    if (!strstr(error.message, words)) fail_msg("'%s' is not in: %s", words, error.message);
}

static void test_a_file_that_is_cut_meanwhile_makes_no_model(void **state) {
    (void)state;
    load_meddled((meddling){.cancels = false}, DN_ERR_IO, path);
}

static void test_making_a_model_of_a_file_can_be_stopped(void **state) {
    (void)state;
    load_meddled((meddling){.cancels = true}, DN_ERR_CANCELLED, "preparing weights");
}

/* A file that is replaced or removed is another one: what was opened stays. */
static void test_weights_that_were_opened_outlive_the_name_of_their_file(void **state) {
    (void)state;
    answers expected, found;
    dn_weights *opened;
    dn_model *model;
    must(dn_model_create(&model, weights, NULL, &error));
    ask(model, &expected);
    must(dn_weights_save(weights, path, &error));
    must(dni_weights_open(&opened, path, &error));
    assert_int_equal(unlink(path), 0);
    must(dn_model_create(&model, opened, NULL, &error));
    dn_weights_free(opened);
    ask(model, &found);
    assert_memory_equal(&found, &expected, sizeof found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_safetensors_file_gives_the_same_model_on_any_number_of_threads),
        cmocka_unit_test(test_a_file_without_the_classifier_gives_the_same_model),
        cmocka_unit_test(test_a_file_with_a_prefix_and_counters_gives_the_same_model),
        cmocka_unit_test(test_a_file_with_another_type_gives_the_same_model),
        cmocka_unit_test(test_only_vectors_are_kept_in_memory),
        cmocka_unit_test(test_values_that_are_no_weights_are_refused),
        cmocka_unit_test(test_of_several_bad_weights_the_first_is_named),
        cmocka_unit_test(test_files_of_other_networks_are_refused),
        cmocka_unit_test(test_a_cut_file_and_none_are_refused),
        cmocka_unit_test(test_a_file_that_is_cut_meanwhile_makes_no_model),
        cmocka_unit_test(test_making_a_model_of_a_file_can_be_stopped),
        cmocka_unit_test(test_weights_that_were_opened_outlive_the_name_of_their_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

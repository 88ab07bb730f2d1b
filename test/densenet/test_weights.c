/* SPDX-License-Identifier: MIT */
/* dn_weights: loading with every refusal by name, saving, seeding, calibration against torch's training mode,
 * and a hash that knows the numbers alone. */
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "densenet/topology.h"
#include "densenet/weights.h"
#include "io/safetensors.h"
#include "test/support/files.h"
#include "test/support/seeded_weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SEED = 7 };

static const dn_config toy = {"toy", 3, {2, 1, 2, 1}, 4, 2, 8};

typedef struct fixture {
    char *folder, path[600];
    dn_weights *weights; /* densenet121, seeded */
    dn_error error;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->folder = make_folder();
    snprintf(f->path, sizeof f->path, "%s/w.safetensors", f->folder);
    f->weights = seeded_weights(dn_config_find("densenet121"), SEED);
    *state = f;
    return f->weights ? 0 : -1;
}

static int tear_down(void **state) {
    fixture *f = *state;
    dn_weights_free(f->weights);
    remove_folder(f->folder);
    free(f);
    return 0;
}

/* A dictionary that shares the weights' tensors, to be spoiled and written. */
static dni_tensor_dict *copy_of(const dn_weights *weights) {
    dni_tensor_dict *copy = dni_tensor_dict_create();
    assert_non_null(copy);
    for (size_t i = 0; i < dni_tensor_dict_count(weights->tensors); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(weights->tensors, i);
        assert_int_equal(dni_tensor_dict_add(copy, entry->name, entry->tensor, NULL), DN_OK);
    }
    return copy;
}

static void take_out(dni_tensor_dict *dict, const char *name) {
    for (size_t i = dni_tensor_dict_count(dict); i-- > 0;)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) dni_tensor_dict_remove(dict, i);
    assert_null(dni_tensor_dict_find(dict, name));
}

static void *put_in(dni_tensor_dict *dict, const char *name, dni_dtype dtype, int rank,
                    const int64_t *shape) {
    void *data;
    assert_int_equal(dni_tensor_dict_allocate(dict, name, dtype, rank, shape, &data, NULL), DN_OK);
    return data;
}

/* Writes and lets go of the dictionary, and loads the file. */
static dn_status load(fixture *f, dni_tensor_dict *dict, dn_weights **out) {
    if (dni_safetensors_write(dict, f->path, &f->error)) fail_msg("%s", f->error.message);
    dni_tensor_dict_free(dict);
    return dn_weights_load(out, f->path, &f->error);
}

static void assert_refused(fixture *f, dni_tensor_dict *dict, dn_status expected, const char *const *words) {
    dn_weights *weights;
    assert_int_equal(load(f, dict, &weights), expected);
    assert_null(weights);
    assert_int_equal(f->error.status, expected);
    assert_non_null(strstr(f->error.message, f->path));
    for (; *words; words++)
        if (!strstr(f->error.message, *words)) fail_msg("'%s' is not in '%s'", *words, f->error.message);
}

static void assert_same_tensors(const dn_weights *a, const dn_weights *b) {
    assert_int_equal(dni_tensor_dict_count(a->tensors), dni_tensor_dict_count(b->tensors));
    for (size_t i = 0; i < dni_tensor_dict_count(a->tensors); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(a->tensors, i);
        const dni_tensor *other = dni_tensor_dict_find(b->tensors, entry->name);
        assert_non_null(other);
        assert_true(dni_tensor_same_shape(other, entry->tensor.rank, entry->tensor.shape));
        assert_memory_equal(entry->tensor.data, other->data, (size_t)dni_tensor_count(other) * sizeof(float));
    }
}

/* ---- loading ---- */

static void test_saved_weights_load_to_the_same_tensors(void **state) {
    fixture *f = *state;
    dn_weights *loaded;
    assert_int_equal(dn_weights_save(f->weights, f->path, &f->error), DN_OK);
    if (dn_weights_load(&loaded, f->path, &f->error)) fail_msg("%s", f->error.message);
    assert_string_equal(dn_weights_config(loaded)->name, "densenet121");
    assert_same_tensors(f->weights, loaded);
    dn_weights_free(loaded);
}

static void test_each_member_is_recognised_by_its_shapes(void **state) {
    fixture *f = *state;
    const char *const names[] = {"densenet161", "densenet169", "densenet201"};
    for (size_t i = 0; i < 3; i++) {
        dn_weights *weights, *loaded;
        assert_int_equal(dn_weights_random(&weights, dn_config_find(names[i]), 1, NULL), DN_OK);
        assert_int_equal(dn_weights_save(weights, f->path, &f->error), DN_OK);
        if (dn_weights_load(&loaded, f->path, &f->error)) fail_msg("%s", f->error.message);
        assert_string_equal(dn_weights_config(loaded)->name, names[i]);
        dn_weights_free(weights);
        dn_weights_free(loaded);
    }
}

static void test_a_network_that_loading_would_not_know_is_not_saved(void **state) {
    fixture *f = *state;
    const dn_config toys[] = {{"toy", 4, {1, 1, 1, 1}, 8, 2, 11}, {"densenet121", 4, {1, 1, 1, 1}, 8, 2, 11}};
    for (size_t i = 0; i < 2; i++) {
        dn_weights *weights;
        dn_config odd = toys[i];
        odd.features = dni_block_channels(&odd, DNI_BLOCKS - 1);
        if (dn_weights_random(&weights, &odd, 1, &f->error)) fail_msg("%s", f->error.message);
        assert_int_equal(dn_weights_save(weights, f->path, &f->error), DN_ERR_UNSUPPORTED);
        assert_non_null(strstr(f->error.message, odd.name));
        dn_weights_free(weights);
    }
}

static void test_missing_tensor_is_named_with_its_shape(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    take_out(dict, "features.denseblock3.denselayer7.norm2.running_var");
    assert_refused(
        f, dict, DN_ERR_TENSOR_MISSING,
        (const char *[]){"features.denseblock3.denselayer7.norm2.running_var", "(128)", "densenet121", NULL});
}

static void test_wrong_shape_is_named_with_both_shapes(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    take_out(dict, "features.norm5.bias");
    put_in(dict, "features.norm5.bias", DNI_F32, 1, (int64_t[]){1023});
    assert_refused(f, dict, DN_ERR_TENSOR_SHAPE,
                   (const char *[]){"features.norm5.bias", "(1023)", "(1024)", NULL});
}

static void test_wrong_type_is_named(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    take_out(dict, "features.norm5.bias");
    put_in(dict, "features.norm5.bias", DNI_I64, 1, (int64_t[]){1024});
    assert_refused(f, dict, DN_ERR_TENSOR_DTYPE, (const char *[]){"features.norm5.bias", "I64", NULL});
}

static void test_unexpected_tensor_is_named(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    put_in(dict, "features.denseblock1.denselayer7.conv1.weight", DNI_F32, 2, (int64_t[]){3, 5});
    assert_refused(f, dict, DN_ERR_TENSOR_UNEXPECTED,
                   (const char *[]){"features.denseblock1.denselayer7.conv1.weight", "(3, 5)", NULL});
}

static void test_nan_and_negative_variance_are_named(void **state) {
    fixture *f = *state;
    const char *const names[] = {"features.norm5.bias", "features.norm5.running_var"};
    const float values[] = {NAN, -0.5f};
    const char *const shown[] = {"nan", "-0.5"};
    for (size_t i = 0; i < 2; i++) {
        dni_tensor_dict *dict = copy_of(f->weights);
        take_out(dict, names[i]);
        float *data = put_in(dict, names[i], DNI_F32, 1, (int64_t[]){1024});
        data[77] = values[i];
        assert_refused(f, dict, DN_ERR_CORRUPT, (const char *[]){names[i], shown[i], "element 77", NULL});
    }
}

static void test_what_is_no_densenet_is_refused(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    put_in(dict, "layer1.0.conv1.weight", DNI_F32, 4, (int64_t[]){64, 64, 1, 1});
    assert_refused(f, dict, DN_ERR_MISMATCH, (const char *[]){"1 tensors", NULL});
}

static void test_batch_counters_are_dropped(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    put_in(dict, "features.norm0.num_batches_tracked", DNI_I64, 0, NULL);
    dn_weights *loaded;
    if (load(f, dict, &loaded)) fail_msg("%s", f->error.message);
    assert_same_tensors(f->weights, loaded);
    dn_weights_free(loaded);
}

static void test_classifier_may_be_absent_or_another(void **state) {
    fixture *f = *state;
    for (int another = 0; another < 2; another++) {
        dni_tensor_dict *dict = copy_of(f->weights);
        take_out(dict, "classifier.weight");
        take_out(dict, "classifier.bias");
        if (another) put_in(dict, "classifier.weight", DNI_F32, 2, (int64_t[]){2, 1024});
        if (another) put_in(dict, "classifier.bias", DNI_F32, 1, (int64_t[]){2});
        dn_weights *loaded;
        if (load(f, dict, &loaded)) fail_msg("%s", f->error.message);
        dn_model *model;
        assert_int_equal(dn_model_create(&model, loaded, NULL, &f->error), DN_OK);
        assert_false(dn_model_has_classifier(model));
        dn_session *session;
        const dn_session_options options = {
            .struct_size = sizeof options, .batch = 1, .height = 32, .width = 32, .threads = 1};
        assert_int_equal(dn_session_create(&session, model, &options, NULL), DN_OK);
        float *input = seeded_inputs(SEED, 32 * 32 * 3), logits[DN_LOGITS];
        assert_int_equal(dn_session_forward(session, input, 1, &(dn_outputs){.logits = logits}, &f->error),
                         DN_ERR_UNSUPPORTED);
        free(input);
        dn_session_free(session);
        dn_model_free(model);
        dn_weights_free(loaded);
    }
}

static void test_half_a_classifier_is_refused(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    take_out(dict, "classifier.bias");
    assert_refused(f, dict, DN_ERR_TENSOR_MISSING, (const char *[]){"classifier.bias", "(1000)", NULL});
}

static void assert_notes(fixture *f, dni_tensor_dict *dict, const char *expected) {
    dn_weights *loaded;
    char hash[2][33];
    if (load(f, dict, &loaded)) fail_msg("%s", f->error.message);
    assert_string_equal(dn_weights_notes(loaded), expected);
    dn_weights_hash(f->weights, hash[0]);
    dn_weights_hash(loaded, hash[1]);
    assert_string_equal(hash[0], hash[1]);
    dn_weights_free(loaded);
}

static void test_what_is_left_out_is_told(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    put_in(dict, "features.norm0.num_batches_tracked", DNI_I64, 0, NULL);
    put_in(dict, "head.norm.num_batches_tracked", DNI_I64, 0, NULL);
    assert_notes(f, dict, "");

    dict = copy_of(f->weights);
    put_in(dict, "criterion.weight", DNI_F32, 1, (int64_t[]){1000});
    assert_notes(f, dict, "left out 1 tensor outside the network: criterion.weight (1000)");

    dict = copy_of(f->weights);
    take_out(dict, "classifier.weight");
    take_out(dict, "classifier.bias");
    put_in(dict, "classifier.0.bias", DNI_F32, 1, (int64_t[]){10});
    put_in(dict, "classifier.0.weight", DNI_F32, 2, (int64_t[]){10, 1024});
    for (int i = 0; i < 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "aux.%d", i);
        put_in(dict, name, DNI_U8, 1, (int64_t[]){i + 1});
    }
    assert_notes(f, dict,
                 "left out 2 tensors of a classifier of its own: classifier.0.bias (10), classifier.0.weight "
                 "(10, 1024); left out 7 tensors outside the network: aux.0 (1), aux.1 (2), aux.2 (3), aux.3 "
                 "(4) and 3 more");
}

/* A classifier of its own, whatever its layers are, comes back from the file that it is saved to. */
static void test_a_classifier_of_its_own_can_be_kept(void **state) {
    fixture *f = *state;
    static const struct {
        const char *names[4];
        int64_t shapes[4][2];
    } cases[] = {{{"classifier.weight", "classifier.bias"}, {{10, 1024}, {10}}},
                 {{"classifier.0.weight", "classifier.0.bias", "classifier.3.weight", "classifier.3.bias"},
                  {{7, 1024}, {7}, {2, 7}, {2}}},
                 {{"classifier.norm.weight", "classifier.fc1.weight"}, {{1024}, {5, 1024}}}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        dni_tensor_dict *dict = copy_of(f->weights);
        take_out(dict, "classifier.weight");
        take_out(dict, "classifier.bias");
        size_t count = 0;
        for (; count < 4 && cases[c].names[count]; count++) {
            const int64_t *shape = cases[c].shapes[count];
            uint16_t *half = put_in(dict, cases[c].names[count], DNI_F16, shape[1] ? 2 : 1, shape);
            half[1] = 0x3800; /* 0.5 */
        }
        put_in(dict, "classifier.norm.num_batches_tracked", DNI_I64, 0, NULL);
        dn_weights *loaded, *again;
        dn_weights_load_options options = dn_weights_load_options_default();
        options.keep_classifier = 1;
        assert_int_equal(dni_safetensors_write(dict, f->path, NULL), DN_OK);
        dni_tensor_dict_free(dict);
        if (dn_weights_load_with_options(&loaded, f->path, &options, &f->error))
            fail_msg("%s", f->error.message);
        assert_string_equal(dn_weights_notes(loaded), "");
        assert_int_equal(dn_weights_save(loaded, f->path, &f->error), DN_OK);
        dn_weights_free(loaded);
        if (dn_weights_load_with_options(&again, f->path, &options, &f->error))
            fail_msg("%s", f->error.message);
        assert_int_equal(dni_tensor_dict_count(again->classifier), count);
        for (size_t i = 0; i < count; i++) {
            const dni_tensor *tensor = dni_tensor_dict_find(again->classifier, cases[c].names[i]);
            assert_non_null(tensor);
            assert_true(tensor->dtype == DNI_F32 && ((float *)tensor->data)[1] == 0.5f);
            assert_int_equal(tensor->shape[0], cases[c].shapes[i][0]);
        }
        dn_model *model;
        assert_int_equal(dn_model_create(&model, again, NULL, NULL), DN_OK);
        assert_false(dn_model_has_classifier(model));
        dn_model_free(model);
        dn_weights_free(again);
        /* without the option it is left out */
        if (dn_weights_load(&again, f->path, &f->error)) fail_msg("%s", f->error.message);
        assert_null(again->classifier);
        assert_non_null(strstr(dn_weights_notes(again), "of a classifier of its own: classifier."));
        dn_weights_free(again);
    }
}

static void test_a_classifier_that_cannot_be_kept_is_refused(void **state) {
    fixture *f = *state;
    static const struct {
        int rank;
        int64_t shape[2];
        dni_dtype dtype;
        dn_status status;
        const char *word;
    } cases[] = {{2, {10, 2048}, DNI_F32, DN_ERR_TENSOR_SHAPE, "'classifier.0.weight' is (10, 2048)"},
                 {1, {10}, DNI_F32, DN_ERR_TENSOR_SHAPE, "no matrix for the 1024 features of densenet121"},
                 {2, {10, 1024}, DNI_I32, DN_ERR_TENSOR_DTYPE, "'classifier.0.weight' has type I32"}};
    dn_weights_load_options options = dn_weights_load_options_default();
    options.keep_classifier = 1;
    for (size_t c = 0; c < sizeof cases / sizeof *cases + 1; c++) {
        const bool is_nan = c == sizeof cases / sizeof *cases;
        dni_tensor_dict *dict = copy_of(f->weights);
        take_out(dict, "classifier.weight");
        take_out(dict, "classifier.bias");
        if (is_nan)
            *(float *)put_in(dict, "classifier.weight", DNI_F32, 2, (int64_t[]){2, 1024}) = NAN;
        else
            put_in(dict, "classifier.0.weight", cases[c].dtype, cases[c].rank, cases[c].shape);
        dn_weights *loaded;
        assert_int_equal(dni_safetensors_write(dict, f->path, NULL), DN_OK);
        dni_tensor_dict_free(dict);
        assert_int_equal(dn_weights_load_with_options(&loaded, f->path, &options, &f->error),
                         is_nan ? DN_ERR_CORRUPT : cases[c].status);
        assert_null(loaded);
        const char *word = is_nan ? "'classifier.weight' holds nan" : cases[c].word;
        if (!strstr(f->error.message, word)) fail_msg("'%s' does not say '%s'", f->error.message, word);
    }
}

/* ImageNet's is no classifier of its own, but what lies beside it is left out. */
static void test_keeping_a_classifier_leaves_imagenets_alone(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    put_in(dict, "classifier.1.weight", DNI_F32, 2, (int64_t[]){2, 1024});
    dn_weights *loaded;
    dn_weights_load_options options = dn_weights_load_options_default();
    options.keep_classifier = 1;
    assert_int_equal(dni_safetensors_write(dict, f->path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    if (dn_weights_load_with_options(&loaded, f->path, &options, &f->error)) fail_msg("%s", f->error.message);
    assert_null(loaded->classifier);
    assert_same_tensors(f->weights, loaded);
    assert_string_equal(dn_weights_notes(loaded),
                        "left out 1 tensor of a classifier of its own: classifier.1.weight (2, 1024)");
    dn_weights_free(loaded);
}

/* They may be as long as a file likes. */
static void test_names_that_are_long_are_counted(void **state) {
    fixture *f = *state;
    dni_tensor_dict *dict = copy_of(f->weights);
    char names[2][900];
    for (int i = 0; i < 2; i++) {
        memset(names[i], 'a' + i, sizeof names[i] - 1);
        names[i][sizeof names[i] - 1] = '\0';
        put_in(dict, names[i], DNI_U8, 1, (int64_t[]){1});
    }
    char expected[1200];
    snprintf(expected, sizeof expected, "left out 2 tensors outside the network: %s (1) and 1 more",
             names[0]);
    assert_notes(f, dict, expected);
}

/* A half of 0.5 in F64, F16 and BF16 is exact: the loaded values must be, too. */
static void test_other_float_types_are_converted(void **state) {
    fixture *f = *state;
    const dni_dtype types[] = {DNI_F64, DNI_F16, DNI_BF16};
    for (size_t t = 0; t < 3; t++) {
        dni_tensor_dict *dict = copy_of(f->weights);
        take_out(dict, "features.norm5.bias");
        void *data = put_in(dict, "features.norm5.bias", types[t], 1, (int64_t[]){1024});
        for (size_t i = 0; i < 1024; i++) {
            if (types[t] == DNI_F64) ((double *)data)[i] = 0.5;
            if (types[t] == DNI_F16) ((uint16_t *)data)[i] = 0x3800;
            if (types[t] == DNI_BF16) ((uint16_t *)data)[i] = 0x3f00;
        }
        dn_weights *loaded;
        if (load(f, dict, &loaded)) fail_msg("%s", f->error.message);
        const float *values = dni_weights_data(loaded->tensors, "features.norm5", "bias");
        for (size_t i = 0; i < 1024; i++) assert_true(values[i] == 0.5f);
        dn_weights_free(loaded);
    }
}

static void test_missing_file_is_named(void **state) {
    fixture *f = *state;
    dn_weights *weights = f->weights;
    assert_int_equal(dn_weights_load(&weights, f->path, &f->error), DN_ERR_NOT_FOUND);
    assert_null(weights);
    assert_non_null(strstr(f->error.message, f->path));
}

/* ---- hash ---- */

static void test_hash_knows_the_numbers_and_nothing_else(void **state) {
    fixture *f = *state;
    char seeded[33], other[33];
    dn_weights_hash(f->weights, seeded);
    assert_int_equal(strlen(seeded), 32);

    /* another order, another file, no classifier */
    dni_tensor_dict *dict = copy_of(f->weights);
    take_out(dict, "classifier.weight");
    take_out(dict, "classifier.bias");
    dn_weights *loaded;
    if (load(f, dict, &loaded)) fail_msg("%s", f->error.message);
    dn_weights_hash(loaded, other);
    assert_string_equal(seeded, other);
    dn_weights_free(loaded);

    float *mean = dni_weights_data(f->weights->tensors, "features.norm5", "running_mean");
    mean[1023] = nextafterf(mean[1023], 1.0f);
    dn_weights_hash(f->weights, other);
    assert_string_not_equal(seeded, other);
}

static void test_weights_stay_whole_when_a_model_is_made_of_them(void **state) {
    fixture *f = *state;
    dn_weights *loaded;
    dn_model *model;
    assert_int_equal(dn_weights_save(f->weights, f->path, &f->error), DN_OK);
    assert_int_equal(dn_weights_load(&loaded, f->path, &f->error), DN_OK);
    assert_int_equal(dn_model_create(&model, loaded, NULL, &f->error), DN_OK);
    assert_same_tensors(f->weights, loaded);
    dn_model_free(model);
    dn_weights_free(loaded);
}

/* Whether the page in the tensor's middle is in this process's memory, by the kernel's word. */
static bool is_resident(const float *values, size_t count) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE),
                    at = (uintptr_t)(values + count / 2) / page * page;
    unsigned long long entry = 0;
    FILE *map = fopen("/proc/self/pagemap", "rb");
    assert_non_null(map);
    assert_int_equal(fseek(map, (long)(at / page * sizeof entry), SEEK_SET), 0);
    assert_int_equal(fread(&entry, sizeof entry, 1, map), 1);
    fclose(map);
    return entry >> 63;
}

/* What a model computes depends on neither; only the weights' memory does. */
static void test_discarded_weights_leave_memory_and_the_model_is_the_same(void **state) {
    (void)state;
    enum { SIDE = 32, FEATURES = 1024, IN = 128 * 32 * 9 };
    float *inputs = seeded_inputs(SEED, SIDE * SIDE * 3), features[2][FEATURES];
    for (int discard = 0; discard < 2; discard++) {
        dn_weights *weights;
        dn_model *model;
        dn_session *session;
        assert_int_equal(dn_weights_random(&weights, dn_config_find("densenet121"), SEED, NULL), DN_OK);
        const float *conv =
            dni_weights_data(weights->tensors, "features.denseblock4.denselayer16.conv2", "weight");
        const dn_model_options options = {
            .struct_size = sizeof options, .threads = 2, .discard_weights = discard};
        const dn_session_options session_options = {
            .struct_size = sizeof session_options, .batch = 1, .height = SIDE, .width = SIDE, .threads = 1};
        assert_int_equal(dn_model_create(&model, weights, &options, NULL), DN_OK);
        assert_int_equal(is_resident(conv, IN), !discard);
        dn_weights_free(weights);
        assert_int_equal(dn_session_create(&session, model, &session_options, NULL), DN_OK);
        assert_int_equal(
            dn_session_forward(session, inputs, 1, &(dn_outputs){.features = features[discard]}, NULL),
            DN_OK);
        dn_session_free(session);
        dn_model_free(model);
    }
    assert_memory_equal(features[0], features[1], sizeof features[0]);
    free(inputs);
}

/* Two convolutions of one memory: neither is discarded before the other is packed. */
static void test_weights_that_share_memory_are_not_discarded(void **state) {
    fixture *f = *state;
    dn_model *model;
    size_t a = SIZE_MAX, b = SIZE_MAX;
    for (size_t i = 0; i < dni_tensor_dict_count(f->weights->tensors); i++) {
        const char *name = dni_tensor_dict_at(f->weights->tensors, i)->name;
        if (strcmp(name, "features.denseblock1.denselayer1.conv2.weight") == 0) a = i;
        if (strcmp(name, "features.denseblock4.denselayer16.conv2.weight") == 0) b = i;
    }
    float *shared = dni_tensor_dict_at(f->weights->tensors, a)->tensor.data;
    dni_tensor_dict_set_data(f->weights->tensors, b, shared);
    const float kept = shared[128 * 32 * 9 / 2];
    const dn_model_options options = {.struct_size = sizeof options, .threads = 1, .discard_weights = 1};
    assert_int_equal(dn_model_create(&model, f->weights, &options, NULL), DN_OK);
    assert_true(kept != 0.0f && shared[128 * 32 * 9 / 2] == kept);
    dn_model_free(model);
}

/* ---- seeding and calibration ---- */

static void test_same_seed_gives_the_same_weights_and_another_gives_others(void **state) {
    (void)state;
    char hash[3][33];
    const uint64_t seeds[] = {1, 1, 2};
    for (int i = 0; i < 3; i++) {
        dn_weights *weights;
        assert_int_equal(dn_weights_random(&weights, dn_config_find("densenet121"), seeds[i], NULL), DN_OK);
        dn_weights_hash(weights, hash[i]);
        dn_weights_free(weights);
    }
    assert_string_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[0], hash[2]);
}

static void test_configuration_that_does_not_add_up_is_refused(void **state) {
    fixture *f = *state;
    dn_config config = toy;
    dn_weights *weights;
    config.features = 9;
    assert_int_equal(dn_weights_random(&weights, &config, 1, &f->error), DN_ERR_ARGUMENT);
    assert_null(weights);
    assert_non_null(strstr(f->error.message, "9 features"));
    config = toy;
    config.layers[2] = 0;
    assert_int_equal(dn_weights_random(&weights, &config, 1, &f->error), DN_ERR_ARGUMENT);
}

/* Statistics of the oracle's training mode: mean within 1e-5 of the largest deviation, variance to 1e-5 of
 * the largest variance of its norm: float32 activations through the whole network. */
static void assert_statistics(const dn_weights *weights, const dni_tensor_dict *expected) {
    assert_true(dni_tensor_dict_count(expected) > 0);
    for (size_t i = 0; i < dni_tensor_dict_count(expected); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(expected, i);
        const dni_tensor *found = dni_tensor_dict_find(weights->tensors, entry->name);
        assert_non_null(found);
        assert_int_equal(found->shape[0], entry->tensor.shape[0]);
        const float *a = found->data, *b = entry->tensor.data;
        double worst = 0.0, largest = 0.0;
        for (int64_t c = 0; c < found->shape[0]; c++) {
            worst = fmax(worst, fabs((double)a[c] - (double)b[c]));
            largest = fmax(largest, fabs((double)b[c]));
        }
        if (!(worst <= 1e-4 * largest)) fail_msg("%s: off by %g of %g", entry->name, worst, largest);
    }
}

static void check_calibration(const dn_config *config, const char *file, int count, int height, int width) {
    char path[256], hash[2][33];
    snprintf(path, sizeof path, "test/golden/densenet/%s.safetensors", file);
    dni_tensor_dict *expected;
    dn_error error;
    if (dni_safetensors_read(&expected, path, &error)) fail_msg("%s", error.message);
    float *inputs = seeded_inputs(SEED, (size_t)count * (size_t)(height * width * 3));
    for (int threads = 1; threads <= 2; threads++) {
        dn_weights *weights = seeded_weights(config, SEED);
        const dn_calibrate_options options = {.struct_size = sizeof options, .threads = threads};
        if (dn_weights_calibrate(weights, inputs, count, height, width, &options, &error))
            fail_msg("%s", error.message);
        assert_statistics(weights, expected);
        dn_weights_hash(weights, hash[threads - 1]);
        dn_weights_free(weights);
    }
    assert_string_equal(hash[0], hash[1]);
    free(inputs);
    dni_tensor_dict_free(expected);
}

static void test_calibration_measures_what_torch_does_in_training_mode(void **state) {
    (void)state;
    check_calibration(&toy, "toy_calibrated", 4, 33, 47);
    check_calibration(dn_config_find("densenet121"), "densenet121_calibrated", 3, 64, 64);
}

/* norm5 of the calibrated network gives every channel mean 0 and variance 1; behind ReLU a roughly normal
 * channel then averages 0.4 (1 / sqrt(2 pi)), whereas untouched weights drift. */
static void test_calibrated_network_gives_standardised_channels(void **state) {
    fixture *f = *state;
    enum { COUNT = 4, SIDE = 64, FEATURES = 1024 };
    float *inputs = seeded_inputs(3, COUNT * SIDE * SIDE * 3),
          *features = calloc(COUNT * FEATURES, sizeof(float));
    dn_weights *weights;
    dn_model *model;
    dn_session *session;
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = COUNT, .height = SIDE, .width = SIDE, .threads = 2};
    assert_int_equal(dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL), DN_OK);
    assert_int_equal(dn_weights_calibrate(weights, inputs, COUNT, SIDE, SIDE, NULL, &f->error), DN_OK);
    assert_int_equal(dn_model_create(&model, weights, NULL, NULL), DN_OK);
    assert_int_equal(dn_session_create(&session, model, &options, NULL), DN_OK);
    assert_int_equal(
        dn_session_forward(session, inputs, COUNT, &(dn_outputs){.features = features}, &f->error), DN_OK);
    double sum = 0.0;
    for (size_t i = 0; i < COUNT * FEATURES; i++) sum += (double)features[i];
    assert_true(fabs(sum / (COUNT * FEATURES) - 0.4) < 0.05);
    free(inputs);
    free(features);
    dn_session_free(session);
    dn_model_free(model);
    dn_weights_free(weights);
}

static void test_calibration_of_loaded_weights_leaves_the_file_alone(void **state) {
    fixture *f = *state;
    char before[33], after[33], calibrated[33];
    float *inputs = seeded_inputs(SEED, 2 * 32 * 32 * 3);
    dn_weights *loaded;
    assert_int_equal(dn_weights_save(f->weights, f->path, NULL), DN_OK);
    assert_int_equal(dn_weights_load(&loaded, f->path, NULL), DN_OK);
    dn_weights_hash(loaded, before);
    assert_int_equal(dn_weights_calibrate(loaded, inputs, 2, 32, 32, NULL, &f->error), DN_OK);
    dn_weights_hash(loaded, calibrated);
    dn_weights_free(loaded);
    assert_string_not_equal(before, calibrated);
    assert_int_equal(dn_weights_load(&loaded, f->path, NULL), DN_OK);
    dn_weights_hash(loaded, after);
    assert_string_equal(before, after);
    dn_weights_free(loaded);
    free(inputs);
}

static void test_calibration_on_bad_inputs_is_refused_and_changes_nothing(void **state) {
    fixture *f = *state;
    char before[33], after[33];
    float *inputs = seeded_inputs(SEED, 2 * 32 * 32 * 3);
    inputs[1000] = INFINITY;
    dn_weights_hash(f->weights, before);
    assert_int_equal(dn_weights_calibrate(f->weights, inputs, 2, 32, 32, NULL, &f->error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(f->error.message, "inputs: image 0 holds inf"));
    inputs[1000] = 3e38f; /* finite, but nothing behind the first convolution is */
    assert_int_equal(dn_weights_calibrate(f->weights, inputs, 2, 32, 32, NULL, &f->error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(f->error.message, "features.conv0"));
    assert_int_equal(dn_weights_calibrate(f->weights, inputs, 0, 32, 32, NULL, &f->error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_weights_calibrate(f->weights, inputs, 1, 32, 31, NULL, &f->error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(f->error.message, "32x31"));
    dn_weights_hash(f->weights, after);
    assert_string_equal(before, after);
    free(inputs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_saved_weights_load_to_the_same_tensors),
        TEST(test_a_network_that_loading_would_not_know_is_not_saved),
        TEST(test_each_member_is_recognised_by_its_shapes),
        TEST(test_missing_tensor_is_named_with_its_shape),
        TEST(test_wrong_shape_is_named_with_both_shapes),
        TEST(test_wrong_type_is_named),
        TEST(test_unexpected_tensor_is_named),
        TEST(test_nan_and_negative_variance_are_named),
        TEST(test_what_is_no_densenet_is_refused),
        TEST(test_batch_counters_are_dropped),
        TEST(test_classifier_may_be_absent_or_another),
        TEST(test_half_a_classifier_is_refused),
        TEST(test_what_is_left_out_is_told),
        TEST(test_a_classifier_of_its_own_can_be_kept),
        TEST(test_a_classifier_that_cannot_be_kept_is_refused),
        TEST(test_keeping_a_classifier_leaves_imagenets_alone),
        TEST(test_names_that_are_long_are_counted),
        TEST(test_other_float_types_are_converted),
        TEST(test_missing_file_is_named),
        TEST(test_hash_knows_the_numbers_and_nothing_else),
        TEST(test_weights_stay_whole_when_a_model_is_made_of_them),
        TEST(test_discarded_weights_leave_memory_and_the_model_is_the_same),
        TEST(test_weights_that_share_memory_are_not_discarded),
        TEST(test_same_seed_gives_the_same_weights_and_another_gives_others),
        TEST(test_configuration_that_does_not_add_up_is_refused),
        TEST(test_calibration_measures_what_torch_does_in_training_mode),
        TEST(test_calibrated_network_gives_standardised_channels),
        TEST(test_calibration_of_loaded_weights_leaves_the_file_alone),
        TEST(test_calibration_on_bad_inputs_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Weights, models, sessions and classifiers, when the machine fails: the public functions, with every block
 * of a caller's allocator, every allocation, every call of files and every thread refused once. */
#include "densenet/densenet.h"
#include "head/classifier/classifier.h"
#include "head/classifier/picture_keys.h"
#include "test/support/failures.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 32, PIXELS = SIDE * SIDE, PICTURES = 3, CLASSES = 2 };

/* A network of the family's form that is made in no time, and one that has a file. */
static const dn_config tiny = {"tiny", 4, {1, 1, 1, 1}, 8, 4, 8};
static dn_weights *tiny_weights, *weights;
static dn_model *tiny_model;
static dn_head *head;
static dn_novelty *novelty;
static dn_conformal *conformal;
static char folder[600], weights_path[700], model_path[700], hash[33];
static void *weights_bytes, *model_bytes;
static size_t weights_size, model_size;

static float inputs[PICTURES * PIXELS * 3];
static uint8_t pixels[3 * PIXELS];
static failing_allocator blocks;

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

/* ---- what is saved ---- */

typedef dn_status run_function(const void *context, uint64_t *digest, dn_error *error);

/* `save` writes to the path that is its context. */
static void fail_saving(const char *name, run_function *save, long most) {
    char path[700];
    snprintf(path, sizeof path, "%s/saved", folder);
    const scenario it = {.name = name,
                         .run = save,
                         .context = path,
                         .word = path,
                         .folder = folder,
                         .output = path,
                         .most = most};
    fail_each_allocation(&it);
    fail_each_file_call(&it);
    fail_each_write_for_space(&it);
    disturb_each_file_call(&it);
}

static void fail_saving_to_memory(const char *name, run_function *save, long most) {
    const scenario it = {.name = name, .run = save, .most = most};
    fail_each_block(&it, &blocks);
    fail_each_allocation(&it);
}

static dn_status finish_bytes(void *bytes, size_t size, dn_status status, uint64_t *digest) {
    if (status) {
        assert_true(!bytes && !size);
        return status;
    }
    digest_add(digest, bytes, size);
    blocks.allocator.release(&blocks, bytes, size);
    return status;
}

/* ---- models and sessions ---- */

typedef struct form {
    const char *name;
    dn_precision precision;
    dn_memory memory;
    int threads;
} form;

static const form forms[] = {{"fp32", DN_PRECISION_FLOAT32, DN_MEMORY_FAST, 1},
                             {"fp32, low", DN_PRECISION_FLOAT32, DN_MEMORY_LOW, 1},
                             {"bf16", DN_PRECISION_BFLOAT16, DN_MEMORY_FAST, 1},
                             {"int8", DN_PRECISION_INT8, DN_MEMORY_FAST, 1},
                             {"int8, low, two threads", DN_PRECISION_INT8, DN_MEMORY_LOW, 2}};
enum { FORMS = sizeof forms / sizeof *forms };

static dn_model_options model_options_of(const form *it) {
    dn_model_options options = dn_model_options_default();
    options.precision = it->precision;
    options.memory = it->memory;
    options.threads = it->threads;
    options.allocator = &blocks.allocator;
    return options;
}

static dn_status finish_model(dn_model *model, dn_status status, uint64_t *digest) {
    if (status)
        assert_null(model);
    else
        digest_add(digest, dn_model_hash(model), 32);
    dn_model_free(model);
    return status;
}

static dn_status make_model(const void *context, uint64_t *digest, dn_error *error) {
    const dn_model_options options = model_options_of(context);
    dn_model *model = (dn_model *)1;
    const dn_status status = dn_model_create(&model, tiny_weights, &options, error);
    return finish_model(model, status, digest);
}

/* A session, a pass through it, and its end. */
static dn_status use_model(const void *context, uint64_t *digest, dn_error *error) {
    dn_session_options options = dn_session_options_default();
    static float features[PICTURES * 64];
    dn_session *session = (dn_session *)1;
    options.batch = PICTURES;
    options.height = options.width = SIDE;
    options.threads = *(const int *)context;
    options.allocator = &blocks.allocator;
    dn_status status = dn_session_create(&session, tiny_model, &options, error);
    if (status) {
        assert_null(session);
        return status;
    }
    status = dn_session_forward(session, inputs, PICTURES, &(dn_outputs){.features = features}, error);
    if (!status) digest_add(digest, features, PICTURES * (size_t)tiny.features * sizeof *features);
    dn_session_free(session);
    return status;
}

static dn_status draw_and_calibrate(const void *context, uint64_t *digest, dn_error *error) {
    dn_calibrate_options options = dn_calibrate_options_default();
    dn_weights *drawn = (dn_weights *)1;
    char hex[33];
    (void)context;
    options.threads = 2;
    dn_status status = dn_weights_random(&drawn, &tiny, 7, error);
    if (status) {
        assert_null(drawn);
        return status;
    }
    status = dn_weights_calibrate(drawn, inputs, PICTURES, SIDE, SIDE, &options, error);
    if (!status) dn_weights_hash(drawn, hex);
    if (!status) digest_add(digest, hex, 32);
    dn_weights_free(drawn);
    return status;
}

static void test_models_and_sessions(void **state) {
    (void)state;
    for (int i = 0; i < FORMS; i++) {
        dn_model *model;
        const dn_model_options options = model_options_of(&forms[i]);
        const dn_status status = dn_model_create(&model, tiny_weights, &options, NULL);
        dn_model_free(model);
        if (status == DN_ERR_UNSUPPORTED) continue; /* bf16 on this CPU */
        const scenario it = {.name = forms[i].name, .run = make_model, .context = &forms[i]};
        fail_each_block(&it, &blocks);
        fail_each_allocation(&it);
        if (forms[i].threads > 1) fail_each_thread(&it);
    }
    const int threads[] = {1, 3};
    for (int i = 0; i < 2; i++) {
        const scenario it = {
            .name = i ? "a session of three threads" : "a session", .run = use_model, .context = &threads[i]};
        fail_each_block(&it, &blocks);
        fail_each_allocation(&it);
        if (threads[i] > 1) fail_each_thread(&it);
    }
    const scenario it = {.name = "calibration", .run = draw_and_calibrate};
    fail_each_allocation(&it);
    fail_each_thread(&it);
}

/* ---- weights ---- */

static dn_status finish_weights(dn_weights *loaded, dn_status status, uint64_t *digest) {
    char hex[33];
    if (status) {
        assert_null(loaded);
        return status;
    }
    dn_weights_hash(loaded, hex);
    digest_add(digest, hex, 32);
    dn_weights_free(loaded);
    return status;
}

static dn_status load_weights(const void *path, uint64_t *digest, dn_error *error) {
    dn_weights_load_options options = dn_weights_load_options_default();
    dn_weights *loaded = (dn_weights *)1;
    options.allocator = &blocks.allocator;
    const dn_status status = dn_weights_load_with_options(&loaded, path, &options, error);
    return finish_weights(loaded, status, digest);
}

static dn_status load_weights_from_memory(const void *borrow, uint64_t *digest, dn_error *error) {
    dn_weights_load_options options = dn_weights_load_options_default();
    dn_weights *loaded = (dn_weights *)1;
    options.allocator = &blocks.allocator;
    options.borrow = borrow != NULL;
    const dn_status status =
        dn_weights_load_memory(&loaded, weights_bytes, weights_size, "w", &options, error);
    return finish_weights(loaded, status, digest);
}

static dn_status load_model(const void *path, uint64_t *digest, dn_error *error) {
    const dn_model_options options = model_options_of(&forms[1]);
    dn_model *model = (dn_model *)1;
    const dn_status status = dn_model_load(&model, path, &options, error);
    return finish_model(model, status, digest);
}

static dn_status save_weights(const void *path, uint64_t *digest, dn_error *error) {
    (void)digest;
    return dn_weights_save(weights, path, error);
}

static dn_status save_weights_to_memory(const void *context, uint64_t *digest, dn_error *error) {
    void *bytes = &bytes;
    size_t size = 1;
    (void)context;
    const dn_status status = dn_weights_save_memory(weights, &bytes, &size, &blocks.allocator, error);
    if (!status) assert_int_equal(size, weights_size);
    return finish_bytes(bytes, size, status, digest);
}

static void test_weights(void **state) {
    (void)state;
    enum { FEW = 6 };
    const scenario kinds[] = {
        {.name = "weights of a file", .run = load_weights, .context = weights_path, .word = weights_path},
        {.name = "weights of memory", .run = load_weights_from_memory, .word = "w: "},
        {.name = "a model of a file", .run = load_model, .context = weights_path},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scenario it = kinds[i];
        it.most = FEW;
        fail_each_block(&it, &blocks);
        fail_each_allocation(&it);
        if (it.context == NULL) continue;
        fail_each_file_call(&it);
        disturb_each_file_call(&it);
    }
    fail_each_allocation(&(scenario){.name = "weights borrowed",
                                     .run = load_weights_from_memory,
                                     .context = "borrow",
                                     .word = "w: ",
                                     .most = FEW});
    fail_saving("weights saved", save_weights, FEW);
    fail_saving_to_memory("weights saved to memory", save_weights_to_memory, FEW);
}

/* ---- model files ---- */

static dn_classifier_info make_info(void) {
    static const char *const classes[] = {"cat", "dog"};
    static const dn_picture_key keys[] = {{.look = 1}, {.look = 2, .use = DN_PICTURE_VALID}};
    dn_classifier_info info = dn_classifier_info_default();
    info.backbone = "densenet121";
    info.weights_source = "random:3";
    info.weights_hash = hash;
    info.class_count = CLASSES;
    info.classes = classes;
    info.preprocessing.resize = info.preprocessing.crop = SIDE;
    info.seed = 1;
    info.recipe = "{\"epochs\": 2}";
    info.metrics = "{\"accuracy\": 0.5}";
    info.novelty = novelty;
    info.conformal = conformal;
    info.picture_keys = keys;
    info.picture_key_count = 2;
    return info;
}

static dn_status save_classifier(const void *path, uint64_t *digest, dn_error *error) {
    const dn_classifier_info info = make_info();
    (void)digest;
    return dn_classifier_save(path, head, &info, weights, error);
}

static dn_status save_classifier_to_memory(const void *context, uint64_t *digest, dn_error *error) {
    const dn_classifier_info info = make_info();
    void *bytes = &bytes;
    size_t size = 1;
    (void)context;
    const dn_status status =
        dn_classifier_save_memory(&bytes, &size, head, &info, weights, &blocks.allocator, error);
    return finish_bytes(bytes, size, status, digest);
}

/* What it holds; and one that shares it. */
static dn_status finish_classifier(dn_classifier *loaded, dn_status status, uint64_t *digest,
                                   dn_error *error) {
    dn_classifier *shared = (dn_classifier *)1;
    if (status) {
        assert_null(loaded);
        return status;
    }
    const dn_classifier_info *const info = dn_classifier_get_info(loaded);
    digest_add(digest, info->recipe, strlen(info->recipe));
    digest_add(digest, info->classes[1], strlen(info->classes[1]));
    digest_add(digest, info->picture_keys, 2 * sizeof *info->picture_keys);
    assert_true(info->novelty && info->conformal);
    status = dn_classifier_share(&shared, loaded, error);
    if (status) assert_null(shared);
    dn_classifier_free(shared);
    dn_classifier_free(loaded);
    return status;
}

static dn_status load_classifier(const void *path, uint64_t *digest, dn_error *error) {
    dn_classifier *loaded = (dn_classifier *)1;
    const dn_status status = dn_classifier_load(&loaded, path, error);
    return finish_classifier(loaded, status, digest, error);
}

static dn_status load_classifier_from_memory(const void *name, uint64_t *digest, dn_error *error) {
    dn_classifier *loaded = (dn_classifier *)1;
    const dn_status status = dn_classifier_load_memory(&loaded, model_bytes, model_size, name, error);
    return finish_classifier(loaded, status, digest, error);
}

static void test_model_files(void **state) {
    (void)state;
    enum { SOME = 60 };
    fail_saving("a model saved", save_classifier, SOME);
    fail_saving_to_memory("a model saved to memory", save_classifier_to_memory, SOME);
    const scenario loaded = {.name = "a model loaded",
                             .run = load_classifier,
                             .context = model_path,
                             .word = model_path,
                             .most = SOME};
    fail_each_allocation(&loaded);
    fail_each_file_call(&loaded);
    disturb_each_file_call(&loaded);
    fail_each_allocation(&(scenario){.name = "a model of memory",
                                     .run = load_classifier_from_memory,
                                     .context = "embedded",
                                     .word = "embedded",
                                     .most = SOME});
}

/* ---- pictures judged ---- */

static dn_classifier *classifier; /* attached once; each run uses it */

static dn_image picture(void) {
    return (dn_image){.width = SIDE, .height = SIDE, .rgb = pixels};
}

static dn_status judge(const void *context, uint64_t *digest, dn_error *error) {
    const dn_image images[] = {picture(), picture(), picture()};
    float probabilities[PICTURES * CLASSES], logs[PICTURES * CLASSES];
    static float features[PICTURES * 1024], evidence[SIDE * SIDE];
    double unfamiliarity[PICTURES];
    dn_status statuses[PICTURES];
    int class_index = -1;
    (void)context;
    const dn_judgements out = {.probabilities = probabilities,
                               .unfamiliarity = unfamiliarity,
                               .log_probabilities = logs,
                               .features = features,
                               .statuses = statuses};
    dn_status status = dn_classifier_predict(classifier, images, PICTURES, probabilities, error);
    if (!status) digest_add(digest, probabilities, sizeof probabilities);
    if (!status) status = dn_classifier_judge(classifier, images, PICTURES, &out, error);
    if (!status) digest_add(digest, logs, sizeof logs);
    if (!status) digest_add(digest, features, sizeof features);
    if (!status) digest_add(digest, unfamiliarity, sizeof unfamiliarity);
    if (!status) digest_add(digest, statuses, sizeof statuses);
    if (!status)
        status = dn_classifier_explain(classifier, images, &class_index, evidence, probabilities, error);
    if (!status) digest_add(digest, &class_index, sizeof class_index);
    if (!status) digest_add(digest, evidence, sizeof evidence);
    return status;
}

static dn_status attach(const void *context, uint64_t *digest, dn_error *error) {
    const dn_model_options model = model_options_of(&forms[1]);
    dn_session_options session = dn_session_options_default();
    dn_classifier *loaded;
    (void)context;
    session.threads = 2;
    session.allocator = &blocks.allocator;
    dn_status status = dn_classifier_load_memory(&loaded, model_bytes, model_size, "embedded", error);
    if (status) return status;
    status = dn_classifier_attach(loaded, weights, &model, &session, error);
    assert_int_equal(dn_classifier_get_session(loaded) != NULL, status == DN_OK);
    if (!status) digest_add(digest, dn_model_hash(dn_session_model(dn_classifier_get_session(loaded))), 32);
    dn_classifier_free(loaded);
    return status;
}

static dn_status index_keys(const void *path, uint64_t *digest, dn_error *error) {
    dn_picture_key key;
    dn_picture_index *index = NULL;
    dn_picture_match match;
    dn_status status = dn_picture_key_of_file(&key, path, error);
    if (!status) status = dn_picture_index_create(&index, &key, 1, error);
    if (status)
        assert_null(index);
    else
        assert_int_equal(dn_picture_index_find(index, &key, &match), 0);
    if (!status) digest_add(digest, &key, sizeof key);
    dn_picture_index_free(index);
    return status;
}

static void test_pictures_are_judged(void **state) {
    (void)state;
    dn_error error;
    const dn_session_options session = {
        .struct_size = sizeof session, .batch = 2, .height = SIDE, .width = SIDE, .threads = 1};
    must(dn_classifier_load_memory(&classifier, model_bytes, model_size, "embedded", &error), &error);
    must(dn_classifier_attach(classifier, weights, NULL, &session, &error), &error);
    fail_each_allocation(&(scenario){.name = "pictures judged", .run = judge});
    dn_classifier_free(classifier);
    const scenario it = {.name = "a backbone attached", .run = attach, .most = 8};
    fail_each_block(&it, &blocks);
    fail_each_allocation(&it);
    fail_each_thread(&it);
    const char *const path = "test/golden/io/pictures/rgb.png";
    const scenario keys = {.name = "picture keys", .run = index_keys, .context = path};
    fail_each_allocation(&keys);
    fail_each_file_call(&keys);
    disturb_each_file_call(&keys);
}

/* ---- what is there before ---- */

static void make_head(dn_error *error) {
    enum { COUNT = 8 };
    static float values[COUNT * 1024], probabilities[COUNT * CLASSES];
    static int labels[COUNT];
    static const int hidden[] = {4};
    dn_head_options options = dn_head_options_default();
    options.hidden = hidden;
    options.hidden_count = 1;
    for (int i = 0; i < COUNT * 1024; i++) values[i] = (float)(i * 7 % 23) / 23.0f;
    for (int i = 0; i < COUNT; i++) labels[i] = i % 2;
    for (int i = 0; i < COUNT * CLASSES; i++) probabilities[i] = 0.5f;
    const dn_features features = {.values = values, .labels = labels, .count = COUNT, .views = 1};
    must(dn_head_create(&head, 1024, CLASSES, &options, error), error);
    must(dn_novelty_fit(&novelty, &features, &features, 1024, CLASSES, 1, error), error);
    must(dn_conformal_create(&conformal, probabilities, labels, COUNT, CLASSES, error), error);
}

static int set_up(void **state) {
    dn_error error;
    const int failed = failures_set_up(state);
    snprintf(folder, sizeof folder, "%s", (const char *)*state);
    snprintf(weights_path, sizeof weights_path, "%s/weights.safetensors", folder);
    snprintf(model_path, sizeof model_path, "%s/model.safetensors", folder);
    blocks = failing_allocator_make();
    blocks.allocator.context = &blocks;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) inputs[i] = (float)(i % 17) / 17.0f;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * i % 251);
    must(dn_weights_random(&tiny_weights, &tiny, 1, &error), &error);
    must(dn_model_create(&tiny_model, tiny_weights, NULL, &error), &error);
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    dn_weights_hash(weights, hash);
    make_head(&error);
    const dn_classifier_info info = make_info();
    must(dn_weights_save(weights, weights_path, &error), &error);
    must(dn_weights_save_memory(weights, &weights_bytes, &weights_size, NULL, &error), &error);
    must(dn_classifier_save(model_path, head, &info, weights, &error), &error);
    must(dn_classifier_save_memory(&model_bytes, &model_size, head, &info, weights, NULL, &error), &error);
    return failed;
}

static int tear_down(void **state) {
    dn_conformal_free(conformal);
    dn_novelty_free(novelty);
    dn_head_free(head);
    dn_model_free(tiny_model);
    dn_weights_free(tiny_weights);
    dn_weights_free(weights);
    free(weights_bytes);
    free(model_bytes);
    return folder_tear_down(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_and_sessions),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_model_files),
        cmocka_unit_test(test_pictures_are_judged),
    };
    return cmocka_run_group_tests_name("the library, when the machine fails", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: MIT */
/* Models and weights that never see a disk: written to memory and read from it, with the bytes and the
 * answers that files give. */
#include "core/memory.h"
#include "densenet/topology.h"
#include "head/classifier/classifier.h"
#include "test/support/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static char *folder, path[600];
static dn_weights *weights;
static dn_head *head;
static char hash[33];

static dn_classifier_info info_of(const char *const *classes) {
    dn_classifier_info info = {.struct_size = sizeof info,
                               .backbone = "densenet121",
                               .weights_source = "some.pth",
                               .weights_hash = hash,
                               .class_count = 2,
                               .classes = classes,
                               .preprocessing = dn_preprocessing_default(),
                               .recipe = "{}",
                               .metrics = "{}"};
    return info;
}

static const char *const names[] = {"cat", "dog"}, *const same_names[] = {"cat", "cat"};

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    if (dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL)) return -1;
    dn_weights_hash(weights, hash);
    return dn_head_create(&head, dn_weights_config(weights)->features, 2, NULL, NULL) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_head_free(head);
    dn_weights_free(weights);
    remove_folder(folder);
    return 0;
}

/* ---- classifiers ---- */

static void test_a_model_in_memory_has_the_bytes_of_its_file(void **state) {
    (void)state;
    const dn_classifier_info info = info_of(names);
    void *bytes;
    size_t size;
    assert_int_equal(dn_classifier_save(path, head, &info, weights, NULL), DN_OK);
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, NULL, NULL), DN_OK);
    const file_bytes file = read_whole(path);
    assert_int_equal(size, file.size);
    assert_memory_equal(bytes, file.data, size);
    free(file.data);
    free(bytes);
}

/* The bytes are spoilt before the model is used: nothing of them is kept. */
static void test_a_model_comes_back_from_memory(void **state) {
    (void)state;
    const dn_classifier_info info = info_of(names);
    void *bytes;
    size_t size;
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, NULL, NULL), DN_OK);
    for (size_t shift = 0; shift < 4; shift++) {
        unsigned char *copy = malloc(size + shift);
        assert_non_null(copy);
        memcpy(copy + shift, bytes, size);
        dn_classifier *classifier;
        dn_error error;
        if (dn_classifier_load_memory(&classifier, copy + shift, size, "embedded", &error))
            fail_msg("%s", error.message);
        memset(copy, 0xff, size + shift);
        free(copy);
        assert_string_equal(dn_classifier_get_info(classifier)->classes[1], "dog");
        float features[1024], saved[2], loaded[2];
        for (int i = 0; i < 1024; i++) features[i] = (float)(i % 7) / 7.0f;
        assert_int_equal(dn_head_log_probabilities(head, features, 1, saved, NULL), DN_OK);
        assert_int_equal(
            dn_head_log_probabilities(dn_classifier_get_head(classifier), features, 1, loaded, NULL), DN_OK);
        assert_memory_equal(saved, loaded, sizeof saved);
        dn_classifier_free(classifier);
    }
    free(bytes);
}

static void test_a_broken_model_in_memory_is_refused_as_its_file_is(void **state) {
    (void)state;
    const dn_classifier_info info = info_of(names);
    void *bytes;
    size_t size;
    dn_classifier *classifier;
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, NULL, NULL), DN_OK);
    for (size_t length = 0; length < size; length += 1 + length / 20) {
        dn_error of_file = {.message = ""}, of_memory = {.message = ""};
        unsigned char *cut = malloc(length + !length);
        assert_non_null(cut);
        memcpy(cut, bytes, length);
        write_whole(path, bytes, length);
        const dn_status expected = dn_classifier_load(&classifier, path, &of_file);
        assert_int_not_equal(expected, DN_OK);
        assert_int_equal(dn_classifier_load_memory(&classifier, cut, length, path, &of_memory), expected);
        assert_null(classifier);
        assert_string_equal(of_memory.message, of_file.message);
        free(cut);
    }
    dn_error error;
    assert_int_equal(dn_classifier_load_memory(&classifier, "x", 1, NULL, &error), DN_ERR_TRUNCATED);
    assert_non_null(strstr(error.message, "model in memory: "));
    free(bytes);
}

static void test_what_would_not_be_read_is_not_written(void **state) {
    (void)state;
    const dn_classifier_info info = info_of(same_names);
    void *bytes = &bytes;
    size_t size = 7;
    dn_error error;
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, NULL, &error),
                     DN_ERR_ARGUMENT);
    assert_null(bytes);
    assert_int_equal(size, 0);
    assert_non_null(strstr(error.message, "'cat' twice"));
}

/* ---- allocators ---- */

typedef struct counted {
    size_t blocks, bytes;
    bool refuse;
} counted;

static void *allocate(void *context, size_t size) {
    counted *count = context;
    if (count->refuse) return NULL;
    count->blocks++;
    count->bytes += size;
    return dni_allocate(NULL, size);
}

static void release(void *context, void *memory, size_t size) {
    counted *count = context;
    count->blocks--;
    count->bytes -= size;
    dni_release(NULL, memory, size);
}

static void test_saving_takes_one_block_of_the_size_that_it_tells(void **state) {
    (void)state;
    counted count = {.refuse = false};
    const dn_allocator allocator = {allocate, release, &count};
    const dn_classifier_info info = info_of(names);
    void *bytes;
    size_t size;
    dn_error error;
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, &allocator, NULL), DN_OK);
    assert_int_equal(count.blocks, 1);
    assert_int_equal(count.bytes, size);
    allocator.release(&count, bytes, size);
    assert_int_equal(dn_weights_save_memory(weights, &bytes, &size, &allocator, NULL), DN_OK);
    assert_int_equal(count.blocks, 1);
    assert_int_equal(count.bytes, size);
    allocator.release(&count, bytes, size);
    count.refuse = true;
    assert_int_equal(dn_classifier_save_memory(&bytes, &size, head, &info, weights, &allocator, &error),
                     DN_ERR_MEMORY);
    assert_int_equal(dn_weights_save_memory(weights, &bytes, &size, &allocator, &error), DN_ERR_MEMORY);
    assert_null(bytes);
    assert_int_equal(size, 0);
}

/* ---- weights ---- */

static void test_weights_in_memory_have_the_bytes_of_their_file(void **state) {
    (void)state;
    void *bytes;
    size_t size;
    assert_int_equal(dn_weights_save(weights, path, NULL), DN_OK);
    assert_int_equal(dn_weights_save_memory(weights, &bytes, &size, NULL, NULL), DN_OK);
    const file_bytes file = read_whole(path);
    assert_int_equal(size, file.size);
    assert_memory_equal(bytes, file.data, size);
    free(file.data);
    free(bytes);
}

static void test_a_network_that_loading_would_not_know_is_not_saved(void **state) {
    (void)state;
    dn_config toy = {"toy", 4, {1, 1, 1, 1}, 8, 2, 0};
    toy.features = dni_block_channels(&toy, DNI_BLOCKS - 1);
    dn_weights *odd;
    void *bytes = &bytes;
    size_t size;
    dn_error error;
    assert_int_equal(dn_weights_random(&odd, &toy, 1, &error), DN_OK);
    assert_int_equal(dn_weights_save_memory(odd, &bytes, &size, NULL, &error), DN_ERR_UNSUPPORTED);
    assert_null(bytes);
    dn_weights_free(odd);
}

/* All calls from here on read these bytes. */
static file_bytes saved_weights(void) {
    file_bytes file;
    void *bytes;
    assert_int_equal(dn_weights_save_memory(weights, &bytes, &file.size, NULL, NULL), DN_OK);
    file.data = bytes;
    return file;
}

static void assert_hash(const dn_weights *loaded) {
    char found[33];
    dn_weights_hash(loaded, found);
    assert_string_equal(found, hash);
}

static void test_weights_come_back_from_memory_of_which_nothing_is_kept(void **state) {
    (void)state;
    const file_bytes file = saved_weights();
    for (size_t shift = 0; shift < 2; shift++) {
        unsigned char *copy = malloc(file.size + shift);
        assert_non_null(copy);
        memcpy(copy + shift, file.data, file.size);
        dn_weights *loaded;
        dn_error error;
        if (dn_weights_load_memory(&loaded, copy + shift, file.size, "w", NULL, &error))
            fail_msg("%s", error.message);
        memset(copy, 0xff, file.size + shift);
        free(copy);
        assert_string_equal(dn_weights_config(loaded)->name, "densenet121");
        assert_hash(loaded);
        dn_weights_free(loaded);
    }
    free(file.data);
}

/* The library's own words: how many bytes of values it asked the allocator for. */
static size_t bytes_taken(const unsigned char *bytes, size_t size, int borrow) {
    counted count = {.refuse = false};
    const dn_allocator allocator = {allocate, release, &count};
    dn_weights_load_options options = dn_weights_load_options_default();
    dn_weights *loaded;
    dn_error error;
    options.allocator = &allocator;
    options.borrow = borrow;
    if (dn_weights_load_memory(&loaded, bytes, size, "w", &options, &error)) fail_msg("%s", error.message);
    assert_hash(loaded);
    const size_t taken = count.bytes;
    dn_weights_free(loaded);
    assert_int_equal(count.blocks, 0);
    assert_int_equal(count.bytes, 0);
    return taken;
}

static void test_borrowed_weights_are_not_copied(void **state) {
    (void)state;
    const file_bytes file = saved_weights();
    const size_t values = 4 * 8062504; /* bytes: 7978856 parameters, 83648 statistics */
    assert_true(file.size > values && file.size < values + 200000);
    assert_int_equal(bytes_taken(file.data, file.size, 0), values);
    assert_int_equal(bytes_taken(file.data, file.size, 1), 0);
    unsigned char *shifted = malloc(file.size + 4);
    assert_non_null(shifted);
    memcpy(shifted + 4, file.data, file.size);
    assert_int_equal(bytes_taken(shifted + 4, file.size, 1), 0);
    memcpy(shifted + 1, file.data, file.size);
    assert_int_equal(bytes_taken(shifted + 1, file.size, 1), values);
    free(shifted);
    free(file.data);
}

/* A file that is mapped for reading alone, and changed by nothing: neither by calibration nor where weights
 * are discarded while a model is made of them. */
static void test_a_mapped_file_is_used_where_it_lies(void **state) {
    (void)state;
    assert_int_equal(dn_weights_save(weights, path, NULL), DN_OK);
    const int descriptor = open(path, O_RDONLY);
    const file_bytes expected = read_whole(path);
    void *map = mmap(NULL, expected.size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    assert_true(map != MAP_FAILED);
    close(descriptor);
    dn_weights_load_options options = dn_weights_load_options_default();
    options.borrow = 1;
    dn_weights *loaded;
    dn_model *model;
    dn_error error;
    if (dn_weights_load_memory(&loaded, map, expected.size, path, &options, &error))
        fail_msg("%s", error.message);
    static float input[32 * 32 * 3];
    for (int i = 0; i < 32 * 32 * 3; i++) input[i] = (float)(i % 11) / 11.0f;
    assert_int_equal(dn_weights_calibrate(loaded, input, 1, 32, 32, NULL, &error), DN_OK);
    dn_model_options model_options = dn_model_options_default();
    model_options.threads = 1;
    model_options.discard_weights = 1;
    assert_int_equal(dn_model_create(&model, loaded, &model_options, &error), DN_OK);
    dn_model_free(model);
    assert_memory_equal(map, expected.data, expected.size);
    dn_weights_free(loaded);
    munmap(map, expected.size);
    free(expected.data);
}

/* Memory from malloc would be lost if its pages were given back. */
static void test_borrowed_weights_are_not_discarded(void **state) {
    (void)state;
    const file_bytes file = saved_weights(), before = saved_weights();
    dn_weights_load_options options = dn_weights_load_options_default();
    options.borrow = 1;
    dn_weights *loaded;
    dn_model *model;
    assert_int_equal(dn_weights_load_memory(&loaded, file.data, file.size, "w", &options, NULL), DN_OK);
    dn_model_options model_options = dn_model_options_default();
    model_options.threads = 1;
    model_options.discard_weights = 1;
    assert_int_equal(dn_model_create(&model, loaded, &model_options, NULL), DN_OK);
    dn_model_free(model);
    dn_weights_free(loaded);
    assert_memory_equal(file.data, before.data, file.size);
    free(file.data);
    free(before.data);
}

static void test_an_allocator_that_refuses_ends_loading(void **state) {
    (void)state;
    counted count = {.refuse = true};
    const dn_allocator allocator = {allocate, release, &count};
    const file_bytes file = saved_weights();
    dn_weights_load_options options = dn_weights_load_options_default();
    options.allocator = &allocator;
    dn_weights *loaded;
    dn_error error;
    assert_int_equal(dn_weights_load_memory(&loaded, file.data, file.size, "w", &options, &error),
                     DN_ERR_MEMORY);
    assert_null(loaded);
    assert_int_equal(strncmp(error.message, "w: ", 3), 0);
    options.borrow = 1; /* then nothing is asked for */
    assert_int_equal(dn_weights_load_memory(&loaded, file.data, file.size, "w", &options, &error), DN_OK);
    dn_weights_free(loaded);
    free(file.data);
}

static void test_a_file_cannot_be_borrowed(void **state) {
    (void)state;
    dn_weights_load_options options = dn_weights_load_options_default();
    options.borrow = 1;
    dn_weights *loaded;
    dn_error error;
    assert_int_equal(dn_weights_save(weights, path, NULL), DN_OK);
    assert_int_equal(dn_weights_load_with_options(&loaded, path, &options, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "borrow"));
    assert_null(loaded);
}

/* ---- progress ---- */

typedef struct progress {
    uint64_t calls, done, total, stop_at; /* stop_at: the first `done` that stops */
} progress;

static int watch(void *context, size_t done, size_t total) {
    progress *p = context;
    assert_true(done > p->done && done <= total);
    assert_true(p->calls == 0 || total == p->total);
    p->calls++;
    p->done = done;
    p->total = total;
    return done >= p->stop_at;
}

static void test_loading_tells_how_far_it_is_and_stops_when_told_to(void **state) {
    (void)state;
    assert_int_equal(dn_weights_save(weights, path, NULL), DN_OK);
    const file_bytes file = read_whole(path);
    const uint64_t stops[] = {UINT64_MAX, 1, file.size / 2, file.size};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        for (int of_memory = 0; of_memory < 3; of_memory++) { /* 2: borrowed */
            progress p = {.stop_at = stops[i]};
            dn_weights_load_options options = dn_weights_load_options_default();
            options.on_progress = watch;
            options.context = &p;
            options.borrow = of_memory == 2;
            dn_weights *loaded;
            dn_error error = {.message = ""};
            const dn_status status =
                of_memory ? dn_weights_load_memory(&loaded, file.data, file.size, path, &options, &error)
                          : dn_weights_load_with_options(&loaded, path, &options, &error);
            assert_int_equal(p.total, file.size);
            assert_int_equal(status, i ? DN_ERR_CANCELLED : DN_OK);
            assert_int_equal(!loaded, i > 0);
            if (i) assert_int_equal(strncmp(error.message, path, strlen(path)), 0);
            if (!i) assert_int_equal(p.done, file.size);
            if (!i && of_memory < 2) assert_true(p.calls > 30); /* 32 MB, a megabyte at most each */
            if (i) assert_true(p.done - stops[i] <= 1 << 20 || of_memory == 2);
            dn_weights_free(loaded);
        }
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_in_memory_has_the_bytes_of_its_file),
        cmocka_unit_test(test_a_model_comes_back_from_memory),
        cmocka_unit_test(test_a_broken_model_in_memory_is_refused_as_its_file_is),
        cmocka_unit_test(test_what_would_not_be_read_is_not_written),
        cmocka_unit_test(test_saving_takes_one_block_of_the_size_that_it_tells),
        cmocka_unit_test(test_weights_in_memory_have_the_bytes_of_their_file),
        cmocka_unit_test(test_a_network_that_loading_would_not_know_is_not_saved),
        cmocka_unit_test(test_weights_come_back_from_memory_of_which_nothing_is_kept),
        cmocka_unit_test(test_borrowed_weights_are_not_copied),
        cmocka_unit_test(test_a_mapped_file_is_used_where_it_lies),
        cmocka_unit_test(test_borrowed_weights_are_not_discarded),
        cmocka_unit_test(test_an_allocator_that_refuses_ends_loading),
        cmocka_unit_test(test_a_file_cannot_be_borrowed),
        cmocka_unit_test(test_loading_tells_how_far_it_is_and_stops_when_told_to),
    };
    return cmocka_run_group_tests_name("models in memory", tests, set_up, tear_down);
}

/* Models and weights that never see a disk: written to memory and read from it, with the bytes and the answers
 * that files give. */
#include "core/memory.h"
#include "densenet/weights.h"
#include "head/classifier/classifier.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_in_memory_has_the_bytes_of_its_file),
        cmocka_unit_test(test_a_model_comes_back_from_memory),
        cmocka_unit_test(test_a_broken_model_in_memory_is_refused_as_its_file_is),
        cmocka_unit_test(test_what_would_not_be_read_is_not_written),
        cmocka_unit_test(test_saving_takes_one_block_of_the_size_that_it_tells),
        cmocka_unit_test(test_weights_in_memory_have_the_bytes_of_their_file),
        cmocka_unit_test(test_a_network_that_loading_would_not_know_is_not_saved),
    };
    return cmocka_run_group_tests_name("models in memory", tests, set_up, tear_down);
}

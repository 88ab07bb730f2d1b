/* SPDX-License-Identifier: MIT */
/* ImageNet's classes of a picture, from a weights file to the names, compared with torchvision's
 * (test/golden/densenet/oracle_imagenet.py). */
#include "ftrain/predict/imagenet.h"

#include "densenet/weights.h"
#include "test/support/files.h"
#include "test/support/seeded_weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 7, TOLD = 10 };

static const network_options whole_machine = {.threads = 0};

/* Features in float32 differ by 1e-5 of the largest from the oracle's float64, pixels of the resized picture
 * by a level at most; both move a probability of 0.01 by much less than this. */
static const double tolerance = 2e-4;

/* With or without the classifier. */
static void save_weights(const char *path, bool classifier) {
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    assert_non_null(weights);
    for (size_t i = dni_tensor_dict_count(weights->tensors); !classifier && i-- > 0;)
        if (strncmp(dni_tensor_dict_at(weights->tensors, i)->name, "classifier.", 11) == 0)
            dni_tensor_dict_remove(weights->tensors, i);
    assert_int_equal(dn_weights_save(weights, path, NULL), DN_OK);
    dn_weights_free(weights);
}

static void test_the_most_probable_classes_are_torchvisions(void **state) {
    const char *path = folder_path(state, "weights.safetensors");
    save_weights(path, true);
    imagenet *network;
    assert_int_equal(imagenet_open(&network, path, &whole_machine, 2), OUTCOME_OK);

    const dn_preprocessing preprocessing = imagenet_preprocessing();
    const size_t floats = 3 * (size_t)preprocessing.crop * (size_t)preprocessing.crop;
    float *inputs = calloc(2 * floats, sizeof *inputs);
    float *probabilities = calloc(2 * (size_t)DN_LOGITS, sizeof *probabilities);
    assert_non_null(inputs);
    assert_non_null(probabilities);
    dn_image image;
    assert_int_equal(dn_image_load(&image, "test/golden/io/pictures/photo.jpg", NULL), DN_OK);
    assert_int_equal(dn_image_to_input(&image, &preprocessing, 0, inputs + floats, NULL), DN_OK);
    assert_int_equal(imagenet_predict(network, inputs, 2, probabilities, NULL), DN_OK);

    const float *found = probabilities + DN_LOGITS; /* of the second input */
    FILE *golden = fopen("test/golden/densenet/imagenet_photo.txt", "r");
    assert_non_null(golden);
    int index, count = 0;
    char name[64];
    double expected, sum = 0.0;
    for (; fscanf(golden, "%d %63[^\t] %lf", &index, name, &expected) == 3; count++) {
        assert_string_equal(dn_imagenet_class(index), name);
        assert_true(fabs((double)found[index] - expected) < tolerance);
        int above = 0;
        for (int i = 0; i < DN_LOGITS; i++) above += found[i] > found[index];
        if (count < TOLD / 2) assert_int_equal(above, count);
    }
    assert_int_equal(count, TOLD);
    for (int i = 0; i < DN_LOGITS; i++) sum += (double)found[i];
    assert_true(sum > 1.0 - 1e-4 && sum < 1.0 + 1e-4);

    fclose(golden);
    dn_image_free(&image);
    free(probabilities);
    free(inputs);
    imagenet_free(network);
}

static void test_names_are_those_of_the_outputs(void **state) {
    (void)state;
    assert_string_equal(dn_imagenet_class(0), "tench");
    assert_string_equal(dn_imagenet_class(281), "tabby");
    assert_string_equal(dn_imagenet_class(999), "toilet tissue");
    assert_null(dn_imagenet_class(-1));
    assert_null(dn_imagenet_class(DN_LOGITS));
    for (int i = 0; i < DN_LOGITS; i++)
        for (int j = 0; j < i; j++) assert_string_not_equal(dn_imagenet_class(i), dn_imagenet_class(j));
}

static void test_a_file_without_the_classifier_is_refused(void **state) {
    const char *path = folder_path(state, "bare.safetensors");
    save_weights(path, false);
    imagenet *network;
    assert_int_equal(imagenet_open(&network, path, &whole_machine, 1), OUTCOME_MODEL);
    assert_null(network);

    dn_weights *weights;
    dn_error error;
    assert_int_equal(dn_weights_load(&weights, path, NULL), DN_OK);
    assert_int_equal(dni_weights_check_classifier(weights, "bare.safetensors", &error),
                     DN_ERR_TENSOR_MISSING);
    assert_string_equal(
        error.message,
        "bare.safetensors: tensor 'classifier.weight' (1000, 1024) is missing: these weights of "
        "densenet121 came without ImageNet's classifier");
    dn_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_probable_classes_are_torchvisions),
        cmocka_unit_test(test_names_are_those_of_the_outputs),
        cmocka_unit_test(test_a_file_without_the_classifier_is_refused),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}

/* SPDX-License-Identifier: MIT */
/* weights/keys: names of every vintage and from every wrapper become the ones torchvision writes today; what
 * is not the network's stays outside. */
#include "weights/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 12 };

/* What a file's names become; NULL ends each list. */
typedef struct sorting {
    const char *file[MOST], *network[MOST], *outside[MOST];
} sorting;

static float element;

static dni_tensor_dict *dict_of(const char *const *names) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_non_null(dict);
    for (; *names; names++)
        assert_int_equal(dni_tensor_dict_add(dict, *names, dni_tensor_of(DNI_F32, &element, 0, NULL), NULL),
                         DN_OK);
    return dict;
}

static void assert_names(const dni_tensor_dict *dict, const char *const *names) {
    size_t count = 0;
    for (; names[count]; count++) {
        if (!dni_tensor_dict_find(dict, names[count])) fail_msg("%s is not there", names[count]);
        assert_ptr_equal(dni_tensor_dict_find(dict, names[count])->data, &element);
    }
    if (dni_tensor_dict_count(dict) != count)
        fail_msg("%zu names, not %zu", dni_tensor_dict_count(dict), count);
}

static dn_status sort(const char *const *names, const char *prefix, const sorting *expected,
                      dn_error *error) {
    dni_tensor_dict *file = dict_of(names), *network = dni_tensor_dict_create(),
                    *outside = dni_tensor_dict_create();
    const dn_status status = dni_sort_keys(file, prefix, network, outside, "file.pth", error);
    if (!status && expected) assert_names(network, expected->network);
    if (!status && expected) assert_names(outside, expected->outside);
    dni_tensor_dict_free(file);
    dni_tensor_dict_free(network);
    dni_tensor_dict_free(outside);
    return status;
}

static void assert_sorted(const sorting *s, const char *prefix) {
    dn_error error;
    if (sort(s->file, prefix, s, &error)) fail_msg("%s", error.message);
}

static void assert_refused(const char *const *names, const char *prefix, dn_status status, const char *word) {
    dn_error error = {.message = ""};
    assert_int_equal(sort(names, prefix, NULL, &error), status);
    assert_int_equal(strncmp(error.message, "file.pth: ", 10), 0);
    if (!strstr(error.message, word)) fail_msg("'%s' does not say '%s'", error.message, word);
}

static void test_present_names_stay(void **state) {
    (void)state;
    static const char *const names[] = {"features.conv0.weight",
                                        "features.norm0.running_mean",
                                        "features.denseblock1.denselayer1.norm1.weight",
                                        "features.denseblock4.denselayer24.conv2.weight",
                                        "features.denseblock4.denselayer24.norm2.num_batches_tracked",
                                        "features.transition1.norm.weight",
                                        "features.transition1.conv.weight",
                                        "classifier.bias",
                                        NULL};
    sorting s = {.outside = {NULL}};
    memcpy(s.file, names, sizeof names);
    memcpy(s.network, names, sizeof names);
    assert_sorted(&s, NULL);
    assert_sorted(&s, "");
}

static void test_names_of_2017_lose_their_dot(void **state) {
    (void)state;
    assert_sorted(
        &(sorting){.file = {"features.conv0.weight", "features.denseblock1.denselayer1.norm.1.weight",
                            "features.denseblock4.denselayer24.conv.2.weight",
                            "features.denseblock4.denselayer24.norm.2.num_batches_tracked",
                            "features.transition1.norm.weight"},
                   .network = {"features.conv0.weight", "features.denseblock1.denselayer1.norm1.weight",
                               "features.denseblock4.denselayer24.conv2.weight",
                               "features.denseblock4.denselayer24.norm2.num_batches_tracked",
                               "features.transition1.norm.weight"}},
        NULL);
}

static void test_any_chain_of_prefixes_is_stripped(void **state) {
    (void)state;
    assert_sorted(
        &(sorting){.file = {"module.model.densenet161.classifier.weight",
                            "module.model.densenet161.features.conv0.weight",
                            "module.model.densenet161.features.denseblock1.denselayer1.conv.1.weight"},
                   .network = {"classifier.weight", "features.conv0.weight",
                               "features.denseblock1.denselayer1.conv1.weight"}},
        NULL);
}

/* Also a classifier that is another module's, and would have the name of the network's own. */
static void test_what_is_not_below_the_prefix_stays_outside(void **state) {
    (void)state;
    assert_sorted(
        &(sorting){.file = {"model.features.conv0.weight", "criterion.weight", "models.other",
                            "classifier.weight", "model.fc.weight", "model.classifier.1.weight"},
                   .network = {"features.conv0.weight", "classifier.1.weight"},
                   .outside = {"criterion.weight", "models.other", "classifier.weight", "model.fc.weight"}},
        NULL);
    assert_sorted(
        &(sorting){.file = {"features.conv0.weight", "classifier.weight", "n_averaged", "head.bias"},
                   .network = {"features.conv0.weight", "classifier.weight"},
                   .outside = {"n_averaged", "head.bias"}},
        NULL);
    assert_sorted(
        &(sorting){.file = {"module.features.conv0.weight", "module.classifier.bias", "classifier.bias"},
                   .network = {"features.conv0.weight", "classifier.bias"},
                   .outside = {"classifier.bias"}},
        NULL);
}

static void test_features_without_a_name_get_it(void **state) {
    (void)state;
    assert_sorted(&(sorting){.file = {"conv0.weight", "norm0.bias", "denseblock1.denselayer1.norm.1.weight",
                                      "transition3.conv.weight", "norm5.weight", "fc.weight"},
                             .network = {"features.conv0.weight", "features.norm0.bias",
                                         "features.denseblock1.denselayer1.norm1.weight",
                                         "features.transition3.conv.weight", "features.norm5.weight"},
                             .outside = {"fc.weight"}},
                  NULL);
    /* fastai's Sequential(Sequential(features), head) */
    assert_sorted(
        &(sorting){.file = {"0.0.conv0.weight", "0.0.denseblock1.denselayer1.norm1.weight", "1.2.weight",
                            "1.8.weight"},
                   .network = {"features.conv0.weight", "features.denseblock1.denselayer1.norm1.weight"},
                   .outside = {"1.2.weight", "1.8.weight"}},
        NULL);
    /* a network of the whole name comes before one of the bare one */
    assert_sorted(
        &(sorting){.file = {"decoder.conv0.weight", "decoder.denseblock1.denselayer1.norm1.weight",
                            "encoder.features.conv0.weight"},
                   .network = {"features.conv0.weight"},
                   .outside = {"decoder.conv0.weight", "decoder.denseblock1.denselayer1.norm1.weight"}},
        NULL);
}

static void test_what_is_no_densenet_stays(void **state) {
    (void)state;
    assert_sorted(&(sorting){.file = {"module.head.0.weight", "module.head.0.bias"},
                             .network = {"module.head.0.weight", "module.head.0.bias"}},
                  NULL);
    assert_sorted(&(sorting){.file = {"myfeatures.conv0.weight", "features.denselayer1"},
                             .network = {"myfeatures.conv0.weight", "features.denselayer1"}},
                  NULL);
    assert_sorted(&(sorting){.file = {"encoder.conv0.weight", "features.xconv0.weight"},
                             .network = {"encoder.conv0.weight", "features.xconv0.weight"}},
                  NULL);
}

static void test_of_two_networks_the_average_stays_outside(void **state) {
    (void)state;
    static const char *const averages[] = {"ema.features.conv0.weight", "model_ema.features.conv0.weight",
                                           "ema_model.module.features.conv0.weight",
                                           "a.ema.b.features.conv0.weight"};
    for (size_t i = 0; i < sizeof averages / sizeof *averages; i++) {
        const sorting s = {.file = {averages[i], "model.features.conv0.weight"},
                           .network = {"features.conv0.weight"},
                           .outside = {averages[i]}};
        assert_sorted(&s, NULL);
        const sorting alone = {.file = {averages[i]}, .network = {"features.conv0.weight"}};
        assert_sorted(&alone, NULL);
    }
    const char *const two[] = {"cinema.features.conv0.weight", "model.features.conv0.weight", NULL};
    assert_refused(two, NULL, DN_ERR_CORRUPT, "two networks");
}

static void test_a_prefix_says_which_network_is_meant(void **state) {
    (void)state;
    const sorting s = {.file = {"student.features.conv0.weight", "teacher.net.features.conv0.weight",
                                "teacher.net.classifier.bias"},
                       .network = {"features.conv0.weight", "classifier.bias"},
                       .outside = {"student.features.conv0.weight"}};
    assert_sorted(&s, "teacher.net.");
    assert_sorted(&s, "teacher.net");
    assert_refused(s.file, "teacher", DN_ERR_TENSOR_MISSING, "'teacher'");
    assert_refused(s.file, "", DN_ERR_TENSOR_MISSING, "''");
    assert_refused(s.file, NULL, DN_ERR_CORRUPT, "teacher.net.features.conv0.weight");
    const sorting bare = {
        .file = {"a.conv0.weight", "a.denseblock1.denselayer1.norm1.weight", "b.features.conv0.weight"},
        .network = {"features.conv0.weight", "features.denseblock1.denselayer1.norm1.weight"},
        .outside = {"b.features.conv0.weight"}};
    assert_sorted(&bare, "a");
}

static void test_two_tensors_of_one_name_are_corrupt(void **state) {
    (void)state;
    static const char *const vintages[] = {"features.conv0.weight",
                                           "features.denseblock1.denselayer1.norm.1.weight",
                                           "features.denseblock1.denselayer1.norm1.weight", NULL};
    assert_refused(vintages, NULL, DN_ERR_CORRUPT, "denselayer1.norm1.weight");
    static const char *const swapped[] = {"features.conv0.weight",
                                          "features.denseblock1.denselayer1.norm1.weight",
                                          "features.denseblock1.denselayer1.norm.1.weight", NULL};
    assert_refused(swapped, NULL, DN_ERR_CORRUPT, "denselayer1.norm.1.weight");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_present_names_stay),
        cmocka_unit_test(test_names_of_2017_lose_their_dot),
        cmocka_unit_test(test_any_chain_of_prefixes_is_stripped),
        cmocka_unit_test(test_what_is_not_below_the_prefix_stays_outside),
        cmocka_unit_test(test_features_without_a_name_get_it),
        cmocka_unit_test(test_what_is_no_densenet_stays),
        cmocka_unit_test(test_of_two_networks_the_average_stays_outside),
        cmocka_unit_test(test_a_prefix_says_which_network_is_meant),
        cmocka_unit_test(test_two_tensors_of_one_name_are_corrupt),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

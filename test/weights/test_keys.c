/* weights/keys: names of every vintage become the ones torchvision writes today. */
#include "weights/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static float element;

static dni_tensor_dict *dict_of(const char *const *names, size_t count) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    assert_non_null(dict);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(dni_tensor_dict_add(dict, names[i], dni_tensor_of(DNI_F32, &element, 0, NULL), NULL),
                         DN_OK);
    return dict;
}

#define ASSERT_RENAMED(names, expected)                                                                      \
    do {                                                                                                     \
        dni_tensor_dict *dict = dict_of(names, sizeof names / sizeof *names);                                \
        assert_int_equal(dni_rename_keys(dict, NULL), DN_OK);                                                \
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {                                          \
            assert_string_equal(dni_tensor_dict_at(dict, n)->name, expected[n]);                             \
            assert_ptr_equal(dni_tensor_dict_find(dict, expected[n]), &dni_tensor_dict_at(dict, n)->tensor); \
        }                                                                                                    \
        dni_tensor_dict_free(dict);                                                                          \
    } while (0)

static const char *const present[] = {
    "features.conv0.weight",
    "features.norm0.running_mean",
    "features.denseblock1.denselayer1.norm1.weight",
    "features.denseblock4.denselayer24.conv2.weight",
    "features.denseblock4.denselayer24.norm2.num_batches_tracked",
    "features.transition1.norm.weight",
    "features.transition1.conv.weight",
    "classifier.bias",
};

static void test_present_names_stay(void **state) {
    (void)state;
    ASSERT_RENAMED(present, present);
}

static void test_names_of_2017_lose_their_dot(void **state) {
    (void)state;
    static const char *const old[] = {
        "features.conv0.weight",
        "features.norm0.running_mean",
        "features.denseblock1.denselayer1.norm.1.weight",
        "features.denseblock4.denselayer24.conv.2.weight",
        "features.denseblock4.denselayer24.norm.2.num_batches_tracked",
        "features.transition1.norm.weight",
        "features.transition1.conv.weight",
        "classifier.bias",
    };
    ASSERT_RENAMED(old, present);
}

static void test_any_chain_of_prefixes_is_stripped(void **state) {
    (void)state;
    static const char *const names[] = {
        "module.model.densenet161.classifier.weight", "module.model.densenet161.features.conv0.weight",
        "module.model.densenet161.features.denseblock1.denselayer1.conv.1.weight"};
    static const char *const expected[] = {"classifier.weight", "features.conv0.weight",
                                           "features.denseblock1.denselayer1.conv1.weight"};
    ASSERT_RENAMED(names, expected);
}

static void test_names_without_the_prefix_stay(void **state) {
    (void)state;
    static const char *const names[] = {"model.features.conv0.weight", "loss.weight", "models.other"};
    static const char *const expected[] = {"features.conv0.weight", "loss.weight", "models.other"};
    ASSERT_RENAMED(names, expected);
}

static void test_what_is_no_densenet_stays(void **state) {
    (void)state;
    static const char *const names[] = {"module.head.0.weight", "module.head.0.bias"};
    ASSERT_RENAMED(names, names);
    static const char *const lookalike[] = {"myfeatures.conv0.weight", "features.denselayer1"};
    ASSERT_RENAMED(lookalike, lookalike);
}

static void assert_corrupt(const char *const *names, size_t count, const char *word) {
    dni_tensor_dict *dict = dict_of(names, count);
    dn_error error;
    assert_int_equal(dni_rename_keys(dict, &error), DN_ERR_CORRUPT);
    assert_non_null(strstr(error.message, word));
    dni_tensor_dict_free(dict);
}

static void test_two_tensors_of_one_name_are_corrupt(void **state) {
    (void)state;
    static const char *const vintages[] = {"features.denseblock1.denselayer1.norm.1.weight",
                                           "features.denseblock1.denselayer1.norm1.weight"};
    assert_corrupt(vintages, 2, "norm.1.weight");
    static const char *const prefixes[] = {"module.features.conv0.weight", "module.classifier.bias",
                                           "classifier.bias"};
    assert_corrupt(prefixes, 3, "classifier.bias");
    static const char *const networks[] = {"a.features.conv0.weight", "b.features.conv0.weight"};
    assert_corrupt(networks, 2, "two networks");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_present_names_stay),
        cmocka_unit_test(test_names_of_2017_lose_their_dot),
        cmocka_unit_test(test_any_chain_of_prefixes_is_stripped),
        cmocka_unit_test(test_names_without_the_prefix_stay),
        cmocka_unit_test(test_what_is_no_densenet_stays),
        cmocka_unit_test(test_two_tensors_of_one_name_are_corrupt),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

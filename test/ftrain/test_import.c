/* SPDX-License-Identifier: MIT */
/* Heads of torch and scikit-learn compute here what they computed there. The oracle is
 * test/golden/ftrain/oracle_import.py: log-probabilities in double, compared within 1e-5, since the heads are
 * kept in float. */
#include "ftrain/import/imported_head.h"

#include "io/file.h"
#include "test/support/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 20, ROWS = 6 };

static outcome import(imported_head *out, const char *name, const char *prefix) {
    char path[128];
    snprintf(path, sizeof path, "test/golden/ftrain/%s", name);
    dni_file file;
    dn_error error = {.message = ""};
    if (dni_file_open(&file, path, &error)) fail_msg("%s", error.message);
    const outcome code =
        strstr(name, ".npz") ? import_scikit_learn(out, &file) : import_torch(out, &file, prefix);
    dni_file_close(&file);
    return code;
}

static void assert_computes(const char *name, const char *prefix, int classes) {
    imported_head parts;
    assert_int_equal(import(&parts, name, prefix), OUTCOME_OK);
    if (parts.layers[parts.count - 1].out == 1)
        assert_int_equal(imported_head_split_logit(&parts), OUTCOME_OK);
    dn_head *head;
    dn_error error = {.message = ""};
    if (dni_head_from_linears(&head, parts.layers, parts.count, 0.0f, &error)) fail_msg("%s", error.message);
    assert_int_equal(dn_head_features(head), FEATURES);
    assert_int_equal(dn_head_classes(head), classes);
    float *inputs = stream_values("import/inputs", ROWS * FEATURES);
    float *found = calloc((size_t)(ROWS * classes), sizeof *found);
    double *expected = golden_array_of("test/golden/ftrain/import.txt", name, (size_t)(ROWS * classes));
    assert_non_null(found);
    assert_int_equal(dn_head_log_probabilities(head, inputs, ROWS, found, NULL), DN_OK);
    for (int i = 0; i < ROWS * classes; i++) assert_close((double)found[i], expected[i], 1e-5);
    free(inputs);
    free(found);
    free(expected);
    dn_head_free(head);
    imported_head_free(&parts);
}

static void test_scikit_learn(void **state) {
    (void)state;
    assert_computes("logistic.npz", NULL, 3);
    assert_computes("scaled_binary.npz", NULL,
                    2); /* compressed, float32, Fortran order, a scaler folded in */
    assert_computes("fortran.npz", NULL, 3);
}

static void test_names_of_classes_are_read_where_they_are_names(void **state) {
    (void)state;
    imported_head parts;
    assert_int_equal(import(&parts, "logistic.npz", NULL), OUTCOME_OK);
    assert_int_equal(parts.class_count, 3);
    assert_string_equal(parts.classes[0], "ant");
    assert_string_equal(parts.classes[1], "bee, \xc3\xa9");
    assert_string_equal(parts.classes[2], "c");
    imported_head_free(&parts);
    assert_int_equal(import(&parts, "fortran.npz", NULL), OUTCOME_OK);
    assert_null(parts.classes);
    imported_head_free(&parts);
}

static void test_torch(void **state) {
    (void)state;
    assert_computes("sequential.pth", NULL, 3); /* layers 0, 5 and 10: by number, not as texts */
    assert_computes("prefixed.pth", NULL, 3);
    assert_computes("prefixed.pth", "model.classifier", 3);
    assert_computes("one_logit.pth", NULL, 2);
    assert_computes("without_bias.pth", NULL, 3);
    assert_computes("numbered_names.pth", NULL, 3);
    assert_computes("two_heads.pth", "head", 3);
    assert_computes("half.safetensors", NULL, 3);
}

static void test_what_is_no_such_head_is_refused(void **state) {
    (void)state;
    static const char *const names[] = {"batch_norm.pth", "adjacent.pth", "broken_chain.pth",
                                        "two_heads.pth",  "objects.npz",  "big_endian.npz",
                                        "object_coef.npz"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        imported_head parts;
        if (import(&parts, names[i], NULL) != OUTCOME_MODEL) fail_msg("%s was taken", names[i]);
        imported_head_free(&parts);
    }
    imported_head parts;
    assert_int_equal(import(&parts, "two_heads.pth", "tail"), OUTCOME_MODEL);
    imported_head_free(&parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scikit_learn),
        cmocka_unit_test(test_names_of_classes_are_read_where_they_are_names),
        cmocka_unit_test(test_torch),
        cmocka_unit_test(test_what_is_no_such_head_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Maps of evidence: sums, values between places, the share inside an ellipse. */
#include "head/classifier/evidence.h"

#include "core/rng.h"
#include "head/training.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Zhou et al. 2016: without hidden layers the logit is the intercept and the mean of the sums, for any
 * map. */
static void test_sums_of_a_linear_head_are_its_logit(void **state) {
    (void)state;
    enum { PLACES = 49, FEATURES = 20, CLASSES = 3 };
    const dn_head_options options = {.struct_size = sizeof options, .hidden_count = 0, .seed = 5};
    dn_head *head;
    assert_int_equal(dn_head_create(&head, FEATURES, CLASSES, &options, NULL), DN_OK);
    float map[PLACES * FEATURES], mean[FEATURES] = {0}, none[FEATURES] = {0}, sums[PLACES],
                                  gradient[FEATURES];
    dni_rng rng = dni_rng_named(1, "map");
    for (int p = 0; p < PLACES; p++)
        for (int k = 0; k < FEATURES; k++) {
            map[p * FEATURES + k] = dni_rng_uniform(&rng);
            mean[k] += map[p * FEATURES + k] / PLACES;
        }
    float with[CLASSES], without[CLASSES];
    assert_int_equal(dn_head_log_probabilities(head, mean, 1, with, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(head, none, 1, without, NULL), DN_OK);
    double sum[CLASSES] = {0};
    for (int c = 0; c < CLASSES; c++) {
        assert_int_equal(dn_head_feature_gradient(head, mean, c, gradient, NULL), DN_OK);
        dni_evidence_sums(map, PLACES, FEATURES, gradient, sums);
        for (int p = 0; p < PLACES; p++) sum[c] += (double)sums[p] / PLACES;
    }
    /* differences of logits are differences of log-probabilities */
    for (int c = 1; c < CLASSES; c++) {
        const double logits = (double)(with[c] - with[0] - (without[c] - without[0]));
        assert_true(fabs(sum[c] - sum[0] - logits) < 1e-5);
    }
    dn_head_free(head);
}

static void test_values_are_bilinear_between_places(void **state) {
    (void)state;
    const float evidence[6] = {0, 1, 2, 10, 11, 12}; /* 2 x 3 */
    assert_true(fabsf(dni_evidence_at(evidence, 2, 3, 0.25f, 0.5f) - 1) < 1e-6f);
    assert_true(fabsf(dni_evidence_at(evidence, 2, 3, 0.5f, 0.5f) - 6) < 1e-6f);
    assert_true(fabsf(dni_evidence_at(evidence, 2, 3, 0.25f, 1.0f / 3) - 0.5f) < 1e-6f);
    assert_true(dni_evidence_at(evidence, 2, 3, 0, 0) == 0);
    assert_true(dni_evidence_at(evidence, 2, 3, 1, 1) == 12);
    assert_true(dni_evidence_at(evidence + 5, 1, 1, 0.3f, 0.9f) == 12);
}

static void test_even_evidence_lies_inside_as_much_as_the_area(void **state) {
    (void)state;
    float evidence[49];
    for (int i = 0; i < 49; i++) evidence[i] = 3;
    double area;
    const double inside = dni_evidence_inside(evidence, 7, 7, 0.6, 0.8, &area);
    assert_true(fabs(inside - area) < 1e-12);
    assert_true(fabs(area - 0.25 * 3.14159265 * 0.6 * 0.8) < 1e-3); /* 224 samples a side */
}

static void test_evidence_in_the_middle_is_inside_and_at_the_rim_outside(void **state) {
    (void)state;
    float evidence[49] = {0};
    evidence[24] = 1;
    assert_true(dni_evidence_inside(evidence, 7, 7, 0.6, 0.8, NULL) > 0.999);
    evidence[24] = 0;
    evidence[0] = evidence[6] = evidence[42] = evidence[48] = 1;
    assert_true(dni_evidence_inside(evidence, 7, 7, 0.6, 0.8, NULL) < 0.001);
}

static void test_no_evidence_has_no_share(void **state) {
    (void)state;
    const float evidence[49] = {0};
    assert_true(isnan(dni_evidence_inside(evidence, 7, 7, 0.6, 0.8, NULL)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_of_a_linear_head_are_its_logit),
        cmocka_unit_test(test_values_are_bilinear_between_places),
        cmocka_unit_test(test_even_evidence_lies_inside_as_much_as_the_area),
        cmocka_unit_test(test_evidence_in_the_middle_is_inside_and_at_the_rim_outside),
        cmocka_unit_test(test_no_evidence_has_no_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

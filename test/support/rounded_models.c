/* SPDX-License-Identifier: MIT */
/* Models that round, and features of pictures in one call. */
#include "test/support/rounded_models.h"

#include "test/support/pools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

dn_model *model_in(const dn_weights *weights, dn_precision precision) {
    dn_model *model;
    dn_error error;
    if (dn_model_create(&model, weights,
                        &(dn_model_options){.struct_size = sizeof(dn_model_options), .precision = precision},
                        &error))
        fail_msg("%s", error.message);
    assert_int_equal(dn_model_precision(model), precision);
    return model;
}

void compute_features(const dn_model *model, const float *inputs, int count, int side, int threads,
                      float *features) {
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = count, .height = side, .width = side, .threads = threads};
    dn_session *session;
    dn_error error;
    if (dn_session_create(&session, model, &options, &error) ||
        dn_session_forward(session, inputs, count, &(dn_outputs){.features = features}, &error))
        fail_msg("%s", error.message);
    dn_session_free(session);
}

double cosine(const float *a, const float *b, size_t count) {
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < count; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

void assert_same_bits(const dn_model *model, const float *inputs, int count, int side,
                      const float *features) {
    const size_t length = (size_t)dn_model_config(model)->features, input = (size_t)(side * side * 3);
    float *again = malloc((size_t)count * length * sizeof *again);
    assert_non_null(again);
    for (int threads = 2; threads; threads = more_threads(threads)) {
        compute_features(model, inputs, count, side, threads, again);
        assert_memory_equal(again, features, (size_t)count * length * sizeof *again);
    }
    for (size_t i = 0; i < (size_t)count; i++) {
        compute_features(model, inputs + i * input, 1, side, 2, again);
        assert_memory_equal(again, features + i * length, length * sizeof *again);
    }
    free(again);
}

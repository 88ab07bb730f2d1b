/* SPDX-License-Identifier: MIT */
/* The perceptron and its layers: against torch, against finite differences, and what is refused. */
#include "test/support/head.h"

#include "core/rng.h"
#include "head/mlp.h"
#include "layers/activation.h"
#include "layers/dropout.h"
#include "layers/loss.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The perceptron of the golden file. */
enum { FEATURES = 7, HIDDEN_1 = 6, HIDDEN_2 = 5, CLASSES = 3, ROWS = 9 };
enum { PARAMETERS = (7 + 1) * 6 + (6 + 1) * 5 + (5 + 1) * 3 };
static const int hidden_widths[] = {HIDDEN_1, HIDDEN_2};
static const dni_cross_entropy plain_loss = {.weights = NULL};

static float *signed_values(const char *name, size_t count) {
    float *values = stream_values(name, count);
    for (size_t i = 0; i < count; i++) values[i] = 2.0f * values[i] - 1.0f;
    return values;
}

static dn_head *make_golden_head(float dropout) {
    dn_head_options options = dn_head_options_default();
    options.hidden = hidden_widths;
    options.dropout = dropout;
    dn_head *head;
    dn_error error;
    if (dn_head_create(&head, FEATURES, CLASSES, &options, &error)) fail_msg("%s", error.message);
    assert_int_equal(head->parameter_count, PARAMETERS);
    float *parameters = signed_values("test/parameters", PARAMETERS);
    memcpy(head->parameters, parameters, PARAMETERS * sizeof(float));
    free(parameters);
    return head;
}

static void attach_standardisation(dn_head *head) {
    const int width = head->widths[0];
    head->standardisation = malloc(2 * (size_t)width * sizeof(float));
    assert_non_null(head->standardisation);
    for (int i = 0; i < width; i++) {
        head->standardisation[i] = 0.3f * (float)i;
        head->standardisation[width + i] = i == 2 ? 0.0f : 0.5f + 3.0f * (float)i;
    }
}

/* ---- layers ---- */

static void test_log_softmax_and_nll_are_torchs_up_to_logits_of_ten_thousand(void **state) {
    (void)state;
    double *logits = golden_array("loss/logits", 40), *expected = golden_array("loss/log_softmax", 40);
    double *loss = golden_array("loss/nll", 1), *expected_gradient = golden_array("loss/gradient", 40);
    float x[40], y[40], gradient[40];
    int labels[8];
    for (int i = 0; i < 40; i++) x[i] = (float)logits[i];
    for (int r = 0; r < 8; r++) labels[r] = r % 5;
    dni_log_softmax_forward(x, 8, 5, y);
    for (int i = 0; i < 40; i++)
        assert_close((double)y[i], expected[i], 1e-6 * fmax(1.0, fabs(expected[i]))); /* float32 */
    assert_close(dni_nll_forward(y, labels, 8, 5) / 8.0, loss[0], 1e-6 * loss[0]);
    assert_close(dni_cross_entropy_forward(&plain_loss, y, labels, 8, 5) / 8.0, loss[0], 1e-6 * loss[0]);
    dni_cross_entropy_backward(&plain_loss, labels, 8, 5, gradient);
    dni_log_softmax_backward(gradient, y, 8, 5);
    for (int i = 0; i < 40; i++) assert_close((double)gradient[i], expected_gradient[i], 1e-7);
    dni_log_softmax_forward(x, 8, 5, x);
    assert_memory_equal(x, y, sizeof x); /* in place */
    free(expected_gradient);
    free(loss);
    free(expected);
    free(logits);
}

/* Labels 0, 1, 2, 3, 4, 0, 1, 2 over the golden logits; weights of 0.2 to 5. */
static void assert_cross_entropy_is_torchs(const char *golden, const float *weights, float smoothing) {
    const dni_cross_entropy loss = {.weights = weights, .smoothing = smoothing};
    char name[64];
    double *logits = golden_array("loss/logits", 40);
    snprintf(name, sizeof name, "loss/%s", golden);
    double *expected = golden_array(name, 1);
    snprintf(name, sizeof name, "loss/%s_gradient", golden);
    double *expected_gradient = golden_array(name, 40);
    float x[40], y[40], gradient[40];
    int labels[8];
    for (int i = 0; i < 40; i++) x[i] = (float)logits[i];
    for (int r = 0; r < 8; r++) labels[r] = r % 5;
    dni_log_softmax_forward(x, 8, 5, y);
    const double mean =
        dni_cross_entropy_forward(&loss, y, labels, 8, 5) / dni_cross_entropy_weight(&loss, labels, 8);
    assert_close(mean, expected[0], 1e-6 * expected[0]); /* log-probabilities are float32 */
    dni_cross_entropy_backward(&loss, labels, 8, 5, gradient);
    dni_log_softmax_backward(gradient, y, 8, 5);
    for (int i = 0; i < 40; i++) assert_close((double)gradient[i], expected_gradient[i], 2e-7);
    free(expected_gradient);
    free(expected);
    free(logits);
}

static void test_class_weights_and_label_smoothing_are_torchs(void **state) {
    (void)state;
    static const float weights[] = {0.2f, 1.0f, 5.0f, 0.5f, 2.0f};
    assert_cross_entropy_is_torchs("weighted", weights, 0.0f);
    assert_cross_entropy_is_torchs("smoothed", NULL, 0.1f);
    assert_cross_entropy_is_torchs("weighted_smoothed", weights, 0.1f);
}

/* Central differences: the step's square, 1e-4, times a third derivative below 1/6 is their error, and
 * float32's rounding over the step, 1e-7 / 1e-2, another. */
static void test_the_gradient_of_the_weighted_smoothed_loss_is_its_slope(void **state) {
    (void)state;
    enum { N_ROWS = 6, N_CLASSES = 4, COUNT = N_ROWS * N_CLASSES };
    static const float weights[] = {0.3f, 1.0f, 4.0f, 2.0f};
    static const int labels[] = {0, 1, 2, 3, 2, 2};
    const dni_cross_entropy loss = {.weights = weights, .smoothing = 0.2f};
    float *x = signed_values("test/slope", COUNT), y[COUNT], gradient[COUNT];
    dni_log_softmax_forward(x, N_ROWS, N_CLASSES, y);
    dni_cross_entropy_backward(&loss, labels, N_ROWS, N_CLASSES, gradient);
    dni_log_softmax_backward(gradient, y, N_ROWS, N_CLASSES);
    const double total = dni_cross_entropy_weight(&loss, labels, N_ROWS);
    for (int i = 0; i < COUNT; i++) {
        const float centre = x[i], step = 1e-2f;
        double value[2];
        for (int side = 0; side < 2; side++) {
            x[i] = side ? centre + step : centre - step;
            dni_log_softmax_forward(x, N_ROWS, N_CLASSES, y);
            value[side] = dni_cross_entropy_forward(&loss, y, labels, N_ROWS, N_CLASSES) / total;
        }
        const double width = (double)(centre + step) - (double)(centre - step);
        x[i] = centre;
        assert_close((value[1] - value[0]) / width, (double)gradient[i], 2e-5);
    }
    free(x);
}

static void test_log_softmax_of_the_largest_floats_is_finite_and_of_nan_is_nan(void **state) {
    (void)state;
    const float x[] = {FLT_MAX, -FLT_MAX, 0.0f, NAN, NAN, 0.0f};
    float y[6];
    dni_log_softmax_forward(x, 3, 2, y);
    assert_true(y[0] == 0.0f);
    assert_true(isnan(y[2]) && isnan(y[3]) && isnan(y[4]) && isnan(y[5]));
}

static void test_relu_passes_nan_and_has_no_gradient_at_zero(void **state) {
    (void)state;
    float x[] = {-2.0f, 0.0f, 3.0f, NAN}, gradient[] = {5.0f, 6.0f, 7.0f};
    dni_relu_forward(x, 4);
    assert_true(x[0] == 0.0f && x[1] == 0.0f && x[2] == 3.0f && isnan(x[3]));
    dni_relu_backward(gradient, x, 3);
    assert_true(gradient[0] == 0.0f && gradient[1] == 0.0f && gradient[2] == 7.0f);
}

static void test_dropout_keeps_its_share_scaled_and_repeats_its_mask(void **state) {
    (void)state;
    enum { N = 100000 };
    float *x = malloc(N * sizeof *x), *gradient = malloc(N * sizeof *gradient);
    assert_non_null(x);
    assert_non_null(gradient);
    for (int i = 0; i < N; i++) x[i] = gradient[i] = 1.0f;
    const dni_rng rng = dni_rng_named(3, "test/dropout");
    dni_dropout(x, N, 0.2f, &rng, 1000);
    dni_dropout(gradient, N, 0.2f, &rng, 1000);
    int kept = 0;
    for (int i = 0; i < N; i++) {
        assert_true(x[i] == 0.0f || fabsf(x[i] - 1.25f) < 1e-6f);
        kept += x[i] != 0.0f;
    }
    /* Binomial(100000, 0.8): standard deviation 126; five of them. */
    assert_in_range(kept, 80000 - 630, 80000 + 630);
    assert_memory_equal(x, gradient, N * sizeof *x);
    for (int i = 0; i < N; i++) gradient[i] = 1.0f;
    dni_dropout(gradient, N, 0.2f, &rng, 1001);
    assert_memory_equal(x + 1, gradient, (N - 1) * sizeof *x); /* a mask is its place in the stream */
    assert_int_equal(rng.position, 0);
    free(gradient);
    free(x);
}

/* ---- the perceptron ---- */

/* The mean NLL of the golden perceptron in double, dropout masks given: the definition, by plain loops. */
static double loss_in_double(const double *parameters, const double *x, const int *labels, const float *masks,
                             int rows) {
    static const int widths[] = {FEATURES, HIDDEN_1, HIDDEN_2, CLASSES};
    double total = 0.0;
    for (int r = 0; r < rows; r++) {
        double in[8], out[8];
        memcpy(in, x + r * FEATURES, FEATURES * sizeof *in);
        const double *p = parameters;
        const float *mask = masks;
        for (int l = 0; l < 3; l++) {
            const double *bias = p + widths[l] * widths[l + 1];
            for (int o = 0; o < widths[l + 1]; o++) {
                out[o] = bias[o];
                for (int i = 0; i < widths[l]; i++) out[o] += p[o * widths[l] + i] * in[i];
                if (l < 2) out[o] = fmax(out[o], 0.0) * (double)mask[r * widths[l + 1] + o];
            }
            mask += rows * widths[l + 1];
            p = bias + widths[l + 1];
            memcpy(in, out, sizeof in);
        }
        double sum = 0.0;
        for (int c = 0; c < CLASSES; c++) sum += exp(in[c]);
        total -= in[labels[r]] - log(sum);
    }
    return total / rows;
}

/* Runs the golden rows forward and backward; the gradients are then in `gradient` and batch->delta[0]. */
static double run_golden_rows(const dn_head *head, dni_mlp_batch *batch, const float *x,
                              const dni_rng *dropout, float *gradient) {
    int labels[ROWS];
    for (int r = 0; r < ROWS; r++) {
        labels[r] = r % CLASSES;
        dni_mlp_load_row(head, batch, r, x + r * FEATURES);
    }
    dni_mlp_forward(head, batch, ROWS, dropout);
    float *y = batch->output[3];
    dni_log_softmax_forward(y, ROWS, CLASSES, y);
    dni_cross_entropy_backward(&plain_loss, labels, ROWS, CLASSES, batch->delta[3]);
    dni_log_softmax_backward(batch->delta[3], y, ROWS, CLASSES);
    dni_mlp_backward(head, batch, ROWS, dropout, gradient, 1);
    return dni_cross_entropy_forward(&plain_loss, y, labels, ROWS, CLASSES) / ROWS;
}

static void test_gradients_are_torchs(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.0f);
    float *x = signed_values("test/inputs", (size_t)ROWS * FEATURES);
    double *loss = golden_array("mlp/loss", 1),
           *parameters = golden_array("mlp/parameter_gradient", PARAMETERS);
    double *inputs = golden_array("mlp/input_gradient", (size_t)ROWS * FEATURES);
    dni_mlp_batch batch;
    float gradient[PARAMETERS];
    assert_int_equal(dni_mlp_batch_create(&batch, head, ROWS, 1, NULL), DN_OK);
    /* float32 against float64: values of size 1, sums of up to 9 x 7 terms. */
    assert_close(run_golden_rows(head, &batch, x, NULL, gradient), loss[0], 1e-6);
    for (int i = 0; i < PARAMETERS; i++) assert_close((double)gradient[i], parameters[i], 1e-6);
    for (int i = 0; i < ROWS * FEATURES; i++) assert_close((double)batch.delta[0][i], inputs[i], 1e-6);
    dni_mlp_batch_free(&batch);
    free(inputs);
    free(parameters);
    free(loss);
    free(x);
    dn_head_free(head);
}

static void test_gradients_through_dropout_are_finite_differences(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.4f);
    float *x = signed_values("test/inputs", (size_t)ROWS * FEATURES);
    const dni_rng dropout = {.key = 77, .position = 5};
    float masks[ROWS * (HIDDEN_1 + HIDDEN_2)], gradient[PARAMETERS];
    int labels[ROWS];
    double parameters[PARAMETERS], inputs[ROWS * FEATURES];
    for (int i = 0; i < ROWS * (HIDDEN_1 + HIDDEN_2); i++) masks[i] = 1.0f;
    dni_dropout(masks, sizeof masks / sizeof *masks, 0.4f, &dropout, dropout.position);
    for (int r = 0; r < ROWS; r++) labels[r] = r % CLASSES;
    for (int i = 0; i < PARAMETERS; i++) parameters[i] = (double)head->parameters[i];
    for (int i = 0; i < ROWS * FEATURES; i++) inputs[i] = (double)x[i];
    dni_mlp_batch batch;
    assert_int_equal(dni_mlp_batch_create(&batch, head, ROWS, 1, NULL), DN_OK);
    const double loss = run_golden_rows(head, &batch, x, &dropout, gradient);
    assert_close(loss, loss_in_double(parameters, inputs, labels, masks, ROWS), 1e-6);
    /* Central differences in double, error about 1e-10; the analytic gradient is float32. */
    const double h = 1e-5;
    for (int i = 0; i < PARAMETERS + ROWS * FEATURES; i++) {
        double *value = i < PARAMETERS ? &parameters[i] : &inputs[i - PARAMETERS];
        const double at = *value;
        *value = at + h;
        const double above = loss_in_double(parameters, inputs, labels, masks, ROWS);
        *value = at - h;
        const double below = loss_in_double(parameters, inputs, labels, masks, ROWS);
        *value = at;
        const float analytic = i < PARAMETERS ? gradient[i] : batch.delta[0][i - PARAMETERS];
        assert_close((double)analytic, (above - below) / (2.0 * h), 1e-6);
    }
    dni_mlp_batch_free(&batch);
    free(x);
    dn_head_free(head);
}

static void test_log_probabilities_are_torchs_for_any_count(void **state) {
    (void)state;
    enum { REPEATS = 100 };                 /* 900 rows: more than one evaluation pass */
    dn_head *head = make_golden_head(0.9f); /* no dropout in evaluation */
    float *x = signed_values("test/inputs", (size_t)ROWS * FEATURES);
    double *expected = golden_array("mlp/log_probabilities", (size_t)ROWS * CLASSES);
    float *many = malloc(sizeof(float) * REPEATS * ROWS * FEATURES);
    float *y = malloc(sizeof(float) * REPEATS * ROWS * CLASSES);
    assert_non_null(many);
    assert_non_null(y);
    for (int i = 0; i < REPEATS; i++) memcpy(many + i * ROWS * FEATURES, x, sizeof(float) * ROWS * FEATURES);
    assert_int_equal(dn_head_log_probabilities(head, many, REPEATS * ROWS, y, NULL), DN_OK);
    for (int i = 0; i < REPEATS * ROWS * CLASSES; i++)
        assert_close((double)y[i], expected[i % (ROWS * CLASSES)], 1e-6); /* float32 */
    assert_int_equal(dn_head_log_probabilities(head, NULL, 0, NULL, NULL), DN_OK);
    free(y);
    free(many);
    free(expected);
    free(x);
    dn_head_free(head);
}

static void test_feature_gradient_of_a_logit_is_torchs(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.5f);
    float *x = signed_values("test/inputs", (size_t)ROWS * FEATURES), gradient[FEATURES];
    double *expected = golden_array("mlp/logit_gradient", FEATURES);
    assert_int_equal(dn_head_feature_gradient(head, x, 2, gradient, NULL), DN_OK);
    for (int i = 0; i < FEATURES; i++) assert_close((double)gradient[i], expected[i], 1e-6);

    /* Of a standardised head it is that of the features before standardisation: as folded. */
    attach_standardisation(head);
    dn_head *plain;
    float folded[FEATURES];
    assert_int_equal(dni_head_fold_standardisation(&plain, head, NULL), DN_OK);
    assert_int_equal(dn_head_feature_gradient(head, x, 1, gradient, NULL), DN_OK);
    assert_int_equal(dn_head_feature_gradient(plain, x, 1, folded, NULL), DN_OK);
    for (int i = 0; i < FEATURES; i++)
        assert_close((double)gradient[i], (double)folded[i], 1e-5 * fmax(1.0, fabs((double)folded[i])));
    dn_head_free(plain);
    free(expected);
    free(x);
    dn_head_free(head);
}

static void test_logistic_regression_is_a_head_without_hidden_layers(void **state) {
    (void)state;
    dn_head_options options = {
        .struct_size = sizeof options, .hidden = NULL, .hidden_count = 0, .dropout = 0.5f, .seed = 3};
    dn_head *head;
    assert_int_equal(dn_head_create(&head, 2, 2, &options, NULL), DN_OK);
    assert_int_equal(head->parameter_count, 6);
    const float parameters[] = {1.0f, 2.0f, -1.0f, 0.5f, 0.25f, -0.25f}, x[] = {0.5f, -1.0f};
    memcpy(head->parameters, parameters, sizeof parameters);
    /* Logits -1.25 and -1.25: two equal classes. */
    float y[2], gradient[2];
    assert_int_equal(dn_head_log_probabilities(head, x, 1, y, NULL), DN_OK);
    assert_close((double)y[0], -log(2.0), 1e-7);
    assert_close((double)y[1], -log(2.0), 1e-7);
    assert_int_equal(dn_head_feature_gradient(head, x, 1, gradient, NULL), DN_OK);
    assert_true(gradient[0] == -1.0f && gradient[1] == 0.5f);
    dn_head_free(head);
}

static void test_folding_the_standardisation_leaves_the_log_probabilities(void **state) {
    (void)state;
    enum { WIDTH = 300, COUNT = 40 };
    dn_head_options options = dn_head_options_default();
    dn_head *head, *plain;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, &options, NULL), DN_OK);
    head->standardisation = malloc(2 * WIDTH * sizeof(float));
    assert_non_null(head->standardisation);
    float *x = stream_values("test/fold", (size_t)COUNT * WIDTH), folded[2 * COUNT], y[2 * COUNT];
    for (int i = 0; i < WIDTH; i++) {
        const float scale = powf(10.0f, (float)(i % 5 - 2)); /* scales from 0.01 to 100; U(0, 1) otherwise */
        head->standardisation[i] = 0.5f * scale;
        head->standardisation[WIDTH + i] = 3.4641f / scale;
        for (int n = 0; n < COUNT; n++) x[n * WIDTH + i] *= scale;
    }
    assert_int_equal(dni_head_fold_standardisation(&plain, head, NULL), DN_OK);
    assert_null(plain->standardisation);
    assert_int_equal(dn_head_log_probabilities(head, x, COUNT, y, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(plain, x, COUNT, folded, NULL), DN_OK);
    /* Folded, terms of mean / deviation = 1.7 cancel in float32 instead of not arising. */
    for (int i = 0; i < 2 * COUNT; i++) assert_close((double)y[i], (double)folded[i], 1e-5);
    free(x);
    dn_head_free(plain);
    dn_head_free(head);
}

static void test_a_head_is_rebuilt_from_its_linears(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.2f), *copy;
    dni_linear linears[3];
    for (int i = 0; i < 3; i++) linears[i] = dni_head_linear(head, i);
    assert_ptr_equal(linears[1].weight, head->parameters + 7 * 6 + 6);
    assert_ptr_equal(linears[2].bias, head->parameters + PARAMETERS - CLASSES);
    dn_error error;
    assert_int_equal(dni_head_from_linears(&copy, linears, 3, 0.2f, &error), DN_OK);
    assert_int_equal(dn_head_features(copy), FEATURES);
    assert_int_equal(dn_head_classes(copy), CLASSES);
    assert_memory_equal(copy->parameters, head->parameters, PARAMETERS * sizeof(float));
    dn_head_free(copy);
    linears[1].in = 4;
    assert_int_equal(dni_head_from_linears(&copy, linears, 3, 0.2f, &error), DN_ERR_TENSOR_SHAPE);
    assert_null(copy);
    assert_non_null(strstr(error.message, "linear layer 1 takes 4 values, but the one before it gives 6"));
    linears[1].in = 6;
    linears[2].out = 0;
    assert_int_equal(dni_head_from_linears(&copy, linears, 3, 0.2f, &error), DN_ERR_TENSOR_SHAPE);
    assert_string_equal(error.message, "linear layer 2 is empty: (0, 5)");
    assert_int_equal(dni_head_from_linears(&copy, linears, 0, 0.2f, &error), DN_ERR_UNSUPPORTED);
    dn_head_free(head);
}

/* ---- creation ---- */

static void test_the_capstones_head_has_its_parameters_drawn_as_torch_does(void **state) {
    (void)state;
    const dn_head_options options = dn_head_options_default();
    dn_head *head, *again;
    assert_int_equal(dn_head_create(&head, 2208, 2, &options, NULL), DN_OK);
    assert_int_equal(head->parameter_count, 1262850);
    for (int l = 0; l < 3; l++) {
        const dni_linear layer = dni_head_linear(head, l);
        const double bound = 1.0 / sqrt((double)layer.in);
        const size_t count = ((size_t)layer.in + 1) * (size_t)layer.out;
        double largest = 0.0, squares = 0.0;
        for (size_t i = 0; i < count; i++) {
            const double w = (double)layer.weight[i];
            largest = fmax(largest, fabs(w));
            squares += w * w;
        }
        assert_true(largest <= bound && largest > 0.98 * bound);
        /* Variance of U(-b, b) is b^2 / 3; of the smallest layer, 514 draws, it is known to 4 %. */
        assert_close(squares / (double)count / (bound * bound / 3.0), 1.0, 0.2);
    }
    assert_int_equal(dn_head_create(&again, 2208, 2, &options, NULL), DN_OK);
    assert_memory_equal(head->parameters, again->parameters, head->parameter_count * sizeof(float));
    dn_head_free(again);
    dn_head_free(head);
    dn_head_free(NULL);
}

static void assert_refused(int features, int classes, dn_head_options options, dn_status status,
                           const char *named) {
    dn_head *head = (dn_head *)&options;
    dn_error error = {0};
    assert_int_equal(dn_head_create(&head, features, classes, &options, &error), status);
    assert_null(head);
    assert_int_equal(error.status, status);
    if (!strstr(error.message, named)) fail_msg("'%s' does not say '%s'", error.message, named);
    assert_int_equal(dn_head_create(&head, features, classes, &options, NULL), status);
}

static void test_options_out_of_range_are_refused_by_name_and_value(void **state) {
    (void)state;
    const int zero_width[] = {8, 0}, huge[] = {2147483647, 2147483647};
    dn_head_options o = dn_head_options_default();
    assert_refused(0, 2, o, DN_ERR_ARGUMENT, "features must be at least 1, not 0");
    assert_refused(10, 1, o, DN_ERR_ARGUMENT, "classes must be at least 2, not 1");
    o.dropout = 1.0f;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "dropout must be at least 0 and below 1, not 1");
    o.dropout = -0.5f;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "dropout must be at least 0 and below 1, not -0.5");
    o.dropout = NAN;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "not nan");
    o = dn_head_options_default();
    o.hidden_count = -1;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "hidden_count must be 0 to 15, not -1");
    o.hidden_count = 16;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "hidden_count must be 0 to 15, not 16");
    o.hidden_count = 2;
    o.hidden = zero_width;
    assert_refused(10, 2, o, DN_ERR_ARGUMENT, "hidden[1] must be at least 1, not 0");
    o.hidden = huge;
    assert_refused(2147483647, 2, o, DN_ERR_MEMORY, "x 2147483647 weights: out of memory");
}

static void test_calls_out_of_range_are_refused_by_name_and_value(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.0f);
    float x[FEATURES] = {0}, out[FEATURES];
    dn_error error;
    assert_int_equal(dn_head_feature_gradient(head, x, 3, out, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "class_index must be 0 to 2, not 3");
    assert_int_equal(dn_head_feature_gradient(head, x, -1, out, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_head_log_probabilities(head, x, -4, out, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "count must be at least 0, not -4");
    dn_head_free(head);
}

/* Each weight is finite, and sums of them are not. */
static void test_a_result_that_is_not_finite_is_none(void **state) {
    (void)state;
    dn_head *head = make_golden_head(0.0f);
    float x[2 * FEATURES], out[2 * CLASSES], gradient[FEATURES];
    dn_error error;
    for (int i = 0; i < 2 * FEATURES; i++) x[i] = 1.0f;
    x[FEATURES + 2] = NAN; /* for which the weights are not blamed */
    assert_int_equal(dn_head_log_probabilities(head, x, 2, out, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "features of row 1 are not finite");
    for (int i = 0; i < PARAMETERS; i++) head->parameters[i] = FLT_MAX / 2;
    assert_int_equal(dn_head_log_probabilities(head, x, 1, out, &error), DN_ERR_OVERFLOW);
    assert_string_equal(error.message,
                        "probabilities of row 0 are not finite: the head's weights are too large");
    assert_int_equal(dn_head_feature_gradient(head, x, 1, gradient, &error), DN_ERR_OVERFLOW);
    assert_string_equal(error.message,
                        "the gradient of class 1 is not finite: the head's weights are too large");
    dn_head_free(head);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_softmax_and_nll_are_torchs_up_to_logits_of_ten_thousand),
        cmocka_unit_test(test_class_weights_and_label_smoothing_are_torchs),
        cmocka_unit_test(test_the_gradient_of_the_weighted_smoothed_loss_is_its_slope),
        cmocka_unit_test(test_log_softmax_of_the_largest_floats_is_finite_and_of_nan_is_nan),
        cmocka_unit_test(test_relu_passes_nan_and_has_no_gradient_at_zero),
        cmocka_unit_test(test_dropout_keeps_its_share_scaled_and_repeats_its_mask),
        cmocka_unit_test(test_gradients_are_torchs),
        cmocka_unit_test(test_gradients_through_dropout_are_finite_differences),
        cmocka_unit_test(test_log_probabilities_are_torchs_for_any_count),
        cmocka_unit_test(test_feature_gradient_of_a_logit_is_torchs),
        cmocka_unit_test(test_logistic_regression_is_a_head_without_hidden_layers),
        cmocka_unit_test(test_folding_the_standardisation_leaves_the_log_probabilities),
        cmocka_unit_test(test_a_head_is_rebuilt_from_its_linears),
        cmocka_unit_test(test_the_capstones_head_has_its_parameters_drawn_as_torch_does),
        cmocka_unit_test(test_options_out_of_range_are_refused_by_name_and_value),
        cmocka_unit_test(test_calls_out_of_range_are_refused_by_name_and_value),
        cmocka_unit_test(test_a_result_that_is_not_finite_is_none),
    };
    return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}

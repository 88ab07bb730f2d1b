/* SPDX-License-Identifier: MIT */
/* Convolutions of bytes, every kernel bit for bit against 64-bit integers: on inputs and weights that are
 * whole multiples of their scales, so that rounding leaves them as they are and all arithmetic behind the
 * integer sums is exact. Sums are the largest that can occur, or random. And the rounding of weights, which
 * has to give the same integers in every kernel as it gives here, by vectors of four. */
#define DNI_VECTOR_WIDTH 4
#include "layers/conv2d_kernels.h"
#include "layers/kernels/int8_weights.h"

#include "core/memory.h"
#include "core/rng.h"
#include "test/support/avxvnni_encoded.h"
#include "test/support/layers.h"
#include "test/support/pools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MOST_VALUE = 255, MOST_WEIGHT = 127 };

/* ---- one case ---- */

typedef enum filling {
    LARGEST, /* 255 times 127 */
    LOWEST,  /* 255 times -127 */
    MIXED,   /* 255 times 127 or -127, by turns in depth: pairs that saturate one way, sums near 0 */
    RANDOM,
    ROUNDED, /* weights that are no multiples of a scale, and random inputs with unequal means */
    FILLINGS,
} filling;

typedef struct int8_case {
    dni_conv2d conv;
    int n, h, w; /* of x */
} int8_case;

/* The arrays of a case: what is computed with, as integers and as floats, and the result. */
typedef struct fixture {
    dni_conv2d conv;
    dni_conv2d_params params;
    float *weight, *mean, *ones, *zeros, *bias, *x, *expected;
    int *values, *weights;    /* (pixel of x, in), (out, in, kernel, kernel) */
    float *pixel_unit, *unit; /* of a value of a pixel, of a weight of an output channel: powers of two */
    dni_tensor x_view;
    int64_t height, width; /* of y */
    size_t count;          /* elements of y */
} fixture;

static int *ints_alloc(size_t count) {
    int *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static uint64_t drawn(const char *name, size_t i) {
    const dni_rng rng = dni_rng_named(11, name);
    return dni_rng_at(&rng, i) >> 32;
}

/* The integers of a row; with one tap `channels` must be whole vectors. */
static void round_row(const weight_row *row, const weight_rounding *rounding, int8_t *rounded) {
    if (row->taps == 1)
        for (size_t c = 0; c < row->channels; c += VW) round_vector(rounding, row->weight + c, rounded + c);
    else
        for (size_t c = 0; c < row->channels; c++)
            round_taps(rounding, row->weight + c * row->taps, row->taps, rounded + c * row->taps);
}

static void fill_rounded_weights(fixture *f) {
    const size_t in = (size_t)f->conv.in_channels, taps = (size_t)(f->conv.kernel * f->conv.kernel);
    const size_t out = (size_t)f->conv.out_channels;
    int8_t *rounded = malloc(in * taps);
    assert_non_null(rounded);
    floats_fill(f->weight, out * in * taps, 21, 0, 0.05f);
    floats_fill(f->mean, in, 22, 0.4f, 0.3f);
    f->params.input_mean = f->mean;
    for (size_t o = 0; o < out; o++) {
        const weight_row row = {f->weight + o * in * taps, f->mean, in, taps};
        const weight_rounding rounding = weight_rounding_of(&row);
        round_row(&row, &rounding, rounded);
        f->unit[o] = rounding.scale;
        for (size_t i = 0; i < in * taps; i++) f->weights[o * in * taps + i] = rounded[i];
    }
    free(rounded);
}

/* Of each output channel one weight is 127 in size, so that the scale is the unit. */
static void fill_weights(fixture *f, filling how) {
    const size_t each = (size_t)(f->conv.in_channels * f->conv.kernel * f->conv.kernel);
    for (size_t o = 0; o < (size_t)f->conv.out_channels; o++) {
        f->unit[o] = ldexpf(1.0f, (int)(drawn("unit", o) % 7) - 6);
        for (size_t i = 0; i < each; i++) {
            int w = (int)(drawn("weight", o * each + i) % 255) - MOST_WEIGHT;
            if (how != RANDOM || i == o % each)
                w = how == LOWEST || (how == MIXED && i % 4 > 1) ? -MOST_WEIGHT : MOST_WEIGHT;
            f->weights[o * each + i] = w;
            f->weight[o * each + i] = (float)w * f->unit[o];
        }
    }
}

/* Of each pixel one value is 255, but where all are 0. With pooling, four pixels that are averaged are the
 * same. */
static void fill_values(fixture *f, filling how) {
    const dni_tensor *x = &f->x_view;
    const int64_t step = f->conv.prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    const size_t in = (size_t)f->conv.in_channels;
    size_t pixel = 0;
    for (int64_t n = 0; n < x->shape[0]; n++)
        for (int64_t row = 0; row < x->shape[1]; row++)
            for (int64_t column = 0; column < x->shape[2]; column++, pixel++) {
                const size_t like =
                    (size_t)((n * x->shape[1] + row / step * step) * x->shape[2] + column / step * step);
                const bool is_zero = how >= RANDOM && like % 5 == 3;
                f->pixel_unit[pixel] = ldexpf(1.0f, (int)(drawn("pixel", like) % 9) - 4);
                for (size_t c = 0; c < in; c++) {
                    int v = (int)(drawn("value", like * in + c) % 256);
                    if (how < RANDOM || c == like % in) v = MOST_VALUE;
                    f->values[pixel * in + c] = is_zero ? 0 : v;
                    f->x[pixel * in + c] = (float)f->values[pixel * in + c] * f->pixel_unit[pixel];
                }
            }
}

/* The products of one tap for output channel o at pixel (row, column) of image n, times the pixel's unit.
 * All of it is exact in double. */
static double tap_sum(const fixture *f, int64_t n, int64_t row, int64_t column, int o, int tap) {
    const dni_tensor *x = &f->x_view;
    const int64_t in = f->conv.in_channels, taps = (int64_t)f->conv.kernel * f->conv.kernel;
    if (row < 0 || column < 0 || row >= x->shape[1] || column >= x->shape[2]) return 0.0;
    const int64_t pixel = (n * x->shape[1] + row) * x->shape[2] + column;
    int64_t sum = 0;
    for (int64_t c = 0; c < in; c++)
        sum += (int64_t)f->values[pixel * in + c] * f->weights[(o * in + c) * taps + tap];
    return (double)sum * (double)f->pixel_unit[pixel];
}

/* A kernel sums taps in float32, in their order; units are powers of two, so nothing else is rounded. */
static float expect(const fixture *f, int64_t n, int64_t row, int64_t column, int o) {
    const int kernel = f->conv.kernel, step = f->conv.prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    float sum = 0.0f;
    for (int tap = 0; tap < kernel * kernel; tap++) {
        const int64_t at_row = step * row + tap / kernel - f->conv.pad;
        const int64_t at_column = step * column + tap % kernel - f->conv.pad;
        sum = (float)((double)sum + tap_sum(f, n, at_row, at_column, o, tap));
    }
    sum *= f->unit[o];
    return f->conv.epilogue == DNI_EPILOGUE_BIAS_RELU ? fmaxf(0.0f, sum + f->bias[o]) : sum;
}

static fixture fixture_create(const int8_case *c, filling how) {
    fixture f = {.conv = c->conv};
    const size_t in = (size_t)c->conv.in_channels, out = (size_t)c->conv.out_channels;
    const size_t weights = in * out * (size_t)(c->conv.kernel * c->conv.kernel),
                 pixels = (size_t)(c->n * c->h * c->w);
    f.weight = floats_alloc(weights), f.x = floats_alloc(pixels * in), f.bias = floats_alloc(out);
    f.mean = floats_alloc(in), f.ones = floats_alloc(in), f.zeros = floats_alloc(in);
    f.unit = floats_alloc(out), f.pixel_unit = floats_alloc(pixels);
    f.weights = ints_alloc(weights), f.values = ints_alloc(pixels * in);
    f.x_view = dni_tensor_nhwc(f.x, c->n, c->h, c->w, (int64_t)in);
    if (how == ROUNDED)
        fill_rounded_weights(&f);
    else
        fill_weights(&f, how);
    fill_values(&f, how);
    for (size_t i = 0; i < in; i++) f.ones[i] = 1.0f, f.zeros[i] = 0.0f;
    for (size_t o = 0; o < out; o++) f.bias[o] = how == ROUNDED ? 0.0f : 64.0f * f.unit[o];
    f.params.weight = f.weight;
    if (c->conv.prologue != DNI_PROLOGUE_NONE) f.params.scale = f.ones, f.params.shift = f.zeros;
    if (c->conv.epilogue != DNI_EPILOGUE_NONE) f.params.bias = f.bias;
    f.height = dni_conv2d_output_size(&c->conv, c->h), f.width = dni_conv2d_output_size(&c->conv, c->w);
    f.count = (size_t)(c->n * f.height * f.width) * out;
    f.expected = floats_alloc(f.count);
    float *to = f.expected;
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t row = 0; row < f.height; row++)
            for (int64_t column = 0; column < f.width; column++)
                for (int o = 0; o < (int)out; o++) *to++ = expect(&f, n, row, column, o);
    return f;
}

static void fixture_free(fixture *f) {
    free(f->weight), free(f->mean), free(f->x), free(f->bias), free(f->ones), free(f->zeros), free(f->unit),
        free(f->pixel_unit);
    free(f->weights), free(f->values), free(f->expected);
}

static void check_kernel(const dni_conv2d_kernel *kernel, const fixture *f, filling how) {
    float *out = floats_alloc(f->count);
    const dni_tensor y = dni_tensor_nhwc(out, f->x_view.shape[0], f->height, f->width, f->conv.out_channels);
    const size_t packed_size = kernel->packed_size(&f->conv);
    void *packed = dni_allocate(NULL, packed_size);
    assert_non_null(packed);
    kernel->pack(&f->conv, &f->params, packed);
    for (int threads = 1; threads; threads = more_threads(threads)) {
        const size_t scratch_size = kernel->scratch_size(&f->conv, &f->x_view, threads);
        void *scratch = dni_allocate(NULL, scratch_size);
        assert_non_null(scratch);
        memset(scratch, 0xff, scratch_size);
        for (size_t i = 0; i < f->count; i++) out[i] = NAN;
        kernel->run(&f->conv, packed, &f->x_view, &y, scratch, pools[threads]);
        dni_release(NULL, scratch, scratch_size);
        for (size_t i = 0; i < f->count; i++)
            if (out[i] != f->expected[i])
                fail_msg("%s, %d -> %d channels, filling %d, %d threads: element %zu is %.9g, not %.9g",
                         kernel->name, f->conv.in_channels, f->conv.out_channels, (int)how, threads, i,
                         (double)out[i], (double)f->expected[i]);
    }
    dni_release(NULL, packed, packed_size);
    free(out);
}

static bool runs_here(const dni_conv2d_kernel *kernel, const dni_conv2d *conv) {
    const dni_conv2d_requirements here = {
        .isa = dni_cpu_isa(), .features = dni_cpu_features(), .precision = DNI_PRECISION_INT8};
    return dni_conv2d_supports(kernel, conv, here);
}

/* Every kernel of bytes that runs here; returns how many accept the case. */
static int check_case(const int8_case *c) {
    int checked = 0;
    for (filling how = LARGEST; how < FILLINGS; how++) {
        fixture f = fixture_create(c, how);
        for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
            const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
            if (kernel->precision != DNI_PRECISION_INT8 || !runs_here(kernel, &f.conv)) continue;
            check_kernel(kernel, &f, how);
            checked++;
        }
        fixture_free(&f);
    }
    return checked;
}

/* ---- the cases ---- */

#define BOTTLENECK(in, out)                                                                                  \
    {                                                                                                        \
        .in_channels = in, .out_channels = out, .kernel = 1, .stride = 1, .prologue = DNI_PROLOGUE_BN_RELU,  \
        .epilogue = DNI_EPILOGUE_BIAS_RELU                                                                   \
    }
#define TRANSITION(in, out)                                                                                  \
    {                                                                                                        \
        .in_channels = in, .out_channels = out, .kernel = 1, .stride = 1,                                    \
        .prologue = DNI_PROLOGUE_BN_RELU_AVGPOOL                                                             \
    }
#define GROWTH(in, out)                                                                                      \
    { .in_channels = in, .out_channels = out, .kernel = 3, .stride = 1, .pad = 1, .nonnegative = true }

static const int8_case cases_1x1[] = {
    {BOTTLENECK(96, 192), 1, 9, 5},   {BOTTLENECK(16, 16), 1, 1, 1},   {BOTTLENECK(2208, 192), 1, 7, 7},
    {BOTTLENECK(336, 128), 2, 3, 5},  {BOTTLENECK(1056, 32), 3, 2, 1}, {BOTTLENECK(48, 80), 1, 4, 7},
    {TRANSITION(384, 192), 1, 6, 10}, {TRANSITION(2112, 48), 1, 4, 5}, {TRANSITION(80, 16), 2, 7, 2},
};
static const int8_case cases_3x3[] = {
    {GROWTH(192, 48), 1, 7, 7}, {GROWTH(192, 48), 1, 14, 3}, {GROWTH(128, 32), 3, 4, 5},
    {GROWTH(16, 16), 1, 1, 1},  {GROWTH(48, 80), 2, 2, 9},   {GROWTH(144, 112), 1, 1, 8},
};

static void test_every_1x1_kernel_sums_integers_without_an_error(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(cases_1x1); i++) assert_true(check_case(&cases_1x1[i]) >= FILLINGS);
}

static void test_every_3x3_kernel_sums_integers_without_an_error(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(cases_3x3); i++) assert_true(check_case(&cases_3x3[i]) >= FILLINGS);
}

/* ---- kernels that this CPU may lack the instructions for ---- */

/* A kernel of the list that is not checked above is named. */
static void test_kernels_that_cannot_run_here_are_named(void **state) {
    (void)state;
    bool lacks = false;
    for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
        const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
        if (kernel->precision != DNI_PRECISION_INT8) continue;
        if (dni_cpu_has(kernel->isa) && !(kernel->features & ~dni_cpu_features())) continue;
        print_message("%s is not checked: this CPU has not its instructions\n", kernel->name);
        lacks = true;
    }
    if (lacks) skip();
}

#if defined(__x86_64__)
static void check_encoded(const dni_conv2d_kernel *kernel, const int8_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (filling how = LARGEST; how < FILLINGS; how++) {
            assert_true(kernel->accepts(&cases[i].conv));
            fixture f = fixture_create(&cases[i], how);
            check_kernel(kernel, &f, how);
            fixture_free(&f);
        }
}

static void test_kernels_for_avx_vnni_are_exact_in_the_encoding_of_avx512_vnni(void **state) {
    (void)state;
    if (!(dni_cpu_features() & DNI_CPU_AVX512_VNNI)) {
        print_message("this CPU has no AVX512-VNNI\n");
        skip();
    }
    check_encoded(&conv1x1_int8_avxvnni_encoded, cases_1x1, COUNT(cases_1x1));
    check_encoded(&conv3x3_int8_avxvnni_encoded, cases_3x3, COUNT(cases_3x3));
}
#endif

/* ---- rounding of weights ---- */

/* What rounding a row loses, in weights' units: the sum over its channels, each times its mean. No channel
 * alone loses more than a step. */
static double lost(const weight_row *row) {
    const weight_rounding rounding = weight_rounding_of(row);
    int8_t *rounded = malloc(row->channels * row->taps);
    assert_non_null(rounded);
    round_row(row, &rounding, rounded);
    double sum = 0.0;
    for (size_t c = 0; c < row->channels; c++) {
        double channel = 0.0;
        for (size_t i = c * row->taps; i < (c + 1) * row->taps; i++) {
            assert_true(rounded[i] >= -MOST_WEIGHT);
            channel += (double)row->weight[i] - (double)rounding.scale * rounded[i];
        }
        if (rounding.scale > 0.0f) assert_true(fabs(channel) <= 1.001 * (double)rounding.scale);
        sum += channel * (row->mean ? (double)row->mean[c] : 1.0);
    }
    free(rounded);
    return sum;
}

/* With each mean 1 and with unequal ones. Without the balance the errors add up to about five steps of 500
 * weights. */
static void test_the_errors_of_weights_times_means_add_up_to_less_than_a_step(void **state) {
    (void)state;
    enum { CHANNELS = 500, TAPS = 9 };
    float weight[CHANNELS * TAPS], mean[CHANNELS];
    floats_fill(weight, CHANNELS * TAPS, 5, 0, 0.02f);
    floats_fill(mean, CHANNELS, 6, 0.4f, 0.1f);
    for (size_t taps = 1; taps <= TAPS; taps += TAPS - 1)
        for (int equal = 0; equal < 2; equal++) {
            const weight_row row = {weight, equal ? NULL : mean, CHANNELS, taps};
            const double scale = (double)weight_rounding_of(&row).scale, sum = lost(&row);
            if (!(fabs(sum) <= 2.0 * scale)) fail_msg("%zu taps: errors of %.2f steps", taps, sum / scale);
        }
}

/* Cutting it off costs little where its input is small, and makes the steps narrower for all. */
static void test_a_weight_far_above_the_others_is_cut_off_where_its_input_is_small(void **state) {
    (void)state;
    enum { CHANNELS = 2000, FAR = 17 };
    float weight[CHANNELS], mean[CHANNELS];
    floats_fill(weight, CHANNELS, 7, 0, 1.0f);
    for (size_t c = 0; c < CHANNELS; c++) mean[c] = 1.0f;
    weight[FAR] = 2.0f;
    const weight_row row = {weight, mean, CHANNELS, 1};
    weight_rounding rounding = weight_rounding_of(&row);
    assert_true(rounding.scale * MOST_WEIGHT == 2.0f);
    mean[FAR] = 0.01f;
    rounding = weight_rounding_of(&row);
    assert_true(rounding.scale * MOST_WEIGHT < 1.95f);
    int8_t rounded[VW];
    round_vector(&rounding, &weight[FAR], rounded);
    assert_int_equal(rounded[0], MOST_WEIGHT);
}

static void test_weights_that_are_all_zero_stay_so(void **state) {
    (void)state;
    const float zeros[4] = {0.0f, -0.0f, 0.0f, 0.0f}, tiny[2] = {0x1p-130f, -0x1p-140f};
    const weight_row of_zeros = {zeros, NULL, 4, 1}, of_tiny = {tiny, NULL, 1, 2};
    assert_true(weight_rounding_of(&of_zeros).scale == 0.0f && lost(&of_zeros) == 0.0);
    assert_true(weight_rounding_of(&of_tiny).scale == 0.0f);
    assert_true(lost(&of_tiny) == (double)tiny[0] + (double)tiny[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_1x1_kernel_sums_integers_without_an_error),
        cmocka_unit_test(test_every_3x3_kernel_sums_integers_without_an_error),
        cmocka_unit_test(test_kernels_that_cannot_run_here_are_named),
#if defined(__x86_64__)
        cmocka_unit_test(test_kernels_for_avx_vnni_are_exact_in_the_encoding_of_avx512_vnni),
#endif
        cmocka_unit_test(test_the_errors_of_weights_times_means_add_up_to_less_than_a_step),
        cmocka_unit_test(test_a_weight_far_above_the_others_is_cut_off_where_its_input_is_small),
        cmocka_unit_test(test_weights_that_are_all_zero_stay_so),
    };
    return cmocka_run_group_tests(tests, create_pools, free_pools);
}

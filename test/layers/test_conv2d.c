/* SPDX-License-Identifier: MIT */
/* Convolution: every kernel that this CPU can run, and the reference, against torch; every kernel against the
 * reference, on the shapes of the DenseNets and on unusual ones; and what the interface promises about
 * memory, bits and selection. */
#include "layers/conv2d_kernels.h"

#include "core/memory.h"
#include "test/support/layers.h"
#include "test/support/pools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- running one kernel ---- */

static void run_kernel(const dni_conv2d_kernel *kernel, const dni_conv2d *conv,
                       const dni_conv2d_params *params, const dni_tensor *x, const dni_tensor *y,
                       int threads) {
    const size_t packed_size = kernel->packed_size(conv);
    const size_t scratch_size = kernel->scratch_size(conv, x, threads);
    void *packed = dni_allocate(NULL, packed_size), *scratch = dni_allocate(NULL, scratch_size);
    assert_non_null(packed);
    assert_non_null(scratch);
    memset(scratch, 0xff, scratch_size); /* NaNs, because scratch memory has undefined contents */
    kernel->pack(conv, params, packed);
    kernel->run(conv, packed, x, y, scratch, pools[threads]);
    dni_release(NULL, packed, packed_size);
    dni_release(NULL, scratch, scratch_size);
}

static bool runs_here(const dni_conv2d_kernel *kernel, const dni_conv2d *conv) {
    const dni_conv2d_requirements all = {
        .isa = dni_cpu_isa(), .features = dni_cpu_features(), .precision = kernel->precision};
    return dni_conv2d_supports(kernel, conv, all);
}

/* ---- torch's goldens ---- */

static void check_golden(const char *name) {
    golden file = golden_load(name);
    const dni_conv2d conv = {.in_channels = golden_size(&file, 0),
                             .out_channels = golden_size(&file, 1),
                             .kernel = golden_size(&file, 2),
                             .stride = golden_size(&file, 3),
                             .pad = golden_size(&file, 4),
                             .prologue = (dni_prologue)golden_size(&file, 5),
                             .epilogue = (dni_epilogue)golden_size(&file, 6)};
    const int n = golden_size(&file, 7), h = golden_size(&file, 8), w = golden_size(&file, 9);
    const bool bn = conv.prologue != DNI_PROLOGUE_NONE, bias = conv.epilogue != DNI_EPILOGUE_NONE;
    const dni_conv2d_params params = {.weight = file.array[2],
                                      .scale = bn ? file.array[3] : NULL,
                                      .shift = bn ? file.array[4] : NULL,
                                      .bias = bias ? file.array[5] : NULL};
    const float *shape = file.array[6];
    assert_int_equal(dni_conv2d_output_size(&conv, h), (int64_t)shape[1]);
    assert_int_equal(dni_conv2d_output_size(&conv, w), (int64_t)shape[2]);
    const dni_tensor x = dni_tensor_nhwc(file.array[1], n, h, w, conv.in_channels);
    float *out = floats_alloc(file.size[7]);
    const dni_tensor y = dni_tensor_nhwc(out, n, (int64_t)shape[1], (int64_t)shape[2], conv.out_channels);
    for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
        const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
        if (!runs_here(kernel, &conv)) continue;
        run_kernel(kernel, &conv, &params, &x, &y, 1);
        const double error = relative_error(out, file.array[7], file.size[7]);
        if (!(error <= kernel->tolerance + 1e-7)) /* 1e-7: the golden file's own rounding */
            fail_msg("%s on %s: relative error %.2e", kernel->name, name, error);
    }
    free(out);
    golden_free(&file);
}

static void test_every_kernel_computes_what_torch_does(void **state) {
    (void)state;
    static const char *const names[] = {"conv2d_stem",    "conv2d_stem_tiny",  "conv2d_bottleneck",
                                        "conv2d_growth",  "conv2d_growth_1x1", "conv2d_transition",
                                        "conv2d_strided", "conv2d_all"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_golden(names[i]);
}

/* torchvision pools after the convolution, and the golden file has that order. On a 6x9 image both orders
 * leave the same size. */
static void test_pooling_first_equals_pooling_last(void **state) {
    (void)state;
    check_golden("conv2d_transition_order");
}

/* ---- every kernel against the reference ---- */

/* The layout of x in memory. */
typedef enum layout {
    DENSE,    /* exactly as large as the view, so that the sanitizer finds a read beyond it */
    STRIDED,  /* inside a larger buffer of NaNs, which spoil the result when they are used */
    BORDERED, /* with the zeros that dni_conv2d.border promises around it, inside a larger buffer of NaNs */
} layout;

typedef struct shape_case {
    dni_conv2d conv;
    int n, h, w;
} shape_case;

#define STEM(in, out)                                                                                        \
    {                                                                                                        \
        .in_channels = in, .out_channels = out, .kernel = 7, .stride = 2, .pad = 3,                          \
        .epilogue = DNI_EPILOGUE_BIAS_RELU_MAXPOOL                                                           \
    }
#define BOTTLENECK(in, out)                                                                                  \
    {                                                                                                        \
        .in_channels = in, .out_channels = out, .kernel = 1, .stride = 1, .prologue = DNI_PROLOGUE_BN_RELU,  \
        .epilogue = DNI_EPILOGUE_BIAS_RELU                                                                   \
    }
#define GROWTH(in, out)                                                                                      \
    { .in_channels = in, .out_channels = out, .kernel = 3, .stride = 1, .pad = 1 }
#define GROWTH_BEHIND_RELU(in, out)                                                                          \
    { .in_channels = in, .out_channels = out, .kernel = 3, .stride = 1, .pad = 1, .nonnegative = true }
#define TRANSITION(in, out)                                                                                  \
    {                                                                                                        \
        .in_channels = in, .out_channels = out, .kernel = 1, .stride = 1,                                    \
        .prologue = DNI_PROLOGUE_BN_RELU_AVGPOOL                                                             \
    }

/* DenseNet-161 (growth 48) and 121 (growth 32) at 224x224, batch 1. */
static const shape_case network_cases[] = {
    {STEM(3, 96), 1, 224, 224},        {STEM(3, 64), 1, 64, 96},
    {BOTTLENECK(96, 192), 1, 56, 56},  {BOTTLENECK(336, 192), 1, 56, 56},
    {BOTTLENECK(720, 192), 1, 28, 28}, {BOTTLENECK(2064, 192), 1, 14, 14},
    {BOTTLENECK(1056, 192), 1, 7, 7},  {BOTTLENECK(2160, 192), 1, 7, 7},
    {BOTTLENECK(64, 128), 1, 56, 56},  {BOTTLENECK(480, 128), 1, 28, 28},
    {BOTTLENECK(992, 128), 1, 7, 7},   {GROWTH(192, 48), 1, 56, 56},
    {GROWTH(192, 48), 1, 28, 28},      {GROWTH(192, 48), 1, 14, 14},
    {GROWTH(192, 48), 1, 7, 7},        {GROWTH(128, 32), 1, 56, 56},
    {GROWTH(128, 32), 1, 7, 7},        {TRANSITION(384, 192), 1, 56, 56},
    {TRANSITION(768, 384), 1, 28, 28}, {TRANSITION(2112, 1056), 1, 14, 14},
    {TRANSITION(256, 128), 1, 56, 56},
};

/* Sizes that no tile divides, maps of one pixel, channel counts that are no multiple of a vector. */
static const shape_case odd_cases[] = {
    {STEM(3, 96), 2, 41, 67},        {STEM(3, 64), 1, 33, 32},
    {STEM(3, 5), 2, 1, 1},           {STEM(4, 17), 1, 6, 3},
    {STEM(3, 48), 3, 2, 71},         {BOTTLENECK(1, 1), 1, 1, 1},
    {BOTTLENECK(3, 5), 2, 3, 1},     {BOTTLENECK(96, 192), 2, 25, 33},
    {BOTTLENECK(100, 192), 1, 9, 5}, {BOTTLENECK(144, 192), 3, 3, 5},
    {BOTTLENECK(401, 70), 1, 4, 7},  {BOTTLENECK(2160, 192), 2, 1, 1},
    {BOTTLENECK(800, 128), 2, 4, 4}, {BOTTLENECK(48, 33), 1, 13, 11},
    {BOTTLENECK(130, 96), 2, 5, 3},  {BOTTLENECK(770, 64), 1, 1, 7},
    {TRANSITION(386, 128), 2, 7, 9}, {GROWTH(192, 48), 2, 25, 33},
    {GROWTH(192, 48), 3, 7, 7},      {GROWTH(192, 48), 2, 2, 2},
    {GROWTH(192, 48), 2, 1, 1},      {GROWTH(128, 32), 1, 13, 5},
    {GROWTH(1, 1), 1, 3, 3},         {GROWTH(17, 5), 2, 6, 9},
    {GROWTH(50, 47), 1, 1, 20},      {GROWTH(33, 65), 1, 20, 1},
    {GROWTH(16, 49), 2, 8, 10},      {TRANSITION(384, 192), 2, 25, 33},
    {TRANSITION(50, 25), 1, 3, 2},   {TRANSITION(5, 3), 3, 2, 2},
    {TRANSITION(512, 256), 2, 7, 9}, {TRANSITION(2112, 1056), 2, 3, 3},
    {BOTTLENECK(1, 16), 2, 1, 3},    {BOTTLENECK(1535, 80), 2, 9, 7},
    {TRANSITION(385, 32), 2, 7, 9},  {GROWTH(48, 80), 2, 3, 5},
    {GROWTH(16, 16), 3, 1, 3},       {GROWTH(32, 32), 1, 19, 37},
};

/* Shapes of no DenseNet, which only the general kernels accept. */
static const shape_case general_cases[] = {
    {{.in_channels = 20,
      .out_channels = 30,
      .kernel = 5,
      .stride = 3,
      .pad = 1,
      .prologue = DNI_PROLOGUE_BN_RELU,
      .epilogue = DNI_EPILOGUE_BIAS_RELU},
     2,
     14,
     17},
    {{.in_channels = 9,
      .out_channels = 19,
      .kernel = 3,
      .stride = 1,
      .pad = 1,
      .prologue = DNI_PROLOGUE_BN_RELU_AVGPOOL,
      .epilogue = DNI_EPILOGUE_BIAS_RELU_MAXPOOL},
     2,
     13,
     22},
    {{.in_channels = 12, .out_channels = 16, .kernel = 2, .stride = 2, .pad = 0}, 1, 9, 8},
    {{.in_channels = 12,
      .out_channels = 16,
      .kernel = 3,
      .stride = 1,
      .pad = 2,
      .epilogue = DNI_EPILOGUE_BIAS_RELU},
     1,
     4,
     5},
    {{.in_channels = 40,
      .out_channels = 24,
      .kernel = 1,
      .stride = 2,
      .pad = 0,
      .epilogue = DNI_EPILOGUE_BIAS_RELU_MAXPOOL},
     2,
     12,
     15},
};

/* The arrays of one case: parameters, x in its layout, and the y that the reference computes. */
typedef struct fixture {
    dni_conv2d conv;
    dni_conv2d_params params;
    float *weight, *scale, *shift, *bias;
    float *memory; /* that holds x */
    dni_tensor x;
    int64_t height, width; /* of y */
    size_t count;          /* elements of y */
    float *expected;       /* y, dense */
} fixture;

static void place_input(fixture *f, const shape_case *c, layout placing) {
    const int64_t n = c->n, h = c->h, w = c->w, in = c->conv.in_channels;
    if (placing == DENSE) {
        f->memory = floats_alloc((size_t)(n * h * w * in));
        f->x = dni_tensor_nhwc(f->memory, n, h, w, in);
        return;
    }
    const int64_t edge = placing == BORDERED ? c->conv.border : 0;
    /* two more rows and columns of NaN on either side, and five channels */
    const int64_t bh = h + 4 + 2 * edge, bw = w + 4 + 2 * edge, bc = in + 5;
    const size_t count = (size_t)(n * bh * bw * bc);
    f->memory = floats_alloc(count);
    for (size_t i = 0; i < count; i++) f->memory[i] = NAN;
    dni_tensor inside = dni_tensor_nhwc(f->memory, n, bh, bw, bc);
    inside = dni_tensor_slice(&inside, 1, 2, h + 2 * edge);
    inside = dni_tensor_slice(&inside, 2, 2, w + 2 * edge);
    inside = dni_tensor_slice(&inside, 3, 3, in);
    for (int64_t i = 0; i < n; i++)
        for (int64_t y = 0; y < h + 2 * edge; y++)
            for (int64_t x = 0; x < w + 2 * edge; x++)
                memset((float *)inside.data + i * inside.stride[0] + y * inside.stride[1] +
                           x * inside.stride[2],
                       0, (size_t)in * sizeof(float));
    inside = dni_tensor_slice(&inside, 1, edge, h);
    f->x = dni_tensor_slice(&inside, 2, edge, w);
}

static void fill_input(const fixture *f) {
    const dni_tensor *x = &f->x;
    unsigned seed = 100;
    for (int64_t n = 0; n < x->shape[0]; n++)
        for (int64_t h = 0; h < x->shape[1]; h++)
            for (int64_t w = 0; w < x->shape[2]; w++) {
                float *pixel = (float *)x->data + n * x->stride[0] + h * x->stride[1] + w * x->stride[2];
                floats_fill(pixel, (size_t)x->shape[3], seed++, 0, 1);
                for (int64_t c = 0; f->conv.nonnegative && c < x->shape[3]; c++)
                    pixel[c] = fmaxf(pixel[c], 0.0f);
            }
}

static fixture fixture_create(const shape_case *c, layout placing) {
    fixture f = {.conv = c->conv};
    const size_t in = (size_t)c->conv.in_channels, out = (size_t)c->conv.out_channels;
    const size_t fan_in = in * (size_t)(c->conv.kernel * c->conv.kernel);
    f.weight = floats_alloc(out * fan_in);
    f.scale = floats_alloc(in), f.shift = floats_alloc(in), f.bias = floats_alloc(out);
    floats_fill(f.weight, out * fan_in, 1, 0, 1 / sqrtf((float)fan_in));
    floats_fill(f.scale, in, 2, 1, 0.3f);
    floats_fill(f.shift, in, 3, 0, 0.3f);
    floats_fill(f.bias, out, 4, 0, 0.3f);
    f.params.weight = f.weight;
    if (c->conv.prologue != DNI_PROLOGUE_NONE) f.params.scale = f.scale, f.params.shift = f.shift;
    if (c->conv.epilogue != DNI_EPILOGUE_NONE) f.params.bias = f.bias;
    place_input(&f, c, placing);
    fill_input(&f);
    f.height = dni_conv2d_output_size(&c->conv, c->h);
    f.width = dni_conv2d_output_size(&c->conv, c->w);
    f.count = (size_t)(c->n * f.height * f.width) * out;
    f.expected = floats_alloc(f.count);
    const dni_tensor y = dni_tensor_nhwc(f.expected, c->n, f.height, f.width, (int64_t)out);
    run_kernel(dni_conv2d_kernels[0], &f.conv, &f.params, &f.x, &y, 2);
    return f;
}

static void fixture_free(fixture *f) {
    free(f->weight), free(f->scale), free(f->shift), free(f->bias), free(f->memory), free(f->expected);
}

/* y is a slice of a larger buffer, whose other elements must keep this value. */
static const float guard = -123456.0f;

/* Runs a kernel into the middle of a guarded buffer and copies y to `out`, dense. */
static void run_guarded(const dni_conv2d_kernel *kernel, const fixture *f, const dni_tensor *x, float *out,
                        int threads) {
    const int64_t channels = f->conv.out_channels, n = x->shape[0];
    const int64_t bh = f->height + 2, bw = f->width + 2, bc = channels + 7;
    const size_t count = (size_t)(n * bh * bw * bc);
    float *memory = floats_alloc(count);
    for (size_t i = 0; i < count; i++) memory[i] = guard;
    dni_tensor y = dni_tensor_nhwc(memory, n, bh, bw, bc);
    y = dni_tensor_slice(&y, 1, 1, f->height);
    y = dni_tensor_slice(&y, 2, 1, f->width);
    y = dni_tensor_slice(&y, 3, 3, channels);
    run_kernel(kernel, &f->conv, &f->params, x, &y, threads);
    dni_tensor_to_f32(&y, out);
    size_t touched = 0;
    for (size_t i = 0; i < count; i++) touched += memory[i] != guard;
    if (touched > (size_t)(n * f->height * f->width * channels)) fail_msg("%s wrote outside y", kernel->name);
    free(memory);
}

static const char *describe(const dni_conv2d_kernel *kernel, const fixture *f, char text[160]) {
    snprintf(text, 160, "%s, %d -> %d channels, kernel %d, %lldx%lldx%lld", kernel->name, f->conv.in_channels,
             f->conv.out_channels, f->conv.kernel, (long long)f->x.shape[0], (long long)f->x.shape[1],
             (long long)f->x.shape[2]);
    return text;
}

static void check_kernel(const dni_conv2d_kernel *kernel, const fixture *f) {
    char text[160];
    float *out = floats_alloc(f->count), *again = floats_alloc(f->count);
    run_guarded(kernel, f, &f->x, out, 1);
    const double error = relative_error(out, f->expected, f->count);
    if (!(error <= kernel->tolerance))
        fail_msg("%s: relative error %.2e, allowed %.1e", describe(kernel, f, text), error,
                 kernel->tolerance);
    for (int threads = 2; threads; threads = more_threads(threads)) {
        run_guarded(kernel, f, &f->x, again, threads);
        if (memcmp(again, out, f->count * sizeof *out) != 0)
            fail_msg("%s: other bits with %d threads", describe(kernel, f, text), threads);
    }
    const size_t image = f->count / (size_t)f->x.shape[0];
    for (int64_t n = 0; f->x.shape[0] > 1 && n < f->x.shape[0]; n++) {
        const dni_tensor alone = dni_tensor_slice(&f->x, 0, n, 1);
        run_guarded(kernel, f, &alone, again, 2);
        if (memcmp(again, out + (size_t)n * image, image * sizeof *out) != 0)
            fail_msg("%s: image %lld has other bits alone", describe(kernel, f, text), (long long)n);
    }
    free(out), free(again);
}

/* A 3x3 convolution also behind a ReLU, where more kernels accept it. */
static void check_case(const shape_case *c, layout placing) {
    fixture f = fixture_create(c, placing);
    for (size_t k = 1; k < dni_conv2d_kernel_count; k++)
        if (runs_here(dni_conv2d_kernels[k], &f.conv)) check_kernel(dni_conv2d_kernels[k], &f);
    fixture_free(&f);
    if (c->conv.kernel != 3 || c->conv.prologue != DNI_PROLOGUE_NONE || c->conv.nonnegative) return;
    shape_case behind_relu = *c;
    behind_relu.conv.nonnegative = true;
    check_case(&behind_relu, placing);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_every_kernel_agrees_with_the_reference_on_the_networks_shapes(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(network_cases); i++) check_case(&network_cases[i], DENSE);
}

static void test_every_kernel_agrees_with_the_reference_on_odd_shapes(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(odd_cases); i++) {
        check_case(&odd_cases[i], DENSE);
        check_case(&odd_cases[i], STRIDED);
    }
}

static void test_every_kernel_agrees_with_the_reference_on_what_no_densenet_has(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(general_cases); i++) {
        check_case(&general_cases[i], DENSE);
        check_case(&general_cases[i], STRIDED);
    }
}

static void test_a_promised_border_changes_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(odd_cases); i++) {
        shape_case c = odd_cases[i];
        if (c.conv.pad == 0) continue;
        for (c.conv.border = 1; c.conv.border <= c.conv.pad; c.conv.border++) check_case(&c, BORDERED);
    }
}

/* Rows first .. first + count - 1 of the fixture's y, into their place in `out`. */
static void run_rows(const dni_conv2d_kernel *kernel, const fixture *f, int64_t first, int64_t count,
                     float *out, int threads) {
    const dni_tensor y = dni_tensor_nhwc(out, f->x.shape[0], f->height, f->width, f->conv.out_channels);
    const dni_tensor from = dni_tensor_slice(&f->x, 1, first, count);
    const dni_tensor to = dni_tensor_slice(&y, 1, first, count);
    run_kernel(kernel, &f->conv, &f->params, &from, &to, threads);
}

static void check_bands(const fixture *f, const dni_conv2d_kernel *kernel, int64_t band) {
    char text[160];
    float *whole = floats_alloc(f->count), *banded = floats_alloc(f->count);
    run_rows(kernel, f, 0, f->height, whole, 2);
    for (int64_t first = 0; first < f->height; first += band)
        run_rows(kernel, f, first, first + band < f->height ? band : f->height - first, banded, 1);
    if (memcmp(whole, banded, f->count * sizeof *whole) != 0)
        fail_msg("%s: other bits in bands of %lld rows", describe(kernel, f, text), (long long)band);
    free(whole), free(banded);
}

/* The border of such a range holds the neighbouring rows, which a 3x3 convolution needs. */
static void test_bands_of_rows_have_the_bits_of_the_whole_image(void **state) {
    (void)state;
    static const shape_case cases[] = {
        {BOTTLENECK(96, 192), 1, 56, 56},
        {BOTTLENECK(240, 192), 1, 56, 56},
        {BOTTLENECK(144, 192), 2, 25, 33},
        {BOTTLENECK(401, 70), 1, 9, 5},
        {GROWTH(192, 48), 1, 56, 56},
        {GROWTH(192, 48), 2, 25, 33},
        {GROWTH(128, 32), 1, 13, 5},
        {GROWTH(17, 5), 2, 6, 9},
        {GROWTH_BEHIND_RELU(192, 48), 1, 56, 56},
        {GROWTH_BEHIND_RELU(96, 32), 2, 25, 13},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        shape_case c = cases[i];
        c.conv.border = c.conv.pad;
        fixture f = fixture_create(&c, BORDERED);
        for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
            if (!runs_here(dni_conv2d_kernels[k], &f.conv)) continue;
            check_bands(&f, dni_conv2d_kernels[k], DNI_CONV2D_STRIP);
            check_bands(&f, dni_conv2d_kernels[k], 2 * DNI_CONV2D_STRIP);
        }
        fixture_free(&f);
    }
}

/* ---- the list ---- */

/* Every set of features that some CPU could have. */
enum { FEATURE_SETS = 2 * DNI_CPU_DOTPROD };

/* Whether the kernel may be chosen, written down apart from dni_conv2d_supports(). */
static bool may_be_chosen(const dni_conv2d_kernel *kernel, const dni_conv2d *conv,
                          dni_conv2d_requirements requirements) {
    const bool rounds_bf16 = kernel->precision == DNI_PRECISION_BF16,
               rounds_int8 = kernel->precision == DNI_PRECISION_INT8;
    return kernel->accepts(conv) && kernel->isa <= requirements.isa &&
           (kernel->features | requirements.features) == requirements.features &&
           !(rounds_bf16 && requirements.precision == DNI_PRECISION_F32) &&
           !(rounds_int8 && requirements.precision != DNI_PRECISION_INT8);
}

static void check_selection(const dni_conv2d *conv, dni_conv2d_requirements requirements) {
    const dni_conv2d_kernel *chosen = dni_conv2d_select(conv, requirements);
    bool behind = false, rounding_exists = false;
    for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
        const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
        const bool may = may_be_chosen(kernel, conv, requirements);
        if (behind) assert_false(may);
        if (kernel == chosen) behind = true;
        rounding_exists |= may && kernel->precision != DNI_PRECISION_F32 && kernel->isa >= chosen->isa;
    }
    assert_true(behind && may_be_chosen(chosen, conv, requirements));
    assert_true(!rounding_exists || chosen->precision != DNI_PRECISION_F32);
}

static void test_selection_takes_the_last_kernel_that_accepts_and_the_requirements_allow(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(network_cases); i++)
        for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++)
            for (unsigned features = 0; features < FEATURE_SETS; features++)
                for (dni_precision p = DNI_PRECISION_F32; p <= DNI_PRECISION_INT8; p++)
                    check_selection(
                        &network_cases[i].conv,
                        (dni_conv2d_requirements){.isa = isa, .features = features, .precision = p});
}

static void test_what_rounds_is_chosen_only_where_it_is_asked_for_and_can_run(void **state) {
    (void)state;
    const dni_conv2d *conv = &network_cases[2].conv;
    dni_conv2d_requirements requirements = {.isa = DNI_ISA_AVX512, .features = DNI_CPU_AVX512_BF16};
    const dni_conv2d_kernel *exact = dni_conv2d_select(conv, requirements);
    assert_int_equal(exact->precision, DNI_PRECISION_F32);
    requirements.precision = DNI_PRECISION_BF16;
    requirements.features = 0;
    assert_ptr_equal(dni_conv2d_select(conv, requirements), exact);
#if defined(__x86_64__)
    requirements.features = DNI_CPU_AVX512_BF16;
    assert_int_equal(dni_conv2d_select(conv, requirements)->precision, DNI_PRECISION_BF16);
    requirements.precision = DNI_PRECISION_INT8;
    requirements.features |= DNI_CPU_AVX512_VNNI;
    assert_int_equal(dni_conv2d_select(conv, requirements)->precision, DNI_PRECISION_INT8);
#endif
}

/* In int8 a 3x3 convolution is Winograd's in bfloat16 where the CPU has both, and direct where it has not. */
static void test_int8_leaves_3x3_convolutions_to_bf16_where_the_cpu_has_it(void **state) {
    (void)state;
#if defined(__x86_64__)
    const dni_conv2d conv = GROWTH_BEHIND_RELU(192, 48);
    dni_conv2d_requirements requirements = {
        .isa = DNI_ISA_AVX512, .features = DNI_CPU_AVX512_VNNI, .precision = DNI_PRECISION_INT8};
    assert_string_equal(dni_conv2d_select(&conv, requirements)->name, "conv3x3_int8_avx512_direct");
    requirements.features |= DNI_CPU_AVX512_BF16;
    assert_string_equal(dni_conv2d_select(&conv, requirements)->name, "conv3x3_bf16_avx512_winograd2x4");
#else
    skip();
#endif
}

/* The most bytes that packed parameters may take without being called expanded: weights, scales, shifts and
 * biases, and some channels that fill up a vector or a register tile. */
static size_t plain_size(const dni_conv2d *conv) {
    const size_t in = (size_t)conv->in_channels, out = (size_t)conv->out_channels;
    return ((in * (size_t)(conv->kernel * conv->kernel) + 2) * (out + 16) + 2 * in) * sizeof(float);
}

static void test_only_kernels_that_say_so_expand_the_weights(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(network_cases); i++) {
        const dni_conv2d *conv = &network_cases[i].conv;
        for (size_t k = 0; k < dni_conv2d_kernel_count; k++) {
            const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
            if (!kernel->accepts(conv)) continue;
            const bool larger = kernel->packed_size(conv) > plain_size(conv);
            if (larger != kernel->expands)
                fail_msg("%s packs %zu bytes where plain ones are %zu", kernel->name,
                         kernel->packed_size(conv), plain_size(conv));
        }
    }
}

static void test_compact_selection_takes_the_best_kernel_that_does_not_expand(void **state) {
    (void)state;
    const dni_conv2d conv1 = {96, 192, 1, 1, 0, DNI_PROLOGUE_BN_RELU, DNI_EPILOGUE_BIAS_RELU, 0, false};
    const dni_conv2d conv2 = {192, 48, 3, 1, 1, DNI_PROLOGUE_NONE, DNI_EPILOGUE_NONE, 1, true};
    const dni_conv2d_requirements compact = {.isa = DNI_ISA_PORTABLE, .compact = true};
    assert_string_equal(dni_conv2d_select(&conv1, compact)->name, "conv2d_f32_portable_blocked");
    assert_string_equal(dni_conv2d_select(&conv2, compact)->name, "conv3x3_f32_portable_winograd4_compact");
    for (size_t i = 0; i < COUNT(network_cases); i++)
        for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
            const dni_conv2d_requirements requirements = {.isa = isa, .compact = true};
            const dni_conv2d_kernel *chosen = dni_conv2d_select(&network_cases[i].conv, requirements);
            assert_false(chosen->expands);
            assert_true(chosen->isa <= isa && chosen != &dni_conv2d_f32_reference);
        }
}

/* The compact kernel transforms weights as the other one packs them. */
static void test_compact_winograd_gives_the_bits_of_the_other(void **state) {
    (void)state;
    for (size_t k = 1; k < dni_conv2d_kernel_count; k++) {
        const dni_conv2d_kernel *compact = dni_conv2d_kernels[k - 1], *full = dni_conv2d_kernels[k];
        if (!strstr(compact->name, "_winograd4_compact")) continue;
        assert_true(strncmp(compact->name, full->name, strlen(full->name)) == 0);
        for (size_t i = 0; i < COUNT(odd_cases); i++) {
            if (!runs_here(full, &odd_cases[i].conv)) continue;
            fixture f = fixture_create(&odd_cases[i], STRIDED);
            float *out = floats_alloc(f.count), *again = floats_alloc(f.count);
            run_guarded(full, &f, &f.x, out, 1);
            run_guarded(compact, &f, &f.x, again, 2);
            assert_memory_equal(out, again, f.count * sizeof *out);
            free(out), free(again);
            fixture_free(&f);
        }
    }
}

static void test_kernel_names_are_unique_and_the_reference_comes_first(void **state) {
    (void)state;
    assert_string_equal(dni_conv2d_kernels[0]->name, "conv2d_f32_reference");
    for (size_t i = 0; i < dni_conv2d_kernel_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(dni_conv2d_kernels[i]->name, dni_conv2d_kernels[j]->name);
}

static void test_work_is_split_into_no_more_ranges_than_threads_and_evenly(void **state) {
    (void)state;
    int units, blocks;
    dni_conv2d_split(28, 4, 2, &units, &blocks); /* 14x14 in panels of 7: pixels divide, gather once */
    assert_true(units == 2 && blocks == 1);
    dni_conv2d_split(7, 4, 2, &units, &blocks); /* 7x7: pixels do not */
    assert_true(units == 1 && blocks == 2);
    dni_conv2d_split(1, 1, 3, &units, &blocks);
    assert_true(units * blocks <= 3 && units >= 1 && blocks >= 1);
    dni_conv2d_split(4, 2, 64, &units, &blocks); /* no range is empty */
    assert_true(units == 4 && blocks == 2);
    for (int threads = 1; threads <= 9; threads++) {
        dni_conv2d_split(100, 5, threads, &units, &blocks);
        assert_true(units * blocks <= threads && units >= 1 && blocks >= 1);
    }
}

static void test_nothing_is_left_of_an_image_smaller_than_the_kernel(void **state) {
    (void)state;
    const dni_conv2d unpadded = {.kernel = 3, .stride = 2, .in_channels = 1, .out_channels = 1};
    assert_true(dni_conv2d_output_size(&unpadded, 2) <= 0);
    assert_int_equal(dni_conv2d_output_size(&unpadded, 3), 1);
    const dni_conv2d transition = {.kernel = 1,
                                   .stride = 1,
                                   .in_channels = 1,
                                   .out_channels = 1,
                                   .prologue = DNI_PROLOGUE_BN_RELU_AVGPOOL};
    assert_true(dni_conv2d_output_size(&transition, 1) <= 0);
    assert_int_equal(dni_conv2d_output_size(&transition, 3), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_computes_what_torch_does),
        cmocka_unit_test(test_pooling_first_equals_pooling_last),
        cmocka_unit_test(test_every_kernel_agrees_with_the_reference_on_the_networks_shapes),
        cmocka_unit_test(test_every_kernel_agrees_with_the_reference_on_odd_shapes),
        cmocka_unit_test(test_every_kernel_agrees_with_the_reference_on_what_no_densenet_has),
        cmocka_unit_test(test_a_promised_border_changes_nothing),
        cmocka_unit_test(test_bands_of_rows_have_the_bits_of_the_whole_image),
        cmocka_unit_test(test_selection_takes_the_last_kernel_that_accepts_and_the_requirements_allow),
        cmocka_unit_test(test_what_rounds_is_chosen_only_where_it_is_asked_for_and_can_run),
        cmocka_unit_test(test_int8_leaves_3x3_convolutions_to_bf16_where_the_cpu_has_it),
        cmocka_unit_test(test_only_kernels_that_say_so_expand_the_weights),
        cmocka_unit_test(test_compact_selection_takes_the_best_kernel_that_does_not_expand),
        cmocka_unit_test(test_compact_winograd_gives_the_bits_of_the_other),
        cmocka_unit_test(test_kernel_names_are_unique_and_the_reference_comes_first),
        cmocka_unit_test(test_work_is_split_into_no_more_ranges_than_threads_and_evenly),
        cmocka_unit_test(test_nothing_is_left_of_an_image_smaller_than_the_kernel),
    };
    return cmocka_run_group_tests(tests, create_pools, free_pools);
}

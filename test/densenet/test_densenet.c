/* SPDX-License-Identifier: MIT */
/* Networks against torchvision's in float64 (test/golden/densenet/oracle_densenet.py), and what a session
 * promises: results that depend neither on threads nor on the rest of the batch, one arena of the planned
 * size, no allocation in a forward pass, nothing lost when memory runs out. */
#include "core/cpu.h"
#include "core/memory.h"
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "densenet/topology.h"
#include "io/safetensors.h"
#include "test/support/pools.h"
#include "test/support/sanitizer.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Largest difference from the float64 oracle over its largest value: what float32 sums of a few thousand
 * products through up to 98 layers may lose. */
#define TOLERANCE 1e-5

enum { SEED = 7 }; /* the oracle's */

/* A DenseNet that runs in no time: block 1 goes 4, 7, 10 channels, block 2 starts at 5. */
static const dn_config toy = {"toy", 3, {2, 1, 2, 1}, 4, 2, 8};

/* ---- counting and failing allocations ----
 * malloc and its kin are replaced in this program, except under a sanitizer that has its own;
 * AddressSanitizer finds leaks by itself. */

static atomic_long allocations, alive;
static atomic_long failing_at = -1; /* the number, from 0, of the allocation to refuse; -1: none */

#if !SANITIZER_HAS_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static int refused(void) {
    const long number = atomic_fetch_add(&allocations, 1);
    return number == atomic_load(&failing_at);
}

static void *counted(void *memory) {
    if (memory) atomic_fetch_add(&alive, 1);
    return memory;
}

#pragma GCC visibility push(default) /* libc's own calls, strdup's for one, shall come here too */

void *malloc(size_t size) {
    return refused() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return refused() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size) {
    if (refused()) return NULL;
    void *moved = __libc_realloc(memory, size);
    return memory ? moved : counted(moved);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    *out = refused() ? NULL : counted(__libc_memalign(alignment, size));
    return *out ? 0 : ENOMEM;
}

void free(void *memory) {
    if (memory) atomic_fetch_sub(&alive, 1);
    __libc_free(memory);
}

#pragma GCC visibility pop
#endif

/* An allocator for dn_model_options and dn_session_options that keeps count and refuses when told to. */
typedef struct account {
    size_t bytes;   /* at present */
    size_t largest; /* single request */
    int refuse;     /* every request */
} account;

static void *ledger_allocate(void *context, size_t size) {
    account *own = context;
    void *memory = own->refuse ? NULL : dni_allocate(NULL, size);
    if (!memory) return NULL;
    own->bytes += size;
    if (size > own->largest) own->largest = size;
    return memory;
}

static void ledger_release(void *context, void *memory, size_t size) {
    account *own = context;
    own->bytes -= size;
    dni_release(NULL, memory, size);
}

/* ---- support ---- */

static dn_model *seeded_model_in(const dn_config *config, dn_memory memory) {
    dn_weights *weights = seeded_weights(config, SEED);
    assert_non_null(weights);
    dn_model *model;
    dn_error error;
    const dn_model_options options = {.struct_size = sizeof options, .memory = memory};
    if (dn_model_create(&model, weights, &options, &error)) fail_msg("%s", error.message);
    dn_weights_free(weights);
    return model;
}

static dn_model *seeded_model(const dn_config *config) {
    return seeded_model_in(config, DN_MEMORY_FAST);
}

static dn_session *session_of(const dn_model *model, int batch, int height, int width, int threads) {
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = batch, .height = height, .width = width, .threads = threads};
    dn_session *session;
    dn_error error;
    if (dn_session_create(&session, model, &options, &error)) fail_msg("%s", error.message);
    return session;
}

static float *floats(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = NAN; /* whatever is not written shows */
    return values;
}

static float *inputs_of(int count, int height, int width) {
    float *inputs = seeded_inputs(SEED, (size_t)count * (size_t)height * (size_t)width * 3);
    assert_non_null(inputs);
    return inputs;
}

static dni_tensor_dict *golden(const char *name) {
    char path[256];
    dni_tensor_dict *dict;
    dn_error error;
    snprintf(path, sizeof path, "test/golden/densenet/%s.safetensors", name);
    if (dni_safetensors_read(&dict, path, &error)) fail_msg("%s", error.message);
    return dict;
}

/* The first `count` values against a golden tensor, which holds at least as many. */
static void assert_matches(const float *values, size_t count, const dni_tensor_dict *expected,
                           const char *name, double tolerance) {
    const dni_tensor *tensor = dni_tensor_dict_find(expected, name);
    assert_non_null(tensor);
    assert_true(count <= (size_t)dni_tensor_count(tensor));
    const float *golden_values = tensor->data;
    double worst = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double difference = fabs((double)values[i] - (double)golden_values[i]);
        if (!(difference <= worst)) worst = difference;
        largest = fmax(largest, fabs((double)golden_values[i]));
    }
    if (!(worst <= tolerance * largest))
        fail_msg("%s: relative error %.3g, allowed %.3g", name, worst / largest, tolerance);
    print_message("    %s: relative error %.2g\n", name, worst / largest);
}

/* ---- against torchvision ---- */

static void check_network(const dn_model *model, const char *name, int count, int height, int width) {
    char file[64];
    snprintf(file, sizeof file, "%s_%dx%d", name, height, width);
    dni_tensor_dict *expected = golden(file);
    dn_session *session = session_of(model, count, height, width, 2);
    int map_height, map_width;
    dn_session_map_size(session, &map_height, &map_width);
    const size_t features = (size_t)dn_model_config(model)->features, images = (size_t)count;
    const size_t map_count = images * (size_t)(map_height * map_width) * features;
    float *inputs = inputs_of(count, height, width);
    const dn_outputs outputs = {.features = floats(images * features),
                                .map = floats(map_count),
                                .logits = floats(images * DN_LOGITS)};

    dn_error error;
    if (dn_session_forward(session, inputs, count, &outputs, &error)) fail_msg("%s", error.message);
    assert_matches(outputs.features, images * features, expected, "features", TOLERANCE);
    assert_matches(outputs.logits, images * DN_LOGITS, expected, "logits", TOLERANCE);
    if (dni_tensor_dict_find(expected, "map"))
        assert_matches(outputs.map, map_count, expected, "map", TOLERANCE);

    free(outputs.features);
    free(outputs.map);
    free(outputs.logits);
    free(inputs);
    dn_session_free(session);
    dni_tensor_dict_free(expected);
}

static void check_member(const char *name, int count, int height, int width) {
    dn_model *model = seeded_model(strcmp(name, "toy") ? dn_config_find(name) : &toy);
    check_network(model, name, count, height, width);
    dn_model_free(model);
}

static void check_low_memory(const char *name, int count, int height, int width) {
    dn_model *model = seeded_model_in(dn_config_find(name), DN_MEMORY_LOW);
    check_network(model, name, count, height, width);
    dn_model_free(model);
}

static void test_toy_network_appends_in_place_as_torch_concatenates(void **state) {
    (void)state;
    check_member("toy", 3, 45, 70);
}

static void test_densenet121_matches_torch_on_every_tier_of_this_cpu(void **state) {
    (void)state;
    char *before = chosen_tier();
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
        if (!dni_cpu_has(isa)) continue;
        setenv("DN_ISA", dni_isa_name(isa), 1);
        print_message("    %s\n", dni_isa_name(isa));
        check_member("densenet121", 2, 64, 64);
        check_low_memory("densenet121", 2, 64, 64);
    }
    restore_tier(before);
}

static void test_densenet169_matches_torch(void **state) {
    (void)state;
    check_member("densenet169", 1, 64, 96);
}

static void test_densenet201_matches_torch(void **state) {
    (void)state;
    check_member("densenet201", 1, 80, 64);
}

static void test_densenet161_matches_torch_at_97x129_and_224x224_in_batches_of_1_and_3(void **state) {
    (void)state;
    dn_model *model = seeded_model(dn_config_find("densenet161"));
    check_network(model, "densenet161", 1, 97, 129);
    check_network(model, "densenet161", 1, 224, 224);
    check_network(model, "densenet161", 3, 224, 224);
    dn_model_free(model);
}

/* ---- low memory ---- */

static void test_networks_in_low_memory_match_torch(void **state) {
    (void)state;
    check_low_memory("densenet201", 1, 80, 64);
    check_low_memory("densenet161", 1, 97, 129);
}

static size_t bytes_of_tensors(const dn_config *config) {
    size_t bytes = 0;
    for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk);) {
        size_t size = sizeof(float);
        for (int d = 0; d < walk.rank; d++) size *= (size_t)walk.shape[d];
        bytes += size;
    }
    return bytes;
}

/* Two per cent for output channels that fill up a vector and for biases; the fast model is well above. */
static void test_low_memory_keeps_weights_at_their_size(void **state) {
    (void)state;
    const char *const names[] = {"densenet121", "densenet161"};
    for (int i = 0; i < 2; i++) {
        const dn_config *config = dn_config_find(names[i]);
        const size_t plain = bytes_of_tensors(config);
        dn_model *low = seeded_model_in(config, DN_MEMORY_LOW), *fast = seeded_model(config);
        print_message("    %s: %zu bytes of tensors, low %zu, fast %zu\n", names[i], plain,
                      dn_model_size(low), dn_model_size(fast));
        assert_true(dn_model_size(low) <= plain + plain / 50);
        assert_true(dn_model_size(fast) > plain + plain / 2);
        dn_model_free(low);
        dn_model_free(fast);
    }
}

static void test_low_memory_names_kernels_that_keep_weights_as_they_are(void **state) {
    (void)state;
    dn_model *model = seeded_model_in(dn_config_find("densenet161"), DN_MEMORY_LOW);
    for (int i = 0; i < dni_convolution_count(dn_model_config(model)); i++) {
        const dni_part part = dni_part_at(dn_model_config(model), i);
        const char *kernel = dn_model_kernel(model, part.conv);
        const char *technique = part.role == DNI_CONV2 ? "_winograd4_compact" : "_blocked";
        if (part.role != DNI_STEM && !strstr(kernel, technique))
            fail_msg("%s is computed by %s", part.conv, kernel);
    }
    dn_model_free(model);
}

static void test_unknown_memory_is_refused_with_the_value(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(&toy, SEED);
    dn_model *model;
    dn_error error;
    const dn_model_options options = {.struct_size = sizeof options, .memory = (dn_memory)2};
    assert_int_equal(dn_model_create(&model, weights, &options, &error), DN_ERR_ARGUMENT);
    assert_null(model);
    assert_non_null(strstr(error.message, "memory 2"));
    dn_weights_free(weights);
}

/* ---- the same bits ---- */

static void forward_features(dn_session *session, const float *inputs, int count, float *features) {
    dn_error error;
    if (dn_session_forward(session, inputs, count, &(dn_outputs){.features = features}, &error))
        fail_msg("%s", error.message);
}

static void check_threads(dn_memory memory) {
    dn_model *model = seeded_model_in(dn_config_find("densenet121"), memory);
    float *inputs = inputs_of(2, 64, 64), *expected = floats(2 * 1024), *features = floats(2 * 1024);
    for (int threads = 1; threads; threads = more_threads(threads)) {
        dn_session *session = session_of(model, 2, 64, 64, threads);
        assert_int_equal(dn_session_threads(session), threads);
        forward_features(session, inputs, 2, threads == 1 ? expected : features);
        if (threads > 1) assert_memory_equal(features, expected, 2 * 1024 * sizeof(float));
        dn_session_free(session);
    }
    free(inputs);
    free(expected);
    free(features);
    dn_model_free(model);
}

static void test_results_do_not_depend_on_threads(void **state) {
    (void)state;
    check_threads(DN_MEMORY_FAST);
    check_threads(DN_MEMORY_LOW);
}

static void check_batch(dn_memory memory) {
    enum { BATCH = 5, SIDE = 64, IMAGE = SIDE * SIDE * 3, FEATURES = 1024 };
    dn_model *model = seeded_model_in(dn_config_find("densenet121"), memory);
    dn_session *batch = session_of(model, BATCH, SIDE, SIDE, 2),
               *single = session_of(model, 1, SIDE, SIDE, 2);
    float *inputs = inputs_of(BATCH, SIDE, SIDE);
    float *together = floats(BATCH * FEATURES), *alone = floats(FEATURES);
    for (int count = 3; count <= BATCH; count += 2) { /* a part of the batch, and all of it */
        forward_features(batch, inputs, count, together);
        for (size_t i = 0; i < (size_t)count; i++) {
            forward_features(single, inputs + i * IMAGE, 1, alone);
            assert_memory_equal(alone, together + i * FEATURES, FEATURES * sizeof(float));
        }
    }
    free(inputs);
    free(together);
    free(alone);
    dn_session_free(batch);
    dn_session_free(single);
    dn_model_free(model);
}

static void test_an_image_alone_gives_the_bits_it_gives_in_a_batch(void **state) {
    (void)state;
    check_batch(DN_MEMORY_FAST);
    check_batch(DN_MEMORY_LOW);
}

/* Maps of 8x10, 4x5, 2x2 and 1x1 pixels: groups of 10, 40, 196 and 450 images, none a multiple of the
 * next. */
static void test_groups_of_images_cover_a_large_batch(void **state) {
    (void)state;
    enum { BATCH = 450, HEIGHT = 32, WIDTH = 40, IMAGE = HEIGHT * WIDTH * 3, FEATURES = 8 };
    dn_model *model = seeded_model(&toy);
    dn_session *batch = session_of(model, BATCH, HEIGHT, WIDTH, 1);
    dn_session *single = session_of(model, 1, HEIGHT, WIDTH, 1);
    float *inputs = inputs_of(BATCH, HEIGHT, WIDTH);
    float *together = floats(BATCH * FEATURES), *alone = floats(FEATURES);
    forward_features(batch, inputs, BATCH, together);
    for (size_t i = 0; i < BATCH; i++) {
        forward_features(single, inputs + i * IMAGE, 1, alone);
        assert_memory_equal(alone, together + i * FEATURES, FEATURES * sizeof(float));
    }
    free(inputs);
    free(together);
    free(alone);
    dn_session_free(batch);
    dn_session_free(single);
    dn_model_free(model);
}

static void test_each_output_is_the_same_whichever_others_are_asked_for(void **state) {
    (void)state;
    enum { FEATURES = 8, MAP = 2 * FEATURES };
    dn_model *model = seeded_model(&toy);
    dn_session *session = session_of(model, 1, 45, 70, 1);
    float *inputs = inputs_of(1, 45, 70);
    float features[2][FEATURES], map[2][MAP], logits[2][DN_LOGITS];
    dn_error error;
    assert_int_equal(dn_session_forward(
                         session, inputs, 1,
                         &(dn_outputs){.features = features[0], .map = map[0], .logits = logits[0]}, &error),
                     DN_OK);
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.features = features[1]}, &error),
                     DN_OK);
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.map = map[1]}, &error), DN_OK);
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.logits = logits[1]}, &error),
                     DN_OK);
    assert_memory_equal(features[0], features[1], sizeof features[0]);
    assert_memory_equal(map[0], map[1], sizeof map[0]);
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    free(inputs);
    dn_session_free(session);
    dn_model_free(model);
}

/* ---- memory ---- */

static void test_arena_is_one_block_of_the_planned_size(void **state) {
    (void)state;
    dn_model *model = seeded_model(dn_config_find("densenet161"));
    for (int batch = 1; batch <= 16; batch += 15) {
        account ledger = {0};
        const dn_allocator allocator = {ledger_allocate, ledger_release, &ledger};
        const dn_session_options options = {.struct_size = sizeof options,
                                            .batch = batch,
                                            .height = 224,
                                            .width = 224,
                                            .threads = 2,
                                            .allocator = &allocator};
        size_t planned;
        dn_session *session;
        assert_int_equal(dn_session_plan(model, &options, &planned, NULL), DN_OK);
        assert_int_equal(dn_session_create(&session, model, &options, NULL), DN_OK);
        assert_int_equal(dn_session_arena_size(session), planned);
        assert_int_equal(ledger.bytes, planned);
        assert_int_equal(ledger.largest, planned);
        print_message("    batch %d: %zu bytes\n", batch, planned);
        assert_true(planned < 40000000); /* early blocks do not grow with the batch */
        dn_session_free(session);
        assert_int_equal(ledger.bytes, 0);
    }
    dn_model_free(model);
}

static void test_forward_allocates_nothing(void **state) {
    (void)state;
#if SANITIZER_HAS_MALLOC
    skip();
#endif
    dn_model *model = seeded_model(dn_config_find("densenet121"));
    dn_session *session = session_of(model, 3, 32, 32, 2);
    float *inputs = inputs_of(3, 32, 32), *map = floats(3 * 1024);
    float *features = floats(3 * 1024), *logits = floats(3 * DN_LOGITS);
    const long before = atomic_load(&allocations);
    assert_true(before > 0); /* the counter counts */
    const dn_status status = dn_session_forward(
        session, inputs, 3, &(dn_outputs){.features = features, .map = map, .logits = logits}, NULL);
    const long after = atomic_load(&allocations);
    assert_int_equal(status, DN_OK);
    assert_int_equal(after - before, 0);
    free(inputs);
    free(map);
    free(features);
    free(logits);
    dn_session_free(session);
    dn_model_free(model);
}

/* Weights, calibration, model, session, one pass: everything that allocates. */
static dn_status whole_life(const float *inputs) {
    dn_weights *weights = NULL;
    dn_model *model = NULL;
    dn_session *session = NULL;
    float features[2 * 8];
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = 2, .height = 32, .width = 32, .threads = 1};
    const dn_calibrate_options calibration = {.struct_size = sizeof calibration, .threads = 1};
    dn_status status = dn_weights_random(&weights, &toy, SEED, NULL);
    if (!status) status = dn_weights_calibrate(weights, inputs, 2, 32, 32, &calibration, NULL);
    if (!status)
        status =
            dn_model_create(&model, weights,
                            &(dn_model_options){.struct_size = sizeof(dn_model_options), .threads = 1}, NULL);
    if (!status) status = dn_session_create(&session, model, &options, NULL);
    if (!status) status = dn_session_forward(session, inputs, 2, &(dn_outputs){.features = features}, NULL);
    dn_session_free(session);
    dn_model_free(model);
    dn_weights_free(weights);
    return status;
}

static void test_failure_of_any_allocation_is_reported_and_leaks_nothing(void **state) {
    (void)state;
#if SANITIZER_HAS_MALLOC
    skip();
#endif
    float *inputs = inputs_of(2, 32, 32);
    assert_int_equal(whole_life(inputs), DN_OK);
    const long start = atomic_load(&allocations);
    const long living = atomic_load(&alive);
    assert_int_equal(whole_life(inputs), DN_OK);
    const long count = atomic_load(&allocations) - start;
    assert_true(count > 100);
    assert_int_equal(atomic_load(&alive), living);
    for (long k = 0; k < count; k++) {
        atomic_store(&failing_at, atomic_load(&allocations) + k);
        const dn_status status = whole_life(inputs);
        atomic_store(&failing_at, -1);
        assert_int_equal(status, DN_ERR_MEMORY);
        assert_int_equal(atomic_load(&alive), living);
    }
    free(inputs);
}

static void test_refusing_allocator_of_the_caller_is_reported_with_the_size(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(&toy, SEED);
    account ledger = {0};
    const dn_allocator allocator = {ledger_allocate, ledger_release, &ledger};
    const dn_model_options options = {.struct_size = sizeof options, .allocator = &allocator};
    const dn_session_options small = {
        .struct_size = sizeof small, .batch = 1, .height = 32, .width = 32, .allocator = &allocator};
    dn_model *model;
    dn_session *session;
    dn_error error;
    char bytes[32];
    assert_int_equal(dn_model_create(&model, weights, &options, &error), DN_OK);
    assert_int_equal(ledger.bytes, dn_model_size(model));
    snprintf(bytes, sizeof bytes, "%zu bytes", dn_model_size(model));

    ledger.refuse = 1;
    assert_int_equal(dn_session_create(&session, model, &small, &error), DN_ERR_MEMORY);
    assert_null(session);
    dn_model_free(model);
    assert_int_equal(ledger.bytes, 0);
    assert_int_equal(dn_model_create(&model, weights, &options, &error), DN_ERR_MEMORY);
    assert_null(model);
    assert_non_null(strstr(error.message, bytes));
    dn_weights_free(weights);
}

/* ---- refusals ---- */

static void assert_refused(const dn_model *model, dn_session_options options, const char *word) {
    dn_session *session = (dn_session *)&options;
    size_t bytes = 1;
    dn_error error;
    assert_int_equal(dn_session_create(&session, model, &options, &error), DN_ERR_ARGUMENT);
    assert_null(session);
    assert_non_null(strstr(error.message, word));
    assert_int_equal(dn_session_plan(model, &options, &bytes, &error), DN_ERR_ARGUMENT);
    assert_int_equal(bytes, 0);
}

static void test_sessions_without_sense_are_refused_with_the_value(void **state) {
    (void)state;
    dn_model *model = seeded_model(&toy);
    assert_refused(model,
                   (dn_session_options){
                       .struct_size = sizeof(dn_session_options), .batch = 0, .height = 224, .width = 224},
                   "not 0");
    assert_refused(model,
                   (dn_session_options){
                       .struct_size = sizeof(dn_session_options), .batch = 1, .height = 31, .width = 31},
                   "31x31");
    assert_refused(model,
                   (dn_session_options){
                       .struct_size = sizeof(dn_session_options), .batch = 1, .height = 32, .width = 31},
                   "32x31");
    assert_refused(
        model,
        (dn_session_options){
            .struct_size = sizeof(dn_session_options), .batch = 1, .height = 32, .width = 32, .threads = -2},
        "-2");
    assert_refused(model,
                   (dn_session_options){.struct_size = sizeof(dn_session_options),
                                        .batch = 2147483647,
                                        .height = 2147483647,
                                        .width = 2147483647},
                   "2147483647");
    dn_model_free(model);
}

static void test_forward_without_sense_is_refused(void **state) {
    (void)state;
    dn_model *model = seeded_model(&toy);
    dn_session *session = session_of(model, 2, 32, 32, 1);
    float *inputs = inputs_of(2, 32, 32), features[16];
    const dn_outputs outputs = {.features = features};
    dn_error error;
    assert_int_equal(dn_session_forward(session, inputs, 3, &outputs, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "not 3"));
    assert_int_equal(dn_session_forward(session, inputs, 0, &outputs, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_session_forward(session, NULL, 1, &outputs, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_session_forward(session, inputs, 1, NULL, &error), DN_ERR_ARGUMENT);
    free(inputs);
    dn_session_free(session);
    dn_model_free(model);
}

static void test_unknown_tier_is_refused_by_name(void **state) {
    (void)state;
    char *before = chosen_tier();
    dn_weights *weights = seeded_weights(&toy, SEED);
    dn_model *model;
    dn_error error;
    setenv("DN_ISA", "mmx", 1);
    assert_int_equal(dn_model_create(&model, weights, NULL, &error), DN_ERR_ARGUMENT);
    assert_null(model);
    assert_non_null(strstr(error.message, "mmx"));
    restore_tier(before);
    dn_weights_free(weights);
}

static void test_model_names_the_kernel_of_every_convolution(void **state) {
    (void)state;
    dn_model *model = seeded_model(&toy);
    assert_non_null(dn_model_kernel(model, "features.conv0"));
    assert_non_null(dn_model_kernel(model, "features.denseblock3.denselayer2.conv2"));
    assert_non_null(dn_model_kernel(model, "features.transition3.conv"));
    assert_null(dn_model_kernel(model, "features.denseblock3.denselayer3.conv2"));
    assert_null(dn_model_kernel(model, ""));
    dn_model_free(model);
}

static void test_configurations_are_found_by_name(void **state) {
    (void)state;
    assert_int_equal(dn_config_find("densenet161")->features, 2208);
    assert_null(dn_config_find("densenet"));
    int count = 0;
    while (dn_config_at(count)) count++;
    assert_int_equal(count, 4);
    assert_null(dn_config_at(-1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations_are_found_by_name),
        cmocka_unit_test(test_toy_network_appends_in_place_as_torch_concatenates),
        cmocka_unit_test(test_densenet121_matches_torch_on_every_tier_of_this_cpu),
        cmocka_unit_test(test_densenet169_matches_torch),
        cmocka_unit_test(test_densenet201_matches_torch),
        cmocka_unit_test(test_networks_in_low_memory_match_torch),
        cmocka_unit_test(test_low_memory_keeps_weights_at_their_size),
        cmocka_unit_test(test_low_memory_names_kernels_that_keep_weights_as_they_are),
        cmocka_unit_test(test_unknown_memory_is_refused_with_the_value),
        cmocka_unit_test(test_results_do_not_depend_on_threads),
        cmocka_unit_test(test_an_image_alone_gives_the_bits_it_gives_in_a_batch),
        cmocka_unit_test(test_groups_of_images_cover_a_large_batch),
        cmocka_unit_test(test_each_output_is_the_same_whichever_others_are_asked_for),
        cmocka_unit_test(test_arena_is_one_block_of_the_planned_size),
        cmocka_unit_test(test_forward_allocates_nothing),
        cmocka_unit_test(test_failure_of_any_allocation_is_reported_and_leaks_nothing),
        cmocka_unit_test(test_refusing_allocator_of_the_caller_is_reported_with_the_size),
        cmocka_unit_test(test_sessions_without_sense_are_refused_with_the_value),
        cmocka_unit_test(test_forward_without_sense_is_refused),
        cmocka_unit_test(test_unknown_tier_is_refused_by_name),
        cmocka_unit_test(test_model_names_the_kernel_of_every_convolution),
        cmocka_unit_test(test_densenet161_matches_torch_at_97x129_and_224x224_in_batches_of_1_and_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* A whole network on another processor: what it computes there is compared with what it computes here.
 *
 *     network write FILE             features of two pictures, by the tier that DN_ISA names, to FILE
 *     network compare FILE FILE      exit status 0 if the features agree
 *
 * It calls nothing but core/, layers/ and densenet/, so that it can be linked where only a C library is. */
#include "densenet/densenet.h"
#include "test/support/seeded_weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest feature: what two orders of float32 sums through 120 layers may differ by; the limit of
 * test/densenet/test_densenet.c, which compares the same network with torch's. */
#define TOLERANCE 1e-5

enum { SEED = 7, PICTURES = 2, SIDE = 64, FEATURES = 1024, MEMORIES = 2, COUNT = PICTURES * FEATURES };

static const char network[] = "densenet121";

static dn_status forward(const dn_weights *weights, dn_memory memory, const float *inputs, float *features,
                         dn_error *error) {
    dn_model *model = NULL;
    dn_session *session = NULL;
    const dn_model_options options = {.struct_size = sizeof options, .memory = memory};
    const dn_session_options shape = {
        .struct_size = sizeof shape, .batch = PICTURES, .height = SIDE, .width = SIDE, .threads = 2};
    dn_status status = dn_model_create(&model, weights, &options, error);
    if (!status) status = dn_session_create(&session, model, &shape, error);
    if (!status)
        status = dn_session_forward(session, inputs, PICTURES, &(dn_outputs){.features = features}, error);
    if (!status) fprintf(stderr, "%s: %s\n", dn_model_tier(model), dn_model_kernel(model, "features.conv0"));
    dn_session_free(session);
    dn_model_free(model);
    return status;
}

/* Those of fast kernels, then those of kernels that keep weights at their size. */
static int compute(float features[MEMORIES * COUNT]) {
    dn_error error;
    dn_weights *weights = seeded_weights(dn_config_find(network), SEED);
    float *inputs = seeded_inputs(SEED, (size_t)PICTURES * SIDE * SIDE * 3);
    dn_status status = DN_ERR_MEMORY;
    snprintf(error.message, sizeof error.message, "out of memory");
    if (weights && inputs) status = forward(weights, DN_MEMORY_FAST, inputs, features, &error);
    if (!status) status = forward(weights, DN_MEMORY_LOW, inputs, features + COUNT, &error);
    if (status) fprintf(stderr, "%s\n", error.message);
    free(inputs);
    dn_weights_free(weights);
    return !status;
}

static int write_features(const char *path) {
    static float features[MEMORIES * COUNT];
    if (!compute(features)) return 0;
    FILE *file = fopen(path, "wb");
    int good = file && fwrite(features, sizeof features, 1, file) == 1;
    if (file && fclose(file)) good = 0;
    if (!good) perror(path);
    return good;
}

static int read_features(const char *path, float features[MEMORIES * COUNT]) {
    FILE *file = fopen(path, "rb");
    const int good = file && fread(features, sizeof(float), MEMORIES * COUNT, file) == MEMORIES * COUNT;
    if (file) fclose(file);
    if (!good) fprintf(stderr, "%s: no features\n", path);
    return good;
}

static int compare(const char *path, const char *other) {
    static float a[MEMORIES * COUNT], b[MEMORIES * COUNT];
    if (!read_features(path, a) || !read_features(other, b)) return 0;
    double largest = 0, worst = 0;
    for (size_t i = 0; i < MEMORIES * COUNT; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]);
        if (!(difference <= worst)) worst = difference; /* also what is not a number */
        largest = fmax(largest, fabs((double)a[i]));
    }
    printf("the largest difference is %.2g of the largest feature\n", worst / largest);
    return largest > 0 && worst <= TOLERANCE * largest;
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "write") == 0)
        return write_features(arguments[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (count == 4 && strcmp(arguments[1], "compare") == 0)
        return compare(arguments[2], arguments[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
    fprintf(stderr, "usage: network write FILE | network compare FILE FILE\n");
    return EXIT_FAILURE;
}

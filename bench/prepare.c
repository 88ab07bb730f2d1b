/* SPDX-License-Identifier: MIT */
/* Weights and inputs that are the same on every machine, made from seeds. */
#include "bench/bench.h"
#include "bench/scene.h"
#include "core/error.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUTS = 16, CALIBRATION_PICTURES = 4, SCENE_SIZE = 256 };

dn_status bench_seeded_inputs(float **out, int count, dn_error *error) {
    const dn_preprocessing preprocessing = dn_preprocessing_default();
    const size_t crop = (size_t)preprocessing.crop, one = 3 * crop * crop;
    *out = malloc((size_t)count * one * sizeof **out);
    if (!*out) return dni_fail(error, DN_ERR_MEMORY, "out of memory for %d inputs", count);
    dn_status status = DN_OK;
    for (int i = 0; status == DN_OK && i < count; i++) {
        dn_image scene;
        if ((status = bench_scene(&scene, SCENE_SIZE, (uint64_t)i + 1, error)) != DN_OK) break;
        status = dn_image_to_input(&scene, &preprocessing, 0, *out + (size_t)i * one, error);
        dn_image_free(&scene);
    }
    if (status != DN_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

dn_status bench_seeded_weights(dn_weights **out, const dn_config *config, int pictures, int threads,
                               dn_error *error) {
    const dn_preprocessing preprocessing = dn_preprocessing_default();
    float *inputs;
    *out = NULL;
    dn_status status = bench_seeded_inputs(&inputs, pictures, error);
    if (status != DN_OK) return status;
    dn_calibrate_options options = dn_calibrate_options_default();
    options.threads = threads;
    if ((status = dn_weights_random(out, config, 1, error)) == DN_OK)
        status = dn_weights_calibrate(*out, inputs, pictures, preprocessing.crop, preprocessing.crop,
                                      &options, error);
    free(inputs);
    if (status != DN_OK) {
        dn_weights_free(*out);
        *out = NULL;
    }
    return status;
}

static dn_status write_weights(const bench_context *context, const char *path, dn_error *error) {
    const dn_config *config = dn_config_find(context->network ? context->network : "densenet161");
    dn_weights *weights;
    dn_status status = bench_seeded_weights(&weights, config, CALIBRATION_PICTURES, context->threads, error);
    if (status != DN_OK) return status;
    status = dn_weights_save(weights, path, error);
    dn_weights_free(weights);
    return status;
}

static dn_status write_inputs(const char *path, dn_error *error) {
    const size_t crop = (size_t)dn_preprocessing_default().crop;
    float *inputs;
    dn_status status = bench_seeded_inputs(&inputs, INPUTS, error);
    if (status != DN_OK) return status;
    dni_file_writer *writer = NULL;
    status = dni_file_writer_open(&writer, path, error);
    if (status == DN_OK)
        status = dni_file_write(writer, inputs, INPUTS * 3 * crop * crop * sizeof *inputs, error);
    if (status == DN_OK)
        status = dni_file_writer_commit(writer, error);
    else
        dni_file_writer_abandon(writer);
    free(inputs);
    return status;
}

static dn_status write_picture(const char *path, int size, dn_error *error) {
    dn_image scene;
    dn_status status = bench_scene(&scene, size, 1, error);
    if (status != DN_OK) return status;
    status = bench_scene_write(&scene, path, error);
    dn_image_free(&scene);
    return status;
}

dn_status bench_prepare(bench_context *context, dn_error *error) {
    static const char *const names[] = {"weights.safetensors", "inputs.f32"};
    dn_status status = dni_make_folders(context->folder, error);
    for (int i = 0; status == DN_OK && i < 2; i++) {
        char *path = dni_path_join(context->folder, names[i]);
        if (!path) return dni_fail(error, DN_ERR_MEMORY, "out of memory for a path");
        status = i == 0 ? write_weights(context, path, error) : write_inputs(path, error);
        if (status == DN_OK) printf("wrote %s\n", path);
        free(path);
    }
    return status;
}

dn_status bench_pictures(bench_context *context, dn_error *error) {
    static const int sizes[] = {256, 512, 1024};
    dn_status status = dni_make_folders(context->folder, error);
    for (size_t i = 0; status == DN_OK && i < sizeof sizes / sizeof *sizes; i++) {
        char name[32];
        snprintf(name, sizeof name, "picture_%d.jpg", sizes[i]);
        char *path = dni_path_join(context->folder, name);
        if (!path) return dni_fail(error, DN_ERR_MEMORY, "out of memory for a path");
        status = write_picture(path, sizes[i], error);
        if (status == DN_OK) printf("wrote %s\n", path);
        free(path);
    }
    return status;
}

/* Seeded weights and their calibration. */
#include "ftrain/backbone/backbone.h"

#include "densenet/statistics.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/content_key.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_NAME "densenet statistics 1"

enum { CALIBRATION_PICTURES = 32 };

/* The pictures that could be decoded, as network input, in order. */
typedef struct calibration {
    const dni_samples *pictures;
    const dn_preprocessing *preprocessing;
    size_t chosen, floats; /* pictures looked at; floats of one input */
    float *inputs;         /* (chosen, crop, crop, 3) */
    bool decoded[CALIBRATION_PICTURES];
    dni_key keys[CALIBRATION_PICTURES]; /* of the files */
} calibration;

static const char *path_of(const calibration *work, size_t i) {
    return work->pictures->items[i * work->pictures->count / work->chosen].path;
}

static void decode(void *context, size_t i) {
    calibration *work = context;
    dn_image image;
    if (dn_image_load(&image, path_of(work, i), NULL)) return;
    work->decoded[i] =
        !dn_image_to_input(&image, work->preprocessing, 0, work->inputs + i * work->floats, NULL);
    dn_image_free(&image);
}

/* Names the statistics by all they depend on. From malloc. */
static char *statistics_path(calibration *work, const weights_source *source, const char *cache) {
    char *preprocessing = dni_preprocessing_to_json(work->preprocessing);
    if (!preprocessing) return NULL;
    char text[1024];
    const int length =
        snprintf(text, sizeof text - 32, "%s %s %s", source->config->name, source->name, preprocessing);
    free(preprocessing);
    for (size_t i = 0; i < work->chosen; i++)
        if (dni_key_of_file(&work->keys[i], path_of(work, i), NULL))
            memset(&work->keys[i], 0, sizeof(dni_key));
    const dni_key pictures = dni_key_of_bytes(work->keys, work->chosen * sizeof(dni_key));
    memcpy(text + length, pictures.bytes, sizeof pictures.bytes);
    const dni_key all = dni_key_of_bytes(text, (size_t)length + sizeof pictures.bytes);
    char hex[33], name[64];
    dni_key_text(&all, hex);
    snprintf(name, sizeof name, "statistics-%s.safetensors", hex);
    return dni_path_join(cache, name);
}

/* A broken file counts as none: it is measured anew and replaced. */
static bool read_statistics(dn_weights *weights, const char *path) {
    dni_tensor_dict *dict;
    if (dni_safetensors_read(&dict, path, NULL)) return false;
    const bool whole = !dni_statistics_apply(weights, dict, path, NULL);
    dni_tensor_dict_free(dict);
    return whole;
}

static dn_status write_statistics(const dn_weights *weights, const char *path, dn_error *error) {
    dni_tensor_dict *dict = dni_tensor_dict_create();
    if (!dict) return DN_OK; /* a cache that is not written costs time only */
    dn_status status = dni_statistics_collect(dict, weights, error);
    if (!status) status = dni_tensor_dict_set_meta(dict, "format", FORMAT_NAME, error);
    if (!status) status = dni_safetensors_write(dict, path, error);
    dni_tensor_dict_free(dict);
    return status;
}

static outcome measure(dn_weights *weights, calibration *work, dni_pool *pool) {
    const size_t crop = (size_t)work->preprocessing->crop;
    work->floats = crop * crop * 3;
    work->inputs = malloc(work->chosen * work->floats * sizeof(float));
    if (!work->inputs) return report_no_memory();
    dni_pool_run(pool, decode, work, work->chosen);
    size_t count = 0;
    for (size_t i = 0; i < work->chosen; i++)
        if (work->decoded[i])
            memmove(work->inputs + count++ * work->floats, work->inputs + i * work->floats,
                    work->floats * sizeof(float));
    dn_error error;
    if (!count) {
        message("none of %zu training pictures can be decoded, the first being %s", work->chosen,
                path_of(work, 0));
        return OUTCOME_DATA;
    }
    const dn_status status = dn_weights_calibrate(weights, work->inputs, (int)count, (int)crop, (int)crop,
                                                  dni_pool_threads(pool), &error);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

static outcome calibrate(dn_weights *weights, const weights_source *source, calibration *work,
                         const char *cache, dni_pool *pool) {
    char *path = statistics_path(work, source, cache);
    if (!path) return report_no_memory();
    outcome code = OUTCOME_OK;
    if (!read_statistics(weights, path)) {
        code = measure(weights, work, pool);
        dn_error error;
        if (!code && write_statistics(weights, path, &error)) message("not cached: %s", error.message);
    }
    free(path);
    free(work->inputs);
    return code;
}

outcome backbone_open(dn_weights **out, const weights_source *source, const dn_preprocessing *preprocessing,
                      const dni_samples *pictures, const char *cache, dni_pool *pool) {
    dn_error error;
    const dn_status status = source->is_random ? dn_weights_random(out, source->config, source->seed, &error)
                                               : dn_weights_load(out, source->path, &error);
    if (status) return report(&error, OUTCOME_MODEL);
    if (!source->is_random) return OUTCOME_OK;
    calibration work = {
        .pictures = pictures,
        .preprocessing = preprocessing,
        .chosen = pictures->count < CALIBRATION_PICTURES ? pictures->count : CALIBRATION_PICTURES,
    };
    const outcome code = calibrate(*out, source, &work, cache, pool);
    if (code) {
        dn_weights_free(*out);
        *out = NULL;
    }
    return code;
}

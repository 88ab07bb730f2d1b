/* SPDX-License-Identifier: MIT */
/* Seeded weights and their calibration. */
#include "ftrain/backbone/backbone.h"

#include "core/error.h"
#include "densenet/statistics.h"
#include "ftrain/shell/interrupt.h"
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

/* The pictures that random weights are calibrated on. One that cannot be used is left out, but nothing is
 * measured, named or kept where the machine failed on one: the statistics of fewer pictures would be
 * others. */
typedef struct calibration {
    const dni_samples *pictures;
    const dn_preprocessing *preprocessing;
    size_t chosen, floats;                 /* pictures looked at; floats of one input */
    float *inputs;                         /* (chosen, crop, crop, 3) */
    dni_key keys[CALIBRATION_PICTURES];    /* of the files; zero for one that cannot be used */
    dn_error errors[CALIBRATION_PICTURES]; /* of each picture; status DN_OK: it can be used */
} calibration;

static const char *path_of(const calibration *self, size_t i) {
    return self->pictures->items[i * self->pictures->count / self->chosen].path;
}

static outcome check_machine(const calibration *self) {
    for (size_t i = 0; i < self->chosen; i++)
        if (dni_status_is_machine(self->errors[i].status)) return report(&self->errors[i], OUTCOME_MACHINE);
    return OUTCOME_OK;
}

static void find_key(void *context, size_t i) {
    calibration *self = context;
    self->errors[i].status = dni_key_of_file(&self->keys[i], path_of(self, i), &self->errors[i]);
}

static void decode(void *context, size_t i) {
    calibration *self = context;
    dn_error *error = &self->errors[i];
    dn_image image = {.rgb = NULL};
    if (error->status) return;
    error->status = dn_image_load(&image, path_of(self, i), error);
    if (!error->status)
        error->status =
            dn_image_to_input(&image, self->preprocessing, 0, self->inputs + i * self->floats, error);
    dn_image_free(&image);
}

/* Names the statistics by all they depend on; *out is from malloc. */
static outcome statistics_path(char **out, calibration *self, const weights_source *source, const char *cache,
                               dni_pool *pool) {
    char *preprocessing = dni_preprocessing_to_json(self->preprocessing);
    if (!preprocessing) return report_no_memory();
    char text[1024];
    const int length =
        snprintf(text, sizeof text - 32, "%s %s %s", source->config->name, source->name, preprocessing);
    free(preprocessing);
    dni_pool_run(pool, find_key, self, self->chosen);
    const outcome code = check_machine(self);
    if (code) return code;
    const dni_key pictures = dni_key_of_bytes(self->keys, self->chosen * sizeof(dni_key));
    memcpy(text + length, pictures.bytes, sizeof pictures.bytes);
    const dni_key all = dni_key_of_bytes(text, (size_t)length + sizeof pictures.bytes);
    char hex[33], name[64];
    dni_key_text(&all, hex);
    snprintf(name, sizeof name, "statistics-%s.safetensors", hex);
    *out = dni_path_join(cache, name);
    return *out ? OUTCOME_OK : report_no_memory();
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
    if (!dict) return dni_no_memory(error, "%s", path);
    dn_status status = dni_statistics_collect(dict, weights, error);
    if (!status) status = dni_tensor_dict_set_meta(dict, "format", FORMAT_NAME, error);
    if (!status) status = dni_safetensors_write(dict, path, error);
    dni_tensor_dict_free(dict);
    return status;
}

/* Moves the inputs of the pictures that can be used together; returns how many there are. */
static size_t gather(calibration *self) {
    size_t count = 0;
    for (size_t i = 0; i < self->chosen; i++)
        if (!self->errors[i].status)
            memmove(self->inputs + count++ * self->floats, self->inputs + i * self->floats,
                    self->floats * sizeof(float));
    return count;
}

static outcome measure(dn_weights *weights, calibration *self, dni_pool *pool) {
    const size_t crop = (size_t)self->preprocessing->crop;
    self->floats = crop * crop * 3;
    self->inputs = malloc(self->chosen * self->floats * sizeof(float));
    if (!self->inputs) return report_no_memory();
    dni_pool_run(pool, decode, self, self->chosen);
    const outcome code = check_machine(self);
    if (code) return code;
    const size_t count = gather(self);
    if (!count) {
        message("none of %zu training pictures can be decoded; the first: %s", self->chosen,
                self->errors[0].message);
        return OUTCOME_DATA;
    }
    dn_error error;
    dn_calibrate_options options = dn_calibrate_options_default();
    options.threads = dni_pool_threads(pool);
    const dn_status status =
        dn_weights_calibrate(weights, self->inputs, (int)count, (int)crop, (int)crop, &options, &error);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

static outcome calibrate(dn_weights *weights, const weights_source *source, calibration *self,
                         const char *cache, dni_pool *pool) {
    char *path;
    outcome code = statistics_path(&path, self, source, cache, pool);
    if (code) return code;
    if (!read_statistics(weights, path)) {
        code = measure(weights, self, pool);
        dn_error error;
        const bool before = interrupts_wait(true);
        const dn_status status = code ? DN_OK : write_statistics(weights, path, &error);
        interrupts_wait(before);
        if (status == DN_ERR_MEMORY)
            code = report(&error, OUTCOME_MACHINE);
        else if (status) /* as on a full disk: without the cache the next run measures again */
            message("not cached: %s", error.message);
    }
    free(path);
    return code;
}

void backbone_tell_notes(const dn_weights *weights, const char *path) {
    const char *notes = dn_weights_notes(weights);
    if (*notes) message("%s: %s", path, notes);
}

outcome backbone_open(dn_weights **out, const weights_source *source, const dn_preprocessing *preprocessing,
                      const dni_samples *pictures, const char *cache, dni_pool *pool) {
    dn_error error;
    const dn_status status = source->is_random ? dn_weights_random(out, source->config, source->seed, &error)
                                               : dn_weights_load(out, source->path, &error);
    if (status) return report(&error, OUTCOME_MODEL);
    if (!source->is_random) backbone_tell_notes(*out, source->path);
    if (!source->is_random) return OUTCOME_OK;
    calibration *self = calloc(1, sizeof *self);
    outcome code = self ? OUTCOME_OK : report_no_memory();
    if (self) {
        self->pictures = pictures;
        self->preprocessing = preprocessing;
        self->chosen = pictures->count < CALIBRATION_PICTURES ? pictures->count : CALIBRATION_PICTURES;
        code = calibrate(*out, source, self, cache, pool);
        free(self->inputs);
        free(self);
    }
    if (code) {
        dn_weights_free(*out);
        *out = NULL;
    }
    return code;
}

/* SPDX-License-Identifier: MIT */
/* A file of ours says in its metadata what it is; all else should be weights. */
#include "ftrain/info_file.h"

#include "core/error.h"
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "ftrain/backbone/model_json.h"
#include "ftrain/info_features.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "head/classifier/classifier.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

/* What a file says of itself is escaped, as all names are. */
static void print_name(const char *before, const char *name) {
    fputs(before, stdout);
    quote_write(stdout, name);
}

/* Prints {"path": ..., "kind": ...} and the members of `more`, which it releases. */
static outcome print_object(const char *path, const char *kind, json_t *more) {
    json_t *out = json_pack("{s:o, s:s}", "path", dni_json_text(path), "kind", kind);
    dni_json_update(&out, more);
    return print_json(out) ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- models ---- */

static int trained_on(const dn_classifier_info *info) {
    int train = 0;
    for (int i = 0; i < info->picture_key_count; i++) train += info->picture_keys[i].use == DN_PICTURE_TRAIN;
    return train;
}

/* The model that it was trained on from, and that one's own, as the recipe tells. */
static void print_origin(const json_t *recipe) {
    const char *opening = "\ntrained on from ";
    for (const json_t *from = json_object_get(recipe, "from"); from; from = json_object_get(from, "from")) {
        const char *model = json_string_value(json_object_get(from, "model"));
        const char *hash = json_string_value(json_object_get(from, "xxh3"));
        print_name(opening, model ? model : "a model without a name");
        print_name(", hash ", hash ? hash : "unknown");
        opening = "; that one from ";
    }
}

static outcome print_model_text(const dn_classifier *classifier) {
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    json_t *recipe = dni_json_of_checked(info->recipe);
    if (!recipe) return report_no_memory();
    print_name("model\nbackbone ", info->backbone);
    print_name(", weights ", info->weights_source);
    if (dn_classifier_is_complete(classifier)) fputs(" (complete: needs no other file)", stdout);
    print_name(", hash ", info->weights_hash);
    for (int i = 0; i < info->class_count; i++) print_name(i ? ", " : "\nclasses ", info->classes[i]);
    printf("\nresize %d, crop %d%s", info->preprocessing.resize, info->preprocessing.crop,
           info->preprocessing.exif_rotate ? ", EXIF rotation applied" : "");
    if (info->conformal)
        printf("\nsets of --coverage are calibrated on %d pictures", dn_conformal_count(info->conformal, -1));
    const int keys = info->picture_key_count, train = trained_on(info);
    if (keys) printf("\npicture keys %d: trained on %d, validated with %d", keys, train, keys - train);
    if (info->novelty)
        printf("\nunfamiliar pictures are told, by %d validation pictures, in %zu bytes",
               dn_novelty_pictures(info->novelty), dn_novelty_size(info->novelty));
    print_origin(recipe);
    json_decref(recipe);
    print_name("\nrecipe ", info->recipe);
    print_name("\nmetrics ", info->metrics);
    putchar('\n');
    return OUTCOME_OK;
}

static json_t *keys_json(const dn_classifier_info *info) {
    if (!info->picture_key_count) return json_null();
    const int train = trained_on(info);
    return json_pack("{s:i, s:i, s:i}", "count", info->picture_key_count, "train", train, "valid",
                     info->picture_key_count - train);
}

static json_t *novelty_json(const dn_classifier_info *info) {
    if (!info->novelty) return json_null();
    return json_pack("{s:i, s:I}", "valid_count", dn_novelty_pictures(info->novelty), "bytes",
                     (json_int_t)dn_novelty_size(info->novelty));
}

static outcome print_model_object(const dn_classifier *classifier, const char *path) {
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    json_t *out = model_json(info);
    json_t *const more = json_pack(
        "{s:b, s:o, s:o, s:o}", "complete", (int)dn_classifier_is_complete(classifier), "calibration_count",
        info->conformal ? json_integer(dn_conformal_count(info->conformal, -1)) : json_null(), "picture_keys",
        keys_json(info), "novelty", novelty_json(info));
    dni_json_update(&out, more);
    return print_object(path, "model", out);
}

static outcome print_model(const char *path, bool json) {
    dn_classifier *classifier;
    dn_error error;
    if (dn_classifier_load(&classifier, path, &error)) return report(&error, OUTCOME_MODEL);
    outcome code = OUTCOME_OK;
    if (json)
        code = print_model_object(classifier, path);
    else
        code = print_model_text(classifier);
    dn_classifier_free(classifier);
    return code;
}

/* ---- features ---- */

static outcome print_features(const char *path, bool json) {
    json_t *object = NULL;
    const outcome code = info_features(path, json ? &object : NULL);
    return code || !json ? code : print_object(path, "features", object);
}

/* ---- checkpoints ---- */

typedef struct progress {
    int64_t epochs, best_epoch;
    double train_loss, valid_loss, valid_accuracy; /* of the best epoch */
    const char *training;                          /* JSON; the dictionary's */
} progress;

static const void *data_of(const dni_tensor_dict *dict, const char *name, dni_dtype dtype, int64_t count) {
    const dni_tensor *const tensor = dni_tensor_dict_find(dict, name);
    return tensor && tensor->dtype == dtype && dni_tensor_same_shape(tensor, 1, &count) ? tensor->data : NULL;
}

/* False where the file lacks them. */
static bool read_progress(progress *out, const dni_tensor_dict *dict) {
    int64_t counts[5];
    double measures[3];
    const void *const whole = data_of(dict, "progress.counts", DNI_I64, 5);
    const void *const real = data_of(dict, "progress.measures", DNI_F64, 3);
    out->training = dni_tensor_dict_meta(dict, "training");
    if (!whole || !real || !out->training) return false;
    memcpy(counts, whole, sizeof counts);
    memcpy(measures, real, sizeof measures);
    out->epochs = counts[0];
    out->best_epoch = counts[1];
    out->train_loss = measures[0];
    out->valid_loss = measures[1];
    out->valid_accuracy = measures[2];
    return true;
}

static outcome print_progress_object(const progress *at, json_t *training, const char *path) {
    return print_object(path, "checkpoint",
                        json_pack("{s:I, s:I, s:o, s:o, s:o, s:O}", "epochs", (json_int_t)at->epochs,
                                  "best_epoch", (json_int_t)at->best_epoch, "train_loss",
                                  dni_json_number(at->train_loss), "valid_loss",
                                  dni_json_number(at->valid_loss), "valid_accuracy",
                                  dni_json_number(at->valid_accuracy), "training", training));
}

static outcome print_checkpoint(const dni_tensor_dict *dict, const char *path, bool json) {
    progress at;
    json_t *training;
    json_error_t reason;
    if (!read_progress(&at, dict)) {
        message("%s: is no whole checkpoint: 'progress.counts', 'progress.measures' or 'training' is missing",
                path);
        return OUTCOME_MODEL;
    }
    const dn_status status = dni_json_parse(&training, at.training, strlen(at.training), 0, &reason);
    if (status == DN_ERR_MEMORY) return report_no_memory();
    if (status || !json_is_object(training)) {
        message("%s: metadata 'training' is no JSON object", path);
        json_decref(training);
        return OUTCOME_MODEL;
    }
    const json_int_t asked = json_integer_value(json_object_get(training, "epochs"));
    outcome code = OUTCOME_OK;
    if (json) {
        code = print_progress_object(&at, training, path);
    } else {
        printf(
            "checkpoint\nepoch %lld of %lld; best %lld: training loss %.4f, validation loss %.4f, accuracy "
            "%.4f",
            (long long)at.epochs, (long long)asked, (long long)at.best_epoch, at.train_loss, at.valid_loss,
            at.valid_accuracy);
        print_name("\ntraining ", at.training);
        putchar('\n');
    }
    json_decref(training);
    return code;
}

/* ---- weights ---- */

static outcome print_weights(const char *path, bool json) {
    dn_weights *weights;
    dn_error error;
    if (dn_weights_load(&weights, path, &error)) return report(&error, OUTCOME_MODEL);
    char hash[33];
    dn_weights_hash(weights, hash);
    const dn_config *config = dn_weights_config(weights);
    const char *const notes = dn_weights_notes(weights);
    outcome code = OUTCOME_OK;
    if (json) {
        code = print_object(path, "weights",
                            json_pack("{s:s, s:i, s:s, s:o}", "network", config->name, "features",
                                      config->features, "weights_hash", hash, "notes",
                                      *notes ? dni_json_text(notes) : json_null()));
    } else {
        printf("weights\n%s, %d features, hash %s\n", config->name, config->features, hash);
        if (*notes) print_name("", notes);
        if (*notes) putchar('\n');
    }
    dn_weights_free(weights);
    return code;
}

static outcome read_checkpoint(const char *path, bool json) {
    dni_tensor_dict *dict;
    dn_error error;
    if (dni_safetensors_read(&dict, path, &error)) return report(&error, OUTCOME_MODEL);
    const outcome code = print_checkpoint(dict, path, json);
    dni_tensor_dict_free(dict);
    return code;
}

/* What the file's metadata says that it is, as far as it fits; "" where it says nothing. */
static outcome read_format(const char *path, char format[32]) {
    dni_safetensors file;
    dn_error error;
    format[0] = '\0';
    const dn_status status = dni_safetensors_open(&file, path, &error);
    if (dni_status_is_machine(status)) return report(&error, OUTCOME_MACHINE);
    if (status) return OUTCOME_OK; /* of another format, or it is told by who reads it */
    const char *found = dni_tensor_dict_meta(file.dict, "format");
    if (found) snprintf(format, 32, "%s", found);
    dni_safetensors_close(&file);
    return OUTCOME_OK;
}

outcome info_file_print(const char *path, bool json) {
    char format[32];
    const outcome code = read_format(path, format);
    if (code) return code;
    if (strncmp(format, "densenet classifier", 19) == 0) return print_model(path, json);
    if (strncmp(format, "densenet feature store", 22) == 0) return print_features(path, json);
    if (strncmp(format, "densenet training", 17) == 0) return read_checkpoint(path, json);
    return print_weights(path, json);
}

/* SPDX-License-Identifier: MIT */
/* A training's state in a file: between two epochs it can be left, and taken up by another process.
 *
 * The file is a safetensors of weights, optimizer state, best weights and progress. What the training was
 * made from is in its metadata as one JSON object, "training": the caller's provenance, the layers, the
 * options, and hashes of the features. It is compared key by key, so that a state is only taken up where
 * the next epoch is the same bits as if nothing had happened; the number of epochs alone may grow. */
#include "head/trainer.h"

#include "core/error.h"
#include "core/tensor_dict.h"
#include "io/content_key.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_NAME "densenet training 1"

/* ---- what a training is made from ---- */

static json_t *key_json(const dni_key *key) {
    char text[33];
    dni_key_text(key, text);
    return json_string(text);
}

/* Values and labels each have a hash of their own: the message then tells which of them changed. -1 when
 * out of memory, as jansson has it, here and below. */
static int describe_features(json_t *out, const char *split, const dn_feature_rows *data,
                             const dni_key *hash) {
    const dni_key labels = dni_key_of_bytes(data->labels, (size_t)data->count * sizeof *data->labels);
    const struct {
        const char *what;
        json_t *value;
    } entries[] = {
        {"pictures", json_integer(data->count)},
        {"views", json_integer(data->views)},
        {"labels", key_json(&labels)},
        {"features", key_json(hash)},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s %s", split, entries[i].what);
        failed |= json_object_set_new(out, name, entries[i].value);
    }
    return failed;
}

static int describe_options(json_t *out, const dn_train_options *o) {
    static const char *const optimizers[] = {"sgd", "adam"};
    static const char *const schedules[] = {"constant", "step", "cosine", "plateau"};
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, o->seed);
    return json_object_update_new(
        out,
        json_pack(
            "{s:s, s:i, s:i, s:o, s:s, s:i, s:i, s:o, s:o, s:i, s:o, s:b, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:s}",
            "optimizer", optimizers[o->optimizer], "epochs", o->epochs, "batch", o->batch, "learning_rate",
            dni_json_float(o->learning_rate), "schedule.kind", schedules[o->schedule.kind], "schedule.warmup",
            o->schedule.warmup, "schedule.epochs", o->schedule.epochs, "schedule.factor",
            dni_json_float(o->schedule.factor), "schedule.floor", dni_json_float(o->schedule.floor),
            "patience", o->patience, "momentum", dni_json_float(o->momentum), "nesterov", o->nesterov,
            "weight_decay", dni_json_float(o->weight_decay), "beta1", dni_json_float(o->beta1), "beta2",
            dni_json_float(o->beta2), "epsilon", dni_json_float(o->epsilon), "standardise", o->standardise,
            "flip", o->flip, "balanced", o->balanced, "label_smoothing", dni_json_float(o->label_smoothing),
            "seed", seed));
}

static int describe_class_weights(json_t *out, const dn_trainer *t) {
    json_t *weights = json_array();
    int failed = json_object_set_new(out, "class_weights", weights);
    for (int c = 0; !failed && t->loss.weights && c < dn_head_classes(t->head); c++)
        failed = json_array_append_new(weights, dni_json_float(t->loss.weights[c]));
    return failed;
}

static int describe_layers(json_t *out, const dn_head *head) {
    json_t *layers = json_array();
    int failed = json_object_set_new(out, "layers", layers);
    for (int i = 0; !failed && i <= head->linear_count; i++)
        failed = json_array_append_new(layers, json_integer(head->widths[i]));
    return failed ? failed : json_object_set_new(out, "dropout", dni_json_float(head->dropout));
}

/* The caller's provenance, as a new object. */
static dn_status parse_provenance(json_t **out, const char *provenance, dn_error *error) {
    if (!provenance) provenance = "{}";
    json_error_t reason;
    const dn_status status =
        dni_json_parse(out, provenance, strlen(provenance), JSON_REJECT_DUPLICATES, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(error, "a training's provenance");
    if (!status && json_is_object(*out)) return DN_OK;
    json_decref(*out);
    return dni_fail(error, DN_ERR_ARGUMENT, "provenance must be a JSON object, not '%s'", provenance);
}

/* What the training is made from, as one line of JSON; from malloc. */
static dn_status describe(const dn_trainer *t, const char *provenance, char **text, dn_error *error) {
    json_t *given;
    *text = NULL;
    const dn_status status = parse_provenance(&given, provenance, error);
    if (status) return status;
    json_t *out = json_object();
    if (!json_object_set_new(out, "provenance", given) &&
        !describe_features(out, "train", &t->train, &t->train_hash) &&
        !describe_features(out, "valid", &t->valid, &t->valid_hash) && !describe_layers(out, t->head) &&
        !describe_options(out, &t->options) && !describe_class_weights(out, t))
        *text = dni_json_dump(out, JSON_REAL_PRECISION(9));
    json_decref(out);
    return *text ? DN_OK : dni_no_memory(error, "a training's description");
}

static char *value_text(const json_t *value) {
    return value ? dni_json_dump(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : strdup("missing");
}

static dn_status name_difference(const char *path, const char *key, const json_t *there, const json_t *here,
                                 dn_error *error) {
    char *old = value_text(there), *new = value_text(here);
    const dn_status status =
        old && new ? dni_fail(error, DN_ERR_MISMATCH,
                              "%s: is of another training: '%s' is %s there and %s here", path, key, old, new)
                   : dni_no_memory(error, "%s", path);
    free(old);
    free(new);
    return status;
}

/* Of objects that differ, the first difference inside. */
static dn_status compare(const char *path, json_t *there, json_t *here, dn_error *error) {
    const char *key;
    json_t *value;
    json_object_foreach(here, key, value) {
        json_t *other = json_object_get(there, key);
        if (json_equal(other, value)) continue;
        const int is_inner = json_is_object(other) && json_is_object(value);
        return is_inner ? compare(path, other, value, error)
                        : name_difference(path, key, other, value, error);
    }
    json_object_foreach(there, key, value) {
        if (!json_object_get(here, key)) return name_difference(path, key, value, NULL, error);
    }
    return DN_OK;
}

/* ---- the state as tensors ---- */

/* Progress in numbers that a file keeps exactly. */
enum { COUNTS = 5, MEASURES = 3 };

typedef struct numbers {
    int64_t counts[COUNTS]; /* epochs run, best epoch, optimizer steps, schedule reductions, epochs waited */
    double measures[MEASURES]; /* of the best epoch: training loss, validation loss and accuracy */
} numbers;

static numbers numbers_of(const dn_trainer *t) {
    const dn_train_result *r = &t->progress.result;
    const dni_schedule_state *s = &t->progress.schedule;
    return (numbers){
        .counts = {r->epochs, r->best_epoch, (int64_t)t->optimizer.steps, s->reductions, s->waited},
        .measures = {r->train_loss, r->valid_loss, r->valid_accuracy}};
}

typedef struct part {
    const char *name;
    dni_dtype dtype;
    int64_t count;
    void *data;
} part;

enum { PARTS = 6 };

/* Everything that is kept; parts of no elements are left out. */
static void list_parts(const dn_trainer *t, numbers *n, part parts[PARTS]) {
    const size_t count = t->head->parameter_count;
    const int64_t width = dn_head_features(t->head);
    const part all[PARTS] = {
        {"parameters", DNI_F32, (int64_t)count, t->head->parameters},
        {"best", DNI_F32, (int64_t)count, t->best},
        {"optimizer", DNI_F32, (int64_t)dni_optimizer_state_count(&t->options, count), t->optimizer.state},
        {"standardisation", DNI_F32, t->head->standardisation ? 2 * width : 0, t->head->standardisation},
        {"progress.counts", DNI_I64, COUNTS, n->counts},
        {"progress.measures", DNI_F64, MEASURES, n->measures},
    };
    memcpy(parts, all, sizeof all);
}

/* ---- loading ---- */

static dn_status check_format(const dni_tensor_dict *dict, const char *path, dn_error *error) {
    const char *format = dni_tensor_dict_meta(dict, "format");
    if (format && strcmp(format, FORMAT_NAME) == 0) return DN_OK;
    return dni_fail(error, DN_ERR_FORMAT, "%s: not a checkpoint: metadata 'format' is %s%s%s, not '%s'", path,
                    format ? "'" : "", format ? format : "missing", format ? "'" : "", FORMAT_NAME);
}

static dn_status parse_description(json_t **out, const char *text, const char *path, dn_error *error) {
    json_error_t reason;
    const dn_status status = dni_json_parse(out, text, strlen(text), 0, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(error, "%s", path);
    if (!status && json_is_object(*out)) return DN_OK;
    json_decref(*out);
    *out = NULL;
    return dni_fail(error, DN_ERR_CORRUPT, "%s: metadata 'training' is no JSON object", path);
}

/* Whether the file's training differs from this one in that it was to have fewer epochs. Its number of them
 * is then raised to this one's, so that a comparison tells what else is different. *from: what it was. */
static bool raise_epochs(json_t *there, const json_t *here, int *from) {
    const json_t *old = json_object_get(there, "epochs"), *new = json_object_get(here, "epochs");
    *from = (int)json_integer_value(old);
    if (!json_is_integer(old) || json_integer_value(old) >= json_integer_value(new)) return false;
    return json_object_set_new(there, "epochs", json_integer(json_integer_value(new))) == 0;
}

/* Compares the file's description with this training's. Both are read from text, so that both have numbers
 * of as many digits. A training may be made longer, unless the number of epochs has a part in the learning
 * rate of those that were run: the next epoch would then not be that of a training that was as long from
 * its beginning. */
static dn_status check_training(const dni_tensor_dict *dict, const dn_trainer *t, const char *description,
                                const char *path, dn_error *error) {
    json_t *here = NULL, *there = NULL;
    const char *kept = dni_tensor_dict_meta(dict, "training");
    dn_status status = parse_description(&there, kept ? kept : "", path, error);
    if (!status) status = parse_description(&here, description, path, error);
    int from = 0;
    const bool is_longer = !status && raise_epochs(there, here, &from);
    if (!status) status = compare(path, there, here, error);
    if (!status && is_longer && t->options.schedule.kind == DN_COSINE)
        status =
            dni_fail(error, DN_ERR_MISMATCH,
                     "%s: is of a training of %d epochs, which cannot be made longer, to %d: with the cosine "
                     "schedule the learning rate of every epoch depends on how many there are in all",
                     path, from, t->options.epochs);
    json_decref(there);
    json_decref(here);
    return status;
}

static dn_status check_part(const dni_tensor_dict *dict, const part *p, const char *path, dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(dict, p->name);
    if (!tensor) return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", path, p->name);
    if (tensor->dtype != p->dtype)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not %s", path, p->name,
                        dni_dtype_name(tensor->dtype), dni_dtype_name(p->dtype));
    char text[96];
    if (!dni_tensor_same_shape(tensor, 1, &p->count))
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' is of shape %s, not (%" PRId64 ")", path,
                        p->name, dni_tensor_shape_text(tensor->rank, tensor->shape, text, sizeof text),
                        p->count);
    for (int64_t i = 0; p->dtype == DNI_F32 && i < p->count; i++) {
        float value;
        memcpy(&value, (const char *)tensor->data + (size_t)i * sizeof value, sizeof value);
        if (!isfinite(value))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s': element %" PRId64 " is not finite", path,
                            p->name, i);
    }
    return DN_OK;
}

static dn_status check_numbers(const numbers *n, const dn_trainer *t, const char *path, dn_error *error) {
    const int64_t epochs = n->counts[0], batch = t->batch.capacity;
    int sane = epochs >= 1 && epochs <= t->options.epochs && n->counts[1] >= !t->starts_trained &&
               n->counts[1] <= epochs && n->counts[3] >= 0 && n->counts[3] <= epochs && n->counts[4] >= 0 &&
               n->counts[4] <= epochs;
    /* Only now that the epochs are known to be few: their steps fit. */
    sane = sane && n->counts[2] == epochs * ((t->train.count + batch - 1) / batch);
    for (int i = 0; i < MEASURES; i++)
        if (!isfinite(n->measures[i]))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor 'progress.measures' is not finite", path);
    return sane ? DN_OK
                : dni_fail(error, DN_ERR_CORRUPT,
                           "%s: tensor 'progress.counts': %" PRId64 " epochs, best %" PRId64 ", %" PRId64
                           " steps, %" PRId64 " reductions, %" PRId64 " waited cannot be",
                           path, epochs, n->counts[1], n->counts[2], n->counts[3], n->counts[4]);
}

/* Checks everything before anything is taken; *n is set to the file's numbers. */
static dn_status check_state(numbers *n, const dn_trainer *t, const dni_tensor_dict *dict, const char *path,
                             dn_error *error) {
    part parts[PARTS];
    list_parts(t, n, parts);
    for (int i = 0; i < PARTS; i++) {
        const dn_status status = parts[i].count ? check_part(dict, &parts[i], path, error) : DN_OK;
        if (status) return status;
    }
    memcpy(n->counts, dni_tensor_dict_find(dict, "progress.counts")->data, sizeof n->counts);
    memcpy(n->measures, dni_tensor_dict_find(dict, "progress.measures")->data, sizeof n->measures);
    return check_numbers(n, t, path, error);
}

static void take_state(dn_trainer *t, numbers *n, const dni_tensor_dict *dict) {
    part parts[PARTS];
    list_parts(t, n, parts);
    for (int i = 0; i < PARTS; i++)
        if (parts[i].count)
            memcpy(parts[i].data, dni_tensor_dict_find(dict, parts[i].name)->data,
                   (size_t)parts[i].count * dni_dtype_size(parts[i].dtype));
    t->progress.result = (dn_train_result){.epochs = (int)n->counts[0],
                                           .best_epoch = (int)n->counts[1],
                                           .train_loss = n->measures[0],
                                           .valid_loss = n->measures[1],
                                           .valid_accuracy = n->measures[2]};
    t->optimizer.steps = (uint64_t)n->counts[2];
    t->progress.schedule = (dni_schedule_state){.reductions = (int)n->counts[3], .waited = (int)n->counts[4]};
}

dn_status dn_trainer_load(dn_trainer *trainer, const char *path, const char *provenance, dn_error *error) {
    DNI_NOT_NULL(error, trainer);
    DNI_NOT_NULL(error, path);
    char *description;
    dni_tensor_dict *dict = NULL;
    dn_status status = describe(trainer, provenance, &description, error);
    if (!status) status = dni_safetensors_read(&dict, path, error);
    numbers n;
    if (!status) status = check_format(dict, path, error);
    if (!status) status = check_training(dict, trainer, description, path, error);
    if (!status) status = check_state(&n, trainer, dict, path, error);
    if (!status) take_state(trainer, &n, dict);
    dni_tensor_dict_free(dict);
    free(description);
    return status;
}

/* ---- saving ---- */

static dn_status fill(dni_tensor_dict *dict, const dn_trainer *t, const char *description, numbers *n,
                      dn_error *error) {
    part parts[PARTS];
    list_parts(t, n, parts);
    dn_status status = dni_tensor_dict_set_meta(dict, "format", FORMAT_NAME, error);
    if (!status) status = dni_tensor_dict_set_meta(dict, "training", description, error);
    for (int i = 0; !status && i < PARTS; i++)
        if (parts[i].count)
            status = dni_tensor_dict_add(
                dict, parts[i].name, dni_tensor_of(parts[i].dtype, parts[i].data, 1, &parts[i].count), error);
    return status;
}

/* Asks the reader whether it would take this: what it refuses is in the trainer or the provenance, not in
 * a file. */
static dn_status check_content(const dni_tensor_dict *dict, const dn_trainer *t, const char *path,
                               const char *description, dn_error *error) {
    numbers n;
    dn_error reason = {.message = ""};
    dn_status status = check_training(dict, t, description, path, &reason);
    if (!status) status = check_state(&n, t, dict, path, &reason);
    if (!status) return DN_OK;
    return dni_fail(error, status == DN_ERR_MEMORY ? status : DN_ERR_ARGUMENT, "%s", reason.message);
}

dn_status dn_trainer_save(const dn_trainer *trainer, const char *path, const char *provenance,
                          dn_error *error) {
    DNI_NOT_NULL(error, trainer);
    DNI_NOT_NULL(error, path);
    if (trainer->progress.result.epochs == 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no epoch was trained that could be saved", path);
    char *description;
    dn_status status = describe(trainer, provenance, &description, error);
    if (status) return status;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    if (!dict) status = dni_no_memory(error, "%s: a checkpoint", path);
    numbers n = numbers_of(trainer);
    if (!status) status = fill(dict, trainer, description, &n, error);
    if (!status) status = check_content(dict, trainer, path, description, error);
    if (!status) status = dni_safetensors_write(dict, path, error);
    dni_tensor_dict_free(dict);
    free(description);
    return status;
}

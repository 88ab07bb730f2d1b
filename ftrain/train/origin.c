/* SPDX-License-Identifier: MIT */
/* Reading the model that a training goes on from, and matching its classes with the data's. */
#include "ftrain/train/origin.h"

#include "core/name_index.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/train/evaluate_head.h"
#include "io/content_key.h"
#include "io/file.h"
#include "io/json.h"
#include "io/text_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the model ---- */

/* What the recipe says, for the model file does not hold it otherwise; where it says nothing, the default. */
static outcome find_dropout(float *out, const dn_classifier_info *info) {
    json_t *recipe = dni_json_of_checked(info->recipe);
    if (!recipe) return report_no_memory();
    const json_t *kept = json_object_get(recipe, "dropout");
    const double dropout = json_is_number(kept) ? json_number_value(kept) : -1.0;
    json_decref(recipe);
    *out = dropout >= 0.0 && dropout < 1.0 ? (float)dropout : dn_head_options_default().dropout;
    return OUTCOME_OK;
}

static outcome fill_options(const origin *self, train_options *options) {
    const dn_classifier_info *info = dn_classifier_get_info(self->classifier);
    int count;
    const int *layers = dn_head_widths(dn_classifier_get_head(self->classifier), &count);
    options->hidden.count = count - 2;
    memcpy(options->hidden.values, layers + 1, (size_t)options->hidden.count * sizeof *layers);
    options->extraction.model = self->classifier;
    return options->dropout < 0.0f ? find_dropout(&options->dropout, info) : OUTCOME_OK;
}

outcome origin_open(origin *out, train_options *options) {
    *out = (origin){.path = options->from};
    if (!options->from) return OUTCOME_OK;
    dn_error error;
    dni_key key;
    if (dn_classifier_load(&out->classifier, out->path, &error) || dni_key_of_file(&key, out->path, &error))
        return report(&error, OUTCOME_MODEL);
    dni_key_text(&key, out->hash);
    return fill_options(out, options);
}

void origin_free(origin *self) {
    dn_head_free(self->head);
    dn_classifier_free(self->classifier);
}

/* ---- classes ---- */

/* The classes of both, to be found by name. */
typedef struct both_classes {
    dni_name_index of_model, of_data;
} both_classes;

static outcome index_classes(both_classes *out, const origin *self, const dni_dataset *data) {
    const dn_classifier_info *info = dn_classifier_get_info(self->classifier);
    dn_error error;
    *out = (both_classes){.of_model = {.count = 0}};
    if (dni_name_index_make(&out->of_model, info->classes, info->class_count, self->path, &error) ||
        dni_name_index_make(&out->of_data, (const char *const *)data->classes, data->class_count,
                            "the data set", &error))
        return report(&error, OUTCOME_MACHINE);
    return OUTCOME_OK;
}

static void both_classes_free(both_classes *classes) {
    dni_name_index_free(&classes->of_model);
    dni_name_index_free(&classes->of_data);
}

enum { LISTED = 20 };

/* "'a', 'b'": the names that the other list lacks, from malloc; "none" where there are none. */
static char *list_missing(const char *const *names, int count, const dni_name_index *others) {
    dni_text_stream list;
    if (!dni_text_stream_open(&list)) return NULL;
    int found = 0;
    for (int i = 0; i < count; i++)
        if (dni_name_index_find(others, names[i]) < 0 && ++found <= LISTED)
            fprintf(list.to, "%s'%s'", found > 1 ? ", " : "", names[i]);
    if (found > LISTED) fprintf(list.to, " and %d more", found - LISTED);
    if (!found) fputs("none", list.to);
    return dni_text_stream_close(&list) ? list.text : NULL;
}

/* Tells how the classes differ; `refused`: that this is why the training does not begin. */
static outcome tell_difference(const origin *self, const dni_dataset *data, const both_classes *classes,
                               bool refused) {
    const dn_classifier_info *info = dn_classifier_get_info(self->classifier);
    const char *const *ours = (const char *const *)data->classes;
    char *gone = list_missing(info->classes, info->class_count, &classes->of_data);
    char *new = list_missing(ours, data->class_count, &classes->of_model);
    if (gone && new)
        message("--from %s: its classes are %s: in the model alone %s, in the data alone %s%s", self->path,
                refused ? "not the data's" : "changed", gone, new,
                refused ? "; with --new-classes the new model has the data's" : "");
    const outcome code = !gone || !new ? report_no_memory() : refused ? OUTCOME_DATA : OUTCOME_OK;
    free(gone);
    free(new);
    return code;
}

/* sources: (data->class_count), for dn_head_with_classes(). */
static void match(origin *self, const dni_dataset *data, const dni_name_index *of_model, int *sources) {
    for (int c = 0; c < data->class_count; c++) {
        sources[c] = dni_name_index_find(of_model, data->classes[c]);
        self->kept += sources[c] >= 0;
    }
    self->added = data->class_count - self->kept;
    self->left_out = of_model->count - self->kept;
}

/* A head of one layer that has none of the classes has nothing that could be trained on. */
static outcome check_match(const origin *self, const dni_dataset *data, const both_classes *classes,
                           const train_options *options) {
    if (!self->added && !self->left_out) return OUTCOME_OK;
    const outcome code = tell_difference(self, data, classes, !options->new_classes);
    if (code || self->kept || options->hidden.count) return code;
    message("--from %s: nothing of it could be trained on: it has no hidden layers", self->path);
    return OUTCOME_DATA;
}

outcome origin_match_classes(origin *self, const dni_dataset *data, const train_options *options) {
    if (!self->classifier) return OUTCOME_OK;
    int *sources = new_array((size_t)data->class_count, sizeof *sources);
    if (!sources) return OUTCOME_MACHINE;
    both_classes classes;
    outcome code = index_classes(&classes, self, data);
    if (!code) match(self, data, &classes.of_model, sources);
    if (!code) code = check_match(self, data, &classes, options);
    dn_error error;
    if (!code && dn_head_with_classes(&self->head, dn_classifier_get_head(self->classifier), sources,
                                      data->class_count, &error))
        code = report(&error, OUTCOME_MODEL);
    both_classes_free(&classes);
    free(sources);
    return code;
}

/* ---- training on ---- */

outcome origin_measure(origin *self, const feature_set *valid, const feature_set *test) {
    if (!self->head || self->added) return OUTCOME_OK;
    const int classes = dn_head_classes(self->head);
    outcome code = evaluate_head(&self->valid, self->head, valid, classes);
    if (!code) code = evaluate_head(&self->test, self->head, test, classes);
    self->is_measured = !code;
    return code;
}

dn_status origin_start(dn_head **out, const dn_head *start, const train_options *options, int features,
                       int classes, dn_error *error) {
    const dn_head_options made = train_options_head(options);
    if (!start) return dn_head_create(out, features, classes, &made, error);
    const dn_status status = dn_head_clone(out, start, error);
    return status ? status : dn_head_set_dropout(*out, made.dropout, error);
}

/* Texts and numbers alone; -1: no memory, as jansson has it, here and below. */
static int add_recipe(json_t *to, json_t *recipe) {
    json_t *brief = json_object(), *value;
    const char *key;
    int failed = json_object_set_new(to, "recipe", brief);
    json_object_foreach(recipe, key, value) {
        if (!failed && !json_is_object(value) && !json_is_array(value))
            failed = json_object_set(brief, key, value);
    }
    return failed;
}

static int add_former(json_t *to, const json_t *former) {
    const json_t *model = json_object_get(former, "model"), *hash = json_object_get(former, "xxh3");
    if (!json_is_string(model) || !json_is_string(hash)) return 0;
    return json_object_set_new(
        to, "from",
        json_pack("{s:s, s:s}", "model", json_string_value(model), "xxh3", json_string_value(hash)));
}

json_t *origin_json(const origin *self) {
    json_t *recipe = dni_json_of_checked(dn_classifier_get_info(self->classifier)->recipe);
    json_t *out =
        json_pack("{s:o, s:s}", "model", dni_json_text(dni_path_name(self->path)), "xxh3", self->hash);
    int failed =
        !out || !recipe || add_recipe(out, recipe) || add_former(out, json_object_get(recipe, "from"));
    if (!failed && (self->added || self->left_out))
        failed = json_object_set_new(out, "classes",
                                     json_pack("{s:i, s:i, s:i}", "kept", self->kept, "added", self->added,
                                               "left_out", self->left_out));
    json_decref(recipe);
    if (!failed) return out;
    json_decref(out);
    return NULL;
}

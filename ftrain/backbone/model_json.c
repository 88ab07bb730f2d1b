/* SPDX-License-Identifier: MIT */
/* From a model's information to JSON. */
#include "ftrain/backbone/model_json.h"

#include "io/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *preprocessing_json(const dn_preprocessing *preprocessing) {
    char *text = dni_preprocessing_to_json(preprocessing);
    json_t *value = text ? dni_json_of_checked(text) : NULL;
    free(text);
    return value;
}

static json_t *classes_json(const dn_classifier_info *info) {
    json_t *classes = json_array();
    for (int c = 0; c < info->class_count; c++) dni_json_append(&classes, dni_json_text(info->classes[c]));
    return classes;
}

json_t *model_json(const dn_classifier_info *info) {
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, info->seed);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "backbone", dni_json_text(info->backbone),
                     "weights_source", dni_json_text(info->weights_source), "weights_hash",
                     dni_json_text(info->weights_hash), "classes", classes_json(info), "preprocessing",
                     preprocessing_json(&info->preprocessing), "seed", seed, "recipe",
                     dni_json_of_checked(info->recipe), "metrics", dni_json_of_checked(info->metrics));
}

/* SPDX-License-Identifier: MIT */
/* What a model says of one picture. */
#include "ftrain/features/prediction.h"

#include "ftrain/features/own_pictures.h"
#include "ftrain/shell/unfamiliar.h"
#include "io/json.h"

#include <stdlib.h>

static int by_probability(const void *a, const void *b) {
    const ranked_class *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

void prediction_sort(const prediction *self) {
    for (int i = 0; i < self->class_count; i++) self->order[i] = (ranked_class){self->probabilities[i], i};
    qsort(self->order, (size_t)self->class_count, sizeof *self->order, by_probability);
}

bool prediction_holds(const prediction *self, int class_index) {
    return self->probabilities[class_index] >= self->thresholds[class_index];
}

void prediction_find_own(prediction *self, const dn_classifier_info *info, const dn_picture_index *index,
                         const dni_fingerprint *print) {
    self->own = NULL;
    self->is_near_copy = false;
    self->tells_own = info->picture_key_count > 0;
    if (!self->tells_own) return;
    const dn_picture_key key = own_picture_key(print, DN_PICTURE_TRAIN);
    dn_picture_match match;
    const int found = dn_picture_index_find(index, &key, &match);
    if (found < 0) return;
    self->own = info->picture_keys[found].use == DN_PICTURE_TRAIN ? "train" : "valid";
    self->is_near_copy = match == DN_PICTURE_NEAR;
}

static json_t *set_json(const prediction *self) {
    json_t *set = json_array();
    for (int i = 0; i < self->class_count; i++) {
        const int of = self->order[i].index;
        if (prediction_holds(self, of)) dni_json_append(&set, json_string(self->classes[of]));
    }
    return set;
}

json_t *prediction_json(const prediction *self, const char *path) {
    json_t *all = json_object();
    for (int i = 0; i < self->shown; i++)
        dni_json_set(&all, self->classes[self->order[i].index], dni_json_float(self->order[i].probability));
    json_t *object = json_pack("{s:o, s:s, s:o}", "path", dni_json_text(path), "class",
                               self->classes[self->order[0].index], "probabilities", all);
    if (self->own) {
        dni_json_set(&object, "own", json_string(self->own));
        dni_json_set(&object, "near_copy", json_boolean(self->is_near_copy));
    }
    if (self->thresholds) dni_json_set(&object, "set", set_json(self));
    unfamiliar_add_json(&object, self->unfamiliarity);
    return object;
}

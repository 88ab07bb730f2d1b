/* SPDX-License-Identifier: MIT */
/* What a model says of one picture. */
#include "ftrain/features/prediction.h"

#include "ftrain/features/own_pictures.h"
#include "ftrain/shell/unfamiliar.h"
#include "io/json.h"

/* Whether class a is told before class b. */
static bool is_before(const prediction *self, int a, int b) {
    const float x = self->probabilities[a], y = self->probabilities[b];
    return x != y ? x > y : a < b;
}

/* Moves what lies at `place` down to where both below it are told before it. */
static void sift_down(const prediction *self, int place, int count) {
    int *const order = self->order;
    for (int below; (below = 2 * place + 1) < count; place = below) {
        if (below + 1 < count && is_before(self, order[below], order[below + 1])) below++;
        if (!is_before(self, order[place], order[below])) return;
        const int moved = order[place];
        order[place] = order[below];
        order[below] = moved;
    }
}

/* By heap (Williams 1964): it takes no memory, and of ten thousand classes no second. */
void prediction_sort(const prediction *self) {
    const int count = self->class_count;
    for (int i = 0; i < count; i++) self->order[i] = i;
    for (int i = count / 2 - 1; i >= 0; i--) sift_down(self, i, count);
    for (int last = count - 1; last > 0; last--) {
        const int moved = self->order[0];
        self->order[0] = self->order[last];
        self->order[last] = moved;
        sift_down(self, 0, last);
    }
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
    for (int i = 0; i < self->class_count; i++)
        if (prediction_holds(self, self->order[i]))
            dni_json_append(&set, json_string(self->classes[self->order[i]]));
    return set;
}

json_t *prediction_json(const prediction *self, const char *path) {
    json_t *all = json_object();
    for (int i = 0; i < self->shown; i++)
        dni_json_set(&all, self->classes[self->order[i]],
                     dni_json_float(self->probabilities[self->order[i]]));
    json_t *object = json_pack("{s:o, s:s, s:o}", "path", dni_json_text(path), "class",
                               self->classes[self->order[0]], "probabilities", all);
    if (self->own) {
        dni_json_set(&object, "own", json_string(self->own));
        dni_json_set(&object, "near_copy", json_boolean(self->is_near_copy));
    }
    if (self->thresholds) dni_json_set(&object, "set", set_json(self));
    unfamiliar_add_json(&object, self->unfamiliarity);
    return object;
}

/* What a model says of one picture. */
#include "ftrain/features/prediction.h"

#include "io/json.h"

void prediction_sort(const prediction *self) {
    for (int i = 0; i < self->class_count; i++) {
        int place = i;
        for (; place > 0 && self->probabilities[self->order[place - 1]] < self->probabilities[i]; place--)
            self->order[place] = self->order[place - 1];
        self->order[place] = i;
    }
}

bool prediction_holds(const prediction *self, int class_index) {
    return self->probabilities[class_index] >= self->thresholds[class_index];
}

static json_t *set_json(const prediction *self) {
    json_t *set = json_array();
    for (int i = 0; i < self->class_count; i++)
        if (prediction_holds(self, self->order[i]))
            json_array_append_new(set, json_string(self->classes[self->order[i]]));
    return set;
}

json_t *prediction_json(const prediction *self, const char *path) {
    json_t *all = json_object();
    for (int i = 0; i < self->shown; i++)
        json_object_set_new(all, self->classes[self->order[i]],
                            dni_json_float(self->probabilities[self->order[i]]));
    json_t *object = json_pack("{s:o, s:s, s:o}", "path", dni_json_text(path), "class",
                               self->classes[self->order[0]], "probabilities", all);
    if (self->thresholds) json_object_set_new(object, "set", set_json(self));
    return object;
}

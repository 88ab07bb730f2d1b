/* SPDX-License-Identifier: MIT */
/* A head of torch's linear layers, from a state dict. */
#include "ftrain/import/imported_head.h"

#include "densenet/densenet.h"
#include "ftrain/shell/message.h"
#include "io/json.h"
#include "io/name_text.h"
#include "weights/checkpoint.h"
#include "weights/linears.h"

#include <string.h>

static outcome copy_layers(imported_head *out, const dni_linears *layers) {
    outcome code = OUTCOME_OK;
    for (int i = 0; !code && i < layers->count; i++) {
        const dni_tensor *weight = &layers->layers[i].weight->tensor;
        code = imported_head_add(out, (int)weight->shape[1], (int)weight->shape[0]);
        if (code) break;
        dni_tensor_to_f32(weight, out->weights[i]);
        if (layers->layers[i].bias) dni_tensor_to_f32(&layers->layers[i].bias->tensor, out->biases[i]);
    }
    return code;
}

static bool is_of_head(const dni_linears *layers, const dni_named_tensor *entry) {
    for (int i = 0; i < layers->count; i++)
        if (entry == layers->layers[i].weight || entry == layers->layers[i].bias) return true;
    return false;
}

/* What else the file holds is not read: a reader should know. */
static void tell_left_out(const dni_linears *layers, const dni_tensor_dict *dict, const char *path) {
    const size_t count = dni_tensor_dict_count(dict) - layers->tensors;
    enum { NAMED = 3 };
    dni_name_text names = {0};
    size_t named = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(dict) && named < NAMED; i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
        if (!is_of_head(layers, entry)) dni_name_text_add(&names, named++ ? ", " : "", entry->name, "");
    }
    if (count)
        message("%s: left out %zu tensor%s outside the head: %s%s", path, count, count > 1 ? "s" : "",
                names.content, count > NAMED ? ", ..." : "");
}

static outcome set_recipe(imported_head *out, const dni_linears *layers) {
    json_t *names = json_array();
    for (int i = 0; i < layers->count; i++)
        dni_json_append(&names, dni_json_text(layers->layers[i].weight->name));
    out->recipe = json_pack("{s:s, s:o}", "format", "torch", "layers", names);
    return out->recipe ? OUTCOME_OK : report_no_memory();
}

outcome import_torch(imported_head *out, const dni_file *file, const char *prefix) {
    *out = (imported_head){.count = 0};
    dni_checkpoint checkpoint;
    dni_linears layers;
    dn_error error;
    if (dni_checkpoint_read(&checkpoint, file, NULL, &error)) return report(&error, OUTCOME_MODEL);
    outcome code = dni_linears_find(&layers, checkpoint.file, prefix, file->path, &error)
                       ? report(&error, OUTCOME_MODEL)
                       : OUTCOME_OK;
    if (!code) {
        tell_left_out(&layers, checkpoint.file, file->path);
        code = copy_layers(out, &layers);
    }
    if (!code) code = set_recipe(out, &layers);
    dni_checkpoint_free(&checkpoint);
    return code;
}

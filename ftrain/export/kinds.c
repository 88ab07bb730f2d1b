/* The kinds of files that can be written out, each with its writers. */
#include "ftrain/export/export.h"

#include "ftrain/export/state_dict.h"

const export_kind network_kind = {
    .name = "a model file",
    .mark = "densenet classifier",
    .writers = {[EXPORT_SAFETENSORS] = export_safetensors, [EXPORT_PTH] = export_pth},
};

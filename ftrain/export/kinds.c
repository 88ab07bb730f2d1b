/* SPDX-License-Identifier: MIT */
/* The kinds of files that can be written out, each with its writers. */
#include "ftrain/export/export.h"

#include "ftrain/export/c_source.h"
#include "ftrain/export/features.h"
#include "ftrain/export/onnx.h"
#include "ftrain/export/state_dict.h"

const export_kind network_kind = {
    .name = "a model file",
    .mark = "densenet classifier",
    .has_weights = true,
    .writers = {[EXPORT_SAFETENSORS] = export_safetensors,
                [EXPORT_PTH] = export_pth,
                [EXPORT_ONNX] = export_onnx,
                [EXPORT_C] = export_c},
};

const export_kind feature_kind = {
    .name = "a feature file",
    .mark = "densenet feature store",
    .has_rows = true,
    .writers = {[EXPORT_NPY] = export_features_npy, [EXPORT_CSV] = export_features_csv},
};

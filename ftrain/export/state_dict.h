/* SPDX-License-Identifier: MIT */
/* The whole network as a file of named tensors, for PyTorch. */
#ifndef FTRAIN_EXPORT_STATE_DICT_H
#define FTRAIN_EXPORT_STATE_DICT_H

#include "ftrain/export/export.h"

outcome export_safetensors(const export_job *job, json_t *about);
outcome export_pth(const export_job *job, json_t *about);

#endif

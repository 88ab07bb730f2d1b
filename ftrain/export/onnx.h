/* SPDX-License-Identifier: MIT */
/* The whole network as an ONNX model. */
#ifndef FTRAIN_EXPORT_ONNX_H
#define FTRAIN_EXPORT_ONNX_H

#include "ftrain/export/export.h"

outcome export_onnx(const export_job *job, json_t *about);

#endif

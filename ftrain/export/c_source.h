/* SPDX-License-Identifier: MIT */
/* A model as a part of a C program: a source file, its header, and the bytes that it takes in. */
#ifndef FTRAIN_EXPORT_C_SOURCE_H
#define FTRAIN_EXPORT_C_SOURCE_H

#include "ftrain/export/export.h"

outcome export_c(const export_job *job, json_t *about);

#endif

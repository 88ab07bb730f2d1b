/* SPDX-License-Identifier: MIT */
/* The rows of a feature file for other programs: NumPy's arrays, CSV. */
#ifndef FTRAIN_EXPORT_FEATURES_H
#define FTRAIN_EXPORT_FEATURES_H

#include "ftrain/export/export.h"

/* Writes OUT, and beside it the table of its rows under the same name with the ending .tsv: both or none. */
outcome export_features_npy(const export_job *job, json_t *about);
outcome export_features_csv(const export_job *job, json_t *about);

#endif

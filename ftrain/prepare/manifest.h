/* SPDX-License-Identifier: MIT */
/* manifest.tsv of a prepared set: what each file is made of, and how. */
#ifndef FTRAIN_PREPARE_MANIFEST_H
#define FTRAIN_PREPARE_MANIFEST_H

#include "ftrain/prepare/pictures.h"

/* Writes folder/manifest.tsv: a header, then a line for each picture that is there. Returns OUTCOME_OK or,
 * after a message, another outcome. */
outcome prepare_write_manifest(const preparation *self, const char *folder);

#endif

/* SPDX-License-Identifier: MIT */
/* The parts of a data set, and the folders that hold them. */
#ifndef DN_IO_SPLIT_H
#define DN_IO_SPLIT_H

#include "core/status.h"

typedef enum dni_split { DNI_TRAIN, DNI_VALID, DNI_TEST, DNI_SPLITS } dni_split;

const char *dni_split_name(dni_split split); /* "train", "valid", "test" */

/* The split that a folder's name stands for, where val and validation are valid, too; DNI_SPLITS: none. */
dni_split dni_split_of_name(const char *name);

/* Finds the folder of a split in a data set; *out, from malloc, is its path. `name` is a split's, and then
 * any of the names that stand for it will do, or that of any other folder. DN_ERR_NOT_FOUND: it is missing,
 * and the message tells which folders are there instead; DN_ERR_DATA_CLASSES: two folders stand for the
 * split, and the message names both. */
dn_status dni_split_find(char **out, const char *data, const char *name, dn_error *error);

#endif

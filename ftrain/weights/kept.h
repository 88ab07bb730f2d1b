/* SPDX-License-Identifier: MIT */
/* Weights files that are kept: written with what tells later whether they are still what they were. */
#ifndef FTRAIN_WEIGHTS_KEPT_H
#define FTRAIN_WEIGHTS_KEPT_H

#include "ftrain/weights/source.h"

#include <stdbool.h>

/* Writes the weights as safetensors, atomically, with the metadata that kept_check() reads: where they came
 * from, the SHA-256 of the file that came, and that of the tensors' values. */
outcome kept_write(dn_weights *weights, const char *path, const weights_address *address,
                   const char *file_sha256);

/* What kept_check() has found. */
typedef struct kept_file {
    bool is_there, is_sound;
    const dn_config *network;
    char file_sha256[SHA256_HEX]; /* of the file that was fetched */
} kept_file;

/* Reads all of a file, of kept_write() or as torch hub keeps it (its own SHA-256 is then looked at), and says
 * whether every tensor is there and as it was, and whether it is what the address stands for. Of a file that
 * is there and is not sound a message tells why. */
outcome kept_check(kept_file *out, const char *path, const weights_address *address);

#endif

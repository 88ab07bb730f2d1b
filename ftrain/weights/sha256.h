/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) of files and of weights, through nettle. */
#ifndef FTRAIN_WEIGHTS_SHA256_H
#define FTRAIN_WEIGHTS_SHA256_H

#include "core/status.h"
#include "core/tensor_dict.h"

/* 64 hex digits and a terminator. */
enum { SHA256_HEX = 65 };

/* Of all bytes of an open file; `path` is for messages. */
dn_status sha256_of_file(char hex[SHA256_HEX], int descriptor, const char *path, dn_error *error);

/* Of what the tensors hold, one after the other in the dictionary's order; names, shapes and types aside. */
void sha256_of_tensors(char hex[SHA256_HEX], const dni_tensor_dict *dict);

#endif

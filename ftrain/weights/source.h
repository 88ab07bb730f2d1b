/* SPDX-License-Identifier: MIT */
/* What to fetch: the address, the network and the hash that are expected, and the names of what is kept. */
#ifndef FTRAIN_WEIGHTS_SOURCE_H
#define FTRAIN_WEIGHTS_SOURCE_H

#include "densenet/densenet.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/weights/sha256.h"

typedef struct weights_address {
    const dn_config *network;  /* NULL: whatever comes */
    char *url, *shown;         /* shown: without its password */
    char expected[SHA256_HEX]; /* the first digits of the file's SHA-256, or all; "": nothing says them */
    char torch_name[80]; /* what torch hub would call the file: the address's last part; "": other names */
} weights_address;

/* `network`: "161" or "densenet161", or NULL; `url`: NULL is torch's own; `sha256`: NULL, or the 64 digits.
 * Returns OUTCOME_OK or, after a message, another outcome; either way weights_address_free() frees it. */
outcome weights_address_find(weights_address *out, const char *network, const char *url, const char *sha256);
void weights_address_free(weights_address *address);

#endif

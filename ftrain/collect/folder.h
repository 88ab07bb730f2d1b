/* SPDX-License-Identifier: MIT */
/* The folder that 'ftrain collect' fills: what it holds, and adding to it. */
#ifndef FTRAIN_COLLECT_FOLDER_H
#define FTRAIN_COLLECT_FOLDER_H

#include "ftrain/shell/outcome.h"
#include "io/content_key.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct collect_folder {
    const char *path;
    dni_key *keys; /* of every file in it but the manifest */
    size_t count, capacity;
    uint64_t next;       /* number of the next file's name */
    long long last_page; /* the largest {n} of the URL that the manifest has; -1: none */
    int manifest;        /* open and locked */
    char *last;          /* the name of the file added last */
} collect_folder;

/* Makes the folder or reads what is there. `url` is the address as the manifest has it, url_public(); it
 * may hold "{n}". Returns OUTCOME_OK or, after a message, another outcome; either way
 * collect_folder_close() lets go of it. */
outcome collect_folder_open(collect_folder *out, const char *path, const char *url);
void collect_folder_close(collect_folder *folder);

bool collect_folder_has(const collect_folder *folder, const dni_key *key);

/* Writes a picture under the next number, with the extension of its format, and its line in manifest.tsv. */
outcome collect_folder_add(collect_folder *folder, const unsigned char *bytes, size_t size,
                           const dni_key *key, const char *url);

#endif

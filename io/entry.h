/* SPDX-License-Identifier: MIT */
/* What a path leads to. */
#ifndef DN_IO_ENTRY_H
#define DN_IO_ENTRY_H

#include "core/status.h"

#include <stdbool.h>
#include <sys/types.h>

typedef enum dni_entry_kind { DNI_ENTRY_FILE, DNI_ENTRY_FOLDER } dni_entry_kind;

typedef struct dni_entry {
    dni_entry_kind kind;
    dev_t device; /* with inode: the same for all paths that lead to the same place */
    ino_t inode;
} dni_entry;

/* Follows links, and never opens anything. DN_ERR_FILE_KIND: a pipe, a socket or a device;
 * DN_ERR_NOT_FOUND: nothing is there that could be reached, also where a link leads nowhere or to itself;
 * DN_ERR_PERMISSION; DN_ERR_MEMORY. */
dn_status dni_entry_find(dni_entry *out, const char *path, dn_error *error);
/* The same where a system that refuses to look is no reason to take the path for one that leads nowhere:
 * DN_ERR_IO then. */
dn_status dni_entry_look(dni_entry *out, const char *path, dn_error *error);

/* 1: the path leads to the file that is open; 0: to another one, or to nothing; -1: that cannot be told, with
 * errno. */
int dni_entry_is_open(const char *path, int descriptor);

bool dni_entry_is_same(const dni_entry *a, const dni_entry *b);

#endif

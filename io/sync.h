/* SPDX-License-Identifier: MIT */
/* What outlives a power cut: bytes once their file is synced, names once the folder that they are in is. */
#ifndef DN_IO_SYNC_H
#define DN_IO_SYNC_H

#include "core/status.h"

/* Brings what was written onto the disk. 0, or errno. */
int dni_sync(int descriptor);

/* Brings the names that were made, given or removed in a folder onto the disk; `path` is what it is done for,
 * in messages. A folder that may not be read and a file system that cannot sync folders leave that to the
 * system, which is no failure. */
dn_status dni_sync_folder(const char *folder, const char *path, dn_error *error);

/* The same of the folder that `path` is in. */
dn_status dni_sync_folder_of(const char *path, dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* The libraries that this program runs with. */
#ifndef FTRAIN_LIBRARIES_H
#define FTRAIN_LIBRARIES_H

#include <stddef.h>

typedef struct used_library {
    const char *name;
    char version[24]; /* empty: the library does not say */
} used_library;

enum { USED_LIBRARIES = 12 };

/* Fills in *out and returns how many there are: the version of each is that of the file which was loaded,
 * where the library tells it, and of the one that was built with elsewhere. */
size_t libraries_list(used_library out[USED_LIBRARIES]);

#endif

/* SPDX-License-Identifier: MIT */
/* Names of files that go into few folders from many, where two may be called the same. */
#ifndef FTRAIN_SHELL_UNIQUE_NAMES_H
#define FTRAIN_SHELL_UNIQUE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct unique_name {
    int folder;         /* the folder that the file goes to */
    const char *wanted; /* the caller's, with or without an extension */
    char *given;        /* the result, from malloc */
} unique_name;

/* Gives each file, in the order of the array, the name that it wants, or where another of its folder has that
 * already, the name with -2, -3, ... before the extension, which no other file wants. False, after a message,
 * without memory; `given` is then NULL for those that have none. */
bool unique_names_give(unique_name *names, size_t count);

#endif

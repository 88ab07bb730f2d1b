/* SPDX-License-Identifier: MIT */
/* Filling in a dn_error: the one error path inside the library. */
#ifndef DN_CORE_ERROR_H
#define DN_CORE_ERROR_H

#include "core/status.h"

#include <stdbool.h>

/* Writes status and message into *error unless it is NULL, and returns the status, so that a caller can write
 * `return dni_fail(error, DN_ERR_..., "%s: ...", path);`. A message that is too long ends in "...". */
dn_status dni_fail(dn_error *error, dn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: `number` is the value of errno, which decides the status and whose text
 * is appended. */
dn_status dni_fail_errno(dn_error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for an allocation that failed: DN_ERR_MEMORY, and "out of memory" behind what it was for, as in
 * `return dni_no_memory(error, "%s: %zu records", path, count);`. */
dn_status dni_no_memory(dn_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a thread that pthread_create() refused with the value `number`: DN_ERR_THREADS, "cannot be
 * started" and why. */
dn_status dni_no_thread(dn_error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where the message of a failure does not begin with the file that it is about, as that of an allocation
 * somewhere below does not, puts the file's name before it. Returns `status`; DN_OK changes nothing. */
dn_status dni_fail_in(dn_error *error, dn_status status, const char *path);

/* Leaves a function of the public API where a pointer that it needs is NULL: DN_ERR_ARGUMENT, and a message
 * that names the function and the parameter. */
#define DNI_NOT_NULL(error, pointer)                                                                         \
    do {                                                                                                     \
        if (!(pointer)) return dni_fail(error, DN_ERR_ARGUMENT, "%s: %s is NULL", __func__, #pointer);       \
    } while (0)

/* Whether the machine failed (memory, descriptors, disk, threads), and so the status says nothing about
 * the file or picture that was being read: one that has to be read again, not one to be left out. */
bool dni_status_is_machine(dn_status status);

#endif

/* SPDX-License-Identifier: MIT */
/* Status names, the version, and the filling of errors. */
#include "core/status.h"

#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OF(x)     #x
#define NUMBER_TEXT(x) TEXT_OF(x)

const char *dn_version(void) {
    return NUMBER_TEXT(DN_VERSION_MAJOR) "." NUMBER_TEXT(DN_VERSION_MINOR) "." NUMBER_TEXT(DN_VERSION_PATCH);
}

int dn_version_number(void) {
    return DN_VERSION_NUMBER;
}

const char *dn_status_name(dn_status status) {
#define NAME(s)                                                                                              \
    case s:                                                                                                  \
        return #s
    switch (status) {
        NAME(DN_OK);
        NAME(DN_ERR_ARGUMENT);
        NAME(DN_ERR_UNSUPPORTED);
        NAME(DN_ERR_CANCELLED);
        NAME(DN_ERR_MEMORY);
        NAME(DN_ERR_IO);
        NAME(DN_ERR_NOT_FOUND);
        NAME(DN_ERR_PERMISSION);
        NAME(DN_ERR_NO_SPACE);
        NAME(DN_ERR_THREADS);
        NAME(DN_ERR_FILE_KIND);
        NAME(DN_ERR_FORMAT);
        NAME(DN_ERR_CORRUPT);
        NAME(DN_ERR_TRUNCATED);
        NAME(DN_ERR_UNSAFE);
        NAME(DN_ERR_MISMATCH);
        NAME(DN_ERR_OVERFLOW);
        NAME(DN_ERR_TENSOR_MISSING);
        NAME(DN_ERR_TENSOR_SHAPE);
        NAME(DN_ERR_TENSOR_DTYPE);
        NAME(DN_ERR_TENSOR_UNEXPECTED);
        NAME(DN_ERR_IMAGE_EMPTY);
        NAME(DN_ERR_IMAGE_UNSUPPORTED);
        NAME(DN_ERR_IMAGE_CORRUPT);
        NAME(DN_ERR_IMAGE_TRUNCATED);
        NAME(DN_ERR_IMAGE_TOO_LARGE);
        NAME(DN_ERR_DATA_EMPTY);
        NAME(DN_ERR_DATA_CLASSES);
        NAME(DN_ERR_DATA_DIVERGED);
    }
#undef NAME
    return "DN_ERR_?";
}

/* Formats behind the first `used` bytes of the message; a text that does not fit ends in "...". Returns the
 * new length. */
static size_t append(dn_error *error, size_t used, const char *format, va_list arguments) {
    const size_t room = sizeof error->message - used;
    const int length = vsnprintf(error->message + used, room, format, arguments);
    if (length < 0) return used;
    if ((size_t)length < room) return used + (size_t)length;
    memcpy(error->message + sizeof error->message - 4, "...", 4);
    return sizeof error->message - 1;
}

dn_status dni_fail(dn_error *error, dn_status status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        append(error, 0, format, arguments);
        va_end(arguments);
    }
    return status;
}

static dn_status status_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return DN_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return DN_ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return DN_ERR_NO_SPACE;
    case ENOMEM:
        return DN_ERR_MEMORY;
    case EISDIR:
    case ENXIO: /* a socket */
        return DN_ERR_FILE_KIND;
    default:
        return DN_ERR_IO;
    }
}

/* Status and message, with the cause behind a colon. */
static void fill(dn_error *error, dn_status status, const char *cause, const char *format,
                 va_list arguments) {
    error->status = status;
    const size_t used = append(error, 0, format, arguments);
    snprintf(error->message + used, sizeof error->message - used, ": %s", cause);
}

/* strerror() may share its text between threads. */
static const char *text_of_errno(int number, char *text, size_t size) {
    if (number == ENOMEM) return "out of memory"; /* as dni_no_memory() says */
    if (strerror_r(number, text, size) != 0) snprintf(text, size, "error %d", number);
    return text;
}

dn_status dni_fail_errno(dn_error *error, int number, const char *format, ...) {
    const dn_status status = status_of_errno(number);
    if (error) {
        char text[128];
        va_list arguments;
        va_start(arguments, format);
        fill(error, status, text_of_errno(number, text, sizeof text), format, arguments);
        va_end(arguments);
    }
    return status;
}

dn_status dni_no_memory(dn_error *error, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        fill(error, DN_ERR_MEMORY, "out of memory", format, arguments);
        va_end(arguments);
    }
    return DN_ERR_MEMORY;
}

dn_status dni_no_thread(dn_error *error, int number, const char *format, ...) {
    if (error) {
        char reason[128], cause[160];
        snprintf(cause, sizeof cause, "cannot be started: %s", text_of_errno(number, reason, sizeof reason));
        va_list arguments;
        va_start(arguments, format);
        fill(error, DN_ERR_THREADS, cause, format, arguments);
        va_end(arguments);
    }
    return DN_ERR_THREADS;
}

dn_status dni_fail_in(dn_error *error, dn_status status, const char *path) {
    if (!status || !error || strncmp(error->message, path, strlen(path)) == 0) return status;
    const dn_error below = *error;
    return dni_fail(error, status, "%s: %s", path, below.message);
}

bool dni_status_is_machine(dn_status status) {
    return status == DN_ERR_MEMORY || status == DN_ERR_IO || status == DN_ERR_NO_SPACE ||
           status == DN_ERR_THREADS;
}

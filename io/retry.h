/* SPDX-License-Identifier: MIT */
/* System calls that fail for want of something that may be free again a moment later. */
#ifndef DN_IO_RETRY_H
#define DN_IO_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a call that failed with this errno is worth another try: it was interrupted, or descriptors were
 * used up, which other threads close again. Waits before it says so, longer each time, about a second in
 * all. *attempt begins at 0:
 *
 *     int attempt = 0, failed;
 *     do failed = stat(path, &info);
 *     while (failed && dni_retry(errno, &attempt)); */
bool dni_retry(int number, int *attempt);

/* open(), fcntl(F_DUPFD_CLOEXEC) and ftruncate(), tried again so; -1 with errno. */
int dni_open(const char *path, int flags, unsigned mode);
int dni_duplicate(int descriptor);
int dni_cut(int descriptor, uint64_t size);

#endif

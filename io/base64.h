/* Base64 (RFC 4648, section 4), for pictures inside of pages and JSON. */
#ifndef DN_IO_BASE64_H
#define DN_IO_BASE64_H

#include <stddef.h>

/* `prefix`, as "data:image/png;base64,", and behind it the bytes in base64; from malloc, NULL when out of
 * memory. */
char *dni_base64(const char *prefix, const void *bytes, size_t size);

#endif

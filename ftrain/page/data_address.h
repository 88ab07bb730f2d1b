/* SPDX-License-Identifier: MIT */
/* Pictures inside of pages and of JSON: data: addresses (RFC 2397), base64 by nettle. */
#ifndef FTRAIN_PAGE_DATA_ADDRESS_H
#define FTRAIN_PAGE_DATA_ADDRESS_H

#include <stddef.h>

/* "data:image/png;base64," of type "image/png", and behind it the bytes; from malloc, NULL without memory. */
char *data_address(const char *type, const void *bytes, size_t size);

#endif

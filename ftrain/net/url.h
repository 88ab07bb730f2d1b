/* SPDX-License-Identifier: MIT */
/* Addresses as they may be shown. */
#ifndef FTRAIN_NET_URL_H
#define FTRAIN_NET_URL_H

/* The address without the user's name and password ("https://user:password@example.org/" is
 * "https://example.org/"), for the manifest, results and messages. From malloc; NULL: out of memory. */
char *url_public(const char *url);

#endif

/* SPDX-License-Identifier: MIT */
/* Files that are part of the program: pages, scripts and styles of its servers. The Makefile turns every
 * .html, .js and .css file of ftrain's rooms into an array (embed.sh); "ftrain/serve/page.html" is
 *
 *     extern const asset asset_serve_page_html; */
#ifndef FTRAIN_SERVER_ASSET_H
#define FTRAIN_SERVER_ASSET_H

#include <stddef.h>

typedef struct asset {
    const char *type; /* "text/html; charset=utf-8" */
    const char *text; /* `size` bytes, and a zero byte */
    size_t size;
} asset;

#endif

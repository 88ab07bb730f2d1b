/* SPDX-License-Identifier: MIT */
/* Leaving out the user's name and password (RFC 3986, section 3.2.1). */
#include "ftrain/net/url.h"

#include <stdlib.h>
#include <string.h>

char *url_public(const char *url) {
    char *shown = strdup(url);
    char *authority = shown ? strstr(shown, "://") : NULL;
    if (!authority) return shown;
    authority += strlen("://");
    const size_t length = strcspn(authority, "/?#");
    size_t host = length;
    while (host && authority[host - 1] != '@') host--;
    memmove(authority, authority + host, strlen(authority + host) + 1);
    return shown;
}

/* SPDX-License-Identifier: MIT */
/* The socket on which a server listens. */
#ifndef FTRAIN_SERVER_LISTENER_H
#define FTRAIN_SERVER_LISTENER_H

#include "ftrain/shell/outcome.h"

#include <stdbool.h>

typedef struct listener {
    int socket;
    bool is_loopback; /* reached from this machine alone */
    char url[96];     /* "http://127.0.0.1:8080/" */
} listener;

/* Whether `address` (NULL: 127.0.0.1) is an IP address or "localhost": OUTCOME_OK, or OUTCOME_USAGE after a
 * message. */
outcome listener_check(const char *address);

/* Port 0: any that is free. Returns OUTCOME_OK or, after a message, another outcome. */
outcome listener_open(listener *out, const char *address, int port);

#endif

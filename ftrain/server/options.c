/* SPDX-License-Identifier: MIT */
/* --listen, --port and what else says how a command serves. */
#include "ftrain/server/server.h"

#include "ftrain/server/listener.h"
#include "ftrain/shell/message.h"

static const option_spec rows[] = {
    OPT_TEXT("listen", 0, server_options, listen, "ADDRESS",
             "listen on this address (default 127.0.0.1); beyond loopback a token is needed"),
    OPT_INT("port", 0, server_options, port, 0, 65535, "N",
            "listen on this port; 0: any that is free (default)"),
    OPT_TEXT("token-file", 0, server_options, token_file, "FILE",
             "the access token that requests must bear is in this file (default: $FTRAIN_TOKEN)"),
    OPT_TEXT("host", 0, server_options, host, "NAME",
             "a name under which the server is reached, beside addresses and localhost"),
    OPT_INT("timeout", 0, server_options, timeout, 1, 3600, "SECONDS",
            "within which a request must have arrived, and its answer be taken (default 60)"),
};

const option_table server_option_table = OPTION_TABLE(rows);

outcome server_options_check(const server_options *options) {
    if (!server_library()) {
        message(
            "this ftrain was built without libmicrohttpd and cannot serve; with Debian's libmicrohttpd-dev "
            "'make' builds it in");
        return OUTCOME_USAGE;
    }
    return listener_check(options->listen);
}

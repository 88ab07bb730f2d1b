/* SPDX-License-Identifier: MIT */
/* The server of the page, and the browser. */
#include "ftrain/review/site.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/quote.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { LARGEST_BODY = 1 << 20 }; /* a decision on 100,000 pictures */

static const route routes[] = {
    {"GET", "/", review_send_page, 0},
    {"GET", "/page.js", review_send_script, 0},
    {"GET", "/grid.js", review_send_grid_script, 0},
    {"GET", "/page.css", review_send_style, 0},
    {"GET", "/set", review_send_set, 0},
    {"GET", "/thumbnail", review_send_thumbnail, 0},
    {"GET", "/picture", review_send_picture, 0},
    {"POST", "/map", review_send_map, ROUTE_PAGE_ONLY},
    {"POST", "/decide", review_take_decisions, ROUTE_PAGE_ONLY},
};

static bool is_set(const char *variable) {
    const char *const value = getenv(variable);
    return value && *value;
}

/* What the browser reads and prints would disturb this program's user. */
static int detach_streams(posix_spawn_file_actions_t *actions) {
    int refused = 0;
    for (int stream = STDIN_FILENO; !refused && stream <= STDERR_FILENO; stream++)
        refused = posix_spawn_file_actions_addopen(actions, stream, "/dev/null",
                                                   stream == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
    return refused;
}

/* Ctrl-C, which is for this program, does not reach the browser, and it ignores none of the signals that this
 * program does (ftrain/shell/streams.c). */
static int detach_signals(posix_spawnattr_t *attributes) {
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    int refused = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    if (!refused) refused = posix_spawnattr_setpgroup(attributes, 0); /* a group of its own */
    return refused ? refused : posix_spawnattr_setsigdefault(attributes, &usual);
}

/* Asks the desktop to open the address, where there is a desktop; 0: nobody was asked. */
static pid_t open_browser(const char *url) {
    if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) return 0;
    char program[] = "xdg-open", *const address = strdup(url);
    char *const words[] = {program, address, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t child = 0;
    if (!address || posix_spawn_file_actions_init(&actions)) {
        free(address);
        return 0;
    }
    if (!posix_spawnattr_init(&attributes)) {
        if (detach_streams(&actions) || detach_signals(&attributes) ||
            posix_spawnp(&child, program, &actions, &attributes, words, environ))
            child = 0;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(address);
    return child;
}

static outcome tell_address(const site *self, const server *opened) {
    fputs("reviewing ", stdout);
    quote_write(stdout, self->set->folder);
    printf(" on %s\n", server_url(opened));
    return fflush(stdout) == 0 ? OUTCOME_OK : OUTCOME_MACHINE; /* main() tells */
}

outcome review_browse(site *self, const server_options *options, bool opens_browser) {
    const server_site served = {.routes = routes,
                                .route_count = sizeof routes / sizeof *routes,
                                .context = self,
                                .max_body = LARGEST_BODY};
    server *opened;
    outcome code = server_open(&opened, options, &served);
    if (!code) code = server_start(opened);
    if (!code) code = tell_address(self, opened);
    const pid_t browser = !code && opens_browser ? open_browser(server_url(opened)) : 0;
    if (!code) code = server_run(opened);
    server_free(opened);
    if (browser > 0) waitpid(browser, NULL, WNOHANG); /* it may stay, with the window that it opened */
    return code;
}

/* SPDX-License-Identifier: MIT */
/* Keeping the standard streams safe. */
#include "ftrain/shell/streams.h"

#include "ftrain/shell/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sigaction sigpipe_before;

outcome streams_open(void) {
    /* the wrong way round, so that a use of the stream fails as a use of a closed one does */
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open("/dev/null", modes[stream]) != stream) { /* the lowest that is free */
            message("/dev/null: cannot be opened in place of a closed standard stream: %s", strerror(errno));
            return OUTCOME_MACHINE;
        }
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, &sigpipe_before);
    return OUTCOME_OK;
}

static bool reader_has_gone(void) {
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

outcome streams_close(outcome code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    if (reader_has_gone() && sigpipe_before.sa_handler == SIG_DFL) {
        sigaction(SIGPIPE, &sigpipe_before, NULL);
        raise(SIGPIPE);
    }
    message("cannot write to standard output");
    return OUTCOME_MACHINE;
}

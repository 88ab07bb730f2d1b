/* SPDX-License-Identifier: MIT */
/* The handler uses what POSIX allows it to: flags, write() and _exit(). */
#include "ftrain/shell/interrupt.h"

#include "ftrain/shell/outcome.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught, waits, on_terminal, muted;
static char words[512] = "interrupted"; /* written only while signals wait */

static void put(const char *text) {
    /* a message that cannot be written is lost, as any other is */
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

_Noreturn static void end(void) {
    if (muted) _exit(OUTCOME_INTERRUPTED);
    if (on_terminal) put("\r\033[K"); /* over the progress bar */
    put("ftrain: ");
    put(words);
    put("\n");
    _exit(OUTCOME_INTERRUPTED);
}

static void on_signal(int number) {
    (void)number;
    if (!waits || caught) end();
    caught = 1;
}

void interrupts_begin(void) {
    on_terminal = isatty(STDERR_FILENO);
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupts_wait(bool wait) {
    const bool before = waits;
    if (!wait) fflush(stdout); /* what was printed is not lost; main() tells of an error */
    waits = wait;
    if (!wait && caught) end();
    return before;
}

void interrupts_say(const char *format, ...) {
    const bool before = interrupts_wait(true);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    interrupts_wait(before);
}

void interrupts_mute(void) {
    muted = 1;
}

bool interrupted(void) {
    return caught != 0;
}

void interrupts_forget(void) {
    caught = 0;
}

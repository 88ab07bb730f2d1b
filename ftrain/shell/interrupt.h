/* SPDX-License-Identifier: MIT */
/* Ctrl-C and SIGTERM: SIGINT, SIGTERM.
 *
 * Most work has nothing to save while it runs, or keeps what it reached as it goes: there a signal ends
 * the program at once, with the message "interrupted" and exit status 130. Work that must not end in the
 * middle, as the writing of a file, lets a signal wait:
 *
 *     const bool before = interrupts_wait(true);
 *     status = write_the_file();
 *     interrupts_wait(before);
 *
 * Longer work of this kind asks interrupted() at least twice a second. */
#ifndef FTRAIN_SHELL_INTERRUPT_H
#define FTRAIN_SHELL_INTERRUPT_H

#include <stdbool.h>

/* Once, when the program starts. */
void interrupts_begin(void);

/* true: a first signal only sets a flag, a second one ends the program at once. false: a signal ends the
 * program at once, and so does one that has waited. Returns what held before. */
bool interrupts_wait(bool wait);

/* What is printed when a signal ends the program, "interrupted" at first. */
void interrupts_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on nothing is printed when a signal ends the program: another process says it. */
void interrupts_mute(void);

/* Whether a signal waits. */
bool interrupted(void);

/* For work that a signal is meant to end, as that of a server: the signal that waits has done its part. */
void interrupts_forget(void);

#endif

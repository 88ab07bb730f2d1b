/* Ctrl-C and SIGTERM. */
#ifndef FTRAIN_SHELL_INTERRUPT_H
#define FTRAIN_SHELL_INTERRUPT_H

#include <stdbool.h>

/* From the first call on SIGINT and SIGTERM only set a flag; a second one ends the program at once. */
void catch_interrupts(void);
bool interrupted(void);

#endif

/* SPDX-License-Identifier: MIT */
/* Keeping the command line. */
#include "ftrain/shell/command_line.h"

static command_line kept;

void command_line_keep(int argc, char *const *argv) {
    kept = (command_line){argc, argv};
}

command_line command_line_kept(void) {
    return kept;
}

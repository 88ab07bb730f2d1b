/* SPDX-License-Identifier: MIT */
/* Tests that choose tiers of kernels by DN_ISA, and leave the variable as they found it. */
#include "test/support/tiers.h"

#include <stdlib.h>
#include <string.h>

char *chosen_tier(void) {
    const char *const chosen = getenv("DN_ISA");
    return chosen ? strdup(chosen) : NULL;
}

void restore_tier(char *chosen) {
    if (chosen)
        setenv("DN_ISA", chosen, 1);
    else
        unsetenv("DN_ISA");
    free(chosen);
}

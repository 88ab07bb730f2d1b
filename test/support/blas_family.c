/* SPDX-License-Identifier: MIT */
/* OpenBLAS with the kernels that every CPU of the architecture can run. */
#include "test/support/blas_family.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define FAMILY "Prescott"
#else
#define FAMILY "ARMV8"
#endif

void blas_family_choose(char **arguments) {
    const char *const chosen = getenv("OPENBLAS_CORETYPE");
    if (!chosen || strcmp(chosen, FAMILY) != 0) {
        setenv("OPENBLAS_CORETYPE", FAMILY, 1);
        execv(arguments[0], arguments);
        perror(arguments[0]);
        exit(EXIT_FAILURE);
    }
    openblas_set_num_threads(1);
}

const char *blas_family_name(void) {
    static char name[64];
    char version[24] = "";
    sscanf(openblas_get_config(), "OpenBLAS %23s", version);
    snprintf(name, sizeof name, "OpenBLAS-%s-%s", version, openblas_get_corename());
    return name;
}

/* SPDX-License-Identifier: MIT */
/* Open MPI's mpirun sets the first of these variables, that of MPICH and srun --mpi=pmi2 the second, and srun
 * --mpi=pmix the third. */
#include "ftrain/ranks/launch.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

/* The number that a variable holds, 0 where it holds none. */
static int number_of(const char *name) {
    const char *const text = getenv(name);
    if (!text) return 0;
    const long value = strtol(text, NULL, 10);
    return value > 0 && value < INT_MAX ? (int)value : 0;
}

launch launch_find(void) {
    static const struct {
        const char *rank, *count;
    } launchers[] = {
        {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
        {"PMI_RANK", "PMI_SIZE"},
        {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"},
    };
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
        if (getenv(launchers[i].rank))
            return (launch){.is_launched = true,
                            .count = number_of(launchers[i].count),
                            .rank = number_of(launchers[i].rank)};
    return (launch){.is_launched = false};
}

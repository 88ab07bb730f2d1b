/* SPDX-License-Identifier: MIT */
/* Whether this process is one of several that mpirun or srun has started together: told by the variables that
 * these set, so that a program without MPI notices it, too, and a plain run never starts MPI. */
#ifndef FTRAIN_RANKS_LAUNCH_H
#define FTRAIN_RANKS_LAUNCH_H

#include <stdbool.h>

typedef struct launch {
    bool is_launched; /* by mpirun or srun, be it alone */
    int count, rank;  /* of the processes, of this one; 0: not told */
} launch;

launch launch_find(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The few directions in which vectors are largest. */
#ifndef DN_HEAD_SUBSPACE_H
#define DN_HEAD_SUBSPACE_H

#include "core/status.h"

#include <stdint.h>

/* An orthonormal basis of the subspace that holds most of the vectors' squared length: the span of the first
 * `directions` right singular vectors of x, by subspace iteration from a random start (Halko, Martinsson &
 * Tropp 2011, algorithm 4.4). x: (count, width), not centred; basis: (directions, width). Where the vectors
 * span fewer dimensions, the rest of the rows are zeros. directions <= width. The caller holds
 * dni_blas_acquire(). DN_ERR_MEMORY alone. */
dn_status dni_subspace_fit(float *basis, int directions, const float *x, int count, int width, uint64_t seed,
                           dn_error *error);

#endif

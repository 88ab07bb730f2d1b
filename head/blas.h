/* SPDX-License-Identifier: MIT */
/* Makes sure that OpenBLAS will find its memory.
 *
 * OpenBLAS maps a work buffer at its first matrix product, and one more for every product that runs at the
 * same time, keeps them, and where the system refuses one it tries again for ever: a program under a limit of
 * memory would never end. So whoever is about to compute products asks here first. */
#ifndef DN_HEAD_BLAS_H
#define DN_HEAD_BLAS_H

#include "core/status.h"

/* To be called before matrix products by the thread that computes them, and given back after the last one.
 * DN_ERR_MEMORY where the buffer that OpenBLAS would map cannot be had; then there is nothing to give
 * back. */
dn_status dni_blas_acquire(dn_error *error);
void dni_blas_release(void);

/* Has OpenBLAS map its first buffer now. Between the look in dni_blas_acquire() and OpenBLAS's own mapping
 * another thread may take the memory, and the product never ends: so this is to be called before threads are
 * started that work beside the products. DN_ERR_MEMORY as above. */
dn_status dni_blas_prepare(dn_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* Tests of bits that come out of OpenBLAS. A matrix product has other bits for each family of CPUs, and may
 * have with each version. So the family is the one that every CPU of the architecture can run, which OpenBLAS
 * takes from its environment before main() begins, and the version is a part of the digest's key: with
 * another one such a test is skipped. */
#ifndef TEST_SUPPORT_BLAS_FAMILY_H
#define TEST_SUPPORT_BLAS_FAMILY_H

/* The first thing that main() does: starts the program again where OpenBLAS has chosen another family. One
 * thread computes from then on. Ends the program where it cannot be started. */
void blas_family_choose(char **arguments);

/* "OpenBLAS-0.3.21-Prescott"; static. */
const char *blas_family_name(void);

#endif

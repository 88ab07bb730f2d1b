/* SPDX-License-Identifier: MIT */
/* Tests that choose tiers of kernels by DN_ISA, and leave the variable as they found it. */
#ifndef TEST_SUPPORT_TIERS_H
#define TEST_SUPPORT_TIERS_H

/* The variable's value, to be handed to restore_tier(); NULL when it is not set. */
char *chosen_tier(void);
void restore_tier(char *chosen);

#endif

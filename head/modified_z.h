/* SPDX-License-Identifier: MIT */
/* Values that stand out, told by statistics that such values hardly move. */
#ifndef DN_HEAD_MODIFIED_Z_H
#define DN_HEAD_MODIFIED_Z_H

#include <stddef.h>

/* Above this a modified z-score counts as an outlier (Iglewicz & Hoaglin 1993, How to Detect and Handle
 * Outliers). */
#define DNI_OUTLIER_Z 3.5

/* Turns values into modified z-scores, 0.6745 (x - median) / MAD, in place, where MAD is the median of the
 * values' distances to their median; all 0 where they do not vary. `scratch`: as many. */
void dni_modified_z(double *values, double *scratch, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/* The one clock for measuring how long something takes. */
#ifndef DN_CORE_CLOCK_H
#define DN_CORE_CLOCK_H

/* Seconds since some fixed moment, from a clock that never jumps or goes back (CLOCK_MONOTONIC). Only
 * differences mean something. */
double dni_clock_seconds(void);

#endif

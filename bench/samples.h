/* SPDX-License-Identifier: MIT */
/* Where in the program time goes: its program counter, about a thousand times a second. Nothing has to be
 * built otherwise for it, and nothing is inside what is looked at. bench/functions.py tells the functions. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "core/status.h"

#include <jansson.h>

/* From now on, in the thread that the system lets take the signal: with one thread, in that one. One at a
 * time. DN_ERR_UNSUPPORTED where it is not known how a signal tells the program counter. */
dn_status bench_samples_start(dn_error *error);

/* Stops, and returns {"addresses": [[address, count], ...], "elsewhere": count}, a new reference: addresses as
 * the program's file has them, in no order, and how many samples lie in other libraries and the kernel. */
json_t *bench_samples_stop(void);

#endif

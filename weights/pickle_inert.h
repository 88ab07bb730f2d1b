/* SPDX-License-Identifier: MIT */
/* Globals that stand beside a state dict in files that training scripts write, and say nothing of the
 * weights. */
#ifndef DN_WEIGHTS_PICKLE_INERT_H
#define DN_WEIGHTS_PICKLE_INERT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the global of that name is on the closed list. Whatever is made of it or by it is an object without
 * content: nothing is called, and its arguments and attributes are dropped. */
bool dni_pickle_is_inert(const unsigned char *module, size_t module_size, const unsigned char *name,
                         size_t name_size);

#endif

/* SPDX-License-Identifier: MIT */
/* The functions of xxHash, all of which its header holds, for machines that are emulated here and have no
 * such library. */
#define XXH_STATIC_LINKING_ONLY
#define XXH_IMPLEMENTATION
#include <xxhash.h>

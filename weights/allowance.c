/* SPDX-License-Identifier: MIT */
/* The allowance is a counter: nothing is allocated here. */
#include "weights/allowance.h"

#include "core/error.h"
#include "core/memory.h"

#include <stdint.h>

dni_allowance dni_allowance_of(uint64_t file_size, const char *path) {
    size_t all;
    if (!dni_size_mul((size_t)file_size, DNI_ALLOWANCE_TIMES_FILE, &all) ||
        !dni_size_add(all, DNI_ALLOWANCE_BESIDE_FILE, &all))
        all = SIZE_MAX;
    return (dni_allowance){.path = path, .all = all, .left = all};
}

dn_status dni_allowance_take(dni_allowance *allowance, size_t size, dn_error *error) {
    if (size > allowance->left)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: what it describes would take more than %zu bytes of memory, the limit for a "
                        "file of its size",
                        allowance->path, allowance->all);
    allowance->left -= size;
    return DN_OK;
}

void dni_allowance_give_back(dni_allowance *allowance, size_t size) {
    allowance->left += size;
}

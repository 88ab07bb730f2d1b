/* SPDX-License-Identifier: MIT */
/* Names and where they stand in their list, to be found without looking at each. */
#ifndef DN_CORE_NAME_INDEX_H
#define DN_CORE_NAME_INDEX_H

#include "core/status.h"

typedef struct dni_name_index {
    struct dni_name_place *places; /* (count), by name */
    int count;
} dni_name_index;

/* Of `names`, (count), which must outlive the index. `source`: the file, folder or option that has them.
 * Fails only for want of memory; to be freed. */
dn_status dni_name_index_make(dni_name_index *out, const char *const *names, int count, const char *source,
                              dn_error *error);
/* Where the name stands, the first of equal ones; -1: nowhere. */
int dni_name_index_find(const dni_name_index *index, const char *name);
void dni_name_index_free(dni_name_index *index); /* also of a cleared one */

#endif

/* SPDX-License-Identifier: MIT */
/* Groups among the usable pictures, told among all. */
#include "ftrain/cues/copies.h"

#include "ftrain/shell/new_array.h"

#include <stdlib.h>

/* Those that cannot be used are alone. */
static void translate_groups(uint32_t *group, const uint32_t *among, const uint32_t *index, uint32_t usable,
                             uint32_t count) {
    for (uint32_t i = 0; i < count; i++) group[i] = i;
    for (uint32_t k = 0; k < usable; k++) group[index[k]] = index[among[k]];
}

static dn_status group_usable(uint32_t *same, uint32_t *near, const picture_facts *facts, uint32_t count,
                              dni_fingerprint *prints, uint32_t *index, dn_error *error) {
    uint32_t *const among = index + count;
    uint32_t usable = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!facts[i].is_usable) continue;
        prints[usable] = facts[i].fingerprint;
        index[usable++] = i;
    }
    dn_status status = dni_group_same(among, prints, usable, error);
    if (status) return status;
    translate_groups(same, among, index, usable, count);
    status = dni_group_near(among, prints, usable, DNI_NEAR_DISTANCE, error);
    if (!status) translate_groups(near, among, index, usable, count);
    return status;
}

outcome copies_find(uint32_t *same, uint32_t *near, const picture_facts *facts, size_t count) {
    dni_fingerprint *const prints = new_array(count, sizeof *prints);
    uint32_t *const index = new_matrix(2, count, sizeof *index);
    dn_error error;
    outcome code = prints && index ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code && group_usable(same, near, facts, (uint32_t)count, prints, index, &error))
        code = report(&error, OUTCOME_DATA);
    free(prints);
    free(index);
    return code;
}

outcome usable_samples(dni_samples *out, size_t *sample_index, const dni_samples *samples,
                       const picture_facts *facts) {
    *out = (dni_samples){.items = new_array(samples->count + 1, sizeof *out->items)};
    if (!out->items) return OUTCOME_MACHINE;
    for (size_t i = 0; i < samples->count; i++) {
        if (!facts[i].is_usable) continue;
        sample_index[out->count] = i;
        out->items[out->count++] = samples->items[i];
    }
    return OUTCOME_OK;
}

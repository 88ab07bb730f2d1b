/* SPDX-License-Identifier: MIT */
/* Looking pictures up among a model's keys, and telling what was found. */
#include "ftrain/features/own_pictures.h"

#include "ftrain/shell/new_array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dn_picture_key own_picture_key(const dni_fingerprint *print, dn_picture_use use) {
    dn_picture_key key = {.look = print->phash, .use = use};
    memcpy(key.content, print->content.bytes, sizeof key.content);
    return key;
}

outcome own_pictures_find(own_pictures *out, const dn_picture_key *keys, int key_count,
                          const dni_fingerprint *prints, int count) {
    *out = (own_pictures){.keys = key_count, .count = count};
    out->is_own = new_array((size_t)count + 1, sizeof *out->is_own);
    if (!out->is_own) return OUTCOME_MACHINE;
    dn_picture_index *index;
    dn_error error;
    if (dn_picture_index_create(&index, keys, key_count, &error)) return report(&error, OUTCOME_MACHINE);
    for (int i = 0; key_count && i < count; i++) {
        const dn_picture_key key = own_picture_key(&prints[i], DN_PICTURE_TRAIN);
        dn_picture_match match;
        const int found = dn_picture_index_find(index, &key, &match);
        out->is_own[i] = found >= 0;
        if (found < 0) continue;
        out->train += keys[found].use == DN_PICTURE_TRAIN;
        out->valid += keys[found].use == DN_PICTURE_VALID;
        out->near += match == DN_PICTURE_NEAR;
    }
    dn_picture_index_free(index);
    return OUTCOME_OK;
}

void own_pictures_free(own_pictures *own) {
    free(own->is_own);
}

int own_pictures_count(const own_pictures *own) {
    return own->train + own->valid;
}

/* ---- telling ---- */

void own_pictures_sentence(char *text, size_t size, const own_pictures *own) {
    const int found = own_pictures_count(own);
    char uses[64], near[48] = "";
    if (!own->keys) {
        snprintf(text, size, "whether the model was made from these pictures is not known: it keeps no keys");
        return;
    }
    if (!found) {
        snprintf(text, size, "none of the %d picture%s is one of the %d that the model was made from",
                 own->count, own->count == 1 ? "" : "s", own->keys);
        return;
    }
    if (own->train && own->valid)
        snprintf(uses, sizeof uses, "trained on %d, validated with %d", own->train, own->valid);
    else
        snprintf(uses, sizeof uses, "%s %d", own->train ? "trained on" : "validated with", found);
    if (own->near)
        snprintf(near, sizeof near, "; %d %s", own->near,
                 own->near == 1 ? "is a near copy" : "are near copies");
    const char *are = found == 1 ? "is" : "are";
    if (found == own->count && found > 1)
        snprintf(text, size, "all %d pictures are the model's own: %s%s", found, uses, near);
    else
        snprintf(text, size, "%d of the %d picture%s %s the model's own: %s%s", found, own->count,
                 own->count == 1 ? "" : "s", are, uses, near);
}

json_t *own_pictures_json(const own_pictures *own) {
    if (!own->keys) return json_null();
    return json_pack("{s:i, s:i, s:i, s:i, s:i}", "keys", own->keys, "count", own->count, "train", own->train,
                     "valid", own->valid, "near", own->near);
}

/* SPDX-License-Identifier: MIT */
/* Finding a picture among those of a model: one by comparing with all, many by an index of both its keys. */
#include "head/classifier/picture_keys.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/duplicates.h"
#include "io/hamming_index.h"
#include "io/perceptual_hash.h"

#include <stdlib.h>
#include <string.h>

dn_status dn_picture_key_of_file(dn_picture_key *out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    DNI_NOT_NULL(error, path);
    dni_fingerprint print;
    const dn_status status = dni_fingerprint_of_file(&print, path, error);
    *out = (dn_picture_key){.look = print.phash, .use = DN_PICTURE_TRAIN};
    memcpy(out->content, print.content.bytes, sizeof out->content);
    return status;
}

int dn_picture_keys_find(const dn_picture_key *keys, int count, const dn_picture_key *picture,
                         dn_picture_match *match) {
    if (match) *match = DN_PICTURE_UNKNOWN;
    if (!keys || !picture) return -1;
    int nearest = -1, least = DNI_NEAR_DISTANCE + 1, same = 0;
    while (same < count && memcmp(keys[same].content, picture->content, sizeof picture->content) != 0) {
        const uint64_t look = keys[same].look;
        const int distance = dni_perceptual_distance(look, picture->look);
        if (distance < least && look != DNI_PERCEPTUAL_FLAT && picture->look != DNI_PERCEPTUAL_FLAT) {
            least = distance;
            nearest = same;
        }
        same++;
    }
    const int found = same < count ? same : nearest;
    if (match) *match = same < count ? DN_PICTURE_SAME : nearest >= 0 ? DN_PICTURE_NEAR : DN_PICTURE_UNKNOWN;
    return found;
}

/* ---- many pictures ---- */

typedef struct content_entry {
    uint8_t content[sizeof((dn_picture_key *)0)->content];
    uint32_t place; /* of the key */
} content_entry;

struct dn_picture_index {
    content_entry *contents; /* (count): by content, then by place */
    size_t count;
    dni_hamming_index *looks; /* of the keys that are not flat */
};

static int by_content(const void *a, const void *b) {
    const content_entry *const x = a, *const y = b;
    const int order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static dn_status index_looks(dn_picture_index *self, const dn_picture_key *keys, dn_error *error) {
    size_t bytes;
    dni_hamming_item *items = dni_size_mul(self->count, sizeof *items, &bytes) ? malloc(bytes + 1) : NULL;
    if (!items) return dni_no_memory(error, "an index of %zu picture keys", self->count);
    uint32_t looks = 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (keys[i].look != DNI_PERCEPTUAL_FLAT)
            items[looks++] = (dni_hamming_item){.hash = keys[i].look, .index = i};
    const dn_status status = dni_hamming_index_create(&self->looks, items, looks, DNI_NEAR_DISTANCE, error);
    free(items);
    return status;
}

static dn_status index_contents(dn_picture_index *self, const dn_picture_key *keys, dn_error *error) {
    size_t bytes;
    if (dni_size_mul(self->count, sizeof *self->contents, &bytes)) self->contents = malloc(bytes + 1);
    if (!self->contents) return dni_no_memory(error, "an index of %zu picture keys", self->count);
    for (size_t i = 0; i < self->count; i++) {
        self->contents[i].place = (uint32_t)i;
        memcpy(self->contents[i].content, keys[i].content, sizeof keys[i].content);
    }
    qsort(self->contents, self->count, sizeof *self->contents, by_content);
    return DN_OK;
}

dn_status dn_picture_index_create(dn_picture_index **out, const dn_picture_key *keys, int count,
                                  dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    if (count) DNI_NOT_NULL(error, keys);
    if (count < 0) return dni_fail(error, DN_ERR_ARGUMENT, "%s: count is %d", __func__, count);
    dn_picture_index *const made = calloc(1, sizeof *made);
    if (!made) return dni_no_memory(error, "an index of %d picture keys", count);
    made->count = (size_t)count;
    dn_status status = index_contents(made, keys, error);
    if (!status) status = index_looks(made, keys, error);
    if (!status)
        *out = made;
    else
        dn_picture_index_free(made);
    return status;
}

void dn_picture_index_free(dn_picture_index *index) {
    if (!index) return;
    dni_hamming_index_free(index->looks);
    free(index->contents);
    free(index);
}

/* The first place with these bytes; -1 where there is none. */
static int find_content(const dn_picture_index *self, const uint8_t *content) {
    size_t low = 0, high = self->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(self->contents[middle].content, content, sizeof self->contents->content) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == self->count) return -1;
    const content_entry *const at = &self->contents[low];
    return memcmp(at->content, content, sizeof at->content) == 0 ? (int)at->place : -1;
}

int dn_picture_index_find(const dn_picture_index *index, const dn_picture_key *picture,
                          dn_picture_match *match) {
    if (match) *match = DN_PICTURE_UNKNOWN;
    if (!index || !picture) return -1;
    const int same = find_content(index, picture->content);
    if (match && same >= 0) *match = DN_PICTURE_SAME;
    uint32_t near;
    if (same >= 0 || picture->look == DNI_PERCEPTUAL_FLAT ||
        !dni_hamming_index_nearest(index->looks, picture->look, &near, NULL))
        return same;
    if (match) *match = DN_PICTURE_NEAR;
    return (int)near;
}

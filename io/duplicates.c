/* SPDX-License-Identifier: MIT */
/* Grouping by union-find, inside the array of the result: following group[i] again and again ends at the
 * first picture of the group. */
#include "io/duplicates.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"
#include "io/hamming_index.h"
#include "io/perceptual_hash.h"

#include <stdlib.h>
#include <string.h>

dn_status dni_fingerprint_load(dni_fingerprint *out, dn_image *image, const char *path, dn_error *error) {
    *out = (dni_fingerprint){.phash = DNI_PERCEPTUAL_FLAT};
    *image = (dn_image){0};
    dni_file_content file;
    dn_status status = dni_file_load(&file, path, error);
    if (status) return status;
    status = dn_image_decode(image, file.data, file.size, path, error);
    if (!status) {
        out->content = dni_key_of_bytes(file.data, file.size);
        status = dni_perceptual_hash(&out->phash, image, error);
    }
    if (status) dn_image_free(image);
    dni_file_unload(&file);
    return status;
}

dn_status dni_fingerprint_of_file(dni_fingerprint *out, const char *path, dn_error *error) {
    dn_image image;
    const dn_status status = dni_fingerprint_load(out, &image, path, error);
    dn_image_free(&image);
    return status;
}

/* Shortens the path by half on the way, so that later walks are short. */
static uint32_t first_of(uint32_t *group, uint32_t i) {
    while (group[i] != i) {
        group[i] = group[group[i]];
        i = group[i];
    }
    return i;
}

/* The lower index becomes the group's. */
static void unite(uint32_t *group, uint32_t a, uint32_t b) {
    a = first_of(group, a);
    b = first_of(group, b);
    if (a < b)
        group[b] = a;
    else
        group[a] = b;
}

static void settle(uint32_t *group, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) group[i] = first_of(group, i);
}

typedef struct entry {
    dni_key content;
    uint32_t index;
} entry;

static int by_content(const void *a, const void *b) {
    const entry *const x = a, *const y = b;
    const int order = memcmp(&x->content, &y->content, sizeof x->content);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static dn_status unite_same(uint32_t *group, const dni_fingerprint *pictures, uint32_t count,
                            dn_error *error) {
    size_t bytes;
    entry *const entries = dni_size_mul(count, sizeof *entries, &bytes) ? malloc(bytes + 1) : NULL;
    if (!entries) return dni_no_memory(error, "comparing %u pictures", count);
    for (uint32_t i = 0; i < count; i++) {
        group[i] = i;
        entries[i] = (entry){.content = pictures[i].content, .index = i};
    }
    qsort(entries, count, sizeof *entries, by_content);
    for (uint32_t i = 1; i < count; i++)
        if (memcmp(&entries[i].content, &entries[i - 1].content, sizeof entries->content) == 0)
            unite(group, entries[i - 1].index, entries[i].index);
    free(entries);
    return DN_OK;
}

dn_status dni_group_same(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, dn_error *error) {
    const dn_status status = unite_same(group, pictures, count, error);
    if (!status) settle(group, count);
    return status;
}

/* Flat pictures look like nothing, and are no items. */
static uint32_t list_looks(dni_hamming_item *items, const dni_fingerprint *pictures, uint32_t count) {
    uint32_t listed = 0;
    for (uint32_t i = 0; i < count; i++)
        if (pictures[i].phash != DNI_PERCEPTUAL_FLAT)
            items[listed++] = (dni_hamming_item){.hash = pictures[i].phash, .index = i};
    return listed;
}

static dn_status unite_near(uint32_t *group, dni_hamming_item *items, uint32_t *cluster, uint32_t count,
                            int distance, dn_error *error) {
    dni_hamming_index *index;
    const dn_status status = dni_hamming_index_create(&index, items, count, distance, error);
    if (status) return status;
    for (uint32_t i = 1; i < count; i++)
        if (items[i].hash == items[i - 1].hash) unite(group, items[i - 1].index, items[i].index);
    for (uint32_t size; (size = dni_hamming_index_take_cluster(index, cluster, NULL)) > 0;)
        for (uint32_t k = 1; k < size; k++) unite(group, cluster[0], cluster[k]);
    dni_hamming_index_free(index);
    return DN_OK;
}

dn_status dni_group_near(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, int distance,
                         dn_error *error) {
    dn_status status = unite_same(group, pictures, count, error);
    if (status) return status;
    size_t bytes;
    dni_hamming_item *const items = dni_size_mul(count, sizeof *items, &bytes) ? malloc(bytes + 1) : NULL;
    uint32_t *const cluster = items ? malloc(count * sizeof *cluster + 1) : NULL;
    status = cluster ? unite_near(group, items, cluster, list_looks(items, pictures, count), distance, error)
                     : dni_no_memory(error, "comparing %u pictures", count);
    if (!status) settle(group, count);
    free(items);
    free(cluster);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* A picture: its two sizes, its views, its path with the zero byte. */
#include "ftrain/ranks/picture_block.h"

#include <stdlib.h>
#include <string.h>

typedef struct sizes {
    size_t views, path; /* how many; bytes */
} sizes;

static void put(picture_block *self, const void *bytes, size_t size) {
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
}

static void get(picture_block *self, void *bytes, size_t size) {
    memcpy(bytes, self->bytes + self->read, size);
    self->read += size;
}

bool picture_block_add(picture_block *self, const dni_reader_job *job) {
    const sizes of = {.views = (size_t)job->view_count, .path = strlen(job->path) + 1};
    const size_t wanted = self->size + sizeof of + of.views * sizeof *job->views + of.path;
    if (wanted > self->capacity) {
        unsigned char *const bytes = realloc(self->bytes, 2 * wanted);
        if (!bytes) return false;
        self->bytes = bytes;
        self->capacity = 2 * wanted;
    }
    put(self, &of, sizeof of);
    put(self, job->views, of.views * sizeof *job->views);
    put(self, job->path, of.path);
    return true;
}

bool picture_block_next(picture_block *self, dni_reader_job **out) {
    *out = NULL;
    if (self->read == self->size) return true;
    sizes of;
    get(self, &of, sizeof of);
    dni_reader_job *const job = malloc(sizeof *job + of.views * sizeof *job->views + of.path);
    if (!job) return false;
    dni_view *const views = (dni_view *)(job + 1);
    char *const path = (char *)(views + of.views);
    get(self, views, of.views * sizeof *views);
    get(self, path, of.path);
    *job = (dni_reader_job){.user_data = job, .path = path, .views = views, .view_count = (int)of.views};
    *out = job;
    return true;
}

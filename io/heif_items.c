/* SPDX-License-Identifier: MIT */
/* Item by item, by the tables of their types (iinf), of their places (iloc) and of their properties
 * (ipco): ISO/IEC 14496-12, 8.11, and 23008-12, 9.3. */
#include "io/heif_items.h"

#include "core/error.h"
#include "io/heif_coded.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that are read in order; behind the end zeros. */
typedef struct span {
    const unsigned char *at, *end;
} span;

static size_t left(const span *s) {
    return (size_t)(s->end - s->at);
}

static uint64_t take(span *s, int count) {
    uint64_t value = 0;
    for (; count > 0; count--) value = value << 8 | (s->at < s->end ? *s->at++ : 0);
    return value;
}

static void skip(span *s, size_t count) {
    s->at += count < left(s) ? count : left(s);
}

/* The next box's content; false: there is none that is whole. */
static bool next_box(span *s, span *content, char type[5]) {
    if (left(s) < 8) return false;
    const unsigned char *const start = s->at;
    uint64_t size = take(s, 4);
    memcpy(type, s->at, 4);
    type[4] = 0;
    skip(s, 4);
    if (size == 1) size = take(s, 8);
    const size_t head = (size_t)(s->at - start);
    if (size == 0) size = head + left(s);
    if (size < head || size - head > left(s)) return false;
    *content = (span){s->at, s->at + (size - head)};
    s->at = content->end;
    return true;
}

/* ---- tables ---- */

typedef struct typed_item {
    uint32_t id;
    char type[5];
} typed_item;

typedef struct tables {
    const dni_image_source *source;
    span places, data; /* iloc, idat */
    typed_item *items; /* by id */
    size_t item_count;
    int length_bytes;   /* of HEVC's units */
    uint64_t most;      /* pixels */
    uint64_t looked_at; /* bytes of items' data */
} tables;

static void consider(tables *self, uint64_t pixels) {
    if (pixels > self->most) self->most = pixels;
}

/* HEVC's decoder configuration (ISO/IEC 14496-15, 8.3.3.1): arrays of units. */
static void read_hevc_configuration(tables *self, span s) {
    skip(&s, 21);
    self->length_bytes = (int)(take(&s, 1) & 3) + 1;
    for (uint64_t arrays = take(&s, 1); arrays > 0 && left(&s); arrays--) {
        skip(&s, 1);
        for (uint64_t units = take(&s, 2); units > 0 && left(&s) >= 2; units--) {
            span unit = s;
            const uint64_t length = take(&s, 2);
            skip(&s, (size_t)length);
            consider(self, dni_hevc_coded_pixels(unit.at, (size_t)(s.at - unit.at), 2));
        }
    }
}

static void read_properties(tables *self, span s) {
    enum { AV1_HEAD = 4 };
    char type[5];
    for (span content; next_box(&s, &content, type);) {
        if (strcmp(type, "ipco") == 0) read_properties(self, content);
        if (strcmp(type, "hvcC") == 0) read_hevc_configuration(self, content);
        if (strcmp(type, "av1C") == 0 && left(&content) > AV1_HEAD)
            consider(self, dni_av1_coded_pixels(content.at + AV1_HEAD, left(&content) - AV1_HEAD));
    }
}

static int by_id(const void *a, const void *b) {
    const uint32_t x = ((const typed_item *)a)->id, y = ((const typed_item *)b)->id;
    return (x > y) - (x < y);
}

static dn_status read_types(tables *self, span s, dn_error *error) {
    enum { LEAST_ENTRY = 12 };
    const uint64_t version = take(&s, 1);
    skip(&s, 3 + (version ? 4 : 2));
    free(self->items);
    self->item_count = 0;
    self->items = malloc((left(&s) / LEAST_ENTRY + 1) * sizeof *self->items);
    if (!self->items) return dni_no_memory(error, "%s: a table of items", self->source->name);
    char type[5];
    for (span content; next_box(&s, &content, type);) {
        const uint64_t entry_version = take(&content, 1);
        skip(&content, 3);
        if (strcmp(type, "infe") != 0 || entry_version < 2) continue;
        typed_item *const item = &self->items[self->item_count];
        *item = (typed_item){.id = (uint32_t)take(&content, entry_version == 2 ? 2 : 4)};
        skip(&content, 2);
        if (left(&content) < 4) continue;
        memcpy(item->type, content.at, 4);
        self->item_count++;
    }
    qsort(self->items, self->item_count, sizeof *self->items, by_id);
    return DN_OK;
}

static dn_status read_tables(tables *self, span s, dn_error *error) {
    enum { VERSION_AND_FLAGS = 4 };
    skip(&s, VERSION_AND_FLAGS);
    char type[5];
    dn_status status = DN_OK;
    for (span content; !status && next_box(&s, &content, type);) {
        if (strcmp(type, "iloc") == 0) self->places = content;
        if (strcmp(type, "idat") == 0) self->data = content;
        if (strcmp(type, "iprp") == 0) read_properties(self, content);
        if (strcmp(type, "iinf") == 0) status = read_types(self, content, error);
    }
    return status;
}

/* ---- data ---- */

/* How an entry of the table of places is written. */
typedef struct place_form {
    int version, offset_bytes, length_bytes, base_bytes, index_bytes;
} place_form;

/* Joins the parts of an item's data, which the entry at `s` lists, and moves behind the entry. *out is
 * from malloc, NULL where the data lie outside the file. */
static dn_status read_data(unsigned char **out, size_t *size, tables *self, span *s, const place_form *form,
                           dn_error *error) {
    const span whole = {self->source->bytes, self->source->bytes + self->source->held};
    const uint64_t method = form->version ? take(s, 2) & 15 : 0;
    skip(s, 2); /* which file */
    const uint64_t base = take(s, form->base_bytes);
    const span from = method == 1 ? self->data : whole;
    bool is_sound = method <= 1;
    *out = NULL;
    *size = 0;
    for (uint64_t parts = take(s, 2); parts > 0 && left(s); parts--) {
        if (form->version) skip(s, (size_t)form->index_bytes);
        const uint64_t at = base + take(s, form->offset_bytes);
        uint64_t length = take(s, form->length_bytes);
        if (at <= left(&from) && !length) length = left(&from) - at;
        is_sound = is_sound && at <= left(&from) && length <= left(&from) - at;
        if (!is_sound || !length) continue;
        self->looked_at += length;
        if (self->looked_at > 4 * (uint64_t)self->source->held)
            return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                            "%s: the HEIF file is broken (its items share their data)", self->source->name);
        unsigned char *const more = realloc(*out, *size + (size_t)length);
        if (!more) return dni_no_memory(error, "%s: an item's data", self->source->name);
        memcpy(more + *size, from.at + at, (size_t)length);
        *out = more;
        *size += (size_t)length;
    }
    return DN_OK;
}

static void consider_data(tables *self, uint32_t id, const unsigned char *data, size_t size) {
    const typed_item key = {.id = id};
    const typed_item *const item = bsearch(&key, self->items, self->item_count, sizeof key, by_id);
    if (!item || !data) return;
    if (strcmp(item->type, "av01") == 0) consider(self, dni_av1_coded_pixels(data, size));
    if (strncmp(item->type, "hvc", 3) == 0 || strncmp(item->type, "hev", 3) == 0)
        consider(self, dni_hevc_coded_pixels(data, size, self->length_bytes));
}

static dn_status read_items(tables *self, dn_error *error) {
    span s = self->places;
    place_form form = {.version = (int)take(&s, 1)};
    skip(&s, 3);
    const uint64_t sizes = take(&s, 2);
    form.offset_bytes = (int)(sizes >> 12);
    form.length_bytes = (int)(sizes >> 8 & 15);
    form.base_bytes = (int)(sizes >> 4 & 15);
    form.index_bytes = (int)(sizes & 15);
    dn_status status = DN_OK;
    for (uint64_t count = take(&s, form.version < 2 ? 2 : 4); !status && count > 0 && left(&s); count--) {
        const uint32_t id = (uint32_t)take(&s, form.version < 2 ? 2 : 4);
        unsigned char *data;
        size_t size;
        status = read_data(&data, &size, self, &s, &form, error);
        if (!status) consider_data(self, id, data, size);
        free(data);
    }
    return status;
}

dn_status dni_heif_coded_pixels(uint64_t *out, const dni_heif_boxes *boxes, const dni_image_source *source,
                                dn_error *error) {
    tables all = {.source = source, .length_bytes = 4};
    dn_status status =
        read_tables(&all, (span){source->bytes + boxes->meta_at, source->bytes + boxes->meta_end}, error);
    if (!status && all.items && all.places.at) status = read_items(&all, error);
    free(all.items);
    *out = all.most;
    return status;
}

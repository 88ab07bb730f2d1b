/* SPDX-License-Identifier: MIT */
/* Class by class: how its files were made. And copies. */
#include "ftrain/audit/audit.h"
#include "ftrain/cues/copies.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

range_summary audit_range(double *values, size_t count) {
    if (!count) return (range_summary){(double)NAN, (double)NAN, (double)NAN};
    qsort(values, count, sizeof *values, ascending);
    return (range_summary){values[0], (values[(count - 1) / 2] + values[count / 2]) / 2, values[count - 1]};
}

static bool is_in(const audit_data *data, size_t i, int label) {
    return data->samples.items[i].label == label;
}

static void count_picture(class_summary *out, const picture_facts *facts, const double *cues) {
    const int shared = facts->jpeg.chroma_x * facts->jpeg.chroma_y;
    out->formats[dni_image_format_index(facts->format)]++;
    out->chroma_full += shared == 1;
    out->chroma_half += shared == 2;
    out->chroma_quarter += shared == 4;
    out->grey += cues[CUE_GREY] > 0;
    out->progressive += facts->jpeg.is_progressive;
    out->exif += facts->jpeg.has_exif;
    out->rotated += facts->jpeg.orientation != 0;
    out->icc += facts->jpeg.has_icc;
    out->xmp += facts->jpeg.has_xmp;
    out->camera += facts->jpeg.has_camera;
    out->software += facts->jpeg.has_software;
    for (int c = 0; c < 3; c++) out->mean[c] += cues[CUE_MEAN_RED + c];
}

enum { WIDTH, HEIGHT, BYTES, BITS, QUALITY, RANGES };

outcome audit_summarise(class_summary *out, const audit_data *data, int part, int label) {
    *out = (class_summary){.split = data->parts[part], .class_name = data->classes[label]};
    snprintf(out->name, sizeof out->name, "%s%s%s", out->split, *out->split ? "/" : "", out->class_name);
    const size_t start = part ? data->ends[part - 1] : 0, end = data->ends[part], room = end - start + 1;
    double *const values = new_matrix(RANGES, room, sizeof *values);
    if (!values) return OUTCOME_MACHINE;
    size_t usable = 0, tables = 0;
    for (size_t i = start; i < end; i++) {
        if (!is_in(data, i, label)) continue;
        const picture_facts *const facts = &data->facts[i];
        out->count++;
        if (!facts->is_usable) continue;
        count_picture(out, facts, data->matrix + i * CUE_COUNT);
        values[WIDTH * room + usable] = facts->width;
        values[HEIGHT * room + usable] = facts->height;
        values[BYTES * room + usable] = (double)facts->bytes;
        values[BITS * room + usable++] = 8 * (double)facts->bytes / ((double)facts->width * facts->height);
        if (facts->jpeg.quality) values[QUALITY * room + tables++] = facts->jpeg.quality;
    }
    out->unusable = out->count - usable;
    out->width = audit_range(values + WIDTH * room, usable);
    out->height = audit_range(values + HEIGHT * room, usable);
    out->bytes = audit_range(values + BYTES * room, usable);
    out->bits_per_pixel = audit_range(values + BITS * room, usable);
    out->quality = audit_range(values + QUALITY * room, tables);
    for (int c = 0; c < 3 && usable; c++) out->mean[c] /= (double)usable;
    free(values);
    return OUTCOME_OK;
}

/* ---- copies ---- */

static void count_groups(const audit_data *data, const uint32_t *group, size_t *copies, size_t *across_parts,
                         size_t *across_classes, unsigned char *seen) {
    enum { PARTS = 1, CLASSES = 2 };
    memset(seen, 0, data->samples.count);
    for (size_t i = 0; i < data->samples.count; i++) {
        const size_t first = group[i];
        if (first == i) continue;
        ++*copies;
        if (audit_part(data, i) != audit_part(data, first)) seen[first] |= PARTS;
        if (!is_in(data, i, data->samples.items[first].label)) seen[first] |= CLASSES;
    }
    for (size_t i = 0; i < data->samples.count; i++) {
        *across_parts += (seen[i] & PARTS) != 0;
        *across_classes += (seen[i] & CLASSES) != 0;
    }
}

outcome audit_find_copies(audit_copies *out, const audit_data *data) {
    const size_t count = data->samples.count;
    *out = (audit_copies){.same = new_array(count, sizeof *out->same),
                          .near = new_array(count, sizeof *out->near)};
    unsigned char *const seen = new_array(count, 1);
    outcome code = out->same && out->near && seen ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) code = copies_find(out->same, out->near, data->facts, count);
    if (!code) {
        count_groups(data, out->same, &out->same_count, &out->same_across_parts, &out->same_across_classes,
                     seen);
        count_groups(data, out->near, &out->near_count, &out->near_across_parts, &out->near_across_classes,
                     seen);
    }
    free(seen);
    return code;
}

void audit_copies_free(audit_copies *copies) {
    free(copies->same);
    free(copies->near);
}

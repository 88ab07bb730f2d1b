/* SPDX-License-Identifier: MIT */
/* The sections of the index. The maps stay files of their own, which the page names: a folder of many large
 * drawings is not doubled. */
#include "ftrain/explain/index_page.h"

#include "ftrain/page/filter.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/unfamiliar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

outcome explained_list_add(explained_list *to, const explained_picture *picture) {
    if (to->count == to->capacity) {
        const size_t capacity = to->capacity ? 2 * to->capacity : 64;
        explained_picture *items = realloc(to->items, capacity * sizeof *items);
        if (!items) return report_no_memory();
        to->items = items;
        to->capacity = capacity;
    }
    explained_picture *added = &to->items[to->count++];
    *added = *picture;
    added->path = strdup(picture->path);
    added->map = strdup(picture->map);
    return added->path && added->map ? OUTCOME_OK : report_no_memory();
}

void explained_list_free(explained_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].path);
        free(list->items[i].map);
    }
    free(list->items);
    *list = (explained_list){.count = 0};
}

/* ---- the page ---- */

static void write_key(html *page, const index_page *index) {
    html_section(page, "key", "What the colours say");
    html_raw(page, "<p>Each map shows where in the picture the evidence for ");
    if (index->class_name) {
        html_raw(page, "<em>");
        html_text(page, index->class_name);
        html_raw(page, "</em>");
    } else {
        html_raw(page, "the predicted class");
    }
    html_raw(
        page,
        " lies (class activation map, Grad-CAM): what speaks for the class is coloured, the more the brighter, "
        "relative to the strongest place of the same picture. So colours of two pictures cannot be compared.</p>\n");
    overlay_write_key(page, index->look);
}

/* A row a class that has any evidence. */
static void write_classes(html *page, const index_page *index) {
    static const char *const titles[] = {"class", "pictures", "inside, mean", "deviation", "ellipse's area"};
    html_section(page, "classes", "Inside the ellipse");
    html_raw(
        page,
        "<p>The share of a picture's evidence inside an ellipse in the middle of the crop, where a portrait has its "
        "face. Evidence that is spread evenly would have the ellipse's share of the area inside, %.3f; where the "
        "mean of a class is much below it, the background decides.</p>\n",
        index->area);
    html_table_begin(page, titles, 5, 1);
    for (int c = 0; c < index->info->class_count; c++) {
        const class_sum *sum = &index->sums[c];
        if (!sum->pictures) continue;
        html_cell(page, index->info->classes[c]);
        html_number(page, "%.0f", sum->pictures);
        html_number(page, "%.3f", class_sum_mean(sum));
        html_number(page, "%.3f", class_sum_deviation(sum));
        html_number(page, "%.3f", index->area);
    }
    html_table_end(page);
}

/* A file's name as an address beside the page: every byte that has a meaning there as %XX. */
static void write_address(html *page, const char *name) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (; *name; name++)
        if (strchr(plain, *name))
            html_raw(page, "%c", *name);
        else
            html_raw(page, "%%%02X", (unsigned)(unsigned char)*name);
}

static void write_picture(html *page, const index_page *index, const explained_picture *picture) {
    html_raw(page, "<figure class=\"class-%d\"><a href=\"", picture->class_index);
    write_address(page, picture->map);
    html_raw(page, "\"><img loading=\"lazy\" width=\"%d\" height=\"%d\" alt=\"map of evidence\" src=\"",
             picture->width, picture->height);
    write_address(page, picture->map);
    html_raw(page, "\"></a><figcaption>");
    html_text(page, index->info->classes[picture->class_index]);
    html_raw(page, " %.4f, ", picture->probability);
    if (isnan(picture->inside))
        html_raw(page, "no evidence");
    else
        html_raw(page, "inside %.3f", picture->inside);
    char text[32];
    if (is_unfamiliar(picture->unfamiliarity))
        html_raw(page, ", <strong>%s</strong>", unfamiliar_text(text, picture->unfamiliarity));
    html_raw(page, "<br>");
    html_text(page, picture->path);
    html_raw(page, "</figcaption></figure>\n");
}

static outcome write_pictures(html *page, const index_page *index) {
    const dn_classifier_info *info = index->info;
    const explained_list *all = index->pictures;
    int *counts = new_array((size_t)info->class_count, sizeof *counts);
    if (!counts) return OUTCOME_MACHINE;
    for (size_t i = 0; i < all->count; i++) counts[all->items[i].class_index]++;
    html_section(page, "pictures", "Pictures");
    html_raw(
        page,
        "<p>%zu %s, each with the probability of the class that it is explained as, and the share of the evidence "
        "inside the ellipse.</p>\n",
        all->count, all->count == 1 ? "picture" : "pictures");
    if (index->skipped)
        html_raw(page, "<p>%zu could not be used and %s left out.</p>\n", index->skipped,
                 index->skipped == 1 ? "was" : "were");
    filter_begin(page);
    filter_choice(page, "class", "Predicted", info->classes, counts, info->class_count);
    filter_pictures(page);
    for (size_t i = 0; i < all->count; i++) write_picture(page, index, &all->items[i]);
    filter_end(page);
    free(counts);
    return OUTCOME_OK;
}

outcome index_page_write(const index_page *index, const char *path) {
    html *page;
    outcome code = report_open(&page, path, "Maps of evidence");
    if (code) return code;
    report_random_weights(page, index->info->weights_source);
    write_key(page, index);
    write_classes(page, index);
    code = write_pictures(page, index);
    if (!code) {
        report_provenance(page, &index->source);
        return report_close(page);
    }
    html_abandon(page);
    return code;
}

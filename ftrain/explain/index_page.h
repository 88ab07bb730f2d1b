/* SPDX-License-Identifier: MIT */
/* The index of a folder of maps: a page that shows them all. */
#ifndef FTRAIN_EXPLAIN_INDEX_PAGE_H
#define FTRAIN_EXPLAIN_INDEX_PAGE_H

#include "ftrain/explain/class_sum.h"
#include "ftrain/page/overlay.h"
#include "ftrain/page/report.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

typedef struct explained_picture {
    char *path, *map;  /* the picture; the file of its map, in the folder of the index */
    int width, height; /* of the map */
    int class_index;
    double probability, inside; /* inside: NaN without evidence */
    double unfamiliarity;       /* percentile, 0 to 1; NaN: the model has no numbers */
} explained_picture;

typedef struct explained_list {
    explained_picture *items;
    size_t count, capacity;
} explained_list;

/* Copies both names. Returns OUTCOME_OK or, after a message, another outcome. */
outcome explained_list_add(explained_list *to, const explained_picture *picture);
void explained_list_free(explained_list *list);

typedef struct index_page {
    const explained_list *pictures;
    const class_sum *sums; /* (classes) */
    double area;           /* the ellipse's share of the crop */
    const dn_classifier_info *info;
    const overlay_options *look;
    const char *class_name; /* that was asked for; NULL: each picture's predicted one */
    size_t skipped;
    report_source source;
} index_page;

/* Writes `path`, in the folder of the maps, which it shows by their names. Returns OUTCOME_OK or, after a
 * message, another outcome. */
outcome index_page_write(const index_page *index, const char *path);

#endif

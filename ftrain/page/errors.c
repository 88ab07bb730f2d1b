/* SPDX-License-Identifier: MIT */
/* The wrong ones of judged pictures: found, sorted, counted by class, shown. */
#include "ftrain/page/errors.h"

#include "ftrain/page/filter.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/progress.h"

#include <stdlib.h>

/* Side of a thumbnail in pixels; and pictures on a page, whose thumbnails take some kilobytes each. */
enum { SIDE = 144, MOST_SHOWN = 2000 };

typedef struct wrong_picture {
    double confidence;
    int index;
} wrong_picture;

typedef struct error_list {
    wrong_picture *items; /* the surest first */
    int count;
    int shown;                    /* of them: at most MOST_SHOWN */
    int *of_truth, *of_predicted; /* (classes): how many of those */
} error_list;

static int by_falling_confidence(const void *a, const void *b) {
    const wrong_picture *x = a, *y = b;
    const int order = (x->confidence < y->confidence) - (x->confidence > y->confidence);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static outcome find(error_list *out, const judged_pictures *pictures) {
    const size_t classes = (size_t)pictures->class_count;
    *out = (error_list){.items = new_array((size_t)pictures->count, sizeof *out->items),
                        .of_truth = new_array(classes, sizeof *out->of_truth),
                        .of_predicted = new_array(classes, sizeof *out->of_predicted)};
    if (!out->items || !out->of_truth || !out->of_predicted) return OUTCOME_MACHINE;
    for (int i = 0; i < pictures->count; i++) {
        if (judged_predicted(pictures, i) == pictures->labels[i]) continue;
        out->items[out->count++] = (wrong_picture){judged_confidence(pictures, i), i};
    }
    qsort(out->items, (size_t)out->count, sizeof *out->items, by_falling_confidence);
    out->shown = out->count < MOST_SHOWN ? out->count : MOST_SHOWN;
    for (int k = 0; k < out->shown; k++) {
        out->of_truth[pictures->labels[out->items[k].index]]++;
        out->of_predicted[judged_predicted(pictures, out->items[k].index)]++;
    }
    return OUTCOME_OK;
}

static void free_list(error_list *list) {
    free(list->items);
    free(list->of_truth);
    free(list->of_predicted);
}

/* `maps` is NULL for a picture without a map. */
static outcome show(html *page, const judged_pictures *pictures, int i, const evidence_maps *maps) {
    dn_image image;
    dn_error error;
    html_raw(page, "<figure class=\"truth-%d predicted-%d\">", pictures->labels[i],
             judged_predicted(pictures, i));
    if (judged_load(&image, pictures, i, &error)) return report(&error, OUTCOME_DATA);
    outcome code = OUTCOME_OK;
    if (thumbnail_write(page, &image, SIDE, "", &error)) code = report(&error, OUTCOME_MACHINE);
    judged_write_caption(page, pictures, i);
    if (!code && maps) {
        html_raw(page, "<details><summary>map of evidence</summary>");
        code = evidence_map_write(page, maps, &image, judged_predicted(pictures, i), SIDE);
        html_raw(page, "</details>");
    }
    html_raw(page, "</figure>\n");
    dn_image_free(&image);
    return code;
}

static void introduce(html *page, const judged_pictures *pictures, const error_list *list, int mapped) {
    const int count = list->shown;
    html_raw(page, "<p>All pictures that are classified wrongly, %d of %d,", list->count, pictures->count);
    if (count < list->count) html_raw(page, " of which %d are shown,", count);
    html_raw(
        page,
        " the surest first: with the predicted class and its probability, and the class that the set gives "
        "it.");
    if (mapped)
        html_raw(
            page,
            " The map of evidence (class activation map) shows where in the picture the evidence for the predicted class lies.");
    html_raw(page, "</p>\n");
    if (mapped < count)
        html_raw(page,
                 "<p class=\"dim\">%d of them %s without a map; --maps N gives it to the first N.</p>\n",
                 count - mapped, count - mapped == 1 ? "is" : "are");
    if (mapped) evidence_map_write_key(page);
}

static outcome show_all(html *page, const judged_pictures *pictures, const error_list *list,
                        const evidence_maps *maps, int mapped, bool quiet) {
    outcome code = OUTCOME_OK;
    filter_begin(page);
    filter_choice(page, "truth", "In truth", pictures->classes, list->of_truth, pictures->class_count);
    if (pictures->class_count > 2) /* of two, one tells the other */
        filter_choice(page, "predicted", "Predicted", pictures->classes, list->of_predicted,
                      pictures->class_count);
    filter_pictures(page);
    progress_start("wrong pictures", (size_t)list->shown, quiet);
    for (int k = 0; !code && k < list->shown; k++) {
        code = show(page, pictures, list->items[k].index, k < mapped ? maps : NULL);
        progress_step((size_t)k + 1);
    }
    progress_end();
    filter_end(page);
    return code;
}

outcome errors_write(html *page, const judged_pictures *pictures, const evidence_maps *maps, int max_maps,
                     bool quiet) {
    error_list list;
    outcome code = find(&list, pictures);
    html_section(page, "errors", "Wrong pictures");
    const int mapped = !maps->classifier ? 0 : max_maps < list.shown ? max_maps : list.shown;
    if (!code && !list.count)
        html_raw(page, "<p>None: all %d pictures are classified correctly.</p>\n", pictures->count);
    else if (!code) {
        introduce(page, pictures, &list, mapped);
        code = show_all(page, pictures, &list, maps, mapped, quiet);
    }
    free_list(&list);
    return code;
}

/* The pictures of evaluate --report, each beside the map of what spoke for its class. */
#include "ftrain/evaluate/report.h"
#include "ftrain/page/overlay.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EACH = 6, SIDE = 160 };

typedef struct gallery {
    html *page;
    evaluation *of;
    dn_classifier *classifier;
    float *evidence; /* (map_height, map_width) */
    int map_height, map_width;
} gallery;

static double sureness(const evaluation *of, int i) {
    const size_t at = (size_t)i * (size_t)of->info->class_count + (size_t)evaluation_predicted(of, i);
    return exp((double)of->scores.log_probabilities[at]);
}

static outcome attach(gallery *work) {
    const outcome code = scorer_attach(&work->of->scorer);
    if (code) return code;
    dn_classifier_map_size(work->classifier, &work->map_height, &work->map_width);
    work->evidence = new_matrix((size_t)work->map_height, (size_t)work->map_width, sizeof *work->evidence);
    return work->evidence ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- choice ---- */

typedef enum choice { SUREST_RIGHT, SUREST_WRONG, LEAST_SURE, CHOICES } choice;

static bool is_wanted(const evaluation *of, int i, choice by) {
    const bool is_right = evaluation_predicted(of, i) == of->scores.labels[i];
    return by == LEAST_SURE || is_right == (by == SUREST_RIGHT);
}

/* The first of equals wins. */
static int choose(const evaluation *of, choice by, int chosen[EACH]) {
    int count = 0;
    for (int i = 0; i < of->scores.count; i++) {
        if (!is_wanted(of, i, by)) continue;
        const double score = by == LEAST_SURE ? -sureness(of, i) : sureness(of, i);
        int at = count;
        while (at > 0) {
            const double other = sureness(of, chosen[at - 1]);
            if ((by == LEAST_SURE ? -other : other) >= score) break;
            at--;
        }
        if (at == EACH) continue;
        if (count < EACH) count++;
        for (int k = count - 1; k > at; k--) chosen[k] = chosen[k - 1];
        chosen[at] = i;
    }
    return count;
}

/* ---- drawing ---- */

static dn_status draw(gallery *work, const dn_image *image, dn_error *error) {
    static const overlay_options look = {.opacity = 0.6f, .size = SIDE};
    int class_index = -1;
    dn_image map;
    dn_status status =
        dn_classifier_explain(work->classifier, image, &class_index, work->evidence, NULL, error);
    if (!status)
        status = overlay_draw(&map, image, &work->of->info->preprocessing, work->evidence, work->map_height,
                              work->map_width, &look, error);
    if (status) return status;
    status = thumbnail_write(work->page, image, SIDE, "the picture", error);
    if (!status) status = thumbnail_write(work->page, &map, SIDE, "its map of evidence", error);
    dn_image_free(&map);
    return status;
}

static outcome show(gallery *work, int i) {
    const evaluation *of = work->of;
    const char *path = of->samples.items[of->scores.places[i]].path;
    dn_image image;
    dn_error error;
    html_raw(work->page, "<figure><div class=\"pair\">");
    if (dn_image_load(&image, path, &error)) return report(&error, OUTCOME_DATA);
    const dn_status status = draw(work, &image, &error);
    dn_image_free(&image);
    if (status) return report(&error, OUTCOME_MODEL);
    html_raw(work->page, "</div><figcaption>");
    html_text(work->page, of->info->classes[evaluation_predicted(of, i)]);
    html_raw(work->page, " %.4f", sureness(of, i));
    if (evaluation_predicted(of, i) != of->scores.labels[i]) {
        html_raw(work->page, ", in truth ");
        html_text(work->page, of->info->classes[of->scores.labels[i]]);
    }
    html_raw(work->page, "<br>");
    html_text(work->page, path);
    html_raw(work->page, "</figcaption></figure>\n");
    return OUTCOME_OK;
}

static outcome show_all(gallery *work) {
    static const char *const titles[CHOICES] = {"Right, and the surest", "Wrong, and the surest",
                                                "The least sure, right or wrong"};
    outcome code = OUTCOME_OK;
    for (int by = 0; !code && by < CHOICES; by++) {
        int chosen[EACH];
        const int count = choose(work->of, (choice)by, chosen);
        html_raw(work->page, "<h3>%s</h3>\n", titles[by]);
        if (!count) html_raw(work->page, "<p>None.</p>\n");
        html_raw(work->page, "<div class=\"grid\">\n");
        for (int k = 0; !code && k < count; k++) {
            code = show(work, chosen[k]);
            if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
        }
        html_raw(work->page, "</div>\n");
    }
    return code;
}

outcome evaluation_write_pictures(html *page, evaluation *of) {
    gallery work = {.page = page, .of = of, .classifier = of->scorer.classifier};
    html_section(page, "pictures", "Pictures");
    html_raw(page,
             "<p>Each with the probability of the predicted class, and beside it the map of what spoke for "
             "that class "
             "(class activation map; pale yellow is most, relative to each picture's own maximum; what the "
             "network did "
             "not see is darkened).</p>\n");
    outcome code = attach(&work);
    if (!code) code = show_all(&work);
    free(work.evidence);
    return code;
}

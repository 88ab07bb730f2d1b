/* The pictures of evaluate --report, each beside the map of the evidence for its class. */
#include "ftrain/evaluate/report.h"
#include "ftrain/page/overlay.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/orientation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EACH = 6, SIDE = 160 };

typedef struct gallery {
    html *page;
    evaluation *result;
    dn_classifier *classifier;
    float *evidence; /* (map_height, map_width) */
    int map_height, map_width;
} gallery;

static double sureness(const evaluation *result, int i) {
    const size_t at = (size_t)i * (size_t)result->info->class_count + (size_t)evaluation_predicted(result, i);
    return exp((double)result->scores.log_probabilities[at]);
}

static outcome attach(gallery *context) {
    const outcome code = scorer_attach(&context->result->scorer);
    if (code) return code;
    dn_classifier_map_size(context->classifier, &context->map_height, &context->map_width);
    context->evidence =
        new_matrix((size_t)context->map_height, (size_t)context->map_width, sizeof *context->evidence);
    return context->evidence ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- choice ---- */

typedef enum choice { SUREST_RIGHT, SUREST_WRONG, LEAST_SURE, CHOICES } choice;

static bool is_wanted(const evaluation *result, int i, choice by) {
    const bool is_right = evaluation_predicted(result, i) == result->scores.labels[i];
    return by == LEAST_SURE || is_right == (by == SUREST_RIGHT);
}

/* The first of equals wins. */
static int choose(const evaluation *result, choice by, int chosen[EACH]) {
    int count = 0;
    for (int i = 0; i < result->scores.count; i++) {
        if (!is_wanted(result, i, by)) continue;
        const double score = by == LEAST_SURE ? -sureness(result, i) : sureness(result, i);
        int at = count;
        while (at > 0) {
            const double other = sureness(result, chosen[at - 1]);
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

static dn_status draw(gallery *context, const dn_image *image, dn_error *error) {
    static const overlay_options look = {.opacity = 0.6f, .size = SIDE};
    int class_index = -1;
    dn_image map;
    dn_status status =
        dn_classifier_explain(context->classifier, image, &class_index, context->evidence, NULL, error);
    if (!status)
        status = overlay_draw(&map, image, &context->result->info->preprocessing, context->evidence,
                              context->map_height, context->map_width, &look, error);
    if (status) return status;
    status = thumbnail_write(context->page, image, SIDE, "the picture", error);
    if (!status) status = thumbnail_write(context->page, &map, SIDE, "its map of evidence", error);
    dn_image_free(&map);
    return status;
}

static outcome show(gallery *context, int i) {
    const evaluation *result = context->result;
    const char *path = result->samples.items[result->scores.sample_index[i]].path;
    dn_image image;
    dn_error error;
    html_raw(context->page, "<figure><div class=\"pair\">");
    if (dni_image_load_as(&image, path, &result->info->preprocessing, &error))
        return report(&error, OUTCOME_DATA);
    const dn_status status = draw(context, &image, &error);
    dn_image_free(&image);
    if (status) return report(&error, OUTCOME_MODEL);
    html_raw(context->page, "</div><figcaption>");
    html_text(context->page, result->info->classes[evaluation_predicted(result, i)]);
    html_raw(context->page, " %.4f", sureness(result, i));
    if (evaluation_predicted(result, i) != result->scores.labels[i]) {
        html_raw(context->page, ", in truth ");
        html_text(context->page, result->info->classes[result->scores.labels[i]]);
    }
    html_raw(context->page, "<br>");
    html_text(context->page, path);
    html_raw(context->page, "</figcaption></figure>\n");
    return OUTCOME_OK;
}

static outcome show_all(gallery *context) {
    static const char *const titles[CHOICES] = {"Right, and the surest", "Wrong, and the surest",
                                                "The least sure, right or wrong"};
    outcome code = OUTCOME_OK;
    for (int by = 0; !code && by < CHOICES; by++) {
        int chosen[EACH];
        const int count = choose(context->result, (choice)by, chosen);
        html_raw(context->page, "<h3>%s</h3>\n", titles[by]);
        if (!count) html_raw(context->page, "<p>None.</p>\n");
        html_raw(context->page, "<div class=\"grid\">\n");
        for (int k = 0; !code && k < count; k++) code = show(context, chosen[k]);
        html_raw(context->page, "</div>\n");
    }
    return code;
}

outcome evaluation_write_pictures(html *page, evaluation *result) {
    gallery context = {.page = page, .result = result, .classifier = result->scorer.classifier};
    html_section(page, "pictures", "Pictures");
    html_raw(
        page,
        "<p>Each with the probability of the predicted class, and beside it the map of the evidence for that class (class activation map; pale yellow is most, relative to each picture's own maximum; what the network did not see is darkened).</p>\n");
    outcome code = attach(&context);
    if (!code) code = show_all(&context);
    free(context.evidence);
    return code;
}

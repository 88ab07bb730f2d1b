/* SPDX-License-Identifier: MIT */
/* Two galleries of evaluate --report: the surest right pictures, and the least sure ones. */
#include "ftrain/evaluate/report.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/outcome.h"

enum { EACH = 6, SIDE = 160 };

typedef enum choice { SUREST_RIGHT, LEAST_SURE, CHOICES } choice;

static bool is_wanted(const judged_pictures *pictures, int i, choice by) {
    return by == LEAST_SURE || judged_predicted(pictures, i) == pictures->labels[i];
}

static double rank_of(const judged_pictures *pictures, int i, choice by) {
    const double confidence = judged_confidence(pictures, i);
    return by == LEAST_SURE ? -confidence : confidence;
}

/* The first of equals wins. */
static int choose(const judged_pictures *pictures, choice by, int chosen[EACH]) {
    int count = 0;
    for (int i = 0; i < pictures->count; i++) {
        if (!is_wanted(pictures, i, by)) continue;
        int at = count;
        while (at > 0 && rank_of(pictures, chosen[at - 1], by) < rank_of(pictures, i, by)) at--;
        if (at == EACH) continue;
        if (count < EACH) count++;
        for (int k = count - 1; k > at; k--) chosen[k] = chosen[k - 1];
        chosen[at] = i;
    }
    return count;
}

static outcome show(html *page, const judged_pictures *pictures, const evidence_maps *maps, int i) {
    dn_image image;
    dn_error error;
    html_raw(page, "<figure><div class=\"pair\">");
    if (judged_load(&image, pictures, i, &error)) return report(&error, OUTCOME_DATA);
    outcome code = OUTCOME_OK;
    if (thumbnail_write(page, &image, SIDE, "", &error)) code = report(&error, OUTCOME_MACHINE);
    if (!code && maps->classifier)
        code = evidence_map_write(page, maps, &image, judged_predicted(pictures, i), SIDE);
    dn_image_free(&image);
    html_raw(page, "</div>");
    judged_write_caption(page, pictures, i);
    html_raw(page, "</figure>\n");
    return code;
}

outcome evaluation_write_pictures(html *page, const judged_pictures *pictures, const evidence_maps *maps) {
    static const char *const titles[CHOICES] = {"Right, and the surest", "The least sure, right or wrong"};
    outcome code = OUTCOME_OK;
    html_section(page, "pictures", "Sure and unsure");
    html_raw(page, "<p>Each with the probability of the predicted class%s.</p>\n",
             maps->classifier ? ", and beside it the map of the evidence for that class" : "");
    for (int by = 0; !code && by < CHOICES; by++) {
        int chosen[EACH];
        const int count = choose(pictures, (choice)by, chosen);
        html_heading(page, titles[by]);
        if (!count) html_raw(page, "<p>None.</p>\n");
        html_raw(page, "<div class=\"grid\">\n");
        for (int k = 0; !code && k < count; k++) code = show(page, pictures, maps, chosen[k]);
        html_raw(page, "</div>\n");
    }
    return code;
}

/* SPDX-License-Identifier: MIT */
/* The strongest cues in words: which class has more of what, and how much of it each class has. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How a class's values of a cue are summed up and written. */
typedef enum measure {
    SHARE,  /* the mean of yes and no, as per cent */
    PIXELS, /* the median share of pixels, as per cent */
    MEDIAN, /* the median as it is */
    POWER,  /* the median of a binary logarithm */
    BYTES,  /* ... of bytes */
    SIZE,   /* width and height together */
} measure;

/* Cues of one kind rise and fall together, and the strongest speaks for them. */
typedef enum kind {
    OF_FORMAT,
    OF_WEIGHT,
    OF_SHAPE,
    OF_ENCODER,
    OF_HEADER,
    OF_LIGHT,
    OF_CONTRAST,
    OF_COLOUR,
    OF_BORDER,
    OF_DETAIL,
    OF_FRAMING,
    OF_SURROUNDINGS,
} kind;

/* What is said of the class that has more of a cue. */
static const struct {
    const char *phrase;
    measure measure;
    kind kind;
} says[CUE_COUNT] = {
    [CUE_IS_JPEG] = {"has more JPEG files", SHARE, OF_FORMAT},
    [CUE_IS_PNG] = {"has more PNG files", SHARE, OF_FORMAT},
    [CUE_BYTES] = {"has larger files", BYTES, OF_WEIGHT},
    [CUE_BITS_PER_PIXEL] = {"has more bits for each pixel", POWER, OF_WEIGHT},
    [CUE_WIDTH] = {"has larger pictures", SIZE, OF_SHAPE},
    [CUE_HEIGHT] = {"has larger pictures", SIZE, OF_SHAPE},
    [CUE_ASPECT] = {"has wider pictures for their height", POWER, OF_SHAPE},
    [CUE_QUALITY] = {"has a higher JPEG quality", MEDIAN, OF_ENCODER},
    [CUE_STANDARD_TABLE] = {"has JPEG's standard tables more often", SHARE, OF_ENCODER},
    [CUE_PROGRESSIVE] = {"has more progressive JPEG files", SHARE, OF_ENCODER},
    [CUE_COMPONENTS] = {"has more colour components in its JPEG files", MEDIAN, OF_ENCODER},
    [CUE_CHROMA] = {"has colour stored more finely (chroma samples for each pixel)", MEDIAN, OF_ENCODER},
    [CUE_EXIF] = {"has EXIF data more often", SHARE, OF_HEADER},
    [CUE_ROTATED] = {"has an EXIF orientation more often", SHARE, OF_HEADER},
    [CUE_ICC] = {"has a colour profile more often", SHARE, OF_HEADER},
    [CUE_XMP] = {"has XMP data more often", SHARE, OF_HEADER},
    [CUE_CAMERA] = {"has a camera's name more often", SHARE, OF_HEADER},
    [CUE_SOFTWARE] = {"has a program's name more often", SHARE, OF_HEADER},
    [CUE_MEAN_RED] = {"has brighter pictures (the mean of a colour, 0 to 255)", MEDIAN, OF_LIGHT},
    [CUE_MEAN_GREEN] = {"has brighter pictures (the mean of a colour, 0 to 255)", MEDIAN, OF_LIGHT},
    [CUE_MEAN_BLUE] = {"has brighter pictures (the mean of a colour, 0 to 255)", MEDIAN, OF_LIGHT},
    [CUE_DEVIATION_RED] = {"has more contrast (the deviation of a colour)", MEDIAN, OF_CONTRAST},
    [CUE_DEVIATION_GREEN] = {"has more contrast (the deviation of a colour)", MEDIAN, OF_CONTRAST},
    [CUE_DEVIATION_BLUE] = {"has more contrast (the deviation of a colour)", MEDIAN, OF_CONTRAST},
    [CUE_SATURATION] = {"has stronger colours (saturation)", MEDIAN, OF_COLOUR},
    [CUE_GREY] = {"has more grey pictures", SHARE, OF_COLOUR},
    [CUE_DARK] = {"has more pixels that are nearly black", PIXELS, OF_LIGHT},
    [CUE_BRIGHT] = {"has more pixels that are nearly white", PIXELS, OF_LIGHT},
    [CUE_BORDER_MEAN] = {"has a brighter border (difference from the middle)", MEDIAN, OF_BORDER},
    [CUE_BORDER_DEVIATION] = {"has more contrast at the border (ratio to the middle)", POWER, OF_BORDER},
    [CUE_SHARPNESS] = {"has sharper pictures (variance of the Laplacian)", POWER, OF_DETAIL},
    [CUE_FINE_SHARE] = {"has more fine detail (ratio to coarser detail)", POWER, OF_DETAIL},
    [CUE_COARSE_SHARE] = {"has more coarse detail (ratio to still coarser detail)", POWER, OF_DETAIL},
    [CUE_DETAIL] = {"has more detail (mean squared difference of neighbours)", POWER, OF_DETAIL},
    [CUE_DETAIL_RING_1] = {"has more detail just around the middle (ratio to the middle)", POWER, OF_FRAMING},
    [CUE_DETAIL_RING_2] = {"has more detail half way to the border (ratio to the middle)", POWER, OF_FRAMING},
    [CUE_DETAIL_RING_3] = {"has more detail near the border (ratio to the middle)", POWER, OF_FRAMING},
    [CUE_COLOUR_RING_1] = {"has another colour just around the middle (distance)", MEDIAN, OF_SURROUNDINGS},
    [CUE_COLOUR_RING_2] = {"has another colour half way to the border (distance)", MEDIAN, OF_SURROUNDINGS},
    [CUE_COLOUR_RING_3] = {"has another colour near the border (distance)", MEDIAN, OF_SURROUNDINGS},
};

/* ---- values of a class ---- */

/* A class's mean or median of a cue; NaN where it has no pictures. `scratch`: (count). */
static double class_value(const audit_data *data, int label, int cue, double *scratch) {
    size_t found = 0;
    double sum = 0;
    for (size_t i = 0; i < data->samples.count; i++) {
        if (data->samples.items[i].label != label || !data->facts[i].is_usable) continue;
        sum += scratch[found++] = data->matrix[i * CUE_COUNT + (size_t)cue];
    }
    if (says[cue].measure == SHARE) return found ? sum / (double)found : (double)NAN;
    return audit_range(scratch, found).median;
}

static void write_value(char *text, size_t size, const audit_data *data, int label, int cue,
                        double *scratch) {
    const double value = class_value(data, label, cue, scratch);
    switch (says[cue].measure) {
    case SHARE:
        snprintf(text, size, "%.0f %%", 100 * value);
        return;
    case PIXELS:
        snprintf(text, size, "%.2g %%", 100 * value);
        return;
    case MEDIAN:
        snprintf(text, size, "%.3g", value);
        return;
    case POWER:
        snprintf(text, size, value < 10 ? "%.3g" : "%.0f", exp2(value));
        return;
    case BYTES:
        snprintf(text, size, value < 20 ? "%.3g kB" : "%.0f kB", exp2(value) / 1000);
        return;
    case SIZE:
        snprintf(text, size, "%.0f x %.0f", exp2(class_value(data, label, CUE_WIDTH, scratch)),
                 exp2(class_value(data, label, CUE_HEIGHT, scratch)));
        return;
    }
}

/* ---- which cues are told ---- */

/* Whether another cue of its kind is. */
static bool is_told(const audit_leak *leak, int cue) {
    for (int k = 0; k < leak->giveaway_count; k++)
        if (says[leak->giveaways[k].cue].kind == says[cue].kind) return true;
    return false;
}

/* Adds the cue unless no class has more of it than another. */
static void add_giveaway(audit_leak *leak, const audit_data *data, const cue_rank *rank, double *scratch) {
    giveaway it = {.cue = rank->cue, .auc = rank->auc};
    double most = -(double)INFINITY, least = (double)INFINITY;
    for (int c = 0; c < data->class_count; c++) {
        const double value = class_value(data, c, rank->cue, scratch);
        if (value > most) {
            most = value;
            it.more = data->classes[c];
            write_value(it.more_value, sizeof it.more_value, data, c, rank->cue, scratch);
        }
        if (value < least) {
            least = value;
            it.less = data->classes[c];
            write_value(it.less_value, sizeof it.less_value, data, c, rank->cue, scratch);
        }
    }
    if (!(most > least)) return;
    it.phrase = says[rank->cue].phrase;
    leak->giveaways[leak->giveaway_count++] = it;
}

outcome audit_find_giveaways(audit_leak *leak, const audit_data *data) {
    if (!leak->is_evaluated || !leak->is_told) return OUTCOME_OK;
    double *const scratch = new_array(data->samples.count, sizeof *scratch);
    if (!scratch) return OUTCOME_MACHINE;
    for (int k = 0; k < CUE_COUNT && leak->giveaway_count < MAX_GIVEAWAYS; k++) {
        const cue_rank *const rank = &leak->ranks[k];
        if (k > 0 && rank->auc < GIVEAWAY_AUC) break;
        if (!is_told(leak, rank->cue)) add_giveaway(leak, data, rank, scratch);
    }
    free(scratch);
    return OUTCOME_OK;
}

const char *audit_advice(const audit_leak *leak) {
    return leak->alarm
               ? "'ftrain prepare SRC -o DST' gives the pictures of all classes one form: size, quality, "
                 "format. What they show, and how they are framed, it cannot change."
               : NULL;
}

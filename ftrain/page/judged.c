/* SPDX-License-Identifier: MIT */
/* One picture's judgement, in numbers and words. */
#include "ftrain/page/judged.h"

#include "ftrain/shell/unfamiliar.h"
#include "head/prediction.h"
#include "io/file.h"
#include "io/orientation.h"

#include <math.h>

static const float *row_of(const judged_pictures *pictures, int i) {
    return pictures->log_probabilities + (size_t)i * (size_t)pictures->class_count;
}

int judged_predicted(const judged_pictures *pictures, int i) {
    return dni_most_probable(row_of(pictures, i), pictures->class_count);
}

double judged_confidence(const judged_pictures *pictures, int i) {
    return exp((double)row_of(pictures, i)[judged_predicted(pictures, i)]);
}

const char *judged_path(const judged_pictures *pictures, int i) {
    return pictures->samples[pictures->sample_index[i]].path;
}

dn_status judged_load(dn_image *out, const judged_pictures *pictures, int i, dn_error *error) {
    return dni_image_load_as(out, judged_path(pictures, i), pictures->preprocessing, error);
}

void judged_write_caption(html *page, const judged_pictures *pictures, int i) {
    const int predicted = judged_predicted(pictures, i), truth = pictures->labels[i];
    const char *const path = judged_path(pictures, i);
    const char *const inside = dni_path_inside(path, pictures->folder);
    html_raw(page, "<figcaption>");
    html_text(page, pictures->classes[predicted]);
    html_raw(page, " %.4f", judged_confidence(pictures, i));
    if (predicted != truth) {
        html_raw(page, ", in truth ");
        html_text(page, pictures->classes[truth]);
    }
    char text[32];
    if (pictures->unfamiliarity && is_unfamiliar(pictures->unfamiliarity[i]))
        html_raw(page, ", <strong>%s</strong>", unfamiliar_text(text, pictures->unfamiliarity[i]));
    html_raw(page, "<br>");
    html_text(page, inside ? inside : path);
    html_raw(page, "</figcaption>");
}

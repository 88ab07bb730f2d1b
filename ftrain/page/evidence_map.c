/* SPDX-License-Identifier: MIT */
/* The network's evidence for a picture, drawn over it. */
#include "ftrain/page/evidence_map.h"

#include "ftrain/page/overlay.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>

static const float OPACITY = 0.6f;

outcome evidence_maps_open(evidence_maps *out, dn_classifier *classifier) {
    *out = (evidence_maps){.classifier = classifier};
    if (!classifier) return OUTCOME_OK;
    dn_classifier_map_size(classifier, &out->height, &out->width);
    out->evidence = new_matrix((size_t)out->height, (size_t)out->width, sizeof *out->evidence);
    return out->evidence ? OUTCOME_OK : OUTCOME_MACHINE;
}

void evidence_maps_close(evidence_maps *maps) {
    free(maps->evidence);
    *maps = (evidence_maps){.classifier = NULL};
}

outcome evidence_map_write(html *page, const evidence_maps *maps, const dn_image *image, int class_index,
                           int size) {
    const overlay_options look = {.opacity = OPACITY, .size = size};
    dn_image map;
    dn_error error;
    if (dn_classifier_explain(maps->classifier, image, &class_index, maps->evidence, NULL, &error))
        return report(&error, OUTCOME_MODEL);
    const dn_preprocessing *preprocessing = &dn_classifier_get_info(maps->classifier)->preprocessing;
    dn_status status =
        overlay_draw(&map, image, preprocessing, maps->evidence, maps->height, maps->width, &look, &error);
    if (status) return report(&error, OUTCOME_MACHINE);
    status = thumbnail_write(page, &map, size, "its map of evidence", &error);
    dn_image_free(&map);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

void evidence_map_write_key(html *page) {
    overlay_write_key(page, &(overlay_options){.opacity = OPACITY});
}

/* SPDX-License-Identifier: MIT */
/* The words and members for an unfamiliar picture, which many commands share. */
#include "ftrain/shell/unfamiliar.h"

#include "head/novelty.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>

bool is_unfamiliar(double percentile) {
    return percentile >= DN_NOVELTY_LINE;
}

const char *unfamiliar_text(char text[32], double percentile) {
    snprintf(text, 32, "unfamiliar %.1f %%", 100 * percentile);
    return text;
}

void unfamiliar_add_json(json_t **object, double percentile) {
    if (isnan(percentile)) return;
    dni_json_set(object, "unfamiliar", json_boolean(is_unfamiliar(percentile)));
    dni_json_set(object, "unfamiliar_percentile", json_real(100 * percentile));
}

/* SPDX-License-Identifier: MIT */
/* The pictures of the other folder, their scores, and the area under the ROC curve of both together. */
#include "ftrain/evaluate/strangers.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/paths.h"
#include "ftrain/shell/unfamiliar.h"
#include "head/metrics.h"

#include <stdlib.h>
#include <string.h>

static outcome add(dni_samples *to, size_t *capacity, const named_picture *picture) {
    if (to->count == *capacity) {
        const size_t grown = *capacity ? 2 * *capacity : 64;
        dni_sample *items = realloc(to->items, grown * sizeof *items);
        if (!items) return report_no_memory();
        to->items = items;
        *capacity = grown;
    }
    const char *path = dni_texts_add(&to->paths, picture->path);
    if (!path) return report_no_memory();
    to->items[to->count++] = (dni_sample){.path = path};
    return OUTCOME_OK;
}

static outcome list(dni_samples *out, path_source *source, bool strict, size_t *skipped) {
    size_t capacity = 0;
    named_picture *picture;
    outcome code = OUTCOME_OK;
    while (!code && path_source_next(source, &picture)) {
        code = picture->error ? skip_input(picture->error, strict, skipped) : add(out, &capacity, picture);
        named_picture_free(picture);
    }
    return !code && path_source_lacks_memory(source) ? report_no_memory() : code;
}

/* The scores as two columns of log-probabilities whose difference they are. */
static outcome rank(strangers *out, const scores *evaluated, const scores *others) {
    const size_t count = (size_t)evaluated->count + (size_t)others->count;
    float *columns = new_matrix(count, 2, sizeof *columns);
    int *labels = new_array(count, sizeof *labels);
    dn_ranking ranking = {.count = 0};
    dn_error error;
    outcome code = columns && labels ? OUTCOME_OK : OUTCOME_MACHINE;
    for (size_t i = 0; !code && i < count; i++) {
        labels[i] = i >= (size_t)evaluated->count;
        columns[2 * i + 1] =
            labels[i] ? others->novelty[i - (size_t)evaluated->count] : evaluated->novelty[i];
    }
    if (!code && dn_ranking_compute(&ranking, columns, labels, (int)count, 2, 1, &error))
        code = report(&error, OUTCOME_MACHINE);
    if (!code) out->roc_auc = dn_ranking_roc_auc(&ranking);
    dn_ranking_free(&ranking);
    free(columns);
    free(labels);
    return code;
}

static outcome score(strangers *out, scorer *with, const dni_samples *samples, const scores *evaluated,
                     size_t *skipped) {
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    const feature_source source = {samples, &plain, 1};
    scores found;
    outcome code = scorer_run(with, &source, 1, &found, skipped);
    if (!code && !found.count) {
        message("--unfamiliar: %s: no picture that can be used", out->folder);
        code = OUTCOME_DATA;
    }
    out->count = found.count;
    for (int i = 0; !code && i < found.count; i++) out->unfamiliar += is_unfamiliar(found.unfamiliarity[i]);
    if (!code) code = rank(out, evaluated, &found);
    scores_free(&found);
    return code;
}

outcome strangers_run(strangers *out, scorer *with, const char *folder, const scores *evaluated, bool strict,
                      size_t *skipped) {
    *out = (strangers){.folder = folder};
    char *copy = strdup(folder); /* as on a command line */
    path_source *source = NULL;
    dni_samples samples = {.count = 0};
    outcome code = copy ? path_source_create(&source, &copy, 1, '\n') : report_no_memory();
    if (!code) code = list(&samples, source, strict, skipped);
    if (!code) code = score(out, with, &samples, evaluated, skipped);
    dni_samples_free(&samples);
    path_source_free(source);
    free(copy);
    return code;
}

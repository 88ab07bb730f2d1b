/* SPDX-License-Identifier: MIT */
/* The test pictures on the page of train --report: class by class, which was taken for which, and the wrong
 * ones with their maps of evidence. */
#include "ftrain/train/test_pictures.h"

#include "ftrain/features/class_table.h"
#include "ftrain/features/score_metrics.h"
#include "ftrain/features/set_scores.h"
#include "ftrain/page/classes.h"
#include "ftrain/page/errors.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>

/* What the head makes of the test split, and how unfamiliar its pictures are. Labels and indices stay the
 * set's. */
static outcome score(scores *out, const train_run *run) {
    const feature_set *set = &run->sets[DNI_TEST];
    *out =
        (scores){.log_probabilities = new_matrix((size_t)set->count, (size_t)run->extraction.data.class_count,
                                                 sizeof *out->log_probabilities),
                 .unfamiliarity = new_array((size_t)set->count, sizeof *out->unfamiliarity),
                 .labels = set->labels,
                 .sample_index = set->sample_index,
                 .count = set->count};
    if (!out->log_probabilities || !out->unfamiliarity) return OUTCOME_MACHINE;
    dn_error error;
    return set_log_probabilities(run->head, set, out->log_probabilities, &error) ||
                   set_unfamiliarity(run->novelty, set, NULL, out->unfamiliarity, &error)
               ? report(&error, OUTCOME_DATA)
               : OUTCOME_OK;
}

static outcome write_rows(html *page, const train_run *run, const scores *scored,
                          const score_metrics *metrics) {
    const int classes = run->extraction.data.class_count;
    const char *const *names = (const char *const *)run->extraction.data.classes;
    double *areas = new_matrix(2, (size_t)classes, sizeof *areas);
    class_row *rows = NULL;
    outcome code = areas ? OUTCOME_OK : OUTCOME_MACHINE;
    dn_error error;
    if (!code && dn_ranking_all(areas, areas + classes, scored->log_probabilities, scored->labels,
                                scored->count, classes, &error))
        code = report(&error, OUTCOME_MACHINE);
    if (!code) code = class_rows_make(&rows, names, metrics->classes, areas, areas + classes, classes);
    if (!code) {
        const row_table table = class_table(rows, classes);
        classes_write(page, &table);
        confusion_write(page, names, classes, &metrics->confusion);
    }
    free(rows);
    free(areas);
    return code;
}

/* The classifier is the model file that was just written, with the network that the features came from. */
static outcome open_classifier(dn_classifier **out, const train_run *run) {
    dn_error error;
    if (dn_classifier_load(out, run->options->model, &error)) return report(&error, OUTCOME_MODEL);
    return model_attach_weights(*out, run->extraction.weights, &run->options->extraction.network, 1);
}

static outcome write_errors(html *page, const train_run *run, const scores *scored) {
    const train_options *options = run->options;
    const dni_dataset *data = &run->extraction.data;
    const judged_pictures pictures = {.folder = run->data,
                                      .samples = data->splits[DNI_TEST].items,
                                      .sample_index = scored->sample_index,
                                      .log_probabilities = scored->log_probabilities,
                                      .labels = scored->labels,
                                      .unfamiliarity = scored->unfamiliarity,
                                      .count = scored->count,
                                      .classes = (const char *const *)data->classes,
                                      .class_count = data->class_count,
                                      .preprocessing = &run->extraction.preprocessing};
    const bool is_mapped = options->max_maps && run->test.correct < run->test.count;
    dn_classifier *classifier = NULL;
    evidence_maps maps = {.classifier = NULL};
    outcome code = is_mapped ? open_classifier(&classifier, run) : OUTCOME_OK;
    if (!code) code = evidence_maps_open(&maps, classifier);
    if (!code)
        code = errors_write(page, &pictures, &maps, options->max_maps, options->extraction.features.quiet);
    evidence_maps_close(&maps);
    dn_classifier_free(classifier);
    return code;
}

outcome train_write_test_pictures(html *page, const train_run *run) {
    scores scored;
    score_metrics metrics = {.classes = NULL};
    outcome code = score(&scored, run);
    if (!code) code = score_metrics_compute(&metrics, &scored, run->extraction.data.class_count);
    if (!code) code = write_rows(page, run, &scored, &metrics);
    if (!code) code = write_errors(page, run, &scored);
    score_metrics_free(&metrics);
    free(scored.log_probabilities);
    free(scored.unfamiliarity);
    return code;
}

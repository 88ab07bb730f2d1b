/* SPDX-License-Identifier: MIT */
/* Where in a picture the evidence for a class lies. */
#include "head/classifier/private.h"

#include "core/error.h"
#include "core/number.h"
#include "head/classifier/evidence.h"
#include "head/prediction.h"

#include <math.h>
#include <stdlib.h>

void dn_classifier_map_size(const dn_classifier *classifier, int *height, int *width) {
    if (!height || !width) return;
    *height = *width = 0;
    if (classifier) dn_session_map_size(classifier->session, height, width);
}

/* `map` and `gradient` are scratch for the feature map and one feature vector. */
static dn_status explain(dn_classifier *classifier, const float *input, int *class_index, float *evidence,
                         float *map, float *gradient, dn_error *error) {
    const int classes = classifier->info.class_count;
    const dn_outputs outputs = {.features = classifier->features, .map = map};
    dn_status status = dn_session_forward(classifier->session, input, 1, &outputs, error);
    if (!status)
        status = dn_head_log_probabilities(classifier->head, classifier->features, 1,
                                           classifier->log_probabilities, error);
    if (status) return status;
    if (*class_index < 0) *class_index = dni_most_probable(classifier->log_probabilities, classes);
    status = dn_head_feature_gradient(classifier->head, classifier->features, *class_index, gradient, error);
    if (status) return status;
    int height, width;
    dn_session_map_size(classifier->session, &height, &width);
    const size_t places = (size_t)height * (size_t)width;
    dni_evidence_sums(map, places, (size_t)dn_head_features(classifier->head), gradient, evidence);
    if (!dni_all_finite(evidence, places))
        return dni_fail(error, DN_ERR_OVERFLOW,
                        "the evidence for class %d is not finite: the weights are too large", *class_index);
    for (size_t i = 0; i < places; i++) evidence[i] = fmaxf(evidence[i], 0);
    return DN_OK;
}

dn_status dni_classifier_explain_input(dn_classifier *classifier, const float *input, int *class_index,
                                       float *evidence, float *probabilities, dn_error *error) {
    const int classes = classifier->info.class_count;
    if (*class_index >= classes)
        return dni_fail(error, DN_ERR_ARGUMENT, "class_index must be -1 to %d, not %d", classes - 1,
                        *class_index);
    int height, width;
    dn_session_map_size(classifier->session, &height, &width);
    const size_t features = (size_t)dn_head_features(classifier->head);
    float *scratch = calloc(((size_t)height * (size_t)width + 1) * features, sizeof *scratch);
    if (!scratch) return dni_no_memory(error, "%s", classifier->path);
    const dn_status status =
        explain(classifier, input, class_index, evidence, scratch + features, scratch, error);
    free(scratch);
    for (int c = 0; !status && probabilities && c < classes; c++)
        probabilities[c] = expf(classifier->log_probabilities[c]);
    return dni_fail_in(error, status, classifier->path);
}

dn_status dn_classifier_explain(dn_classifier *classifier, const dn_image *image, int *class_index,
                                float *evidence, float *probabilities, dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    DNI_NOT_NULL(error, image);
    DNI_NOT_NULL(error, class_index);
    DNI_NOT_NULL(error, evidence);
    if (!classifier->session)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no backbone is attached", classifier->path);
    dni_classifier_prepare(classifier, image, 1);
    if (classifier->statuses[0])
        return dni_classifier_refuse(classifier, image, 0, classifier->statuses[0], error);
    return dni_classifier_explain_input(classifier, classifier->inputs, class_index, evidence, probabilities,
                                        error);
}

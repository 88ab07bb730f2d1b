/* SPDX-License-Identifier: MIT */
/* One batch: pictures to inputs, inputs to probabilities. */
#include "head/classifier/private.h"

#include "core/error.h"

#include <math.h>

/* ---- pictures to inputs ---- */

/* Preprocessing of one batch, a picture an item; each item has its own outcome. */
typedef struct preparation {
    dn_classifier *classifier;
    const dn_image *images;
} preparation;

static void prepare_one(void *context, size_t index) {
    const preparation *work = context;
    dn_classifier *classifier = work->classifier;
    const size_t crop = (size_t)classifier->info.preprocessing.crop;
    classifier->statuses[index] = dn_image_to_input(&work->images[index], &classifier->info.preprocessing, 0,
                                                    classifier->inputs + index * crop * crop * 3, NULL);
}

void dni_classifier_prepare(dn_classifier *classifier, const dn_image *images, int count) {
    preparation work = {classifier, images};
    dni_pool_run(dni_pool_after_fork(classifier->pool), prepare_one, &work, (size_t)count);
}

dn_status dni_classifier_refuse(dn_classifier *classifier, const dn_image *images, int index,
                                dn_status status, dn_error *error) {
    dn_error reason = {.status = DN_OK};
    const dn_status again =
        dn_image_to_input(&images[index], &classifier->info.preprocessing, 0, classifier->inputs, &reason);
    return dni_fail(error, status, "picture %d: %s", index,
                    again == status ? reason.message : dn_status_name(status));
}

/* ---- inputs to probabilities: a picture at a time behind the network, since BLAS rounds by the number of
 * rows, and what is said of a picture must not depend on which ones it came with ---- */

dn_status dni_classifier_predict_inputs(dn_classifier *classifier, const float *inputs, int count,
                                        float *probabilities, dn_error *error) {
    const dn_outputs outputs = {.features = classifier->features};
    dn_status status = dn_session_forward(classifier->session, inputs, count, &outputs, error);
    const int classes = classifier->info.class_count, width = dn_head_features(classifier->head);
    for (int i = 0; !status && i < count; i++)
        status =
            dn_head_log_probabilities(classifier->head, classifier->features + (size_t)i * (size_t)width, 1,
                                      classifier->log_probabilities + (size_t)i * (size_t)classes, error);
    if (status) return dni_fail_in(error, status, classifier->path);
    for (int i = 0; probabilities && i < count * classes; i++)
        probabilities[i] = expf(classifier->log_probabilities[i]);
    return DN_OK;
}

dn_status dni_classifier_check_novelty(const dn_classifier *classifier, dn_error *error) {
    if (classifier->novelty) return DN_OK;
    return dni_fail(error, DN_ERR_UNSUPPORTED,
                    "%s: has no numbers that tell unfamiliar pictures: it was made without, or by an "
                    "older version",
                    classifier->path);
}

dn_status dni_classifier_unfamiliarity(const dn_classifier *classifier, int count, double *percentiles,
                                       dn_error *error) {
    dn_status status = dni_classifier_check_novelty(classifier, error);
    const size_t width = (size_t)dn_head_features(classifier->head);
    for (int i = 0; !status && i < count; i++)
        status = dn_novelty_score(classifier->novelty, classifier->features + (size_t)i * width, 1, NULL,
                                  &percentiles[i], error);
    return status;
}

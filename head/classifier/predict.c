/* Pictures in, probabilities out, a batch at a time. */
#include "head/classifier/private.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* Preprocessing of one batch, a picture an item; each item has its own outcome. */
typedef struct preparation {
    const dn_classifier *classifier;
    const dn_image *images;
    dn_status *statuses; /* (batch) */
} preparation;

static void prepare_one(void *context, size_t index) {
    const preparation *work = context;
    const dn_preprocessing *preprocessing = &work->classifier->info.preprocessing;
    const size_t floats = (size_t)preprocessing->crop * (size_t)preprocessing->crop * 3;
    work->statuses[index] = dn_image_to_input(&work->images[index], preprocessing, 0,
                                              work->classifier->inputs + index * floats, NULL);
}

dn_status dni_classifier_prepare(dn_classifier *classifier, const dn_image *images, int first, int count,
                                 dn_error *error) {
    dn_status *statuses = calloc((size_t)count, sizeof *statuses);
    if (!statuses) return dni_no_memory(error, "%s", classifier->path);
    preparation work = {.classifier = classifier, .images = images + first, .statuses = statuses};
    dni_pool_run(dni_pool_after_fork(classifier->pool), prepare_one, &work, (size_t)count);
    dn_status status = DN_OK;
    for (int i = 0; !status && i < count; i++) {
        if (!statuses[i]) continue;
        dn_error reason = {.message = ""};
        status = dn_image_to_input(&images[first + i], &classifier->info.preprocessing, 0, classifier->inputs,
                                   &reason); /* again, for its message */
        status = dni_fail(error, status ? status : statuses[i], "picture %d: %s", first + i, reason.message);
    }
    free(statuses);
    return status;
}

dn_status dni_classifier_predict_inputs(dn_classifier *classifier, const float *inputs, int count,
                                        float *probabilities, dn_error *error) {
    const dn_outputs outputs = {.features = classifier->features};
    dn_status status = dn_session_forward(classifier->session, inputs, count, &outputs, error);
    if (!status)
        status = dn_head_log_probabilities(classifier->head, classifier->features, count,
                                           classifier->log_probabilities, error);
    if (status) return status;
    const int classes = classifier->info.class_count;
    for (int i = 0; probabilities && i < count * classes; i++)
        probabilities[i] = expf(classifier->log_probabilities[i]);
    return DN_OK;
}

dn_status dni_classifier_unfamiliarity(const dn_classifier *classifier, int count, double *percentiles,
                                       dn_error *error) {
    if (!classifier->novelty)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: has no numbers that tell unfamiliar pictures: it was made without, or by an "
                        "older version",
                        classifier->path);
    return dn_novelty_score(classifier->novelty, classifier->features, count, NULL, percentiles, error);
}

/* Some of the pictures, at most a batch. */
static dn_status judge_batch(dn_classifier *classifier, const dn_image *images, int first, int count,
                             const dn_judgements *out, dn_error *error) {
    const size_t row = (size_t)first;
    float *probabilities =
        out->probabilities ? out->probabilities + row * (size_t)classifier->info.class_count : NULL;
    dn_status status = dni_classifier_prepare(classifier, images, first, count, error);
    if (!status)
        status = dni_classifier_predict_inputs(classifier, classifier->inputs, count, probabilities, error);
    if (!status && out->unfamiliarity)
        status = dni_classifier_unfamiliarity(classifier, count, out->unfamiliarity + row, error);
    return status;
}

dn_status dn_classifier_judge(dn_classifier *classifier, const dn_image *images, int count,
                              const dn_judgements *out, dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    DNI_NOT_NULL(error, out);
    if (!classifier->session)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no backbone is attached", classifier->path);
    if (count < 0) return dni_fail(error, DN_ERR_ARGUMENT, "count must not be negative, as %d is", count);
    if (count == 0) return DN_OK;
    DNI_NOT_NULL(error, images);
    for (int first = 0; first < count; first += classifier->batch) {
        const int size = count - first < classifier->batch ? count - first : classifier->batch;
        const dn_status status = judge_batch(classifier, images, first, size, out, error);
        if (status) return status;
    }
    return DN_OK;
}

dn_status dn_classifier_predict(dn_classifier *classifier, const dn_image *images, int count,
                                float *probabilities, dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    if (count > 0) DNI_NOT_NULL(error, images);
    if (count > 0) DNI_NOT_NULL(error, probabilities);
    return dn_classifier_judge(classifier, images, count, &(dn_judgements){.probabilities = probabilities},
                               error);
}

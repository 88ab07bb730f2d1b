/* SPDX-License-Identifier: MIT */
/* Pictures in, whatever can be told of them out, a batch at a time.
 *
 * A picture that cannot become an input leaves a gap in its batch. The inputs behind it move up, so that the
 * network computes nothing in vain, and the results go to where the caller expects them. */
#include "head/classifier/private.h"

#include "core/error.h"
#include "core/progress.h"

#include <math.h>
#include <string.h>

typedef struct judging {
    dn_classifier *classifier;
    const dn_image *images;
    const dn_judgements *out;
    dn_error *error;
} judging;

/* DN_OK where every picture of the batch is an input now, or, with statuses to be told, where the machine
 * failed with none of them. */
static dn_status check_prepared(const judging *it, int first, int count) {
    for (int i = 0; i < count; i++) {
        const dn_status status = it->classifier->statuses[i];
        if (!status || (it->out->statuses && !dni_status_is_machine(status))) continue;
        return dni_classifier_refuse(it->classifier, it->images, first + i, status, it->error);
    }
    return DN_OK;
}

/* Moves the inputs that there are to the front of the batch; how many they are. */
static int close_gaps(dn_classifier *classifier, int count) {
    const size_t crop = (size_t)classifier->info.preprocessing.crop, floats = crop * crop * 3;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (classifier->statuses[i]) continue;
        if (kept < i)
            memcpy(classifier->inputs + (size_t)kept * floats, classifier->inputs + (size_t)i * floats,
                   floats * sizeof *classifier->inputs);
        kept++;
    }
    return kept;
}

/* Puts `from`, or NaN where it is NULL, into row `row` of the caller's array, if he has one. */
static void hand_row(float *array, int row, int width, const float *from) {
    if (!array) return;
    float *const to = array + (size_t)row * (size_t)width;
    for (int i = 0; i < width; i++) to[i] = from ? from[i] : NAN;
}

/* Tells of picture `row` what the batch's input `k` gave, or, at -1, that it was none. */
static void hand_picture(const judging *it, int row, int k) {
    const dn_classifier *classifier = it->classifier;
    const dn_judgements *out = it->out;
    const int width = dn_head_features(classifier->head), classes = classifier->info.class_count;
    const float *features = k < 0 ? NULL : classifier->features + (size_t)k * (size_t)width;
    const float *log_probabilities =
        k < 0 ? NULL : classifier->log_probabilities + (size_t)k * (size_t)classes;
    hand_row(out->features, row, width, features);
    hand_row(out->log_probabilities, row, classes, log_probabilities);
    hand_row(out->probabilities, row, classes, log_probabilities);
    float *probabilities = out->probabilities ? out->probabilities + (size_t)row * (size_t)classes : NULL;
    for (int c = 0; probabilities && c < classes; c++) probabilities[c] = expf(probabilities[c]);
    if (out->unfamiliarity) out->unfamiliarity[row] = k < 0 ? (double)NAN : classifier->percentiles[k];
}

static void hand_out(const judging *it, int first, int count) {
    for (int i = 0, k = 0; i < count; i++) {
        const dn_status status = it->classifier->statuses[i];
        hand_picture(it, first + i, status ? -1 : k++);
        if (it->out->statuses) it->out->statuses[first + i] = status;
    }
}

static dn_status judge_batch(const judging *it, int first, int count) {
    dn_classifier *classifier = it->classifier;
    dni_classifier_prepare(classifier, it->images + first, count);
    dn_status status = check_prepared(it, first, count);
    if (status) return status;
    const int kept = close_gaps(classifier, count);
    if (kept > 0)
        status = dni_classifier_predict_inputs(classifier, classifier->inputs, kept, NULL, it->error);
    if (!status && kept > 0 && it->out->unfamiliarity)
        status = dni_classifier_unfamiliarity(classifier, kept, classifier->percentiles, it->error);
    if (!status) hand_out(it, first, count);
    return status;
}

static dn_status judge_all(const judging *it, int count) {
    const dn_judgements *out = it->out;
    const int batch = it->classifier->batch;
    for (int first = 0; first < count; first += batch) {
        const int size = count - first < batch ? count - first : batch;
        dn_status status = judge_batch(it, first, size);
        if (!status)
            status = dni_progress_tell(out->on_progress, out->context, (size_t)first + (size_t)size,
                                       (size_t)count, "judging pictures", it->error);
        if (status) return status;
    }
    return DN_OK;
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
    if (out->unfamiliarity) {
        const dn_status status = dni_classifier_check_novelty(classifier, error);
        if (status) return status;
    }
    return judge_all(&(judging){classifier, images, out, error}, count);
}

dn_status dn_classifier_predict(dn_classifier *classifier, const dn_image *images, int count,
                                float *probabilities, dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    if (count > 0) DNI_NOT_NULL(error, images);
    if (count > 0) DNI_NOT_NULL(error, probabilities);
    return dn_classifier_judge(classifier, images, count, &(dn_judgements){.probabilities = probabilities},
                               error);
}

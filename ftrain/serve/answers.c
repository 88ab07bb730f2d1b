/* SPDX-License-Identifier: MIT */
/* POST /v1/predict and /v1/explain. */
#include "ftrain/serve/pictures.h"

#include "ftrain/page/data_address.h"
#include "ftrain/page/overlay.h"
#include "ftrain/shell/message.h"
#include "io/json.h"
#include "io/png.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAP_SIZE = 640 }; /* the longer side of a drawn map, pixels, at most */

/* ---- predict ---- */

static json_t *predictions_json(const request_pictures *pictures, const site *of) {
    json_t *all = json_array();
    for (size_t i = 0; i < pictures->count; i++)
        dni_json_append(&all, job_json(&pictures->jobs[i], of, pictures->shown));
    return json_pack("{s:o}", "predictions", all);
}

/* A request with one picture fails with it; of several each has its own outcome. */
static void answer_judged(const request_pictures *pictures, const site *of, response *out) {
    const dn_error *error = &pictures->jobs[0].error;
    if (pictures->count > 1 || !error->status) {
        response_json(out, 200, predictions_json(pictures, of));
        return;
    }
    if (status_of_error(error) == 500) message("%s", error->message);
    response_error(out, status_of_error(error), "%s", error->message);
}

void answer_predict(void *context, const request *in, response *out) {
    const site *of = context;
    request_pictures pictures;
    if (request_pictures_read(&pictures, of, in, out) && request_pictures_judge(&pictures, of, out))
        answer_judged(&pictures, of, out);
    request_pictures_free(&pictures);
}

/* ---- explain ---- */

static bool find_class(pipeline_job *job, const site *of, const request *in, response *out) {
    const char *name = request_query(in, "class");
    const dn_classifier_info *info = pipeline_info(of->pipeline);
    if (!name) return true;
    for (int c = 0; c < info->class_count; c++)
        if (strcmp(info->classes[c], name) == 0) job->class_index = c;
    if (job->class_index >= 0) return true;
    response_error(out, 400, "class: '%s' is not a class of the model; GET /v1/model lists them", name);
    return false;
}

static dn_status draw_map(unsigned char **png, size_t *size, const pipeline_job *job, const site *of,
                          dn_error *error) {
    const overlay_options options = {.opacity = 0.6f, .size = MAP_SIZE};
    int height, width;
    dn_image drawn;
    pipeline_map_size(of->pipeline, &height, &width);
    dn_status status = overlay_draw(&drawn, &job->picture, &pipeline_info(of->pipeline)->preprocessing,
                                    job->evidence, height, width, &options, error);
    if (status) return status;
    status = dni_png_encode(png, size, &drawn, error);
    dn_image_free(&drawn);
    return status;
}

/* Takes over `png`. */
static void answer_map_json(const request_pictures *pictures, const site *of, unsigned char *png, size_t size,
                            response *out) {
    const pipeline_job *job = &pictures->jobs[0];
    char *address = data_address("image/png", png, size);
    json_t *value = address ? job_json(job, of, pictures->shown) : NULL;
    free(png);
    const char *explained = pipeline_info(of->pipeline)->classes[job->class_index];
    dni_json_set(&value, "explained", dni_json_text(explained));
    dni_json_set(&value, "map", json_string(address));
    free(address);
    response_json(out, 200, value);
}

static void answer_map(const request_pictures *pictures, const site *of, const request *in, response *out) {
    const char *accepted = request_header(in, "Accept");
    unsigned char *png;
    size_t size;
    dn_error error;
    if (draw_map(&png, &size, &pictures->jobs[0], of, &error)) {
        message("%s", error.message);
        response_error(out, 500, "%s", error.message);
        return;
    }
    if (accepted && strcasecmp(accepted, "image/png") == 0)
        response_bytes(out, 200, "image/png", png, size);
    else
        answer_map_json(pictures, of, png, size, out);
}

static bool prepare(request_pictures *pictures, const site *of, const request *in, response *out) {
    if (pictures->count > 1) {
        response_error(out, 400, "one picture is explained at a time; these are %zu", pictures->count);
        return false;
    }
    pictures->jobs[0].is_explained = true;
    pictures->jobs[0].picture_size = MAP_SIZE;
    return find_class(&pictures->jobs[0], of, in, out);
}

void answer_explain(void *context, const request *in, response *out) {
    const site *of = context;
    request_pictures pictures;
    if (request_pictures_read(&pictures, of, in, out) && prepare(&pictures, of, in, out) &&
        request_pictures_judge(&pictures, of, out)) {
        if (pictures.jobs[0].error.status)
            answer_judged(&pictures, of, out);
        else
            answer_map(&pictures, of, in, out);
    }
    request_pictures_free(&pictures);
}

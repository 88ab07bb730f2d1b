/* SPDX-License-Identifier: MIT */
/* The pictures of a request, judged. */
#include "ftrain/serve/pictures.h"

#include "core/error.h"
#include "ftrain/features/prediction.h"
#include "ftrain/shell/message.h"
#include "io/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is asked ---- */

static bool read_top(request_pictures *self, const site *of, const request *in, response *out) {
    const char *text = request_query(in, "top");
    const int classes = pipeline_info(of->pipeline)->class_count;
    self->shown = classes;
    if (!text) return true;
    char *end;
    errno = 0;
    const long top = strtol(text, &end, 10);
    if (errno || end == text || *end || top < 1) {
        response_error(out, 400, "top: must be a number from 1 on, not '%s'", text);
        return false;
    }
    if (top < classes) self->shown = (int)top;
    return true;
}

static void describe_jobs(request_pictures *self, const request *in) {
    const char *name = request_query(in, "name");
    for (size_t i = 0; i < self->count; i++) {
        pipeline_job *job = &self->jobs[i];
        job->class_index = -1;
        if (self->parts.count) {
            const request_part *part = &self->parts.parts[i];
            job->name = part->file_name[0] ? part->file_name : part->name;
            job->bytes = part->bytes;
            job->size = part->size;
        } else {
            job->name = name ? name : "picture";
            job->bytes = in->body;
            job->size = in->size;
        }
    }
}

static bool is_picture_type(const char *type) {
    return !type || strncasecmp(type, "image/", 6) == 0 || strcasecmp(type, "application/octet-stream") == 0;
}

/* The parts of a multipart body, or none of any other. */
static bool read_parts(request_pictures *self, const site *of, const request *in, response *out) {
    const char *type = request_header(in, "Content-Type");
    const size_t most = (size_t)pipeline_capacity(of->pipeline);
    dn_error error;
    if (is_picture_type(type)) return true;
    switch (request_parts_read(&self->parts, in, most, &error)) {
    case DN_OK:
        if (self->parts.count) return true;
        response_error(out, 400, "the body has no parts");
        return false;
    case DN_ERR_UNSUPPORTED:
        response_error(
            out, 415,
            "Content-Type: '%s' is no picture's; send the file's bytes as application/octet-stream "
            "or image/..., or several as multipart/form-data",
            type);
        return false;
    case DN_ERR_ARGUMENT:
        response_error(out, 413, "%s", error.message);
        return false;
    case DN_ERR_MEMORY:
        message("%s", error.message);
        response_error(out, 500, "%s", error.message);
        return false;
    default:
        response_error(out, 400, "%s", error.message);
        return false;
    }
}

bool request_pictures_read(request_pictures *self, const site *of, const request *in, response *out) {
    *self = (request_pictures){0};
    if (!read_top(self, of, in, out) || !read_parts(self, of, in, out)) return false;
    if (!self->parts.count && !in->size) {
        response_error(out, 400, "the body is empty: it must be a picture");
        return false;
    }
    self->count = self->parts.count ? self->parts.count : 1;
    self->jobs = calloc(self->count, sizeof *self->jobs);
    if (!self->jobs) {
        (void)report_no_memory();
        response_error(out, 500, "out of memory");
        return false;
    }
    describe_jobs(self, in);
    return true;
}

bool request_pictures_judge(request_pictures *self, const site *of, response *out) {
    if (pipeline_run(of->pipeline, self->jobs, self->count)) return true;
    response_error(out, 503, "too many pictures wait already; try again");
    response_header(out, "Retry-After", "1");
    return false;
}

void request_pictures_free(request_pictures *self) {
    for (size_t i = 0; self->jobs && i < self->count; i++) pipeline_job_clear(&self->jobs[i]);
    free(self->jobs);
    request_parts_free(&self->parts);
}

/* ---- what is answered ---- */

int status_of_error(const dn_error *error) {
    switch (error->status) {
    case DN_ERR_IMAGE_EMPTY:
        return 400;
    case DN_ERR_IMAGE_TOO_LARGE:
        return 413;
    case DN_ERR_IMAGE_UNSUPPORTED:
        return 415;
    case DN_ERR_IMAGE_CORRUPT:
    case DN_ERR_IMAGE_TRUNCATED:
        return 422;
    default: /* the machine's or the model's fault */
        return 500;
    }
}

static json_t *error_json(const pipeline_job *job) {
    const int status = status_of_error(&job->error);
    if (status == 500) message("%s", job->error.message);
    return json_pack("{s:o, s:{s:i, s:o}}", "path", dni_json_text(job->name), "error", "status", status,
                     "message", dni_json_text(job->error.message));
}

json_t *job_json(const pipeline_job *job, const site *of, int shown) {
    const dn_classifier_info *info = pipeline_info(of->pipeline);
    if (job->error.status) return error_json(job);
    const prediction predicted = {.classes = info->classes,
                                  .class_count = info->class_count,
                                  .probabilities = job->probabilities,
                                  .unfamiliarity = job->unfamiliarity,
                                  .order = malloc((size_t)info->class_count * sizeof *predicted.order),
                                  .shown = shown,
                                  .thresholds = of->sets->thresholds};
    if (!predicted.order) return NULL;
    prediction_sort(&predicted);
    json_t *value = prediction_json(&predicted, job->name);
    free(predicted.order);
    return value;
}

/* SPDX-License-Identifier: MIT */
/* Thumbnails, pictures and maps, made when they are asked for. */
#include "ftrain/review/site.h"

#include "core/error.h"
#include "core/number.h"
#include "ftrain/page/overlay.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/message.h"
#include "io/orientation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THUMBNAIL_SIDE = 192, PICTURE_SIDE = 1024, MAP_SIDE = 640 };

static const char JPEG_TYPE[] = "image/jpeg";

size_t site_find_picture(const site *of, const request *in, response *out) {
    const size_t count = of->set->set.samples.count;
    const char *const text = request_query(in, "id");
    uint64_t id;
    if (text && dni_parse_u64(text, &id) && id < count) return (size_t)id;
    response_error(out, 404, "id: '%s' is the number of no picture", text ? text : "");
    return count;
}

/* A picture that cannot be shown; where the machine failed, the terminal is told, too. */
static void answer_error(response *out, const dn_error *error) {
    const bool is_machine = dni_status_is_machine(error->status);
    if (is_machine) message("%s", error->message);
    response_error(out, is_machine ? 500 : 422, "%s", error->message);
}

static void answer_jpeg(response *out, unsigned char *jpeg, size_t size) {
    response_bytes(out, 200, JPEG_TYPE, jpeg, size);
    response_header(out, "Cache-Control", "private, max-age=600");
}

/* Waits until a picture may be decoded, which takes much more memory than its file; end_decoding() is to
 * follow. */
static void begin_decoding(site *of) {
    pthread_mutex_lock(&of->decoding_lock);
    while (of->decoding == DECODED_AT_ONCE) pthread_cond_wait(&of->decoded, &of->decoding_lock);
    of->decoding++;
    pthread_mutex_unlock(&of->decoding_lock);
}

static void end_decoding(site *of) {
    pthread_mutex_lock(&of->decoding_lock);
    of->decoding--;
    pthread_cond_signal(&of->decoded);
    pthread_mutex_unlock(&of->decoding_lock);
}

static dn_status make(thumbnail *out, site *of, size_t picture, int side, dn_error *error) {
    dn_image image;
    *out = (thumbnail){.jpeg = NULL};
    begin_decoding(of);
    dn_status status =
        dni_image_load_as(&image, of->set->set.samples.items[picture].path, of->preprocessing, error);
    if (!status) {
        status = thumbnail_make(out, &image, side, error);
        dn_image_free(&image);
    }
    end_decoding(of);
    return status;
}

/* ---- thumbnails ---- */

/* A copy of the kept one, from malloc; NULL: none is kept, or memory is out, and then it is made anew. */
static unsigned char *recall(site *of, size_t picture, size_t *size) {
    unsigned char *copy = NULL;
    pthread_mutex_lock(&of->thumbnail_lock);
    const kept_thumbnail *const kept = &of->thumbnails[picture % KEPT_THUMBNAILS];
    if (kept->jpeg && kept->picture == picture) {
        copy = malloc(kept->bytes);
        if (copy) memcpy(copy, kept->jpeg, kept->bytes);
        *size = kept->bytes;
    }
    pthread_mutex_unlock(&of->thumbnail_lock);
    return copy;
}

static void keep(site *of, size_t picture, const thumbnail *made) {
    unsigned char *const copy = malloc(made->bytes);
    if (!copy) return;
    memcpy(copy, made->jpeg, made->bytes);
    pthread_mutex_lock(&of->thumbnail_lock);
    kept_thumbnail *const place = &of->thumbnails[picture % KEPT_THUMBNAILS];
    free(place->jpeg);
    *place = (kept_thumbnail){.picture = picture, .jpeg = copy, .bytes = made->bytes};
    pthread_mutex_unlock(&of->thumbnail_lock);
}

void review_send_thumbnail(void *context, const request *in, response *out) {
    site *const of = context;
    const size_t picture = site_find_picture(of, in, out);
    if (picture == of->set->set.samples.count) return;
    size_t size;
    unsigned char *const known = recall(of, picture, &size);
    if (known) {
        answer_jpeg(out, known, size);
        return;
    }
    thumbnail made;
    dn_error error;
    if (make(&made, of, picture, THUMBNAIL_SIDE, &error)) {
        answer_error(out, &error);
        return;
    }
    keep(of, picture, &made);
    answer_jpeg(out, made.jpeg, made.bytes);
}

void review_send_picture(void *context, const request *in, response *out) {
    site *const of = context;
    const size_t picture = site_find_picture(of, in, out);
    if (picture == of->set->set.samples.count) return;
    thumbnail made;
    dn_error error;
    if (make(&made, of, picture, PICTURE_SIDE, &error))
        answer_error(out, &error);
    else
        answer_jpeg(out, made.jpeg, made.bytes);
}

/* ---- the map of evidence ---- */

/* One at a time: there is one network. */
static dn_status explain(site *of, const dn_image *image, dn_image *drawn, int *class_index,
                         float *probabilities, dn_error *error) {
    static const overlay_options look = {.opacity = 0.6f, .size = MAP_SIDE};
    dn_classifier *const classifier = of->scorer->classifier;
    int height, width;
    pthread_mutex_lock(&of->model_lock);
    dn_classifier_map_size(classifier, &height, &width);
    dn_status status =
        dn_classifier_explain(classifier, image, class_index, of->evidence, probabilities, error);
    if (!status)
        status = overlay_draw(drawn, image, &dn_classifier_get_info(classifier)->preprocessing, of->evidence,
                              height, width, &look, error);
    pthread_mutex_unlock(&of->model_lock);
    return status;
}

/* The map as JPEG, and the most probable class, which it is for. */
static dn_status draw_map(site *of, const char *path, thumbnail *out, int *class_index, double *probability,
                          dn_error *error) {
    const int classes = dn_classifier_get_info(of->scorer->classifier)->class_count;
    float *const probabilities = malloc((size_t)classes * sizeof *probabilities);
    dn_image image, drawn;
    *class_index = -1; /* the most probable one */
    *probability = 0;
    if (!probabilities) return dni_no_memory(error, "%s: %d probabilities", path, classes);
    begin_decoding(of);
    dn_status status = dni_image_load_as(&image, path, of->preprocessing, error);
    if (!status) {
        status = explain(of, &image, &drawn, class_index, probabilities, error);
        dn_image_free(&image);
        if (!status) {
            *probability = (double)probabilities[*class_index];
            status = thumbnail_make(out, &drawn, MAP_SIDE, error);
            dn_image_free(&drawn);
        }
    }
    end_decoding(of);
    free(probabilities);
    return status;
}

void review_send_map(void *context, const request *in, response *out) {
    site *const of = context;
    if (!of->scorer) {
        response_error(out, 404, "no model was given");
        return;
    }
    const size_t picture = site_find_picture(of, in, out);
    if (picture == of->set->set.samples.count) return;
    thumbnail made;
    int class_index;
    double probability;
    dn_error error;
    char text[32];
    if (draw_map(of, of->set->set.samples.items[picture].path, &made, &class_index, &probability, &error)) {
        answer_error(out, &error);
        return;
    }
    response_bytes(out, 200, JPEG_TYPE, made.jpeg, made.bytes);
    snprintf(text, sizeof text, "%d", class_index);
    response_header(out, "X-Ftrain-Class", text);
    snprintf(text, sizeof text, "%.6f", probability);
    response_header(out, "X-Ftrain-Probability", text);
}

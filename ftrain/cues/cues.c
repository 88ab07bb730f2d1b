/* SPDX-License-Identifier: MIT */
/* Files are read, decoded and measured in parallel, a chunk at a time, and told of in order. */
#include "ftrain/cues/cues.h"

#include "core/error.h"
#include "ftrain/cues/cue_pixels.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "io/file.h"
#include "io/jpeg.h"
#include "io/perceptual_hash.h"
#include "io/stb_codecs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[CUE_COUNT] = {
    [CUE_IS_JPEG] = "is JPEG",
    [CUE_IS_PNG] = "is PNG",
    [CUE_BYTES] = "file size",
    [CUE_BITS_PER_PIXEL] = "bits per pixel",
    [CUE_WIDTH] = "width",
    [CUE_HEIGHT] = "height",
    [CUE_ASPECT] = "aspect",
    [CUE_QUALITY] = "JPEG quality",
    [CUE_STANDARD_TABLE] = "standard tables",
    [CUE_PROGRESSIVE] = "progressive",
    [CUE_COMPONENTS] = "JPEG components",
    [CUE_CHROMA] = "chroma sampling",
    [CUE_EXIF] = "EXIF",
    [CUE_ROTATED] = "EXIF orientation",
    [CUE_ICC] = "ICC profile",
    [CUE_XMP] = "XMP",
    [CUE_CAMERA] = "camera tag",
    [CUE_SOFTWARE] = "software tag",
    [CUE_MEAN_RED] = "mean red",
    [CUE_MEAN_GREEN] = "mean green",
    [CUE_MEAN_BLUE] = "mean blue",
    [CUE_DEVIATION_RED] = "deviation of red",
    [CUE_DEVIATION_GREEN] = "deviation of green",
    [CUE_DEVIATION_BLUE] = "deviation of blue",
    [CUE_SATURATION] = "saturation",
    [CUE_GREY] = "grey",
    [CUE_DARK] = "black share",
    [CUE_BRIGHT] = "white share",
    [CUE_BORDER_MEAN] = "border brightness",
    [CUE_BORDER_DEVIATION] = "border contrast",
    [CUE_SHARPNESS] = "sharpness",
    [CUE_FINE_SHARE] = "fine detail share",
    [CUE_COARSE_SHARE] = "coarse detail share",
    [CUE_DETAIL] = "detail",
    [CUE_DETAIL_RING_1] = "detail, ring 1",
    [CUE_DETAIL_RING_2] = "detail, ring 2",
    [CUE_DETAIL_RING_3] = "detail, ring 3",
    [CUE_COLOUR_RING_1] = "colour, ring 1",
    [CUE_COLOUR_RING_2] = "colour, ring 2",
    [CUE_COLOUR_RING_3] = "colour, ring 3",
};

const char *cue_name(int cue) {
    return names[cue];
}

/* The codecs of formats that have cues of their own: one for each. */
static bool is_of(const picture_facts *facts, const dni_image_codec *codec) {
    return facts->format->codec == codec;
}

static void file_cues(double *cues, const picture_facts *facts) {
    const dni_jpeg_facts *const jpeg = &facts->jpeg;
    const double pixels = (double)facts->width * facts->height, bytes = (double)facts->bytes;
    const int shared = jpeg->chroma_x * jpeg->chroma_y;
    cues[CUE_IS_JPEG] = is_of(facts, &dni_jpeg_codec);
    cues[CUE_IS_PNG] = is_of(facts, &dni_png_codec);
    cues[CUE_BYTES] = log2(bytes);
    cues[CUE_BITS_PER_PIXEL] = log2(8 * bytes / pixels);
    cues[CUE_WIDTH] = log2(facts->width);
    cues[CUE_HEIGHT] = log2(facts->height);
    cues[CUE_ASPECT] = cues[CUE_WIDTH] - cues[CUE_HEIGHT];
    cues[CUE_QUALITY] = jpeg->quality;
    cues[CUE_STANDARD_TABLE] = jpeg->is_standard;
    cues[CUE_PROGRESSIVE] = jpeg->is_progressive;
    cues[CUE_COMPONENTS] = jpeg->components;
    cues[CUE_CHROMA] = shared ? 1.0 / shared : 0;
    cues[CUE_EXIF] = jpeg->has_exif;
    cues[CUE_ROTATED] = jpeg->orientation != 0;
    cues[CUE_ICC] = jpeg->has_icc;
    cues[CUE_XMP] = jpeg->has_xmp;
    cues[CUE_CAMERA] = jpeg->has_camera;
    cues[CUE_SOFTWARE] = jpeg->has_software;
}

/* Each tiny pixel is the mean of its part of the picture. */
static void shrink(uint8_t *tiny, const dn_image *image) {
    for (int v = 0; v < TINY_SIDE; v++) {
        const int top = v * image->height / TINY_SIDE, end = (v + 1) * image->height / TINY_SIDE;
        for (int u = 0; u < TINY_SIDE; u++) {
            const int left = u * image->width / TINY_SIDE, right = (u + 1) * image->width / TINY_SIDE;
            unsigned long sums[3] = {0, 0, 0}, pixels = 0;
            for (int y = top; y < end || y == top; y++)
                for (int x = left; x < right || x == left; x++, pixels++)
                    for (int c = 0; c < 3; c++)
                        sums[c] += image->rgb[3 * ((size_t)y * (size_t)image->width + (size_t)x) + (size_t)c];
            for (int c = 0; c < 3; c++) tiny[3 * (v * TINY_SIDE + u) + c] = (uint8_t)(sums[c] / pixels);
        }
    }
}

dn_status cues_of_bytes(double *cues, picture_facts *facts, uint8_t *tiny, const unsigned char *bytes,
                        size_t size, const char *name, dn_error *error) {
    *facts = (picture_facts){.bytes = size};
    memset(cues, 0, CUE_COUNT * sizeof *cues);
    dn_image image;
    dn_status status = dn_image_decode(&image, bytes, size, name, error);
    if (status) return status;
    facts->format = dni_image_format_find(bytes, size);
    facts->width = image.width;
    facts->height = image.height;
    if (is_of(facts, &dni_jpeg_codec)) dni_jpeg_facts_read(&facts->jpeg, bytes, size);
    facts->fingerprint.content = dni_key_of_bytes(bytes, size);
    status = dni_perceptual_hash(&facts->fingerprint.phash, &image, error);
    if (!status) status = cue_pixels(cues, &image, error);
    if (!status) {
        file_cues(cues, facts);
        shrink(tiny, &image);
        facts->is_usable = true;
    }
    dn_image_free(&image);
    return status;
}

/* ---- many files ---- */

enum { CHUNK = 64 };

typedef struct chunk {
    const dni_sample *samples;
    double *matrix;
    picture_facts *facts;
    dn_error errors[CHUNK]; /* status DN_OK: usable */
    uint8_t tiny[CHUNK][3 * TINY_SIDE * TINY_SIDE];
} chunk;

static void measure_one(void *context, size_t i) {
    chunk *const work = context;
    const char *const path = work->samples[i].path;
    dni_file_content file;
    work->errors[i].status = DN_OK;
    work->facts[i] = (picture_facts){.is_usable = false};
    if (dni_file_load(&file, path, &work->errors[i])) return;
    work->errors[i].status = cues_of_bytes(work->matrix + i * CUE_COUNT, &work->facts[i], work->tiny[i],
                                           file.data, file.size, path, &work->errors[i]);
    dni_file_unload(&file);
}

static outcome tell(const cue_request *request, const chunk *work, size_t start, size_t count,
                    size_t *skipped) {
    for (size_t i = 0; i < count; i++) {
        if (work->facts[i].is_usable) {
            if (request->on_picture) request->on_picture(request->context, start + i, work->tiny[i]);
            continue;
        }
        memset(work->matrix + i * CUE_COUNT, 0, CUE_COUNT * sizeof *work->matrix);
        const dn_error *error = &work->errors[i];
        if (request->silent && !dni_status_is_machine(error->status)) {
            ++*skipped;
            continue;
        }
        const outcome code = skip_input(error, request->strict, skipped);
        if (code) return code;
    }
    return OUTCOME_OK;
}

outcome cues_collect(const cue_request *request, const dni_samples *samples, double *matrix,
                     picture_facts *facts, size_t *skipped) {
    chunk *const work = malloc(sizeof *work);
    if (!work) return report_no_memory();
    progress_start("pictures", samples->count, request->quiet);
    outcome code = OUTCOME_OK;
    for (size_t start = 0; !code && start < samples->count; start += CHUNK) {
        const size_t left = samples->count - start, count = left < CHUNK ? left : CHUNK;
        work->samples = samples->items + start;
        work->matrix = matrix + start * CUE_COUNT;
        work->facts = facts + start;
        dni_pool_run(request->pool, measure_one, work, count);
        code = tell(request, work, start, count, skipped);
        progress_step(start + count);
    }
    progress_end();
    free(work);
    return code;
}

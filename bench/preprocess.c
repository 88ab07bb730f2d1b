/* SPDX-License-Identifier: MIT */
/* From a JPEG file to the network's input, on one thread. */
#include "bench/bench.h"
#include "bench/report.h"
#include "bench/scene.h"
#include "core/error.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fractions of the way, so that their difference tells where the time goes. */
typedef struct way {
    const char *path;
    dn_preprocessing preprocessing;
    const dn_image *decoded; /* only resize and normalise this; NULL: start from the file */
    float *out;              /* NULL: only decode */
    dn_status status;
    dn_error *error;
} way;

static void go(void *context) {
    way *w = context;
    dn_image image = {0};
    if (!w->decoded) w->status = dn_image_load(&image, w->path, w->error);
    if (w->status == DN_OK && w->out)
        w->status =
            dn_image_to_input(w->decoded ? w->decoded : &image, &w->preprocessing, 0, w->out, w->error);
    dn_image_free(&image);
}

static dn_status time_way(bench_stats *stats, const bench_context *context, way w) {
    const bench_effort effort = bench_effort_of(context);
    *stats = bench_measure(&effort, go, &w);
    return w.status;
}

static dn_status bench_file(bench_context *context, const char *path, const char *label, float *out,
                            dn_error *error) {
    dn_image image;
    dn_status status = dn_image_load(&image, path, error);
    if (status != DN_OK) return status;
    const way whole = {.path = path, .preprocessing = dn_preprocessing_default(), .out = out, .error = error};
    way decoding = whole, resizing = whole;
    decoding.out = NULL;
    resizing.decoded = &image;
    bench_stats total, decode, resize;
    if ((status = time_way(&total, context, whole)) == DN_OK &&
        (status = time_way(&decode, context, decoding)) == DN_OK &&
        (status = time_way(&resize, context, resizing)) == DN_OK) {
        printf("  %-22s %4d x %-4d  %7.2f ms  (%.2f - %.2f)  decode %.2f, resize and normalise %.2f\n", label,
               image.width, image.height, 1e3 * total.median, 1e3 * total.q1, 1e3 * total.q3,
               1e3 * decode.median, 1e3 * resize.median);
        bench_report_add(context->report, "pictures",
                         json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "file", label, "width", image.width,
                                   "height", image.height, "total", bench_stats_json(&total), "decode",
                                   bench_stats_json(&decode), "resize", bench_stats_json(&resize)));
    }
    dn_image_free(&image);
    return status;
}

/* A generated picture of that size, written to a file and timed. */
static dn_status bench_generated(bench_context *context, int size, float *out, dn_error *error) {
    char path[] = "/tmp/densenet-bench-XXXXXX.jpg";
    const int file = mkstemps(path, 4);
    if (file < 0) return dni_fail(error, DN_ERR_IO, "%s: no temporary file can be made", path);
    close(file);
    dn_image scene;
    dn_status status = bench_scene(&scene, size, 1, error);
    if (status == DN_OK) {
        status = bench_scene_write(&scene, path, error);
        dn_image_free(&scene);
    }
    if (status == DN_OK) status = bench_file(context, path, "generated", out, error);
    unlink(path);
    return status;
}

/* Photographs of the shared data set, where it is. */
static dn_status bench_shared(bench_context *context, float *out, dn_error *error) {
    const char *const names[] = {"data/faces/test/real/zoya_00001.jpg", "data/large/real/dina_0.jpg",
                                 "data/large/fake/junguler_000_0010.jpg"};
    const char *shared = getenv("DN_SHARED");
    dn_status status = DN_OK;
    for (size_t i = 0; status == DN_OK && i < sizeof names / sizeof *names; i++) {
        char *path = dni_path_join(shared && *shared ? shared : "../shared", names[i]);
        if (!path) return dni_fail(error, DN_ERR_MEMORY, "out of memory for a path");
        if (access(path, R_OK) == 0) status = bench_file(context, path, dni_path_name(path), out, error);
        free(path);
    }
    return status;
}

dn_status bench_preprocess(bench_context *context, dn_error *error) {
    const dn_preprocessing preprocessing = dn_preprocessing_default();
    const size_t crop = (size_t)preprocessing.crop;
    puts("\nPictures: JPEG file to network input, 1 thread");
    float *out = malloc(3 * crop * crop * sizeof *out);
    if (!out) return dni_fail(error, DN_ERR_MEMORY, "out of memory for an input");
    dn_status status = DN_OK;
    for (int size = 256; status == DN_OK && size <= 1024; size *= 2)
        status = bench_generated(context, size, out, error);
    if (status == DN_OK) status = bench_shared(context, out, error);
    free(out);
    return status;
}

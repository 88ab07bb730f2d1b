/* SPDX-License-Identifier: MIT */
/* Value noise over several octaves whose weight halves with their size, which gives about the 1/f spectrum of
 * natural pictures, and a little grain on top. */
#include "bench/scene.h"

#include "core/error.h"
#include "core/rng.h"
#include "io/file.h"

#include <math.h>
#include <stdlib.h>
#include <turbojpeg.h>

enum { OCTAVES = 6, COARSEST = 4, JPEG_QUALITY = 90 };

static float lattice(const dni_rng *rng, int octave, int x, int y) {
    const uint64_t position = ((uint64_t)octave << 40) | ((uint64_t)y << 20) | (uint64_t)x;
    return (float)(dni_rng_at(rng, position) >> 40) * 0x1p-24f;
}

/* The noise of one octave at (x, y) in units of its lattice. */
static float octave_value(const dni_rng *rng, int octave, float x, float y) {
    const int left = (int)x, top = (int)y;
    const float u = x - (float)left, v = y - (float)top;
    const float above = lattice(rng, octave, left, top) * (1 - u) + lattice(rng, octave, left + 1, top) * u;
    const float below =
        lattice(rng, octave, left, top + 1) * (1 - u) + lattice(rng, octave, left + 1, top + 1) * u;
    return above * (1 - v) + below * v;
}

static float brightness(const dni_rng *rng, int size, int x, int y) {
    float value = 0, weight = 0.5f;
    for (int octave = 0, cells = COARSEST; octave < OCTAVES; octave++, cells *= 2, weight /= 2) {
        const float scale = (float)cells / (float)size;
        value += weight * octave_value(rng, octave, (float)x * scale, (float)y * scale);
    }
    return value + 0.02f * lattice(rng, OCTAVES, x, y);
}

dn_status bench_scene(dn_image *out, int size, uint64_t seed, dn_error *error) {
    *out = (dn_image){.width = size, .height = size};
    out->rgb = malloc((size_t)size * (size_t)size * 3);
    if (!out->rgb) return dni_fail(error, DN_ERR_MEMORY, "out of memory for a picture");
    dni_rng base = dni_rng_named(seed, "bench scene");
    dni_rng channels[3];
    for (int c = 0; c < 3; c++) channels[c] = (dni_rng){.key = dni_rng_next(&base)};
    uint8_t *pixel = out->rgb;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            for (int c = 0; c < 3; c++) {
                /* mostly one brightness for all channels, as in nature */
                const float value =
                    0.7f * brightness(&channels[0], size, x, y) + 0.3f * brightness(&channels[c], size, x, y);
                *pixel++ = (uint8_t)fminf(255.0f, 255.0f * value);
            }
    return DN_OK;
}

dn_status bench_scene_write(const dn_image *scene, const char *path, dn_error *error) {
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    const tjhandle encoder = tjInitCompress();
    dn_status status = DN_OK;
    if (!encoder || tjCompress2(encoder, scene->rgb, scene->width, 0, scene->height, TJPF_RGB, &bytes, &size,
                                TJSAMP_420, JPEG_QUALITY, 0) != 0)
        status = dni_fail(error, DN_ERR_MEMORY, "%s: JPEG encoding failed", path);
    dni_file_writer *writer = NULL;
    if (status == DN_OK) status = dni_file_writer_open(&writer, path, error);
    if (status == DN_OK) status = dni_file_write(writer, bytes, size, error);
    if (status == DN_OK)
        status = dni_file_writer_commit(writer, error);
    else
        dni_file_writer_abandon(writer);
    tjFree(bytes);
    if (encoder) tjDestroy(encoder);
    return status;
}

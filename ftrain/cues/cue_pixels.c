/* SPDX-License-Identifier: MIT */
/* One pass for colour, a few over brightness for detail. All of it scales with the picture's own size, so
 * that width and height say nothing by themselves. */
#include "ftrain/cues/cue_pixels.h"

#include "core/error.h"
#include "ftrain/cues/cues.h"

#include <math.h>
#include <stdlib.h>

enum { RINGS = 4, DARK_BELOW = 8, BRIGHT_ABOVE = 247 };

/* Keeps logarithms finite where there is nothing: a thousandth of a grey level. */
static const double FLOOR = 1e-3;

static double log_of(double value) {
    return log2(value + FLOOR);
}

typedef struct moments {
    double sum, squares, count;
} moments;

static void note(moments *to, double value) {
    to->sum += value;
    to->squares += value * value;
    to->count++;
}

static double mean(const moments *sums) {
    return sums->count > 0 ? sums->sum / sums->count : 0;
}

static double deviation(const moments *sums) {
    if (sums->count == 0) return 0;
    const double centre = mean(sums), variance = sums->squares / sums->count - centre * centre;
    return variance > 0 ? sqrt(variance) : 0;
}

/* 0: the middle, RINGS - 1: along the edges; equally wide, and shaped as the picture is. */
static int ring_of(const dn_image *image, int x, int y) {
    const double across = fabs((x + 0.5) / image->width - 0.5), down = fabs((y + 0.5) / image->height - 0.5);
    const int ring = (int)(fmax(across, down) * 2 * RINGS);
    return ring < RINGS ? ring : RINGS - 1;
}

typedef struct colour_sums {
    moments channel[3], saturation, ring[RINGS][3], border, inside;
    double dark, bright, coloured;
} colour_sums;

static void note_pixel(colour_sums *sums, const uint8_t *rgb, int brightness, int ring) {
    int least = rgb[0], most = rgb[0];
    for (int c = 0; c < 3; c++) {
        note(&sums->channel[c], rgb[c]);
        note(&sums->ring[ring][c], rgb[c]);
        if (rgb[c] < least) least = rgb[c];
        if (rgb[c] > most) most = rgb[c];
    }
    note(&sums->saturation, most - least);
    note(ring == RINGS - 1 ? &sums->border : &sums->inside, brightness);
    sums->coloured += most != least;
    sums->dark += brightness < DARK_BELOW;
    sums->bright += brightness > BRIGHT_ABOVE;
}

static void measure_colour(double *cues, const dn_image *image, uint8_t *brightness) {
    colour_sums sums = {.dark = 0};
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            const size_t at = (size_t)y * (size_t)image->width + (size_t)x;
            const uint8_t *const rgb = image->rgb + 3 * at;
            brightness[at] = (uint8_t)((rgb[0] + 2 * rgb[1] + rgb[2] + 2) / 4);
            note_pixel(&sums, rgb, brightness[at], ring_of(image, x, y));
        }
    }
    for (int c = 0; c < 3; c++) {
        cues[CUE_MEAN_RED + c] = mean(&sums.channel[c]);
        cues[CUE_DEVIATION_RED + c] = deviation(&sums.channel[c]);
    }
    cues[CUE_SATURATION] = mean(&sums.saturation);
    cues[CUE_GREY] = sums.coloured == 0;
    cues[CUE_DARK] = sums.dark / sums.saturation.count;
    cues[CUE_BRIGHT] = sums.bright / sums.saturation.count;
    cues[CUE_BORDER_MEAN] = mean(&sums.border) - mean(&sums.inside);
    cues[CUE_BORDER_DEVIATION] = log_of(deviation(&sums.border)) - log_of(deviation(&sums.inside));
    for (int r = 1; r < RINGS; r++) {
        double squares = 0;
        for (int c = 0; c < 3; c++) squares += pow(mean(&sums.ring[r][c]) - mean(&sums.ring[0][c]), 2);
        cues[CUE_COLOUR_RING_1 + r - 1] = sqrt(squares);
    }
}

/* Mean squared difference of brightness between pixels `distance` apart along rows and columns; by ring,
 * where `rings` is not NULL. */
static double difference_energy(const dn_image *image, const uint8_t *brightness, int distance,
                                moments *rings) {
    moments all = {.count = 0};
    const size_t width = (size_t)image->width;
    for (int y = 0; y + distance < image->height; y++) {
        for (int x = 0; x + distance < image->width; x++) {
            const size_t at = (size_t)y * width + (size_t)x;
            const int across = brightness[at + (size_t)distance] - brightness[at];
            const int down = brightness[at + (size_t)distance * width] - brightness[at];
            const double energy = across * across + down * down;
            note(&all, energy);
            if (rings) note(&rings[ring_of(image, x, y)], energy);
        }
    }
    return mean(&all);
}

static double laplacian_variance(const dn_image *image, const uint8_t *brightness) {
    moments all = {.count = 0};
    const size_t width = (size_t)image->width;
    for (int y = 1; y + 1 < image->height; y++) {
        for (int x = 1; x + 1 < image->width; x++) {
            const uint8_t *const at = brightness + (size_t)y * width + (size_t)x;
            note(&all, at[1] + *(at - 1) + at[width] + *(at - width) - 4 * *at);
        }
    }
    return pow(deviation(&all), 2);
}

static void measure_detail(double *cues, const dn_image *image, const uint8_t *brightness) {
    moments rings[RINGS] = {{.count = 0}};
    const double detail = difference_energy(image, brightness, 1, rings);
    cues[CUE_SHARPNESS] = log_of(laplacian_variance(image, brightness));
    cues[CUE_DETAIL] = log_of(detail);
    cues[CUE_FINE_SHARE] = log_of(detail) - log_of(difference_energy(image, brightness, 2, NULL));
    cues[CUE_COARSE_SHARE] = log_of(difference_energy(image, brightness, 4, NULL)) -
                             log_of(difference_energy(image, brightness, 8, NULL));
    for (int r = 1; r < RINGS; r++)
        cues[CUE_DETAIL_RING_1 + r - 1] = log_of(mean(&rings[r])) - log_of(mean(&rings[0]));
}

dn_status cue_pixels(double *cues, const dn_image *image, dn_error *error) {
    uint8_t *const brightness = malloc((size_t)image->width * (size_t)image->height);
    if (!brightness)
        return dni_no_memory(error, "the brightness of a picture of %d x %d", image->width, image->height);
    measure_colour(cues, image, brightness);
    measure_detail(cues, image, brightness);
    free(brightness);
    return DN_OK;
}

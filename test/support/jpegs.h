/* SPDX-License-Identifier: MIT */
/* JPEG files for tests: made of noise by libjpeg-turbo in the ways that real files are, and changed by hand.
 */
#ifndef TEST_SUPPORT_JPEGS_H
#define TEST_SUPPORT_JPEGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

typedef struct jpeg {
    unsigned char *bytes; /* to be freed */
    size_t size;
} jpeg;

/* How a file is made. */
typedef struct jpeg_recipe {
    const char *name;
    bool is_progressive, is_arithmetic, has_separate_scans, is_grey;
    unsigned restart_interval; /* MCUs; 0: none */
    int luma_sampling;         /* of both axes */
} jpeg_recipe;

enum {
    MARKER_SOF0 = 0xC0,
    MARKER_SOF2 = 0xC2,
    MARKER_DHT = 0xC4,
    MARKER_RST0 = 0xD0,
    MARKER_SOS = 0xDA,
    MARKER_DQT = 0xDB,
};

/* Noise of that size, grey or RGB. */
jpeg encode_jpeg(const jpeg_recipe *how, unsigned width, unsigned height);
/* Noise in that colour space, in which `channels` is the right number. */
jpeg encode_jpeg_colours(const jpeg_recipe *how, unsigned width, unsigned height, J_COLOR_SPACE colours,
                         int channels);

/* A copy of the file with `removed` bytes at a position replaced by `count` others. */
jpeg splice_jpeg(const jpeg *file, size_t at, size_t removed, const void *inserted, size_t count);

/* Where the first marker of that kind stands among the headers; fails the test when there is none. */
size_t find_jpeg_marker(const jpeg *file, int marker);
/* Where the compressed data of the first scan begin. */
size_t find_jpeg_scan_data(const jpeg *file);

#endif

/* Decoding by stb_image, resizing by stb_image_resize. */
#include "io/stb.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

/* More than any picture within the pixel limit needs while it is decoded (four channels of 16 bits, and the
 * packed data): a file that would unfold further is not let grow. */
enum { BYTES_A_PIXEL_AT_WORK = 10 };
static const size_t largest_block = (size_t)DN_IMAGE_MAX_PIXELS * BYTES_A_PIXEL_AT_WORK;

static void *bounded_malloc(size_t size) {
    return size <= largest_block ? malloc(size) : NULL;
}

static void *bounded_realloc(void *memory, size_t size) {
    return size <= largest_block ? realloc(memory, size) : NULL;
}

/* The headers define more than is used here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_JPEG /* libjpeg-turbo's */
#define STBI_NO_HDR  /* no 8-bit picture: tone mapping would be a guess */
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_MALLOC(size)          bounded_malloc(size)
#define STBI_REALLOC(memory, size) bounded_realloc(memory, size)
#define STBI_FREE(memory)          free(memory)
#define STBI_ASSERT(condition)     ((void)0)
#include <stb/stb_image.h>
#define STB_IMAGE_RESIZE_STATIC
#define STBIR_MAX_CHANNELS 3072 /* of a strip of columns */
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STBIR_ASSERT(condition) ((void)0)
#include <stb/stb_image_resize.h>

/* A memory block that stb_image reads through callbacks, which notices reads behind its end. */
typedef struct reader {
    const unsigned char *bytes;
    size_t size, position;
    const char *window; /* stb_image's own buffer, known from the first read */
    int overrun;
} reader;

/* stb_image reads ahead into its own buffer, where less than asked for is fine as long as it is something;
 * a read to anywhere else is one of bytes that must be there. */
static int reader_read(void *context, char *data, int size) {
    reader *const r = context;
    const size_t left = r->size - r->position;
    const size_t count = (size_t)size < left ? (size_t)size : left;
    if (!r->window) r->window = data;
    if (data == r->window ? count == 0 : count < (size_t)size) r->overrun = 1;
    memcpy(data, r->bytes + r->position, count);
    r->position += count;
    return (int)count;
}

static void reader_skip(void *context, int count) {
    reader *const r = context;
    const size_t left = r->size - r->position;
    if (count <= 0) return;
    if ((size_t)count > left) r->overrun = 1;
    r->position += (size_t)count < left ? (size_t)count : left;
}

static int reader_at_end(void *context) {
    const reader *const r = context;
    return r->position == r->size;
}

static const stbi_io_callbacks reader_calls = {reader_read, reader_skip, reader_at_end};

static dn_status refuse(const reader *r, const char *name, dn_error *error) {
    if (r->overrun) return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the picture file ends early", name);
    const char *reason = stbi_failure_reason();
    if (reason && strcmp(reason, "outofmem") == 0) return dni_no_memory(error, "%s", name);
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the picture file is broken (stb_image: %s)", name,
                    reason ? reason : "no reason given");
}

dn_status dni_stb_decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                         dn_error *error) {
    int width = 0, height = 0, channels = 0;
    *out = (dn_image){0};

    reader r = {.bytes = bytes, .size = size};
    if (!stbi_info_from_callbacks(&reader_calls, &r, &width, &height, &channels))
        return refuse(&r, name, error);
    if (width < 1 || height < 1)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: a picture of %d x %d pixels", name, width, height);
    if ((size_t)width * (size_t)height > DN_IMAGE_MAX_PIXELS)
        return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE, "%s: %d x %d pixels, above the limit of %u", name,
                        width, height, DN_IMAGE_MAX_PIXELS);

    r = (reader){.bytes = bytes, .size = size};
    uint8_t *const rgb = stbi_load_from_callbacks(&reader_calls, &r, &width, &height, &channels, 3);
    if (!rgb || r.overrun) {
        free(rgb);
        return refuse(&r, name, error);
    }
    *out = (dn_image){.width = width, .height = height, .rgb = rgb};
    return DN_OK;
}

static bool resize_pass(const uint8_t *in, int width, int height, int in_row_bytes, int channels,
                        uint8_t *out, const dni_window *window, int out_row_bytes, float x_scale,
                        float y_scale) {
    return stbir_resize_subpixel(in, width, height, in_row_bytes, out, window->width, window->height,
                                 out_row_bytes, STBIR_TYPE_UINT8, channels, STBIR_ALPHA_CHANNEL_NONE, 0,
                                 STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE,
                                 STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, NULL, x_scale, y_scale,
                                 (float)window->left, (float)window->top);
}

/* The window's rows, of the picture's full width. A strip of columns is to stb_image_resize a picture one pixel
 * wide, whose channels are all the strip's: its loops take many of these at a time, but pixels of three channels
 * one by one. */
static bool shorten(const dn_image *image, float y_scale, const dni_window *window, uint8_t *out) {
    const int row_bytes = 3 * image->width;
    const dni_window rows = {.top = window->top, .width = 1, .height = window->height};
    bool done = true;
    for (int x = 0; done && x < row_bytes; x += STBIR_MAX_CHANNELS) {
        const int channels = row_bytes - x < STBIR_MAX_CHANNELS ? row_bytes - x : STBIR_MAX_CHANNELS;
        done = resize_pass(image->rgb + x, 1, image->height, row_bytes, channels, out + x, &rows, row_bytes,
                           1, y_scale);
    }
    return done;
}

/* Where shortening leaves less than half for the slow pass along the rows, it pays to do it first. */
bool dni_stb_resize(const dn_image *image, int full_width, int full_height, const dni_window *window,
                    uint8_t *out, int out_row_bytes) {
    const float x_scale = (float)full_width / (float)image->width;
    const float y_scale = (float)full_height / (float)image->height;
    if (full_height >= image->height / 2)
        return resize_pass(image->rgb, image->width, image->height, 0, 3, out, window, out_row_bytes, x_scale,
                           y_scale);
    uint8_t *const shortened = malloc(3 * (size_t)image->width * (size_t)window->height);
    const dni_window columns = {.left = window->left, .width = window->width, .height = window->height};
    const bool done =
        shortened && shorten(image, y_scale, window, shortened) &&
        resize_pass(shortened, image->width, window->height, 0, 3, out, &columns, out_row_bytes, x_scale, 1);
    free(shortened);
    return done;
}

/* SPDX-License-Identifier: MIT */
/* Each attempt at a file gets a block of its own, so that the address sanitizer sees reads behind it. */
#include "test/support/decoding.h"

#include "core/rng.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_head(const char *path, const file_bytes *file, const dn_image *image) {
    dn_image_info of_bytes, of_file;
    dn_error error = {0};
    if (dn_image_info_decode(&of_bytes, file->data, file->size, path, &error)) fail_msg("%s", error.message);
    if (dn_image_info_load(&of_file, path, &error)) fail_msg("%s", error.message);
    if (of_bytes.width != image->width || of_bytes.height != image->height ||
        of_bytes.orientation != image->orientation || of_bytes.frames != image->frames)
        fail_msg("%s: the head says %d x %d, orientation %d, %d frames; decoding %d x %d, %d, %d", path,
                 of_bytes.width, of_bytes.height, of_bytes.orientation, of_bytes.frames, image->width,
                 image->height, image->orientation, image->frames);
    assert_memory_equal(&of_bytes, &of_file, sizeof of_bytes);
}

void assert_golden_pixels(const char *path, int levels, dn_image *out) {
    char name[256];
    snprintf(name, sizeof name, "%s.rgb", path);
    const file_bytes expected = read_whole(name), file = read_whole(path);
    dn_image image;
    dn_error error = {0};
    if (dn_image_decode(&image, file.data, file.size, path, &error)) fail_msg("%s", error.message);
    if (image.width != (int)little_endian(expected.data) ||
        image.height != (int)little_endian(expected.data + 4))
        fail_msg("%s: %d x %d", path, image.width, image.height);
    const size_t size = 3 * (size_t)image.width * (size_t)image.height;
    assert_int_equal(expected.size, 8 + size);
    int largest = 0;
    for (size_t k = 0; k < size; k++) {
        const int difference = abs(image.rgb[k] - expected.data[8 + k]);
        largest = difference > largest ? difference : largest;
    }
    if (largest > levels) fail_msg("%s: off by up to %d levels", path, largest);
    assert_head(path, &file, &image);
    if (out)
        *out = image;
    else
        dn_image_free(&image);
    free(expected.data);
    free(file.data);
}

static unsigned char *copy_of(const file_bytes *file, size_t size) {
    unsigned char *const copy = calloc(size + (size == 0), 1);
    assert_non_null(copy);
    memcpy(copy, file->data, size < file->size ? size : file->size);
    return copy;
}

/* The head of a beginning may be whole; looking at it must only be harmless. */
void assert_no_beginning_decodes(const char *path, size_t tail, size_t step) {
    enum { SIGNATURE_AND_HEADER = 40 };
    const file_bytes file = read_whole(path);
    for (size_t size = 0; size < file.size - tail; size += step) {
        unsigned char *const part = copy_of(&file, size);
        dn_image image;
        dn_image_info info;
        dn_error error = {0};
        const dn_status status = dn_image_decode(&image, part, size, path, &error);
        if (!status) fail_msg("%s: accepted with %zu of %zu bytes", path, size, file.size);
        assert_null(image.rgb);
        assert_non_null(strstr(error.message, path));
        if (size > SIGNATURE_AND_HEADER && status != DN_ERR_IMAGE_TRUNCATED)
            fail_msg("%zu of %zu bytes: %s", size, file.size, error.message);
        if (dn_image_info_decode(&info, part, size, path, NULL)) assert_null(info.format);
        free(part);
    }
    free(file.data);
}

static void change(unsigned char *bytes, size_t size, dni_rng *rng, int round) {
    /* every second round in the headers, where it matters most */
    enum { HEADERS = 64 };
    const size_t range = round % 2 && size > HEADERS ? HEADERS : size;
    for (uint64_t flips = 1 + dni_rng_below(rng, 4); flips > 0; flips--)
        bytes[dni_rng_below(rng, range)] ^= (unsigned char)(1 + dni_rng_below(rng, 255));
}

/* Sends standard error to a file of its own, where nothing may arrive: the library never prints, and
 * neither may the libraries that it is made of. */
static int begin_silence(FILE **heard) {
    *heard = tmpfile();
    assert_non_null(*heard);
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_int_equal(dup2(fileno(*heard), STDERR_FILENO), STDERR_FILENO);
    return kept;
}

static void end_silence(FILE *heard, int kept, const char *path) {
    fflush(stderr);
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    close(kept);
    struct stat there;
    assert_int_equal(fstat(fileno(heard), &there), 0);
    fclose(heard);
    if (there.st_size) fail_msg("%s: %lld bytes were printed", path, (long long)there.st_size);
}

/* What is wrong with a result; NULL: nothing. Failures are reported when standard error is back. */
static const char *complaint(const unsigned char *bytes, size_t size, const char *path,
                             bool must_be_refused) {
    dn_image image;
    dn_image_info info;
    if (dn_image_info_decode(&info, bytes, size, path, NULL) && info.format) return "a head without its size";
    if (dn_image_decode(&image, bytes, size, path, NULL)) return image.rgb ? "half a picture" : NULL;
    const bool is_sane = (size_t)image.width * (size_t)image.height <= DN_IMAGE_MAX_PIXELS &&
                         image.orientation >= 0 && image.orientation <= 8 && image.frames >= 0;
    dn_image_free(&image);
    if (must_be_refused) return "accepted with changed bytes";
    return is_sane ? NULL : "no sane picture";
}

void assert_changed_bytes_are_harmless(const char *path, int rounds, bool has_checksums) {
    const file_bytes file = read_whole(path);
    dni_rng rng = dni_rng_named(1, path);
    const char *wrong = NULL;
    FILE *heard;
    const int kept = begin_silence(&heard);
    for (int round = 0; round < rounds && !wrong; round++) {
        unsigned char *const changed = copy_of(&file, file.size);
        change(changed, file.size, &rng, round);
        wrong =
            complaint(changed, file.size, path, has_checksums && memcmp(changed, file.data, file.size) != 0);
        free(changed);
    }
    end_silence(heard, kept, path);
    if (wrong) fail_msg("%s: %s", path, wrong);
    free(file.data);
}

void assert_trailing_bytes_are_harmless(const char *path) {
    enum { TRAILING = 100 };
    const file_bytes file = read_whole(path);
    unsigned char *const longer = copy_of(&file, file.size + TRAILING);
    dn_image image;
    dn_error error = {0};
    if (dn_image_decode(&image, longer, file.size + TRAILING, path, &error)) fail_msg("%s", error.message);
    dn_image_free(&image);
    free(longer);
    free(file.data);
}

void assert_file_refused(const char *path, dn_status expected, const char *words) {
    dn_image image;
    dn_error error = {0};
    const dn_status status = dn_image_load(&image, path, &error);
    if (status != expected || !strstr(error.message, path) || !strstr(error.message, words))
        fail_msg("%s with '%s' instead of %s with '%s'", dn_status_name(status), error.message,
                 dn_status_name(expected), words);
    assert_null(image.rgb);
}

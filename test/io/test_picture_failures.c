/* SPDX-License-Identifier: MIT */
/* Pictures of every format, when the machine fails: no lack of memory and no refused read is taken for a
 * broken picture. */
#include "io/duplicates.h"
#include "io/image.h"
#include "io/png.h"
#include "io/view.h"
#include "test/support/calls.h"
#include "test/support/failures.h"
#include "test/support/files.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "test/golden/io/"

/* One of each way in which pixels are decoded. */
static const char *const files[] = {
    "pictures/baseline_420.jpg",
    "pictures/progressive_444.jpg",
    "pictures/cmyk.jpg",
    "pictures/rgba.png",
    "pictures/interlaced.gif",
    "pictures/transparent.gif",
    "pictures/palette.bmp",
    "pictures/runs.tga",
    "pictures/runs.psd",
    "pictures/rgb16.ppm",
    "orientation/6.jpg",
    "orientation/6.png",
    "webp/lossy_alpha.webp",
    "webp/lossless.webp",
    "webp/animated.webp",
    "webp/exif_6.webp",
    "tiff/raw.tif",
    "tiff/adobe_deflate.tif",
    "tiff/jpeg_ycbcr.tif",
    "tiff/tiles.tif",
    "tiff/planes.tif",
    "tiff/group4.tif",
    "tiff/lzw.tif",
    "tiff/pages.tif",
    "tiff/webp.tif",
    "tiff/ycbcr.tif",
    "tiff/zstd.tif",
    "tiff/bigtiff.tif",
    "heif/alpha.heic",
    "heif/alpha.avif",
    "heif/turned.heic",
    "heif/sequence.avif",
};
enum { FILES = sizeof files / sizeof *files };

static dn_status load(const void *path, uint64_t *digest, dn_error *error) {
    dn_image image = {.rgb = (uint8_t *)1};
    const dn_status status = dn_image_load(&image, path, error);
    if (status)
        assert_true(!image.rgb && !image.width && !image.height);
    else
        digest_add(digest, image.rgb, 3 * (size_t)image.width * (size_t)image.height);
    dn_image_free(&image);
    return status;
}

static dn_status look(const void *path, uint64_t *digest, dn_error *error) {
    dn_image_info info = {.width = 1};
    const dn_status status = dn_image_info_load(&info, path, error);
    if (status) assert_true(!info.width && !info.format);
    digest_add(digest, &info, sizeof info);
    return status;
}

/* Whether this build reads the format. */
static bool is_read_here(const char *path) {
    dn_image image;
    dn_error error;
    const dn_status status = dn_image_load(&image, path, &error);
    dn_image_free(&image);
    return status != DN_ERR_IMAGE_UNSUPPORTED;
}

static void test_pictures_are_loaded(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", files[i]);
        if (!is_read_here(path)) continue;
        const scenario it = {.name = files[i], .run = load, .context = path, .word = path, .most = 40};
        fail_each_allocation(&it);
        fail_each_file_call(&it);
        disturb_each_file_call(&it);
    }
}

static void test_heads_are_looked_at(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char path[200];
        snprintf(path, sizeof path, GOLDEN "%s", files[i]);
        if (!is_read_here(path)) continue;
        const scenario it = {.name = files[i], .run = look, .context = path, .word = path};
        fail_each_allocation(&it);
        fail_each_file_call(&it);
        disturb_each_file_call(&it);
    }
}

/* ---- a system that has no more to give ---- */

static rlim_t address_space(void) {
    FILE *const file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a child with so many bytes more than it has: its exit status is the call's. */
static dn_status load_within(const char *path, size_t bytes) {
    int how;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        malloc_trim(0);
        const struct rlimit limit = {address_space() + bytes, RLIM_INFINITY};
        uint64_t digest = 0;
        dn_error error;
        if (setrlimit(RLIMIT_AS, &limit)) _exit(255);
        _exit((int)load(path, &digest, &error));
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how)) fail_msg("%s: within %zu bytes: ended by signal %d", path, bytes, WTERMSIG(how));
    return (dn_status)WEXITSTATUS(how);
}

static void test_pictures_within_little_memory(void **state) {
    enum { STEP = 2 << 20, STEPS = 24 };
    (void)state;
    if (!calls_have_memory()) skip(); /* a sanitizer takes more than all that */
    for (int i = 0; i < FILES; i++) {
        char path[200];
        int refused = 0;
        snprintf(path, sizeof path, GOLDEN "%s", files[i]);
        if (!is_read_here(path)) continue;
        for (int step = 0; step < STEPS; step++) {
            const dn_status status = load_within(path, (size_t)step * STEP);
            if (status && status != DN_ERR_MEMORY)
                fail_msg("%s: within %d bytes: %s", path, step * STEP, dn_status_name(status));
            refused += status != DN_OK;
        }
        print_message("%s: refused within %d KB\n", files[i], refused * STEP >> 10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_are_loaded),
        cmocka_unit_test(test_heads_are_looked_at),
        cmocka_unit_test(test_pictures_within_little_memory),
    };
    return cmocka_run_group_tests_name("pictures, when the machine fails", tests, NULL, NULL);
}

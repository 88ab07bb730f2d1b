/* SPDX-License-Identifier: MIT */
/* Pictures of every format, told by their first bytes. What the head says is what the decoded picture has;
 * memory stays within what io/image.h promises; a picture that is refused leaves nothing. */
#include "test/fuzz/fuzz.h"

#include "io/image.h"

#include <string.h>

/* As io/image.h says: ten times the pixels and a few times the file; and tables of the libraries. */
enum { TIMES_PIXELS = 30, TIMES_INPUT = 8, ALLOWANCE = 8 << 20 };
/* Larger ones are not decoded, for the sake of speed. */
enum { MAX_PIXELS = 1 << 18 };

static void check_decoded(const uint8_t *bytes, size_t size, const dn_image_info *info) {
    const size_t pixels = (size_t)info->width * (size_t)info->height;
    dn_image image;
    dn_error error = {.message = ""};
    fuzz_meter_begin();
    const dn_status status = dn_image_decode(&image, bytes, size, FUZZ_NAME, &error);
    fuzz_meter_end(TIMES_PIXELS * pixels + TIMES_INPUT * size + ALLOWANCE);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        fuzz_require(!image.rgb && !image.width && !image.height, "something is left of what was refused");
        return;
    }
    fuzz_take();
    fuzz_require(image.width == info->width && image.height == info->height,
                 "%s: %d x %d, the head says %d x %d", info->format, image.width, image.height, info->width,
                 info->height);
    fuzz_require(image.orientation == info->orientation, "%s: turned %d, the head says %d", info->format,
                 image.orientation, info->orientation);
    fuzz_require(image.frames == info->frames, "%s: %d frames, the head says %d", info->format, image.frames,
                 info->frames);
    fuzz_require(!dn_image_turn_upright(&image, &error), "%s", error.message);
    dn_image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dn_image_info info;
    dn_error error = {.message = ""};
    fuzz_meter_begin();
    const dn_status status = dn_image_info_decode(&info, bytes, size, FUZZ_NAME, &error);
    fuzz_meter_end(TIMES_INPUT * size + ALLOWANCE);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        fuzz_require(!info.width && !info.height && !info.format, "something is left of what was refused");
        dn_image image;
        fuzz_require(dn_image_decode(&image, bytes, size, FUZZ_NAME, NULL),
                     "decoded, and its head is refused: %s", error.message);
        return 0;
    }
    fuzz_require(info.width >= 1 && info.height >= 1, "%d x %d", info.width, info.height);
    fuzz_require(info.orientation >= 0 && info.orientation <= 8, "orientation %d", info.orientation);
    if ((uint64_t)info.width * (uint64_t)info.height <= MAX_PIXELS) check_decoded(bytes, size, &info);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Facts of JPEG files, and EXIF. Facts are in their ranges; of a JPEG that decodes they agree with what the
 * decoder's head says; and what stands before a cut counts: a beginning tells nothing that the whole does
 * not. */
#include "test/fuzz/fuzz.h"

#include "io/exif.h"
#include "io/image.h"
#include "io/jpeg_facts.h"

#include <stdlib.h>
#include <string.h>

static void check_exif(const uint8_t *bytes, size_t size) {
    dni_exif whole, half;
    uint8_t *const beginning = malloc(size / 2 + 1); /* of exactly that size, for a sanitizer to see */
    fuzz_require(beginning, "no memory for %zu bytes", size / 2);
    if (size) memcpy(beginning, bytes, size / 2);
    dni_exif_read(&whole, bytes, size);
    dni_exif_read(&half, beginning, size / 2);
    free(beginning);
    fuzz_require(whole.orientation >= 0 && whole.orientation <= 8, "orientation %d", whole.orientation);
    fuzz_require(whole.has_camera || !half.has_camera, "a camera in the first half alone");
    fuzz_require(whole.has_software || !half.has_software, "a program in the first half alone");
    fuzz_require(whole.orientation || !half.orientation, "an orientation in the first half alone");
}

static void check_facts(const dni_jpeg_facts *facts) {
    fuzz_require(facts->width >= 0 && facts->width <= 65535, "width %d", facts->width);
    fuzz_require(facts->height >= 0 && facts->height <= 65535, "height %d", facts->height);
    fuzz_require(facts->quality >= 0 && facts->quality <= 100, "quality %d", facts->quality);
    fuzz_require(facts->orientation >= 0 && facts->orientation <= 8, "orientation %d", facts->orientation);
    fuzz_require(facts->chroma_x >= 0 && facts->chroma_x <= 15, "chroma %d", facts->chroma_x);
    fuzz_require(facts->chroma_y >= 0 && facts->chroma_y <= 15, "chroma %d", facts->chroma_y);
    fuzz_require(facts->has_exif || (!facts->orientation && !facts->has_camera && !facts->has_software),
                 "EXIF's facts without EXIF");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dni_jpeg_facts facts;
    const bool is_jpeg = dni_jpeg_facts_read(&facts, bytes, size);
    check_facts(&facts);
    fuzz_require(is_jpeg || (!facts.width && !facts.height && !facts.has_exif), "facts of what is no JPEG");
    dn_image_info info;
    if (!dn_image_info_decode(&info, bytes, size, FUZZ_NAME, NULL) && strcmp(info.format, "JPEG") == 0) {
        fuzz_require(is_jpeg, "the decoder takes it");
        fuzz_take();
        fuzz_require(facts.width == info.width && facts.height == info.height,
                     "%d x %d, the decoder says %d x %d", facts.width, facts.height, info.width, info.height);
    }
    check_exif(bytes, size);
    return 0;
}

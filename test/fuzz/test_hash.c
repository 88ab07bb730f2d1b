/* SPDX-License-Identifier: MIT */
/* Perceptual hashes of small pictures: the first two bytes are the sides, the others pixels, repeated. A
 * picture of one colour is flat; one with contrast is flat only where its negative is; and distances are
 * those of a metric. */
#include "test/fuzz/fuzz.h"

#include "io/perceptual_hash.h"

#include <stdlib.h>
#include <string.h>

/* Sides of at most 8: of one pixel's contrast enough is left for the frequencies to be told from rounding. */
enum { MAX_SIDE = 8, CONTRAST = 64 };

static uint64_t hash_of(const dn_image *image) {
    uint64_t hash = 1;
    dn_error error = {.message = ""};
    fuzz_require(!dni_perceptual_hash(&hash, image, &error), "%s", error.message);
    return hash;
}

/* How far apart the values of a channel are that all three share. */
static int contrast_of(const dn_image *image) {
    int low = 255, high = 0;
    for (int i = 0; i < image->width * image->height; i++) {
        const int value = image->rgb[3 * i + 1];
        if (value < low) low = value;
        if (value > high) high = value;
    }
    return high - low;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 3) return 0;
    uint8_t rgb[3 * MAX_SIDE * MAX_SIDE], negative[sizeof rgb];
    const dn_image image = {.width = 1 + bytes[0] % MAX_SIDE, .height = 1 + bytes[1] % MAX_SIDE, .rgb = rgb};
    for (size_t i = 0; i < sizeof rgb; i++) {
        rgb[i] = bytes[2 + i / 3 % (size - 2)]; /* grey */
        negative[i] = (uint8_t)(255 - rgb[i]);
    }
    const dn_image inverse = {.width = image.width, .height = image.height, .rgb = negative};
    const uint64_t hash = hash_of(&image), other = hash_of(&inverse);
    const int contrast = contrast_of(&image);
    if (contrast >= CONTRAST) fuzz_take();
    fuzz_require(contrast > 0 || hash == DNI_PERCEPTUAL_FLAT, "one colour has the hash %llx",
                 (unsigned long long)hash);
    fuzz_require(contrast < CONTRAST || (hash == DNI_PERCEPTUAL_FLAT) == (other == DNI_PERCEPTUAL_FLAT),
                 "%llx, and its negative %llx", (unsigned long long)hash, (unsigned long long)other);
    const int distance = dni_perceptual_distance(hash, other);
    fuzz_require(distance >= 0 && distance <= 64 && distance == dni_perceptual_distance(other, hash),
                 "distance %d", distance);
    fuzz_require((distance == 0) == (hash == other), "distance %d", distance);
    return 0;
}

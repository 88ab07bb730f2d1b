/* Finding a picture among those of a model. */
#include "head/classifier/picture_keys.h"

#include "core/error.h"
#include "io/duplicates.h"
#include "io/perceptual_hash.h"

#include <string.h>

dn_status dn_picture_key_of_file(dn_picture_key *out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    DNI_NOT_NULL(error, path);
    dni_fingerprint print;
    const dn_status status = dni_fingerprint_of_file(&print, path, error);
    *out = (dn_picture_key){.look = print.phash, .use = DN_PICTURE_TRAIN};
    memcpy(out->content, print.content.bytes, sizeof out->content);
    return status;
}

int dn_picture_keys_find(const dn_picture_key *keys, int count, const dn_picture_key *picture,
                         dn_picture_match *match) {
    if (match) *match = DN_PICTURE_UNKNOWN;
    if (!keys || !picture) return -1;
    int nearest = -1, least = DNI_NEAR_DISTANCE + 1, same = 0;
    while (same < count && memcmp(keys[same].content, picture->content, sizeof picture->content) != 0) {
        const uint64_t look = keys[same].look;
        const int distance = dni_perceptual_distance(look, picture->look);
        if (distance < least && look != DNI_PERCEPTUAL_FLAT && picture->look != DNI_PERCEPTUAL_FLAT) {
            least = distance;
            nearest = same;
        }
        same++;
    }
    const int found = same < count ? same : nearest;
    if (match) *match = same < count ? DN_PICTURE_SAME : nearest >= 0 ? DN_PICTURE_NEAR : DN_PICTURE_UNKNOWN;
    return found;
}

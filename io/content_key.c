/* SPDX-License-Identifier: MIT */
/* Keys of pictures, by xxHash. */
#include "io/content_key.h"

#include "io/file.h"

#include <stdio.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY /* the state on the stack: hashing cannot fail */
#include <xxhash.h>

static dni_key key_of_hash(XXH128_hash_t hash) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    dni_key key;
    memcpy(key.bytes, canonical.digest, sizeof key.bytes);
    return key;
}

dni_key dni_key_of_bytes(const void *bytes, size_t size) {
    return key_of_hash(XXH3_128bits(bytes, size));
}

dni_key_stream *dni_key_stream_create(void) {
    dni_key_stream *made = XXH3_createState();
    if (made) XXH3_128bits_reset(made);
    return made;
}

void dni_key_stream_add(dni_key_stream *stream, const void *bytes, size_t size) {
    XXH3_128bits_update(stream, bytes, size);
}

dni_key dni_key_stream_end(dni_key_stream *stream) {
    if (!stream) return (dni_key){.bytes = {0}};
    const dni_key key = key_of_hash(XXH3_128bits_digest(stream));
    XXH3_freeState(stream);
    return key;
}

dni_key dni_key_of_view(const dni_key *file, const dni_view *view) {
    if (view->kind == DNI_VIEW_PLAIN && !view->flip) return *file;
    char name[DNI_VIEW_NAME];
    dni_view_name(view, name);
    unsigned char bytes[sizeof file->bytes + DNI_VIEW_NAME];
    memcpy(bytes, file->bytes, sizeof file->bytes);
    memcpy(bytes + sizeof file->bytes, name, strlen(name));
    return dni_key_of_bytes(bytes, sizeof file->bytes + strlen(name));
}

/* The key of all of an open file, a piece at a time. */
static dn_status hash_file(dni_key *out, const dni_file *file, dn_error *error) {
    enum { PIECE = 1 << 16 };
    unsigned char piece[PIECE];
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (uint64_t done = 0; done < file->size; done += PIECE) {
        const uint64_t left = file->size - done;
        const size_t size = left < PIECE ? (size_t)left : PIECE;
        const dn_status status = dni_file_read_at(file, piece, size, done, error);
        if (status) return status;
        XXH3_128bits_update(&state, piece, size);
    }
    *out = key_of_hash(XXH3_128bits_digest(&state));
    return DN_OK;
}

dn_status dni_key_of_file(dni_key *out, const char *path, dn_error *error) {
    *out = (dni_key){.bytes = {0}};
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    file.is_left_out = true;
    status = hash_file(out, &file, error);
    dni_file_close(&file);
    return status;
}

void dni_key_text(const dni_key *key, char hex[33]) {
    for (int i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", key->bytes[i]);
}

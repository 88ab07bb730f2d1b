/* Keys of pictures, by xxHash. */
#include "io/content_key.h"

#include "io/file.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

dni_key dni_key_of_bytes(const void *bytes, size_t size) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
    dni_key key;
    memcpy(key.bytes, canonical.digest, sizeof key.bytes);
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

dn_status dni_key_of_file(dni_key *out, const char *path, dn_error *error) {
    dni_mapping file;
    const dn_status status = dni_file_map(&file, path, error);
    if (status) {
        *out = (dni_key){.bytes = {0}};
        return status;
    }
    *out = dni_key_of_bytes(file.data, file.size);
    dni_file_unmap(&file);
    return DN_OK;
}

void dni_key_text(const dni_key *key, char hex[33]) {
    for (int i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", key->bytes[i]);
}

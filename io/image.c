/* SPDX-License-Identifier: MIT */
/* Decoding, and looking at the head alone, by the codec of the format. */
#include "io/image.h"

#include "core/error.h"
#include "io/file.h"
#include "io/image_format.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- a source ---- */

static dn_status find_format(const dni_image_format **out, dni_image_source *source, dn_error *error) {
    if (source->size == 0) return dni_fail(error, DN_ERR_IMAGE_EMPTY, "%s: the file is empty", source->name);
    const dn_status status = dni_image_source_hold(source, DNI_FORMAT_BYTES, error);
    return status ? status : dni_image_format_require(out, source->bytes, source->held, source->name, error);
}

/* What a codec has said, unless the machine is at fault. The libraries below do not always tell: one that had
 * no memory calls the file broken, one whose read was refused takes what it has for all. So a refused read is
 * kept beside the source, and errno, 0 before the codec began, says whether malloc() has failed since. */
static dn_status judge(dn_status status, const dni_image_source *source, dn_error *error) {
    const bool no_memory = errno == ENOMEM;
    if (source->refused && source->refused->status)
        return dni_fail(error, source->refused->status, "%s", source->refused->message);
    if (!status || dni_status_is_machine(status)) return dni_fail_in(error, status, source->name);
    return no_memory ? dni_no_memory(error, "%s", source->name) : status;
}

static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    const dni_image_format *format;
    dn_status status = find_format(&format, source, error);
    if (status) return status;
    errno = 0;
    status = judge(format->codec->describe(out, source, error), source, error);
    if (status)
        *out = (dn_image_info){0};
    else
        out->format = format->name;
    return status;
}

static dn_status decode(dn_image *out, dni_image_source *source, dn_error *error) {
    const dni_image_format *format;
    dn_status status = find_format(&format, source, error);
    if (status) return status;
    errno = 0;
    status = judge(format->codec->decode(out, source, error), source, error);
    if (status) dn_image_free(out);
    return status;
}

/* ---- the public functions ---- */

dn_status dn_image_decode(dn_image *out, const void *bytes, size_t size, const char *name, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image){0};
    if (size > 0) DNI_NOT_NULL(error, bytes);
    dni_image_source source = dni_image_source_of_bytes(bytes, size, name ? name : "picture");
    return decode(out, &source, error);
}

dn_status dn_image_load(dn_image *out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image){0};
    DNI_NOT_NULL(error, path);
    dni_file_content file;
    dn_status status = dni_file_load(&file, path, error);
    if (status) return status;
    status = dn_image_decode(out, file.data, file.size, path, error);
    dni_file_unload(&file);
    return status;
}

dn_status dn_image_info_decode(dn_image_info *out, const void *bytes, size_t size, const char *name,
                               dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image_info){0};
    if (size > 0) DNI_NOT_NULL(error, bytes);
    dni_image_source source = dni_image_source_of_bytes(bytes, size, name ? name : "picture");
    return describe(out, &source, error);
}

dn_status dn_image_info_load(dn_image_info *out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image_info){0};
    DNI_NOT_NULL(error, path);
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    file.is_left_out = true;
    dn_error refused = {.status = DN_OK};
    dni_image_source source = dni_image_source_of_file(&file, path);
    source.refused = &refused;
    status = describe(out, &source, error);
    dni_image_source_free(&source);
    dni_file_close(&file);
    return status;
}

void dn_image_free(dn_image *image) {
    if (!image) return;
    free(image->rgb);
    *image = (dn_image){0};
}

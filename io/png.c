/* Encoding PNG. */
#include "io/png.h"

#include "core/error.h"
#include "io/file.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

typedef struct encoding {
    dni_file_writer *writer;
    dn_error *error;
    dn_status status;
} encoding;

static void write_part(void *context, void *bytes, int size) {
    encoding *work = context;
    if (!work->status) work->status = dni_file_write(work->writer, bytes, (size_t)size, work->error);
}

dn_status dni_png_write(const char *path, const dn_image *image, dn_error *error) {
    encoding work = {.error = error};
    const dn_status status = dni_file_writer_open(&work.writer, path, error);
    if (status) return status;
    const int done = stbi_write_png_to_func(write_part, &work, image->width, image->height, 3, image->rgb,
                                            3 * image->width);
    if (!done)
        work.status =
            dni_no_memory(error, "%s: a PNG file of %d x %d pixels", path, image->width, image->height);
    if (!work.status) return dni_file_writer_commit(work.writer, error);
    dni_file_writer_abandon(work.writer);
    return work.status;
}

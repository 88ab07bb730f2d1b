/* SPDX-License-Identifier: MIT */
/* The manifest, line by line. */
#include "ftrain/prepare/manifest.h"

#include "ftrain/shell/manifest.h"
#include "ftrain/shell/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] =
    "split\tclass\tfile\tsource\txxh3\tresult\torientation\twidth\theight\tscale\tquality\t"
    "subsampling\n";

/* The columns behind the names. A dash stands where there is nothing to say. */
static void write_numbers(char *out, size_t size, const preparation *self, const prepared_picture *item) {
    char source[33], result[33], quality[16] = "-";
    dni_key_text(&item->source, source);
    dni_key_text(&item->result, result);
    const bool is_jpeg = self->form->format == FORM_JPEG;
    if (is_jpeg) snprintf(quality, sizeof quality, "%d", item->encoding.quality);
    snprintf(out, size, "%s\t%s\t%d\t%d\t%d\t%.4f\t%s\t%s\n", source, result,
             item->orientation ? item->orientation : 1, item->width, item->height, item->scale, quality,
             !is_jpeg                                  ? "-"
             : item->encoding.chroma == DNI_CHROMA_444 ? "444"
                                                       : "420");
}

/* From malloc, or NULL. Names are escaped, because they may hold what would break a line or a column. */
static char *line_of(const preparation *self, size_t i) {
    const dni_sample *sample = &self->set->samples.items[i];
    const char *part = self->set->parts[picture_set_part(self->set, i)];
    char numbers[200], *line = NULL;
    write_numbers(numbers, sizeof numbers, self, &self->items[i]);
    char *class_name = quote_text(self->set->classes[sample->label]), *name = quote_text(self->items[i].name);
    char *source = quote_text(sample->path);
    if (class_name && name && source) {
        const size_t room = strlen(class_name) + strlen(name) + strlen(source) + strlen(numbers) + 16;
        line = malloc(room);
        if (line)
            snprintf(line, room, "%s\t%s\t%s\t%s\t%s", *part ? part : "-", class_name, name, source, numbers);
    }
    free(class_name);
    free(name);
    free(source);
    return line;
}

static dn_status write_lines(dni_file_writer *writer, const void *context, dn_error *error) {
    const preparation *self = context;
    dn_status status = dni_file_write(writer, header, sizeof header - 1, error);
    for (size_t i = 0; !status && i < self->set->samples.count; i++)
        if (self->items[i].is_there) status = manifest_write_line(writer, line_of(self, i), error);
    return status;
}

outcome prepare_write_manifest(const preparation *self, const char *folder) {
    return manifest_write(folder, write_lines, self);
}

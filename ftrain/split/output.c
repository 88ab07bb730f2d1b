/* SPDX-License-Identifier: MIT */
/* Files as links or copies, and the manifest. */
#include "ftrain/split/output.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/manifest.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/whole_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- pictures ---- */

static outcome copy_picture(const char *from, const char *to) {
    dni_file_content file;
    dni_file_writer *writer = NULL;
    dn_error error;
    dn_status status = dni_file_load(&file, from, &error);
    if (status) return report(&error, OUTCOME_DATA);
    status = dni_file_writer_open(&writer, to, &error);
    if (!status) status = dni_file_write(writer, file.data, file.size, &error);
    if (!status)
        status = dni_file_writer_commit(writer, &error);
    else
        dni_file_writer_abandon(writer);
    dni_file_unload(&file);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* Whatever keeps a link from being made (another file system, one without links, their number), a copy may
 * succeed, and else tells the reason. */
static outcome place_picture(const char *from, const char *to, bool copy) {
    if (!copy && linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0) return OUTCOME_OK;
    return copy_picture(from, to);
}

static outcome place_pictures(const char *folder, const split_pictures *pictures, bool copy) {
    outcome code = OUTCOME_OK;
    for (uint32_t i = 0; !code && i < pictures->count; i++) {
        const split_picture *const picture = &pictures->items[i];
        if (picture->split == DNI_SPLITS) continue;
        const char *const class_name = pictures->classes.names[picture->label];
        const char *const split = dni_split_name((dni_split)picture->split);
        const size_t capacity = strlen(folder) + strlen(class_name) + strlen(picture->name) + 16;
        char *path = malloc(capacity);
        if (!path) return report_no_memory();
        dn_error error;
        const size_t end = (size_t)snprintf(path, capacity, "%s/%s/%s", folder, split, class_name);
        if (dni_make_folders(path, &error)) code = report(&error, OUTCOME_MACHINE);
        snprintf(path + end, capacity - end, "/%s", picture->name);
        if (!code) code = place_picture(picture->path, path, copy);
        if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
        progress_step(i + 1);
        free(path);
    }
    return code;
}

/* ---- the manifest ---- */

static char *manifest_line(const split_pictures *pictures, const split_picture *picture) {
    char hash[33], *line = NULL;
    /* escaped, because a name may hold what would break a line or a column */
    char *class_name = quote_text(pictures->classes.names[picture->label]), *name = quote_text(picture->name);
    char *path = quote_text(picture->path);
    dni_key_text(&picture->print.content, hash);
    if (class_name && name && path) {
        const size_t capacity = strlen(class_name) + strlen(name) + strlen(path) + 80;
        line = malloc(capacity);
        if (line)
            snprintf(line, capacity, "%s\t%s\t%s\t%s\t%s\t%u\n", dni_split_name((dni_split)picture->split),
                     class_name, name, path, hash, picture->group + 1);
    }
    free(class_name);
    free(name);
    free(path);
    return line;
}

static dn_status write_lines(dni_file_writer *writer, const void *context, dn_error *error) {
    static const char header[] = "split\tclass\tfile\tsource\txxh3\tgroup\n";
    const split_pictures *pictures = context;
    dn_status status = dni_file_write(writer, header, sizeof header - 1, error);
    for (int split = 0; split < DNI_SPLITS; split++)
        for (uint32_t i = 0; !status && i < pictures->count; i++)
            if (pictures->items[i].split == split)
                status = manifest_write_line(writer, manifest_line(pictures, &pictures->items[i]), error);
    return status;
}

static outcome write_all(const char *folder, const split_pictures *pictures, bool copy, bool quiet) {
    whole_folder temporary;
    outcome code = whole_folder_begin(&temporary, folder, "split");
    if (code) return code;
    progress_start("files", pictures->count, quiet);
    code = place_pictures(temporary.path, pictures, copy);
    progress_end();
    if (!code) code = manifest_write(temporary.path, write_lines, pictures);
    if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
    code = whole_folder_end(&temporary, folder, code);
    if (!code) interrupts_say("interrupted after %s was made", folder);
    return code;
}

outcome split_output_write(const char *folder, const split_pictures *pictures, bool copy, bool quiet) {
    const bool before = interrupts_wait(true);
    const outcome code = write_all(folder, pictures, copy, quiet);
    interrupts_wait(before);
    return code;
}

/* SPDX-License-Identifier: MIT */
/* Decoding, forming, encoding and writing: a picture an item, on all threads, a turn at a time. */
#include "ftrain/prepare/pictures.h"

#include "core/error.h"
#include "ftrain/prepare/manifest.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/progress.h"
#include "ftrain/shell/unique_names.h"
#include "io/file.h"
#include "io/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_A_TIME = 64 }; /* pictures between two steps of the progress bar */

/* ---- names ---- */

/* The file's name with the format's extension in the place of its own. */
static char *renamed(const char *path, form_format format) {
    const char *name = dni_path_name(path), *dot = strrchr(name, '.');
    const size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name), room = stem + 8;
    char *out = malloc(room);
    if (out) snprintf(out, room, "%.*s.%s", (int)stem, name, format == FORM_PNG ? "png" : "jpg");
    return out;
}

static outcome give_names(preparation *self) {
    const dni_samples *samples = &self->set->samples;
    unique_name *names = new_array(samples->count, sizeof *names);
    if (!names) return OUTCOME_MACHINE;
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < samples->count; i++) {
        self->items[i].name = renamed(samples->items[i].path, self->form->format);
        if (!self->items[i].name) code = report_no_memory();
        names[i].folder = picture_set_part(self->set, i) * self->set->class_count + samples->items[i].label;
        names[i].wanted = self->items[i].name;
    }
    if (!code && !unique_names_give(names, samples->count)) code = OUTCOME_MACHINE;
    for (size_t i = 0; i < samples->count; i++) {
        free(self->items[i].name);
        self->items[i].name = names[i].given;
    }
    free(names);
    return code;
}

/* "folder/[part/]class", with "/name" where there is one; from malloc, or NULL. */
static char *path_of(const preparation *self, const char *folder, int part, int label, const char *name) {
    const char *const part_name = self->set->parts[part], *const class_name = self->set->classes[label];
    const size_t room =
        strlen(folder) + strlen(part_name) + strlen(class_name) + (name ? strlen(name) : 0) + 4;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s%s%s/%s%s%s", folder, *part_name ? "/" : "", part_name, class_name,
                 name ? "/" : "", name ? name : "");
    return path;
}

static outcome make_folders(const preparation *self, const char *folder) {
    outcome code = OUTCOME_OK;
    for (int part = 0; part < self->set->part_count; part++)
        for (int label = 0; !code && label < self->set->class_count; label++) {
            char *path = path_of(self, folder, part, label, NULL);
            dn_error error;
            if (!path)
                code = report_no_memory();
            else if (dni_make_folders(path, &error))
                code = report(&error, OUTCOME_MACHINE);
            free(path);
        }
    return code;
}

/* ---- one picture ---- */

typedef struct turn {
    preparation *all;
    const char *folder;
    size_t first; /* sample */
    dn_status statuses[AT_A_TIME];
    dn_error errors[AT_A_TIME];
    bool is_decoded[AT_A_TIME]; /* what fails behind that is no fault of the picture's */
} turn;

static dn_status write_jpeg(prepared_picture *item, const char *path, const dn_image *image,
                            dn_error *error) {
    unsigned char *bytes;
    size_t size;
    dn_status status =
        dni_jpeg_encode(&bytes, &size, image, item->encoding.quality, item->encoding.chroma, error);
    if (status) return status;
    dni_file_writer *writer;
    status = dni_file_writer_open(&writer, path, error);
    if (!status) status = dni_file_write(writer, bytes, size, error);
    if (!status)
        status = dni_file_writer_commit(writer, error);
    else
        dni_file_writer_abandon(writer);
    item->result = dni_key_of_bytes(bytes, size);
    free(bytes);
    return status;
}

static dn_status write_picture(const preparation *all, prepared_picture *item, const char *path,
                               const dn_image *image, dn_error *error) {
    if (all->form->format == FORM_JPEG) return write_jpeg(item, path, image, error);
    const dn_status status = dni_png_write(path, image, error);
    return status ? status : dni_key_of_file(&item->result, path, error);
}

/* Messages of what comes behind decoding name no file. */
static dn_status form_picture(const preparation *all, prepared_picture *item, const char *source,
                              dn_image *image, dn_image *out, dn_error *error) {
    dn_error reason;
    item->orientation = image->orientation;
    item->frames = image->frames;
    const dn_status status = form_apply(all->form, image, out, &item->scale, &reason);
    item->width = image->width;
    item->height = image->height;
    return status ? dni_fail(error, status, "%.400s: %.600s", source, reason.message) : DN_OK;
}

static dn_status load_picture(prepared_picture *item, const char *source, dn_image *image, dn_error *error) {
    dni_file_content file;
    dn_status status = dni_file_load(&file, source, error);
    if (status) return status;
    item->source = dni_key_of_bytes(file.data, file.size);
    status = dn_image_decode(image, file.data, file.size, source, error);
    dni_file_unload(&file);
    return status;
}

static void prepare_one(void *context, size_t i) {
    turn *work = context;
    const preparation *const all = work->all;
    const size_t sample = work->first + i;
    const char *const source = all->set->samples.items[sample].path;
    prepared_picture *const item = &all->items[sample];
    dn_error *const error = &work->errors[i];
    dn_image image = {.rgb = NULL}, formed = {.rgb = NULL};
    work->statuses[i] = DN_OK;
    if (interrupted()) return; /* all that was made is removed */
    char *path = path_of(all, work->folder, picture_set_part(all->set, sample),
                         all->set->samples.items[sample].label, item->name);
    dn_status status = path ? load_picture(item, source, &image, error) : dni_no_memory(error, "%s", source);
    if (!status) status = form_picture(all, item, source, &image, &formed, error);
    work->is_decoded[i] = !status;
    if (!status) {
        item->encoding = form_draw(all->form, &item->source);
        status = write_picture(all, item, path, &formed, error);
    }
    item->is_there = !status;
    work->statuses[i] = status;
    dn_image_free(&formed);
    dn_image_free(&image);
    free(path);
}

/* ---- all of them ---- */

static outcome take_stock(preparation *self, const turn *work, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t sample = work->first + i;
        if (!work->statuses[i]) {
            frame_note_add(&self->frames, self->set->samples.items[sample].path, self->items[sample].frames);
            continue;
        }
        const outcome code = work->is_decoded[i] ? report(&work->errors[i], OUTCOME_MACHINE)
                                                 : skip_input(&work->errors[i], self->strict, &self->skipped);
        if (code) return code;
        const prepared_picture *item = &self->items[sample];
        const int shorter = item->width < item->height ? item->width : item->height;
        if (!shorter || shorter >= self->form->side || self->form->enlarge) continue;
        if (!self->too_small++ || shorter < self->smallest) self->smallest = shorter;
    }
    return OUTCOME_OK;
}

static outcome write_pictures(preparation *self, const char *folder, dni_pool *pool) {
    const size_t total = self->set->samples.count;
    turn *work = malloc(sizeof *work);
    if (!work) return report_no_memory();
    outcome code = OUTCOME_OK;
    progress_start("pictures", total, self->quiet);
    for (size_t done = 0; !code && done < total; done += AT_A_TIME) {
        const size_t count = total - done < AT_A_TIME ? total - done : AT_A_TIME;
        work->all = self;
        work->folder = folder;
        work->first = done;
        dni_pool_run(pool, prepare_one, work, count);
        code = interrupted() ? OUTCOME_INTERRUPTED : take_stock(self, work, count);
        progress_step(done + count);
    }
    progress_end();
    free(work);
    return code;
}

size_t preparation_count(const preparation *self, int part, int label) {
    size_t count = 0;
    for (size_t i = 0; i < self->set->samples.count; i++)
        count += self->items[i].is_there && self->set->samples.items[i].label == label &&
                 (part < 0 || picture_set_part(self->set, i) == part);
    return count;
}

/* A set without one of its classes is none. */
static outcome check_classes(const preparation *self) {
    if (self->too_small)
        message(
            "%zu pictures are too small for --side %d; --side %d takes all of them, --enlarge enlarges them",
            self->too_small, self->form->side, self->smallest);
    for (int part = 0; part < self->set->part_count; part++)
        for (int label = 0; label < self->set->class_count; label++) {
            if (preparation_count(self, part, label)) continue;
            const char *part_name = self->set->parts[part];
            message("%s%s%s: no picture that can be used is left", part_name, *part_name ? "/" : "",
                    self->set->classes[label]);
            return OUTCOME_DATA;
        }
    return OUTCOME_OK;
}

outcome preparation_write(preparation *self, const char *folder, dni_pool *pool) {
    self->items = new_array(self->set->samples.count, sizeof *self->items);
    if (!self->items) return OUTCOME_MACHINE;
    outcome code = give_names(self);
    if (!code) code = make_folders(self, folder);
    if (!code) code = write_pictures(self, folder, pool);
    frame_note_tell(&self->frames);
    if (!code) code = check_classes(self);
    if (!code) code = prepare_write_manifest(self, folder);
    return code;
}

void preparation_free(preparation *self) {
    for (size_t i = 0; self->items && i < self->set->samples.count; i++) free(self->items[i].name);
    free(self->items);
    self->items = NULL;
}

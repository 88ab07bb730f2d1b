/* SPDX-License-Identifier: MIT */
/* Telling weight files apart by their first bytes, and naming what is commonly mistaken for one. */
#include "weights/checkpoint.h"

#include "core/error.h"
#include "io/safetensors.h"
#include "weights/keys.h"
#include "weights/pth.h"
#include "weights/zip_archive.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef dn_status (*checkpoint_reader)(dni_tensor_dict **out, const dni_file *file,
                                       const dn_allocator *allocator, dn_error *error);

/* What a file that is no checkpoint begins with, behind white space for the texts. */
static const struct {
    size_t offset, size;
    const char *bytes, *meaning;
} strangers[] = {
    {0, 9, "<!DOCTYPE", "a web page; the download went to a page instead of the file"},
    {0, 5, "<html", "a web page; the download went to a page instead of the file"},
    {0, 5, "<?xml", "an XML message; the download went wrong"},
    {0, 23, "version https://git-lfs", "a git-lfs pointer; run 'git lfs pull' to fetch the file itself"},
    {257, 5, "ustar",
     "a tar archive, maybe a .pth of torch before 0.1.10: load and save it with a newer torch"},
    {0, 2, "\x1f\x8b", "compressed with gzip; unpack it first"},
    {0, 4, "\x89HDF", "an HDF5 file, as Keras writes"},
    {0, 4, "PK\5\6", "an empty zip archive"},
    {0, 2, "\x80\2", "a plain Python pickle, not written by torch.save()"},
    {0, 2, "\x80\3", "a plain Python pickle, not written by torch.save()"},
    {0, 2, "\x80\4", "a plain Python pickle, not written by torch.save()"},
    {0, 2, "\x80\5", "a plain Python pickle, not written by torch.save()"},
};

static int is_space(unsigned char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static dn_status unknown(const unsigned char *bytes, size_t read, const char *path, dn_error *error) {
    size_t start = 0;
    while (start < read && is_space(bytes[start])) start++;
    const char *text = (const char *)bytes + start;
    const size_t size = read - start;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (size >= strangers[i].offset + strangers[i].size &&
            strncasecmp(text + strangers[i].offset, strangers[i].bytes, strangers[i].size) == 0)
            return dni_fail(error, DN_ERR_FORMAT, "%s: is no weight file but looks like %s", path,
                            strangers[i].meaning);
    char first[3 * 8 + 1] = "";
    for (size_t i = 0; i < 8 && i < read; i++) snprintf(first + 3 * i, 4, " %02x", bytes[i]);
    return dni_fail(error, DN_ERR_FORMAT, "%s: is neither safetensors nor .pth: it begins with%s", path,
                    first);
}

static int is_safetensors(const unsigned char *bytes, size_t size) {
    return size > 8 && bytes[8] == '{';
}

/* The first bytes of a file, as many as tell what it is. */
enum { FIRST_BYTES = 4096 };

static dn_status find_reader(checkpoint_reader *out, const dni_file *file, dn_error *error) {
    unsigned char bytes[FIRST_BYTES];
    const size_t size = file->size < FIRST_BYTES ? (size_t)file->size : FIRST_BYTES;
    if (!size) return dni_fail(error, DN_ERR_TRUNCATED, "%s: is empty", file->path);
    const dn_status status = dni_file_read_at(file, bytes, size, 0, error);
    if (status) return status;
    *out = dni_zip_begins(bytes, size)      ? dni_pth_zip_read
           : dni_pth_is_legacy(bytes, size) ? dni_pth_legacy_read
           : is_safetensors(bytes, size)    ? dni_safetensors_read_file
                                            : NULL;
    return *out ? DN_OK : unknown(bytes, size, file->path, error);
}

static dn_status sort_keys(dni_checkpoint *checkpoint, const char *prefix, const char *path,
                           dn_error *error) {
    checkpoint->network = dni_tensor_dict_create();
    checkpoint->outside = dni_tensor_dict_create();
    if (!checkpoint->network || !checkpoint->outside) return dni_no_memory(error, "%s", path);
    return dni_sort_keys(checkpoint->file, prefix, checkpoint->network, checkpoint->outside, path, error);
}

dn_status dni_checkpoint_read(dni_checkpoint *out, const dni_file *file,
                              const dni_checkpoint_options *options, dn_error *error) {
    const dni_checkpoint_options nothing = {.prefix = NULL};
    if (!options) options = &nothing;
    *out = (dni_checkpoint){.file = NULL};
    checkpoint_reader read = NULL;
    dn_status status = find_reader(&read, file, error);
    if (options->leave_values && read == dni_safetensors_read_file) read = dni_safetensors_describe;
    out->has_values = read != dni_safetensors_describe;
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a reader that was found is one */
    if (!status) status = read(&out->file, file, options->allocator, error);
    if (!status) status = sort_keys(out, options->prefix, file->path, error);
    if (status) dni_checkpoint_free(out);
    return dni_fail_in(error, status, file->path);
}

dn_status dni_checkpoint_load(dni_checkpoint *out, const char *path, const dni_checkpoint_options *options,
                              dn_error *error) {
    dni_file file;
    *out = (dni_checkpoint){.file = NULL};
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = dni_checkpoint_read(out, &file, options, error);
    dni_file_close(&file);
    return status;
}

void dni_checkpoint_free(dni_checkpoint *checkpoint) {
    dni_tensor_dict_free(checkpoint->network);
    dni_tensor_dict_free(checkpoint->outside);
    dni_tensor_dict_free(checkpoint->file);
    *checkpoint = (dni_checkpoint){.file = NULL};
}

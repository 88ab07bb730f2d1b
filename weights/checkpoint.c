/* Telling weight files apart by their first bytes, and naming what is commonly mistaken for one. */
#include "weights/checkpoint.h"

#include "core/error.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "weights/keys.h"
#include "weights/pth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef dn_status (*checkpoint_reader)(dni_tensor_dict **out, const char *path, dn_error *error);

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

static dn_status read_first(unsigned char bytes[FIRST_BYTES], size_t *size, const char *path,
                            dn_error *error) {
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    *size = file.size < FIRST_BYTES ? (size_t)file.size : FIRST_BYTES;
    status = *size ? dni_file_read_at(&file, bytes, *size, 0, error)
                   : dni_fail(error, DN_ERR_TRUNCATED, "%s: is empty", path);
    dni_file_close(&file);
    return status;
}

static dn_status find_reader(checkpoint_reader *out, const char *path, dn_error *error) {
    unsigned char bytes[FIRST_BYTES];
    size_t size = 0;
    const dn_status status = read_first(bytes, &size, path, error);
    if (status) return status;
    *out = dni_pth_is_zip(bytes, size)      ? dni_pth_zip_read
           : dni_pth_is_legacy(bytes, size) ? dni_pth_legacy_read
           : is_safetensors(bytes, size)    ? dni_safetensors_read
                                            : NULL;
    return *out ? DN_OK : unknown(bytes, size, path, error);
}

/* The keys' messages name tensors, not the file: put it in front. */
static dn_status rename_keys(dni_tensor_dict *dict, const char *path, dn_error *error) {
    dn_error inner;
    const dn_status status = dni_rename_keys(dict, &inner);
    return status ? dni_fail(error, status, "%s: %s", path, inner.message) : DN_OK;
}

dn_status dni_checkpoint_read(dni_tensor_dict **out, const char *path, dn_error *error) {
    *out = NULL;
    checkpoint_reader read = NULL;
    dn_status status = find_reader(&read, path, error);
    dni_tensor_dict *dict = NULL;
    if (!status) status = read(&dict, path, error);
    if (!status) status = rename_keys(dict, path, error);
    if (status)
        dni_tensor_dict_free(dict);
    else
        *out = dict;
    return status;
}

/* SPDX-License-Identifier: MIT */
/* Keeping weights and looking at what is kept. */
#include "ftrain/weights/kept.h"

#include "core/error.h"
#include "densenet/weights.h"
#include "ftrain/shell/message.h"
#include "io/file.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

/* Keys of the metadata; docs/formats.md. */
#define SOURCE_KEY "source"
#define FILE_KEY   "source_sha256"
#define VALUES_KEY "values_sha256"

outcome kept_write(dn_weights *weights, const char *path, const weights_address *address,
                   const char *file_sha256) {
    char values[SHA256_HEX];
    dn_error error;
    dni_tensor_dict *const dict = weights->tensors;
    sha256_of_tensors(values, dict);
    dn_status status = dni_tensor_dict_set_meta(dict, SOURCE_KEY, address->shown, &error);
    if (!status) status = dni_tensor_dict_set_meta(dict, FILE_KEY, file_sha256, &error);
    if (!status) status = dni_tensor_dict_set_meta(dict, VALUES_KEY, values, &error);
    if (!status) status = dn_weights_save(weights, path, &error);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* ---- looking ---- */

/* The SHA-256 that the file had when it came: what a file of ours says, with that of its values; of any other
 * file, its own, and values is "". */
static dn_status read_hashes(char file_sha256[SHA256_HEX], char values[SHA256_HEX], const char *path,
                             dn_error *error) {
    dni_safetensors ours;
    *values = '\0';
    if (!dni_safetensors_open(&ours, path, NULL)) {
        const char *const source = dni_tensor_dict_meta(ours.dict, FILE_KEY);
        const char *const written = dni_tensor_dict_meta(ours.dict, VALUES_KEY);
        if (source && written) {
            snprintf(file_sha256, SHA256_HEX, "%s", source);
            snprintf(values, SHA256_HEX, "%s", written);
        }
        dni_safetensors_close(&ours);
        if (*values) return DN_OK;
    }
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = sha256_of_file(file_sha256, file.descriptor, path, error);
    dni_file_close(&file);
    return status;
}

static dn_status check(kept_file *out, const char *path, const weights_address *address, dn_error *error) {
    char written[SHA256_HEX], found[SHA256_HEX];
    dn_status status = read_hashes(out->file_sha256, written, path, error);
    if (status) return status;
    if (strncmp(out->file_sha256, address->expected, strlen(address->expected)) != 0)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: the SHA-256 of what it is made of is %s, not %s%s", path,
                        out->file_sha256, address->expected,
                        strlen(address->expected) < SHA256_HEX - 1 ? "..." : "");
    dn_weights *weights;
    status = dn_weights_load(&weights, path, error);
    if (status) return status;
    out->network = dn_config_find(dn_weights_config(weights)->name);
    sha256_of_tensors(found, weights->tensors);
    dn_weights_free(weights);
    if (*written && strcmp(found, written) != 0)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: the SHA-256 of its values is %s, not %s", path, found,
                        written);
    if (address->network && out->network != address->network)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: holds %s, not %s", path, out->network->name,
                        address->network->name);
    return DN_OK;
}

outcome kept_check(kept_file *out, const char *path, const weights_address *address) {
    *out = (kept_file){.is_there = true};
    dn_error error;
    const dn_status status = check(out, path, address, &error);
    out->is_sound = !status;
    if (status == DN_ERR_NOT_FOUND) {
        out->is_there = false;
        return OUTCOME_OK;
    }
    if (dni_status_is_machine(status)) return report(&error, OUTCOME_MACHINE);
    if (status) message("%s", error.message);
    return OUTCOME_OK;
}

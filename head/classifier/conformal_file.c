/* SPDX-License-Identifier: MIT */
/* Calibrated scores to and from tensors. */
#include "head/classifier/conformal_file.h"

#include "core/error.h"
#include "head/conformal_scores.h"

#include <string.h>

static const char COUNTS[] = "conformal.counts", PROBABILITIES[] = "conformal.probabilities";

bool dni_is_conformal(const char *tensor_name) {
    return strcmp(tensor_name, COUNTS) == 0 || strcmp(tensor_name, PROBABILITIES) == 0;
}

dn_status dni_classifier_add_conformal(dni_tensor_dict *dict, const dn_conformal *conformal,
                                       dn_error *error) {
    if (!conformal) return DN_OK;
    const int64_t classes = conformal->classes, count = conformal->count;
    void *counts, *probabilities;
    dn_status status = dni_tensor_dict_allocate(dict, COUNTS, DNI_I64, 1, &classes, &counts, error);
    if (!status)
        status = dni_tensor_dict_allocate(dict, PROBABILITIES, DNI_F32, 1, &count, &probabilities, error);
    if (status) return status;
    memcpy(counts, conformal->counts, (size_t)classes * sizeof *conformal->counts);
    memcpy(probabilities, conformal->by_class, (size_t)count * sizeof *conformal->by_class);
    return DN_OK;
}

dn_status dni_classifier_read_conformal(dn_classifier *classifier, dn_error *error) {
    const dni_tensor *counts = dni_tensor_dict_find(classifier->dict, COUNTS);
    const dni_tensor *probabilities = dni_tensor_dict_find(classifier->dict, PROBABILITIES);
    if (!counts && !probabilities) return DN_OK;
    const int64_t classes = classifier->info.class_count;
    dn_status status =
        dni_classifier_check_tensor(classifier, COUNTS, DNI_I64, 1, (const int64_t[]){classes}, error);
    if (!status)
        status =
            dni_classifier_check_tensor(classifier, PROBABILITIES, DNI_F32, 1, (const int64_t[]){-1}, error);
    if (status) return status;
    dn_conformal *made;
    dn_error reason = {.message = ""};
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one that was checked is there */
    status = dni_conformal_restore(&made, counts->data, (int)classes, probabilities->data,
                                   probabilities->shape[0], &reason);
    if (status)
        return dni_fail(error, status, "%s: tensor '%s': %s", classifier->path, PROBABILITIES,
                        reason.message);
    classifier->info.conformal = made;
    classifier->conformal = made;
    return DN_OK;
}

/* SPDX-License-Identifier: MIT */
/* Keys of pictures to and from tensors. */
#include "head/classifier/picture_keys_file.h"

#include "core/error.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = sizeof((dn_picture_key *)0)->content, LOOK = 8 };

static const char KEYS[] = "pictures.keys", LOOKS[] = "pictures.looks", USES[] = "pictures.uses";

bool dni_is_picture_keys(const char *tensor_name) {
    return strcmp(tensor_name, KEYS) == 0 || strcmp(tensor_name, LOOKS) == 0 ||
           strcmp(tensor_name, USES) == 0;
}

static void write_look(uint8_t *out, uint64_t look) {
    for (int i = LOOK - 1; i >= 0; i--, look >>= 8) out[i] = (uint8_t)(look & 0xff);
}

static uint64_t read_look(const uint8_t *bytes) {
    uint64_t look = 0;
    for (int i = 0; i < LOOK; i++) look = look << 8 | bytes[i];
    return look;
}

dn_status dni_classifier_add_picture_keys(dni_tensor_dict *dict, const dn_classifier_info *info,
                                          dn_error *error) {
    const int64_t count = info->picture_key_count;
    if (count < 0 || (count > 0 && !info->picture_keys))
        return dni_fail(error, DN_ERR_ARGUMENT, "info: %lld picture keys cannot be", (long long)count);
    if (!count) return DN_OK;
    void *keys, *looks, *uses;
    dn_status status =
        dni_tensor_dict_allocate(dict, KEYS, DNI_U8, 2, (const int64_t[]){count, KEY}, &keys, error);
    if (!status)
        status =
            dni_tensor_dict_allocate(dict, LOOKS, DNI_U8, 2, (const int64_t[]){count, LOOK}, &looks, error);
    if (!status) status = dni_tensor_dict_allocate(dict, USES, DNI_U8, 1, &count, &uses, error);
    if (status) return status;
    for (int64_t i = 0; i < count; i++) {
        const dn_picture_key *key = &info->picture_keys[i];
        memcpy((uint8_t *)keys + i * KEY, key->content, KEY);
        write_look((uint8_t *)looks + i * LOOK, key->look);
        ((uint8_t *)uses)[i] = (uint8_t)key->use;
    }
    return DN_OK;
}

static dn_status check_tensors(const dn_classifier *classifier, int64_t count, dn_error *error) {
    dn_status status =
        dni_classifier_check_tensor(classifier, KEYS, DNI_U8, 2, (const int64_t[]){count, KEY}, error);
    if (!status)
        status =
            dni_classifier_check_tensor(classifier, LOOKS, DNI_U8, 2, (const int64_t[]){count, LOOK}, error);
    if (!status)
        status = dni_classifier_check_tensor(classifier, USES, DNI_U8, 1, (const int64_t[]){count}, error);
    return status;
}

dn_status dni_classifier_read_picture_keys(dn_classifier *classifier, dn_error *error) {
    const dni_tensor *keys = dni_tensor_dict_find(classifier->dict, KEYS);
    const dni_tensor *looks = dni_tensor_dict_find(classifier->dict, LOOKS);
    const dni_tensor *uses = dni_tensor_dict_find(classifier->dict, USES);
    if (!keys && !looks && !uses) return DN_OK;
    /* Where the first is missing, the check says so. */
    const int64_t count = keys && keys->rank == 2 ? keys->shape[0] : -1;
    const dn_status status = check_tensors(classifier, count, error);
    if (status) return status;
    if (count < 1 || count > INT_MAX)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' has %lld keys", classifier->path, KEYS,
                        (long long)count);
    dn_picture_key *made = classifier->picture_keys = calloc((size_t)count, sizeof *made);
    if (!made) return dni_no_memory(error, "%s: %lld picture keys", classifier->path, (long long)count);
    for (int64_t i = 0; i < count; i++) {
        const uint8_t use = ((const uint8_t *)uses->data)[i];
        if (use > DN_PICTURE_VALID)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s': element %lld is %d, no use of a picture",
                            classifier->path, USES, (long long)i, use);
        memcpy(made[i].content, (const uint8_t *)keys->data + i * KEY, KEY);
        made[i].look = read_look((const uint8_t *)looks->data + i * LOOK);
        made[i].use = (dn_picture_use)use;
    }
    classifier->info.picture_keys = made;
    classifier->info.picture_key_count = (int)count;
    return DN_OK;
}

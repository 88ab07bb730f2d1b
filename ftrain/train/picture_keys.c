/* SPDX-License-Identifier: MIT */
/* Collecting keys: those of the pictures at hand and those that a model brings along. */
#include "ftrain/train/picture_keys.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

static void add_set(train_run *run, dni_split split, dn_picture_use use) {
    const feature_set *set = &run->sets[split];
    for (int i = 0; i < set->count; i++)
        run->picture_keys[run->picture_key_count++] = own_picture_key(&set->prints[i], use);
}

static void add_former(train_run *run, const dn_classifier_info *info, dn_picture_use use) {
    for (int i = 0; i < info->picture_key_count; i++)
        if (info->picture_keys[i].use == use)
            run->picture_keys[run->picture_key_count++] = info->picture_keys[i];
}

/* By content; of equal ones the first of the array first. */
static int by_content(const void *a, const void *b) {
    const dn_picture_key *x = *(const dn_picture_key *const *)a, *y = *(const dn_picture_key *const *)b;
    const int order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : (x > y) - (x < y);
}

/* Leaves the first key of each content, so that a picture of many trainings has one. */
static outcome drop_repetitions(train_run *run) {
    const int count = run->picture_key_count;
    dn_picture_key *keys = run->picture_keys;
    const dn_picture_key **sorted = new_array((size_t)count, sizeof *sorted);
    bool *is_repeated = new_array((size_t)count, sizeof *is_repeated);
    const outcome code = sorted && is_repeated ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < count; i++) sorted[i] = &keys[i];
    if (!code) qsort(sorted, (size_t)count, sizeof *sorted, by_content);
    for (int i = 1; !code && i < count; i++)
        is_repeated[sorted[i] - keys] =
            memcmp(sorted[i]->content, sorted[i - 1]->content, sizeof keys->content) == 0;
    if (!code) run->picture_key_count = 0;
    for (int i = 0; !code && i < count; i++)
        if (!is_repeated[i]) keys[run->picture_key_count++] = keys[i];
    free(sorted);
    free(is_repeated);
    return code;
}

/* Pictures of valid that choose the epoch, and that the head knows from its first training. */
static outcome warn_of_valid(const train_run *run, const dn_classifier_info *info) {
    const feature_set *valid = &run->sets[DNI_VALID];
    own_pictures own;
    const outcome code =
        own_pictures_find(&own, info->picture_keys, info->picture_key_count, valid->prints, valid->count);
    if (!code && own.train)
        message(
            "--from %s: was trained on %d of the %d pictures of valid: the validation loss is lower than "
            "with new pictures, and favours what the model is already",
            run->origin.path, own.train, own.count);
    own_pictures_free(&own);
    return code;
}

/* Those of training first: where a picture was both, it counts as trained on. */
static outcome list_all(train_run *run, const dn_classifier_info *former) {
    const size_t count = (size_t)run->sets[DNI_TRAIN].count + (size_t)run->sets[DNI_VALID].count +
                         (former ? (size_t)former->picture_key_count : 0);
    run->picture_keys = new_array(count, sizeof *run->picture_keys);
    if (!run->picture_keys) return OUTCOME_MACHINE;
    add_set(run, DNI_TRAIN, DN_PICTURE_TRAIN);
    if (former) add_former(run, former, DN_PICTURE_TRAIN);
    add_set(run, DNI_VALID, DN_PICTURE_VALID);
    if (former) add_former(run, former, DN_PICTURE_VALID);
    return former ? drop_repetitions(run) : OUTCOME_OK;
}

outcome picture_keys_list(train_run *run) {
    const feature_set *test = &run->sets[DNI_TEST];
    const dn_classifier_info *former =
        run->origin.classifier ? dn_classifier_get_info(run->origin.classifier) : NULL;
    if (!test->prints) return OUTCOME_OK;
    outcome code = OUTCOME_OK;
    if (former && !former->picture_key_count)
        message(
            "--from %s: keeps no keys of the pictures that it was made from, and so the new model cannot tell "
            "its own pictures either",
            run->origin.path);
    else
        code = list_all(run, former);
    if (!code && former) code = warn_of_valid(run, former);
    return code ? code
                : own_pictures_find(&run->own_in_test, run->picture_keys, run->picture_key_count,
                                    test->prints, test->count);
}

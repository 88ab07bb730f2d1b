/* SPDX-License-Identifier: MIT */
/* All tensors of the network, in the walk's order, a piece at a time: a helper that lacks the memory for them
 * passes the pieces on all the same, or the others would wait for it. */
#include "ftrain/ranks/weights_share.h"

#include "densenet/weights.h"
#include "ftrain/ranks/ranks.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 }; /* bytes */

/* Values to fill, or to give; NULL: nowhere to put them. */
static void broadcast(unsigned char *values, size_t size, unsigned char *piece) {
    for (size_t at = 0; at < size; at += PIECE) {
        const size_t length = size - at < PIECE ? size - at : PIECE;
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the one that gives has values */
        if (!ranks_is_helper()) memcpy(piece, values + at, length);
        mail_broadcast(piece, length);
        if (ranks_is_helper() && values) memcpy(values + at, piece, length);
    }
}

/* ---- rank 0 ---- */

static outcome await_helpers(void) {
    outcome code = OUTCOME_OK;
    for (int ready = 1; !code && ready < ranks_count();) {
        letter *const one = mail_receive(true);
        ready += one->kind == LETTER_READY;
        code = ranks_hear(one);
        mail_free(one);
    }
    return code;
}

outcome weights_share(const dn_weights *weights) {
    if (ranks_count() == 1) return OUTCOME_OK;
    const dn_config *const config = dn_weights_config(weights);
    unsigned char *const piece = malloc(PIECE);
    if (!piece) return report_no_memory();
    outcome code = await_helpers();
    for (int i = 1; !code && i < ranks_count(); i++)
        mail_send(i, LETTER_WEIGHTS, config->name, strlen(config->name) + 1);
    for (dni_tensor_walk walk = dni_tensor_walk_start(config); !code && dni_tensor_walk_next(&walk);) {
        if (dni_is_of_classifier(&walk)) continue;
        const dni_tensor *const tensor = dni_tensor_dict_find(weights->tensors, walk.name);
        broadcast(tensor->data, (size_t)dni_tensor_count(tensor) * sizeof(float), piece);
    }
    free(piece);
    return code;
}

/* ---- a helper ---- */

static size_t walk_bytes(const dni_tensor_walk *walk) {
    const dni_tensor shape = dni_tensor_of(DNI_F32, NULL, walk->rank, walk->shape);
    return (size_t)dni_tensor_count(&shape) * sizeof(float);
}

static outcome fill(dn_weights **out, const dn_config *config, unsigned char *piece) {
    dn_error error;
    dn_status status = dni_weights_create(out, config, NULL, &error);
    for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk);) {
        if (dni_is_of_classifier(&walk)) continue;
        void *values = NULL;
        if (!status)
            status = dni_tensor_dict_allocate((*out)->tensors, walk.name, DNI_F32, walk.rank, walk.shape,
                                              &values, &error);
        broadcast(values, walk_bytes(&walk), piece);
    }
    if (!status) return OUTCOME_OK;
    dn_weights_free(*out);
    *out = NULL;
    return report(&error, OUTCOME_MACHINE);
}

outcome weights_take(dn_weights **out) {
    *out = NULL;
    unsigned char *const piece = malloc(PIECE);
    if (!piece) return report_no_memory();
    mail_send(0, LETTER_READY, NULL, 0);
    letter *const announced = ranks_await();
    const outcome code = announced ? fill(out, dn_config_find(announced->bytes), piece) : OUTCOME_FINISHED;
    mail_free(announced);
    free(piece);
    return code;
}

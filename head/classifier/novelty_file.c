/* SPDX-License-Identifier: MIT */
/* Keeping in a model file what tells unfamiliar pictures. One list of tensors serves writing, reading and the
 * check of names. */
#include "head/classifier/novelty_file.h"

#include "core/error.h"
#include "core/number.h"
#include "head/novelty_parts.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char NEIGHBOUR_KEY[] = "novelty_neighbour";

/* Each tensor: where its numbers are, and which of the shape's numbers are its sizes. */
typedef enum size_of { FEATURES, DIRECTIONS, MEANS, TRAINING, VALIDATION, TWO, NO_SIZE } size_of;

typedef struct part {
    const char *name;
    size_t offset; /* of the pointer in a dn_novelty */
    size_of sizes[2];
} part;

static const part parts[] = {
    {"novelty.basis", offsetof(dn_novelty, basis), {DIRECTIONS, FEATURES}},
    {"novelty.means", offsetof(dn_novelty, means), {MEANS, DIRECTIONS}},
    {"novelty.scaling", offsetof(dn_novelty, scaling), {TWO, TWO}},
    {"novelty.scores", offsetof(dn_novelty, scores), {VALIDATION, NO_SIZE}},
    {"novelty.training", offsetof(dn_novelty, training), {TRAINING, DIRECTIONS}},
    {"novelty.whitening", offsetof(dn_novelty, whitening), {DIRECTIONS, DIRECTIONS}},
};
enum { PARTS = sizeof parts / sizeof *parts };

static int rank_of(const part *of) {
    return of->sizes[1] == NO_SIZE ? 1 : 2;
}

static float *floats_of(const dn_novelty *novelty, const part *of) {
    return *(float *const *)(const void *)((const char *)novelty + of->offset);
}

/* The sizes in the order of size_of; 0 while one is not known. */
typedef struct sizes {
    int64_t of[NO_SIZE];
} sizes;

bool dni_is_novelty(const char *name) {
    for (int i = 0; i < PARTS; i++)
        if (strcmp(name, parts[i].name) == 0) return true;
    return false;
}

/* ---- writing ---- */

dn_status dni_novelty_add(dni_tensor_dict *dict, const dn_novelty *novelty, dn_error *error) {
    const dni_novelty_shape *s = &novelty->shape;
    const sizes known = {{s->features, s->directions, s->means, s->training, s->validation, 2}};
    char neighbour[16];
    snprintf(neighbour, sizeof neighbour, "%d", s->neighbour);
    dn_status status = dni_tensor_dict_set_meta(dict, NEIGHBOUR_KEY, neighbour, error);
    for (int i = 0; !status && i < PARTS; i++) {
        const int rank = rank_of(&parts[i]);
        int64_t shape[2];
        size_t count = 1;
        for (int d = 0; d < rank; d++) {
            shape[d] = known.of[parts[i].sizes[d]];
            count *= (size_t)shape[d];
        }
        void *data;
        status = dni_tensor_dict_allocate(dict, parts[i].name, DNI_F32, rank, shape, &data, error);
        if (!status) memcpy(data, floats_of(novelty, &parts[i]), count * sizeof(float));
    }
    return status;
}

/* ---- reading ---- */

static dn_status read_neighbour(int *out, const dni_tensor_dict *dict, const char *path, dn_error *error) {
    const char *text = dni_tensor_dict_meta(dict, NEIGHBOUR_KEY);
    uint64_t value;
    if (!text) return dni_fail(error, DN_ERR_FORMAT, "%s: metadata '%s' is missing", path, NEIGHBOUR_KEY);
    if (!dni_parse_u64(text, &value) || value < 1 || value > DNI_NOVELTY_TRAINING)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: metadata '%s' is '%s', not 1 to %d", path, NEIGHBOUR_KEY,
                        text, DNI_NOVELTY_TRAINING);
    *out = (int)value;
    return DN_OK;
}

/* A tensor's type, and that its sizes are those that other tensors gave before; they become known. */
static dn_status check_tensor(const dni_tensor_dict *dict, const part *of, sizes *known, const char *path,
                              dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(dict, of->name);
    if (!tensor) return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", path, of->name);
    if (tensor->dtype != DNI_F32)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not F32", path, of->name,
                        dni_dtype_name(tensor->dtype));
    bool fits = tensor->rank == rank_of(of);
    for (int d = 0; fits && d < tensor->rank; d++) {
        int64_t *size = &known->of[of->sizes[d]];
        fits = tensor->shape[d] >= 1 && tensor->shape[d] <= INT_MAX && (!*size || *size == tensor->shape[d]);
        *size = tensor->shape[d];
    }
    if (fits) return DN_OK;
    char text[96];
    return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                    "%s: tensor '%s' of shape %s does not fit the backbone or the other tensors 'novelty.*'",
                    path, of->name, dni_tensor_shape_text(tensor->rank, tensor->shape, text, sizeof text));
}

static dn_status copy_tensor(dn_novelty *to, const dni_tensor_dict *dict, const part *of, const char *path,
                             dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(dict, of->name);
    float *const values = floats_of(to, of);
    dni_tensor_to_f32(tensor, values);
    for (int64_t i = 0; i < dni_tensor_count(tensor); i++)
        if (!isfinite(values[i]))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' has a value that is not finite", path,
                            of->name);
    return DN_OK;
}

static dn_status check_order(const dn_novelty *novelty, const char *path, dn_error *error) {
    for (int i = 0; i < DNI_NOVELTY_SCORES; i++)
        if (!(novelty->scaling[2 * i + 1] > 0))
            return dni_fail(error, DN_ERR_CORRUPT,
                            "%s: tensor 'novelty.scaling': %g, by which is divided, is not above 0", path,
                            (double)novelty->scaling[2 * i + 1]);
    for (int i = 1; i < novelty->shape.validation; i++)
        if (novelty->scores[i] < novelty->scores[i - 1])
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor 'novelty.scores' does not rise at element %d",
                            path, i);
    return DN_OK;
}

static bool has_any(const dni_tensor_dict *dict) {
    for (int i = 0; i < PARTS; i++)
        if (dni_tensor_dict_find(dict, parts[i].name)) return true;
    return dni_tensor_dict_meta(dict, NEIGHBOUR_KEY) != NULL;
}

dn_status dni_novelty_read(dn_novelty **out, const dni_tensor_dict *dict, int features, const char *path,
                           dn_error *error) {
    *out = NULL;
    if (!has_any(dict)) return DN_OK;
    sizes known = {{[FEATURES] = features, [TWO] = 2}};
    dni_novelty_shape shape = {.features = features};
    dn_status status = read_neighbour(&shape.neighbour, dict, path, error);
    for (int i = 0; !status && i < PARTS; i++) status = check_tensor(dict, &parts[i], &known, path, error);
    if (status) return status;
    shape.directions = (int)known.of[DIRECTIONS];
    shape.means = (int)known.of[MEANS];
    shape.training = (int)known.of[TRAINING];
    shape.validation = (int)known.of[VALIDATION];
    dn_novelty *novelty;
    status = dni_novelty_create(&novelty, &shape, error);
    if (status) return status;
    for (int i = 0; !status && i < PARTS; i++) status = copy_tensor(novelty, dict, &parts[i], path, error);
    if (!status) status = check_order(novelty, path, error);
    if (status) {
        dn_novelty_free(novelty);
        return status;
    }
    *out = novelty;
    return DN_OK;
}

/* SPDX-License-Identifier: MIT */
/* scikit-learn's LogisticRegression, as the arrays of its fitted attributes: coef_ (classes, features) or, of
 * two classes, (1, features), intercept_ and classes_, and of a StandardScaler before it mean_ and scale_. */
#include "ftrain/import/imported_head.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "weights/npz.h"

#include <math.h>
#include <stdlib.h>

/* The attributes as doubles, in C order; NULL where the file has none. */
typedef struct attributes {
    double *coef, *intercept, *mean, *scale;
    int outputs, features;
} attributes;

static outcome wrong_shape(const dni_npz_array *array, const char *expected) {
    char shape[96];
    message("%s is %s, not %s", array->name, dni_npy_shape_text(&array->npy, shape, sizeof shape), expected);
    return OUTCOME_MODEL;
}

static outcome copy_numbers(double **out, const dni_npz_array *array) {
    dn_error error;
    *out = new_array((size_t)array->npy.count, sizeof **out);
    if (!*out) return OUTCOME_MACHINE;
    if (dni_npy_doubles(&array->npy, *out, &error)) return report(&error, OUTCOME_MODEL);
    for (int64_t i = 0; i < array->npy.count; i++)
        if (!isfinite((*out)[i])) {
            message("%s holds a number that is not finite", array->name);
            return OUTCOME_MODEL;
        }
    return OUTCOME_OK;
}

static outcome read_coef(attributes *out, dni_npz *npz) {
    bool found;
    dni_npz_array array;
    dn_error error;
    outcome code = OUTCOME_OK;
    if (dni_npz_load(npz, "coef_", &found, &array, &error))
        code = report(&error, OUTCOME_MODEL);
    else if (!found) {
        message(
            "%s: array 'coef_' is missing; numpy.savez(FILE, coef_=model.coef_, intercept_=model.intercept_, "
            "classes_=model.classes_) writes a LogisticRegression",
            npz->zip.path);
        code = OUTCOME_MODEL;
    } else if (array.npy.rank != 2 || array.npy.shape[0] < 1 || array.npy.shape[1] < 1 ||
               array.npy.shape[0] > INT16_MAX || array.npy.shape[1] > INT32_MAX) {
        code = wrong_shape(&array, "(classes, features)");
    } else {
        out->outputs = (int)array.npy.shape[0];
        out->features = (int)array.npy.shape[1];
        code = copy_numbers(&out->coef, &array);
    }
    dni_npz_array_free(&array);
    return code;
}

/* An array of one dimension and `count` numbers, or none. */
static outcome read_vector(double **out, dni_npz *npz, const char *name, int count, const char *of) {
    bool found;
    dni_npz_array array;
    dn_error error;
    outcome code = OUTCOME_OK;
    if (dni_npz_load(npz, name, &found, &array, &error))
        code = report(&error, OUTCOME_MODEL);
    else if (found && (array.npy.rank != 1 || array.npy.shape[0] != count))
        code = wrong_shape(&array, of);
    else if (found)
        code = copy_numbers(out, &array);
    dni_npz_array_free(&array);
    return code;
}

/* Names are text; whole numbers are labels, and say nothing that the outputs' order does not. */
static outcome copy_classes(imported_head *out, const dni_npz_array *array, int classes) {
    if (array->npy.rank != 1 || array->npy.shape[0] != classes)
        return wrong_shape(array, "one for each class");
    dn_error error;
    char **names = new_array((size_t)classes, sizeof *names);
    if (!names) return OUTCOME_MACHINE;
    out->classes = names;
    for (out->class_count = 0; out->class_count < classes; out->class_count++)
        if (dni_npy_text(&array->npy, out->class_count, &names[out->class_count], &error))
            return report(&error, OUTCOME_MODEL);
    return OUTCOME_OK;
}

static outcome read_classes(imported_head *out, dni_npz *npz, int classes) {
    bool found;
    dni_npz_array array;
    dn_error error;
    outcome code = OUTCOME_OK;
    if (dni_npz_load(npz, "classes_", &found, &array, &error))
        code = report(&error, OUTCOME_MODEL);
    else if (found && (array.npy.kind == 'U' || array.npy.kind == 'S'))
        code = copy_classes(out, &array, classes);
    else if (found && (array.npy.rank != 1 || array.npy.shape[0] != classes))
        code = wrong_shape(&array, "one for each class");
    dni_npz_array_free(&array);
    return code;
}

static outcome read_attributes(attributes *out, dni_npz *npz) {
    outcome code = read_coef(out, npz);
    if (!code)
        code = read_vector(&out->intercept, npz, "intercept_", out->outputs, "one for each row of 'coef_'");
    if (!code) code = read_vector(&out->mean, npz, "mean_", out->features, "one for each column of 'coef_'");
    if (!code)
        code = read_vector(&out->scale, npz, "scale_", out->features, "one for each column of 'coef_'");
    for (int i = 0; !code && out->scale && i < out->features; i++)
        if (out->scale[i] == 0.0) {
            message("%s: array 'scale_': a scale of 0", npz->zip.path);
            code = OUTCOME_MODEL;
        }
    return code;
}

/* What the scaler did to each feature, (x - mean) / scale, goes into the layer. */
static outcome fold(imported_head *out, const attributes *from) {
    const outcome code = imported_head_add(out, from->features, from->outputs);
    if (code) return code;
    for (int o = 0; o < from->outputs; o++) {
        double bias = from->intercept ? from->intercept[o] : 0.0;
        for (int i = 0; i < from->features; i++) {
            const size_t at = (size_t)o * (size_t)from->features + (size_t)i;
            const double weight = from->coef[at] / (from->scale ? from->scale[i] : 1.0);
            if (from->mean) bias -= weight * from->mean[i];
            out->weights[0][at] = (float)weight;
        }
        out->biases[0][o] = (float)bias;
    }
    return OUTCOME_OK;
}

outcome import_scikit_learn(imported_head *out, const dni_file *file) {
    *out = (imported_head){.count = 0};
    attributes read = {.coef = NULL};
    dni_npz npz;
    dn_error error;
    outcome code = dni_npz_open(&npz, file, &error) ? report(&error, OUTCOME_MODEL) : OUTCOME_OK;
    if (!code) code = read_attributes(&read, &npz);
    if (!code) code = read_classes(out, &npz, read.outputs == 1 ? 2 : read.outputs);
    if (!code) code = fold(out, &read);
    if (!code) {
        out->recipe = json_pack("{s:s, s:b}", "format", "scikit-learn", "scaler", read.mean || read.scale);
        if (!out->recipe) code = report_no_memory();
    }
    dni_npz_close(&npz);
    free(read.coef);
    free(read.intercept);
    free(read.mean);
    free(read.scale);
    return code;
}

/* SPDX-License-Identifier: MIT */
/* Model files, from memory. One that is taken has what its header promises, gives probabilities, and is
 * taken from a file, too; one that is refused is refused there in the same words. What was taken can be
 * saved, and is then taken with the same head and description, and saved as the same bytes. */
#include "test/fuzz/fuzz.h"

#include "head/classifier/classifier.h"
#include "head/mlp.h"
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As test_safetensors.c has it: JSON is most of it. */
enum { TIMES_INPUT = 128, ALLOWANCE = 96 << 10 };

static void check_json_object(const char *text, const char *what) {
    json_t *value = NULL;
    json_error_t reason;
    fuzz_require(text, "%s is NULL", what);
    fuzz_require(!dni_json_parse(&value, text, strlen(text), 0, &reason), "%s: %s", what, text);
    fuzz_require(json_is_object(value), "%s: %s", what, text);
    json_decref(value);
}

static void check_info(const dn_classifier_info *info) {
    fuzz_require(info->class_count >= 2, "%d classes", info->class_count);
    for (int i = 0; i < info->class_count; i++)
        for (int j = 0; j < i; j++)
            fuzz_require(strcmp(info->classes[i], info->classes[j]) != 0, "class '%s'", info->classes[i]);
    fuzz_require(!dn_preprocessing_check(&info->preprocessing, NULL), "preprocessing");
    check_json_object(info->recipe, "recipe");
    check_json_object(info->metrics, "metrics");
    fuzz_require(info->backbone && info->weights_source && info->weights_hash, "a text is NULL");
}

/* Probabilities of a picture without features sum to 1 wherever the weights are numbers of a usual size. */
static void check_head(const dn_head *head) {
    const int features = dn_head_features(head), classes = dn_head_classes(head);
    float *const zeros = calloc((size_t)features, sizeof *zeros), *const out =
                                                                      calloc((size_t)classes, sizeof *out);
    fuzz_require(zeros && out, "no memory for a vector");
    fuzz_require(!dn_head_log_probabilities(head, zeros, 1, out, NULL), "no probabilities");
    double sum = 0;
    for (int i = 0; i < classes; i++) sum += exp((double)out[i]);
    fuzz_require(isnan(sum) || fabs(sum - 1) < 1e-3, "probabilities sum to %g", sum);
    free(zeros);
    free(out);
}

static void check_file(const uint8_t *bytes, size_t size, dn_status of_memory, const dn_error *told) {
    const char *const path = fuzz_file("model.safetensors", bytes, size);
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    const dn_status status = dn_classifier_load(&classifier, path, &error);
    fuzz_require(status == of_memory, "file: %s; memory: %s", error.message, told->message);
    if (status) fuzz_check_refusal(status, &error, path);
    dn_classifier_free(classifier);
}

/* ---- saved again ---- */

/* Of the smallest network, drawn once; others' models are not saved here. */
static const dn_weights *backbone(char hash[33]) {
    static dn_weights *weights;
    static char name[33];
    dn_error error = {.message = ""};
    if (!weights) {
        fuzz_require(!dn_weights_random(&weights, dn_config_find("densenet121"), 1, &error), "%s",
                     error.message);
        dn_weights_hash(weights, name);
    }
    memcpy(hash, name, sizeof name);
    return weights;
}

typedef struct saved_model {
    void *bytes;
    size_t size;
} saved_model;

/* With weights of a file, since those of the model are not at hand. */
static saved_model save(const dn_classifier *classifier) {
    saved_model out;
    char hash[33];
    const dn_weights *const weights = backbone(hash);
    dn_classifier_info info = *dn_classifier_get_info(classifier);
    info.weights_source = "weights.safetensors";
    info.weights_hash = hash;
    dn_error error = {.message = ""};
    const dn_status status = dn_classifier_save_memory(
        &out.bytes, &out.size, dn_classifier_get_head(classifier), &info, weights, NULL, &error);
    fuzz_require(!status, "what was taken is not saved: %s", error.message);
    return out;
}

static void check_same_info(const dn_classifier_info *a, const dn_classifier_info *b) {
    fuzz_require(a->class_count == b->class_count && a->seed == b->seed, "classes or seed");
    for (int i = 0; i < a->class_count; i++)
        fuzz_require(strcmp(a->classes[i], b->classes[i]) == 0, "class '%s'", a->classes[i]);
    fuzz_require(memcmp(&a->preprocessing, &b->preprocessing, sizeof a->preprocessing) == 0, "preprocessing");
    fuzz_require(strcmp(a->recipe, b->recipe) == 0 && strcmp(a->metrics, b->metrics) == 0, "recipe, metrics");
    fuzz_require(!a->conformal == !b->conformal && !a->picture_keys == !b->picture_keys &&
                     !a->novelty == !b->novelty,
                 "something optional");
}

static void check_same_head(const dn_head *a, const dn_head *b) {
    fuzz_require(a->parameter_count == b->parameter_count &&
                     memcmp(a->parameters, b->parameters, a->parameter_count * sizeof *a->parameters) == 0,
                 "parameters of the head");
}

static void check_saved(const dn_classifier *classifier) {
    if (strcmp(dn_classifier_get_info(classifier)->backbone, "densenet121") != 0) return;
    fuzz_take();
    const saved_model first = save(classifier);
    dn_classifier *again;
    dn_error error = {.message = ""};
    fuzz_require(!dn_classifier_load_memory(&again, first.bytes, first.size, FUZZ_NAME, &error),
                 "what was saved is refused: %s", error.message);
    check_same_info(dn_classifier_get_info(classifier), dn_classifier_get_info(again));
    check_same_head(dn_classifier_get_head(classifier), dn_classifier_get_head(again));
    const saved_model second = save(again);
    fuzz_require(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0,
                 "other bytes");
    dn_classifier_free(again);
    free(first.bytes);
    free(second.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    fuzz_meter_begin();
    const dn_status status = dn_classifier_load_memory(&classifier, bytes, size, FUZZ_NAME, &error);
    fuzz_meter_end(TIMES_INPUT * size + ALLOWANCE);
    fuzz_require(!classifier == (status != DN_OK), "what is left");
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
    } else {
        check_info(dn_classifier_get_info(classifier));
        check_head(dn_classifier_get_head(classifier));
        check_saved(classifier);
    }
    check_file(bytes, size, status, &error);
    dn_classifier_free(classifier);
    return 0;
}

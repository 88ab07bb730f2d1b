/* The whole classifier: a backbone's session and a head joined, kept in one model file.
 *
 * A model file is a safetensors of the head's layers, of a seeded backbone's batch-norm statistics, and of
 * metadata that says where everything came from. All of it is checked on reading; nothing in it is
 * trusted. */
#include "head/classifier.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/tensor_dict.h"
#include "densenet/statistics.h"
#include "head/evidence.h"
#include "head/mlp.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_NAME "densenet classifier 1"

enum { MAX_WIDTH = 1 << 24 }; /* of a linear layer in a file */

struct dn_classifier {
    char *path;
    dni_tensor_dict *dict; /* the mapped file; texts of `info` that are not below lie in its metadata */
    dn_classifier_info info;
    char **classes;
    dn_head *head;

    /* the attached backbone */
    dn_model *model;
    dn_session *session;
    dni_pool *pool; /* for preprocessing */
    int batch;
    float *inputs;            /* (batch, crop, crop, 3) */
    float *features;          /* (batch, features) */
    float *log_probabilities; /* (batch, classes) */
};

int dni_random_source(const char *source, uint64_t *out) {
    static const char prefix[] = "random:";
    if (strncmp(source, prefix, sizeof prefix - 1) != 0) return 0;
    const char *digits = source + sizeof prefix - 1;
    if (*digits < '0' || *digits > '9') return 0;
    char *end;
    errno = 0;
    const unsigned long long seed = strtoull(digits, &end, 10);
    if (errno || *end) return 0;
    *out = seed;
    return 1;
}

/* ---- saving ---- */

static dn_status set_class_names(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    json_t *names = json_array();
    for (int i = 0; i < info->class_count; i++) {
        json_t *name = json_string(info->classes[i]);
        if (!name) {
            json_decref(names);
            return dni_fail(error, DN_ERR_DATA_CLASSES, "class %d, '%s': the name is not UTF-8 text", i,
                            info->classes[i]);
        }
        json_array_append_new(names, name);
    }
    char *text = dni_json_line(names);
    const dn_status status = text ? dni_tensor_dict_set_meta(dict, "classes", text, error)
                                  : dni_fail(error, DN_ERR_MEMORY, "out of memory for class names");
    free(text);
    return status;
}

static dn_status set_preprocessing(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    char *text = dni_preprocessing_to_json(&info->preprocessing);
    const dn_status status = text ? dni_tensor_dict_set_meta(dict, "preprocessing", text, error)
                                  : dni_fail(error, DN_ERR_MEMORY, "out of memory for metadata");
    free(text);
    return status;
}

static dn_status set_metadata(dni_tensor_dict *dict, const dn_classifier_info *info, dn_error *error) {
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, info->seed);
    const char *const pairs[][2] = {
        {"format", FORMAT_NAME},      {"version", dn_version()},
        {"backbone", info->backbone}, {"weights_source", info->weights_source},
        {"recipe", info->recipe},     {"weights_hash", info->weights_hash},
        {"metrics", info->metrics},   {"seed", seed},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const dn_status status = dni_tensor_dict_set_meta(dict, pairs[i][0], pairs[i][1], error);
        if (status) return status;
    }
    const dn_status status = set_class_names(dict, info, error);
    return status ? status : set_preprocessing(dict, info, error);
}

static void layer_name(char name[64], int layer, const char *part) {
    snprintf(name, 64, "classifier.%d.%s", layer * DNI_SEQUENTIAL_STRIDE, part);
}

/* Copies one layer's numbers into a tensor of the dictionary's own. */
static dn_status add_floats(dni_tensor_dict *dict, const char *name, const float *values, int rank,
                            const int64_t *shape, dn_error *error) {
    void *data;
    const dn_status status = dni_tensor_dict_allocate(dict, name, DNI_F32, rank, shape, &data, error);
    if (status) return status;
    size_t count = 1;
    for (int d = 0; d < rank; d++) count *= (size_t)shape[d];
    memcpy(data, values, count * sizeof *values);
    return DN_OK;
}

static dn_status add_head(dni_tensor_dict *dict, const dn_head *head, dn_error *error) {
    dn_head *folded;
    dn_status status = dni_head_fold_standardisation(&folded, head, error);
    if (status) return status;
    for (int i = 0; !status && i < folded->linear_count; i++) {
        const dni_linear layer = dni_head_linear(folded, i);
        char name[64];
        layer_name(name, i, "weight");
        status = add_floats(dict, name, layer.weight, 2, (const int64_t[]){layer.out, layer.in}, error);
        if (status) break;
        layer_name(name, i, "bias");
        status = add_floats(dict, name, layer.bias, 1, (const int64_t[]){layer.out}, error);
    }
    dn_head_free(folded);
    return status;
}

static dn_status check_info(const dn_head *head, const dn_classifier_info *info, const dn_weights *weights,
                            dn_error *error) {
    if (info->class_count != dn_head_classes(head))
        return dni_fail(error, DN_ERR_ARGUMENT, "%d class names for a head of %d classes", info->class_count,
                        dn_head_classes(head));
    const dn_config *config = dn_weights_config(weights);
    if (config->features != dn_head_features(head))
        return dni_fail(error, DN_ERR_MISMATCH, "a head for %d features does not fit %s, which has %d",
                        dn_head_features(head), config->name, config->features);
    char hash[33];
    dn_weights_hash(weights, hash);
    if (strcmp(config->name, info->backbone) != 0 || strcmp(hash, info->weights_hash) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "weights are %s %s, not %s %s as the model's description says", config->name, hash,
                        info->backbone, info->weights_hash);
    return dn_preprocessing_check(&info->preprocessing, error);
}

static dn_status fill_model(dni_tensor_dict *dict, const dn_head *head, const dn_classifier_info *info,
                            const dn_weights *weights, dn_error *error) {
    dn_status status = set_metadata(dict, info, error);
    if (!status) status = add_head(dict, head, error);
    uint64_t seed;
    if (!status && dni_random_source(info->weights_source, &seed))
        status = dni_statistics_collect(dict, weights, error);
    return status;
}

dn_status dn_classifier_save(const char *path, const dn_head *head, const dn_classifier_info *info,
                             const dn_weights *weights, dn_error *error) {
    dn_error reason;
    dn_status status = check_info(head, info, weights, &reason);
    if (status) return dni_fail(error, status, "%s: %s", path, reason.message);
    dni_tensor_dict *dict = dni_tensor_dict_create();
    if (!dict) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    status = fill_model(dict, head, info, weights, error);
    if (!status) status = dni_safetensors_write(dict, path, error);
    dni_tensor_dict_free(dict);
    return status;
}

/* ---- loading ---- */

static dn_status meta_text(const dn_classifier *classifier, const char *key, const char **out,
                           dn_error *error) {
    *out = dni_tensor_dict_meta(classifier->dict, key);
    if (*out) return DN_OK;
    return dni_fail(error, DN_ERR_FORMAT, "%s: metadata '%s' is missing", classifier->path, key);
}

static dn_status corrupt(const dn_classifier *classifier, const char *key, const char *what,
                         dn_error *error) {
    return dni_fail(error, DN_ERR_CORRUPT, "%s: metadata '%s': %s", classifier->path, key, what);
}

/* A text that must be a JSON object, but is the business of whoever wrote it. */
static dn_status load_object(dn_classifier *classifier, const char *key, const char **out, dn_error *error) {
    const dn_status status = meta_text(classifier, key, out, error);
    if (status) return status;
    json_t *object = json_loads(*out, JSON_REJECT_DUPLICATES, NULL);
    const int is_object = json_is_object(object);
    json_decref(object);
    return is_object ? DN_OK : corrupt(classifier, key, "is no JSON object", error);
}

static dn_status copy_class_names(dn_classifier *classifier, const json_t *names, dn_error *error) {
    const size_t count = json_array_size(names);
    if (count < 2 || count > MAX_WIDTH)
        return corrupt(classifier, "classes", "is no JSON array of two names or more", error);
    classifier->classes = calloc(count, sizeof *classifier->classes);
    if (!classifier->classes) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", classifier->path);
    classifier->info.class_count = (int)count;
    classifier->info.classes = (const char *const *)classifier->classes;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name || !*name) return corrupt(classifier, "classes", "has an element that is no name", error);
        for (size_t j = 0; j < i; j++)
            if (strcmp(name, classifier->classes[j]) == 0)
                return corrupt(classifier, "classes", "has a name twice", error);
        classifier->classes[i] = strdup(name);
        if (!classifier->classes[i])
            return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", classifier->path);
    }
    return DN_OK;
}

static dn_status load_class_names(dn_classifier *classifier, dn_error *error) {
    const char *text;
    dn_status status = meta_text(classifier, "classes", &text, error);
    if (status) return status;
    json_t *names = json_loads(text, 0, NULL);
    status = copy_class_names(classifier, names, error);
    json_decref(names);
    return status;
}

static dn_status load_seed(dn_classifier *classifier, dn_error *error) {
    const char *text;
    const dn_status status = meta_text(classifier, "seed", &text, error);
    if (status) return status;
    char *end = NULL;
    errno = 0;
    classifier->info.seed = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    return end && !*end && !errno ? DN_OK : corrupt(classifier, "seed", "is no whole number", error);
}

static dn_status load_backbone_name(dn_classifier *classifier, dn_error *error) {
    dn_classifier_info *info = &classifier->info;
    dn_status status = meta_text(classifier, "backbone", &info->backbone, error);
    if (!status) status = meta_text(classifier, "weights_source", &info->weights_source, error);
    if (!status) status = meta_text(classifier, "weights_hash", &info->weights_hash, error);
    if (status) return status;
    if (!dn_config_find(info->backbone))
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: backbone '%s' is not known here", classifier->path,
                        info->backbone);
    if (strlen(info->weights_hash) != 32 || strspn(info->weights_hash, "0123456789abcdef") != 32)
        return corrupt(classifier, "weights_hash", "is not 32 hexadecimal digits", error);
    return DN_OK;
}

static dn_status load_info(dn_classifier *classifier, dn_error *error) {
    const char *format = dni_tensor_dict_meta(classifier->dict, "format");
    if (!format || strcmp(format, FORMAT_NAME) != 0)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a model file: metadata 'format' is %s%s%s, not '%s'",
                        classifier->path, format ? "'" : "", format ? format : "missing", format ? "'" : "",
                        FORMAT_NAME);
    const char *preprocessing;
    dn_status status = load_backbone_name(classifier, error);
    if (!status) status = load_class_names(classifier, error);
    if (!status) status = load_seed(classifier, error);
    if (!status) status = load_object(classifier, "recipe", &classifier->info.recipe, error);
    if (!status) status = load_object(classifier, "metrics", &classifier->info.metrics, error);
    if (!status) status = meta_text(classifier, "preprocessing", &preprocessing, error);
    if (status) return status;
    return dni_preprocessing_from_json(&classifier->info.preprocessing, preprocessing, classifier->path,
                                       error);
}

/* A tensor of the head, checked for type, rank and alignment; its sizes are the caller's to check. */
static dn_status head_tensor(const dn_classifier *classifier, int layer, const char *part, int rank,
                             const dni_tensor **out, dn_error *error) {
    char name[64], text[96];
    layer_name(name, layer, part);
    const dni_tensor *tensor = *out = dni_tensor_dict_find(classifier->dict, name);
    if (!tensor)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", classifier->path, name);
    if (tensor->dtype != DNI_F32 || (uintptr_t)tensor->data % sizeof(float))
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not aligned F32",
                        classifier->path, name, dni_dtype_name(tensor->dtype));
    int sane = tensor->rank == rank;
    for (int d = 0; sane && d < rank; d++) sane = tensor->shape[d] >= 1 && tensor->shape[d] <= MAX_WIDTH;
    if (!sane)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' of shape %s is no linear layer's %s",
                        classifier->path, name,
                        dni_tensor_shape_text(tensor->rank, tensor->shape, text, sizeof text), part);
    const float *values = tensor->data;
    for (int64_t i = 0; i < dni_tensor_count(tensor); i++)
        if (!isfinite(values[i]))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' has a value that is not finite",
                            classifier->path, name);
    return DN_OK;
}

static dn_status load_layer(const dn_classifier *classifier, int i, int in, dni_linear *out,
                            dn_error *error) {
    const dni_tensor *weight, *bias;
    dn_status status = head_tensor(classifier, i, "weight", 2, &weight, error);
    if (!status) status = head_tensor(classifier, i, "bias", 1, &bias, error);
    if (status) return status;
    char text[2][96];
    dni_tensor_shape_text(2, weight->shape, text[0], sizeof text[0]);
    dni_tensor_shape_text(1, bias->shape, text[1], sizeof text[1]);
    if (weight->shape[1] != in)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.weight' is %s, but gets %d inputs", classifier->path,
                        i * DNI_SEQUENTIAL_STRIDE, text[0], in);
    if (bias->shape[0] != weight->shape[0])
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.bias' is %s beside a weight of %s", classifier->path,
                        i * DNI_SEQUENTIAL_STRIDE, text[1], text[0]);
    *out = (dni_linear){.in = in, .out = (int)weight->shape[0], .weight = weight->data, .bias = bias->data};
    return DN_OK;
}

static int layer_count(const dn_classifier *classifier) {
    int count = 0;
    char name[64];
    for (;; count++) {
        layer_name(name, count, "weight");
        if (!dni_tensor_dict_find(classifier->dict, name)) return count;
    }
}

static dn_status load_head(dn_classifier *classifier, dn_error *error) {
    const int count = layer_count(classifier);
    if (count < 1 || count > DNI_MAX_LINEAR)
        return dni_fail(error, count ? DN_ERR_UNSUPPORTED : DN_ERR_TENSOR_MISSING,
                        "%s: %d linear layers 'classifier.0.weight' and so on; 1 to %d are needed",
                        classifier->path, count, DNI_MAX_LINEAR);
    dni_linear layers[DNI_MAX_LINEAR];
    int width = dn_config_find(classifier->info.backbone)->features;
    for (int i = 0; i < count; i++) {
        const dn_status status = load_layer(classifier, i, width, &layers[i], error);
        if (status) return status;
        width = layers[i].out;
    }
    if (width != classifier->info.class_count)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'classifier.%d.weight' gives %d outputs, but there are %d classes",
                        classifier->path, (count - 1) * DNI_SEQUENTIAL_STRIDE, width,
                        classifier->info.class_count);
    return dni_head_from_linears(&classifier->head, layers, count, 0.0f, error);
}

/* Every tensor must be the head's or, in a complete file, a statistic; those are checked when applied. */
static dn_status check_names(const dn_classifier *classifier, dn_error *error) {
    const size_t head_tensors = 2 * (size_t)classifier->head->linear_count;
    size_t found = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(classifier->dict); i++) {
        const char *name = dni_tensor_dict_at(classifier->dict, i)->name;
        const int is_head = strncmp(name, "classifier.", 11) == 0;
        found += (size_t)is_head;
        if ((is_head && found > head_tensors) ||
            (!is_head && !(dn_classifier_is_complete(classifier) && dni_is_statistic(name))))
            return dni_fail(error, DN_ERR_TENSOR_UNEXPECTED,
                            "%s: tensor '%s' does not belong in a model file", classifier->path, name);
    }
    return DN_OK;
}

dn_status dn_classifier_load(dn_classifier **out, const char *path, dn_error *error) {
    *out = NULL;
    dn_classifier *classifier = calloc(1, sizeof *classifier);
    if (!classifier) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    classifier->path = strdup(path);
    dn_status status = classifier->path ? dni_safetensors_read(&classifier->dict, path, error)
                                        : dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    if (!status) status = load_info(classifier, error);
    if (!status) status = load_head(classifier, error);
    if (!status) status = check_names(classifier, error);
    if (status) {
        dn_classifier_free(classifier);
        return status;
    }
    *out = classifier;
    return DN_OK;
}

static void detach(dn_classifier *classifier) {
    dn_session_free(classifier->session);
    dn_model_free(classifier->model);
    dni_pool_free(classifier->pool);
    free(classifier->inputs);
    free(classifier->features);
    free(classifier->log_probabilities);
    classifier->session = NULL;
    classifier->model = NULL;
    classifier->pool = NULL;
    classifier->inputs = classifier->features = classifier->log_probabilities = NULL;
}

void dn_classifier_free(dn_classifier *classifier) {
    if (!classifier) return;
    detach(classifier);
    dn_head_free(classifier->head);
    for (int i = 0; classifier->classes && i < classifier->info.class_count; i++)
        free(classifier->classes[i]);
    free(classifier->classes);
    dni_tensor_dict_free(classifier->dict);
    free(classifier->path);
    free(classifier);
}

const dn_classifier_info *dn_classifier_get_info(const dn_classifier *classifier) {
    return &classifier->info;
}

const dn_head *dn_classifier_get_head(const dn_classifier *classifier) {
    return classifier->head;
}

int dn_classifier_is_complete(const dn_classifier *classifier) {
    uint64_t seed;
    return dni_random_source(classifier->info.weights_source, &seed);
}

/* ---- the backbone ---- */

dn_status dni_classifier_check_weights(const dn_classifier *classifier, const dn_weights *weights,
                                       dn_error *error) {
    const dn_classifier_info *info = &classifier->info;
    const char *name = dn_weights_config(weights)->name;
    char hash[33];
    dn_weights_hash(weights, hash);
    if (strcmp(name, info->backbone) == 0 && strcmp(hash, info->weights_hash) == 0) return DN_OK;
    return dni_fail(error, DN_ERR_MISMATCH,
                    "%s: was trained on the features of %s, weights '%s' (hash %s); these are %s (hash %s)",
                    classifier->path, info->backbone, info->weights_source, info->weights_hash, name, hash);
}

dn_status dni_classifier_weights(dn_weights **out, const dn_classifier *classifier, dn_error *error) {
    *out = NULL;
    const dn_classifier_info *info = &classifier->info;
    uint64_t seed;
    if (!dni_random_source(info->weights_source, &seed))
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "%s: needs the weights it was trained with: %s, '%s', hash %s", classifier->path,
                        info->backbone, info->weights_source, info->weights_hash);
    dn_status status = dn_weights_random(out, dn_config_find(info->backbone), seed, error);
    if (!status) status = dni_statistics_apply(*out, classifier->dict, classifier->path, error);
    if (!status) status = dni_classifier_check_weights(classifier, *out, error);
    if (status) {
        dn_weights_free(*out);
        *out = NULL;
    }
    return status;
}

static dn_status allocate_buffers(dn_classifier *classifier, dn_error *error) {
    const size_t batch = (size_t)classifier->batch, crop = (size_t)classifier->info.preprocessing.crop;
    size_t floats; /* crop and batch passed dn_session_create() already, which planned far more */
    if (dni_size_mul(batch, crop * crop * 3, &floats)) classifier->inputs = calloc(floats, sizeof(float));
    classifier->features = calloc(batch * (size_t)dn_head_features(classifier->head), sizeof(float));
    classifier->log_probabilities = calloc(batch * (size_t)classifier->info.class_count, sizeof(float));
    if (classifier->inputs && classifier->features && classifier->log_probabilities) return DN_OK;
    return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory for a batch of %zu pictures", classifier->path,
                    batch);
}

dn_status dn_classifier_attach(dn_classifier *classifier, const dn_weights *weights,
                               const dn_model_options *model_options, const dn_session_options *options,
                               dn_error *error) {
    detach(classifier);
    dn_session_options fitted = options ? *options : dn_session_options_default();
    fitted.height = fitted.width = classifier->info.preprocessing.crop;
    dn_weights *own = NULL;
    dn_status status = weights ? dni_classifier_check_weights(classifier, weights, error)
                               : dni_classifier_weights(&own, classifier, error);
    const dn_model_options like_session = {.threads = fitted.threads, .allocator = fitted.allocator};
    if (!model_options) model_options = &like_session;
    if (!status) status = dn_model_create(&classifier->model, weights ? weights : own, model_options, error);
    dn_weights_free(own);
    if (!status) status = dn_session_create(&classifier->session, classifier->model, &fitted, error);
    if (!status) status = dni_pool_create(&classifier->pool, fitted.threads, error);
    classifier->batch = fitted.batch;
    if (!status) status = allocate_buffers(classifier, error);
    if (status) detach(classifier);
    return status;
}

/* ---- prediction ---- */

/* Preprocessing of one batch, a picture an item; each item has its own outcome. */
typedef struct preparation {
    const dn_classifier *classifier;
    const dn_image *images;
    dn_status *statuses; /* (batch) */
} preparation;

static void prepare_one(void *context, size_t index) {
    const preparation *work = context;
    const dn_preprocessing *preprocessing = &work->classifier->info.preprocessing;
    const size_t floats = (size_t)preprocessing->crop * (size_t)preprocessing->crop * 3;
    work->statuses[index] = dn_image_to_input(&work->images[index], preprocessing, 0,
                                              work->classifier->inputs + index * floats, NULL);
}

static dn_status prepare(dn_classifier *classifier, const dn_image *images, int first, int count,
                         dn_error *error) {
    dn_status *statuses = calloc((size_t)count, sizeof *statuses);
    if (!statuses) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", classifier->path);
    preparation work = {.classifier = classifier, .images = images + first, .statuses = statuses};
    dni_pool_run(classifier->pool, prepare_one, &work, (size_t)count);
    dni_pool_rest(classifier->pool);
    dn_status status = DN_OK;
    for (int i = 0; !status && i < count; i++) {
        if (!statuses[i]) continue;
        dn_error reason = {.message = ""};
        status = dn_image_to_input(&images[first + i], &classifier->info.preprocessing, 0, classifier->inputs,
                                   &reason); /* again, for its message */
        status = dni_fail(error, status ? status : statuses[i], "picture %d: %s", first + i, reason.message);
    }
    free(statuses);
    return status;
}

dn_status dni_classifier_predict_inputs(dn_classifier *classifier, const float *inputs, int count,
                                        float *probabilities, dn_error *error) {
    const dn_outputs outputs = {.features = classifier->features};
    dn_status status = dn_session_forward(classifier->session, inputs, count, &outputs, error);
    if (!status)
        status = dn_head_log_probabilities(classifier->head, classifier->features, count,
                                           classifier->log_probabilities, error);
    if (status) return status;
    const int classes = classifier->info.class_count;
    for (int i = 0; i < count * classes; i++) probabilities[i] = expf(classifier->log_probabilities[i]);
    return DN_OK;
}

dn_status dn_classifier_predict(dn_classifier *classifier, const dn_image *images, int count,
                                float *probabilities, dn_error *error) {
    if (!classifier->session)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no backbone is attached", classifier->path);
    if (count < 0) return dni_fail(error, DN_ERR_ARGUMENT, "count must not be negative, as %d is", count);
    for (int first = 0; first < count; first += classifier->batch) {
        const int size = count - first < classifier->batch ? count - first : classifier->batch;
        dn_status status = prepare(classifier, images, first, size, error);
        if (!status)
            status = dni_classifier_predict_inputs(
                classifier, classifier->inputs, size,
                probabilities + (size_t)first * (size_t)classifier->info.class_count, error);
        if (status) return status;
    }
    return DN_OK;
}

/* ---- explanation ---- */

void dn_classifier_map_size(const dn_classifier *classifier, int *height, int *width) {
    dn_session_map_size(classifier->session, height, width);
}

static int most_probable(const float *log_probabilities, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (log_probabilities[c] > log_probabilities[best]) best = c;
    return best;
}

/* `map` and `gradient` are scratch for the feature map and one feature vector. */
static dn_status explain(dn_classifier *classifier, const dn_image *image, int *class_index, float *evidence,
                         float *map, float *gradient, dn_error *error) {
    const int classes = classifier->info.class_count;
    dn_status status = prepare(classifier, image, 0, 1, error);
    const dn_outputs outputs = {.features = classifier->features, .map = map};
    if (!status) status = dn_session_forward(classifier->session, classifier->inputs, 1, &outputs, error);
    if (!status)
        status = dn_head_log_probabilities(classifier->head, classifier->features, 1,
                                           classifier->log_probabilities, error);
    if (status) return status;
    if (*class_index < 0) *class_index = most_probable(classifier->log_probabilities, classes);
    status = dn_head_feature_gradient(classifier->head, classifier->features, *class_index, gradient, error);
    if (status) return status;
    int height, width;
    dn_session_map_size(classifier->session, &height, &width);
    const size_t places = (size_t)height * (size_t)width;
    dni_evidence_sums(map, places, (size_t)dn_head_features(classifier->head), gradient, evidence);
    for (size_t i = 0; i < places; i++) evidence[i] = fmaxf(evidence[i], 0);
    return DN_OK;
}

dn_status dn_classifier_explain(dn_classifier *classifier, const dn_image *image, int *class_index,
                                float *evidence, float *probabilities, dn_error *error) {
    if (!classifier->session)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no backbone is attached", classifier->path);
    const int classes = classifier->info.class_count;
    if (*class_index >= classes)
        return dni_fail(error, DN_ERR_ARGUMENT, "class_index must be -1 to %d, not %d", classes - 1,
                        *class_index);
    int height, width;
    dn_session_map_size(classifier->session, &height, &width);
    const size_t features = (size_t)dn_head_features(classifier->head);
    float *scratch = calloc(((size_t)height * (size_t)width + 1) * features, sizeof *scratch);
    if (!scratch) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", classifier->path);
    const dn_status status =
        explain(classifier, image, class_index, evidence, scratch + features, scratch, error);
    free(scratch);
    for (int c = 0; !status && probabilities && c < classes; c++)
        probabilities[c] = expf(classifier->log_probabilities[c]);
    return status;
}

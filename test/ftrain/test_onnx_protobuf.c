/* SPDX-License-Identifier: MIT */
/* ftrain/onnx/, ftrain/export/onnx.c: the models, read back by protobuf-c. Whether ONNX's checker and a
 * runtime agree is asked in test/interop/. */
#include "core/tensor_dict.h"
#include "densenet/topology.h"
#include "densenet/weights.h"
#include "ftrain/export/onnx.h"
#include "ftrain/onnx/graph.h"
#include "head/classifier/classifier.h"
#include "io/file.h"
#include "test/support/files.h"

#include <onnx.pb-c.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { CROP = 32, CLASSES = 3 };

/* A model on random weights, whose head has one hidden layer. */
static void make_model(const char *path, const char *network, dn_weights **weights) {
    static const char *const names[CLASSES] = {"a", "b \"quoted\"", "\xc3\xa9t\xc3\xa9"};
    const dn_config *config = dn_config_find(network);
    dn_head_options options = dn_head_options_default();
    options.hidden = (const int[]){5};
    options.hidden_count = 1;
    dn_head *head;
    char hash[33];
    assert_int_equal(dn_weights_random(weights, config, 3, NULL), DN_OK);
    assert_int_equal(dn_head_create(&head, config->features, CLASSES, &options, NULL), DN_OK);
    dn_weights_hash(*weights, hash);
    dn_classifier_info info = dn_classifier_info_default();
    info.backbone = network;
    info.weights_source = "random:3";
    info.weights_hash = hash;
    info.class_count = CLASSES;
    info.classes = names;
    info.preprocessing.crop = CROP;
    dn_error error;
    if (dn_classifier_save(path, head, &info, *weights, &error)) fail_msg("%s", error.message);
    dn_head_free(head);
}

static Onnx__ModelProto *must_read(const char *path) {
    dni_file_content file;
    assert_int_equal(dni_file_load(&file, path, NULL), DN_OK);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, file.size, file.data);
    assert_non_null(model);
    dni_file_unload(&file);
    return model;
}

static void must_export(const char *in, const char *out, bool pixels) {
    const export_job job = {.in = in, .out = out, .format = EXPORT_ONNX, .pixels = pixels};
    json_t *about = json_object();
    assert_int_equal(export_onnx(&job, about), OUTCOME_OK);
    assert_string_equal(json_string_value(json_object_get(about, "weights_source")), "random:3");
    json_decref(about);
}

static size_t count_of(const Onnx__GraphProto *graph, const char *op) {
    size_t count = 0;
    for (size_t i = 0; i < graph->n_node; i++) count += strcmp(graph->node[i]->op_type, op) == 0;
    return count;
}

static const Onnx__TensorProto *constant(const Onnx__GraphProto *graph, const char *name) {
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) return graph->initializer[i];
    fail_msg("there is no constant '%s'", name);
    return NULL;
}

static const char *metadata(const Onnx__ModelProto *model, const char *key) {
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (strcmp(model->metadata_props[i]->key, key) == 0) return model->metadata_props[i]->value;
    fail_msg("there is no metadata '%s'", key);
    return NULL;
}

/* Every tensor of the backbone is a constant of the same name, shape and bits. */
static void assert_weights(const Onnx__GraphProto *graph, const dn_weights *weights) {
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config); dni_tensor_walk_next(&walk);) {
        if (walk.part.role == DNI_CLASSIFIER) continue;
        const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, walk.name);
        const Onnx__TensorProto *found = constant(graph, walk.name);
        const size_t bytes = (size_t)dni_tensor_count(tensor) * sizeof(float);
        assert_int_equal(found->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
        assert_int_equal(found->n_dims, tensor->rank);
        assert_memory_equal(found->dims, tensor->shape, (size_t)tensor->rank * sizeof *tensor->shape);
        assert_int_equal(found->raw_data.len, bytes);
        assert_memory_equal(found->raw_data.data, tensor->data, bytes);
    }
}

/* No node takes a value that is made only after it, and none is made twice. */
static bool is_known(const Onnx__GraphProto *graph, size_t before, const char *value) {
    for (size_t i = 0; i < graph->n_input; i++)
        if (strcmp(graph->input[i]->name, value) == 0) return true;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, value) == 0) return true;
    for (size_t i = 0; i < before; i++)
        if (strcmp(graph->node[i]->output[0], value) == 0) return true;
    return false;
}

static void assert_order(const Onnx__GraphProto *graph) {
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        assert_int_equal(node->n_output, 1);
        assert_string_equal(node->name, node->output[0]);
        if (is_known(graph, i, node->output[0])) fail_msg("'%s' is made twice", node->output[0]);
        for (size_t k = 0; k < node->n_input; k++)
            if (!is_known(graph, i, node->input[k])) fail_msg("'%s' is not known yet", node->input[k]);
    }
}

static void assert_value(const Onnx__ValueInfoProto *value, const char *name, int type, size_t rank,
                         const int64_t *sizes) {
    assert_string_equal(value->name, name);
    const Onnx__TypeProto__Tensor *tensor = value->type->tensor_type;
    assert_int_equal(tensor->elem_type, type);
    assert_int_equal(tensor->shape->n_dim, rank);
    assert_string_equal(tensor->shape->dim[0]->dim_param, "batch");
    for (size_t d = 1; d < rank; d++) assert_int_equal(tensor->shape->dim[d]->dim_value, sizes[d - 1]);
}

static void test_all_members_of_the_family(void **state) {
    const char *in = folder_path(state, "m.safetensors"), *out = folder_path(state, "m.onnx");
    const dn_config *config;
    for (int i = 0; (config = dn_config_at(i)); i++) {
        dn_weights *weights;
        make_model(in, config->name, &weights);
        must_export(in, out, false);
        Onnx__ModelProto *model = must_read(out);
        const Onnx__GraphProto *graph = model->graph;
        const size_t layers =
            (size_t)(config->layers[0] + config->layers[1] + config->layers[2] + config->layers[3]);
        assert_int_equal(count_of(graph, "Conv"), 1 + 2 * layers + 3);
        assert_int_equal(count_of(graph, "BatchNormalization"), 1 + 2 * layers + 3 + 1);
        assert_int_equal(count_of(graph, "Concat"), layers);
        assert_int_equal(count_of(graph, "AveragePool"), 3);
        assert_int_equal(count_of(graph, "Gemm"), 2);
        assert_int_equal(graph->n_node, 4 + 7 * layers + 3 * 4 + 4 + 3 + 2);
        assert_int_equal(graph->n_initializer, 1 + 2 * layers + 3 + 4 * (1 + 2 * layers + 3 + 1) + 4);
        assert_weights(graph, weights);
        assert_order(graph);
        onnx__model_proto__free_unpacked(model, NULL);
        dn_weights_free(weights);
    }
}

static void test_inputs_outputs_and_metadata(void **state) {
    const char *in = folder_path(state, "m.safetensors"), *out = folder_path(state, "m.onnx");
    dn_weights *weights;
    make_model(in, "densenet121", &weights);
    must_export(in, out, false);
    Onnx__ModelProto *model = must_read(out);
    const int64_t planes[] = {3, CROP, CROP}, pixels[] = {CROP, CROP, 3}, classes = CLASSES, features = 1024;
    assert_int_equal(model->graph->n_input, 1);
    assert_value(model->graph->input[0], "input", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 4, planes);
    assert_int_equal(model->graph->n_output, 3);
    assert_value(model->graph->output[0], "probabilities", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 2, &classes);
    assert_value(model->graph->output[1], "log_probabilities", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 2,
                 &classes);
    assert_value(model->graph->output[2], "features", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 2, &features);
    assert_int_equal(model->ir_version, 7);
    assert_int_equal(model->n_opset_import, 1);
    assert_int_equal(model->opset_import[0]->version, 13);
    assert_string_equal(metadata(model, "classes"), "[\"a\", \"b \\\"quoted\\\"\", \"\xc3\xa9t\xc3\xa9\"]");
    assert_string_equal(metadata(model, "backbone"), "densenet121");
    assert_non_null(strstr(metadata(model, "preprocessing"), "\"crop\": 32"));
    onnx__model_proto__free_unpacked(model, NULL);

    must_export(in, out, true);
    model = must_read(out);
    assert_value(model->graph->input[0], "pixels", ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, 4, pixels);
    assert_order(model->graph);
    assert_int_equal(count_of(model->graph, "Transpose"), 1);
    onnx__model_proto__free_unpacked(model, NULL);
    dn_weights_free(weights);
}

/* A graph of one tensor of this size. */
static dn_status write_graph(const char *path, const float *values, int64_t count, dn_error *error) {
    onnx_graph *graph = onnx_graph_create("test", "test", "1");
    assert_non_null(graph);
    onnx_graph_floats(graph, "values", values, 1, &count);
    const dn_status status = onnx_graph_write(graph, path, error);
    onnx_graph_free(graph);
    return status;
}

static void test_what_does_not_fit_is_refused(void **state) {
    const char *path = folder_path(state, "large.onnx");
    const float value = 0;
    dn_error error;
    assert_int_equal(write_graph(path, &value, (int64_t)1 << 29, &error), DN_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "large.onnx: 2147483"));
    assert_non_null(strstr(error.message, "2 GB"));
    dni_file file;
    assert_int_equal(dni_file_open(&file, path, NULL), DN_ERR_NOT_FOUND);
}

static void test_a_full_disk_is_reported_and_the_old_file_stays(void **state) {
    const char *path = folder_path(state, "full.onnx");
    enum { COUNT = 1 << 20 };
    float *values = calloc(COUNT, sizeof *values);
    assert_non_null(values);
    assert_int_equal(write_graph(path, values, 3, NULL), DN_OK);
    struct rlimit before, limit; /* stands in for a full disk */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    dn_error error;
    const dn_status status = write_graph(path, values, COUNT, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, old);
    free(values);
    assert_int_equal(status, DN_ERR_IO);
    assert_non_null(strstr(error.message, path));
    Onnx__ModelProto *model = must_read(path);
    assert_int_equal(constant(model->graph, "values")->raw_data.len, 3 * sizeof(float));
    onnx__model_proto__free_unpacked(model, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members_of_the_family),
        cmocka_unit_test(test_inputs_outputs_and_metadata),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_a_full_disk_is_reported_and_the_old_file_stays),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}

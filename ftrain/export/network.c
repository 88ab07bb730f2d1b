/* SPDX-License-Identifier: MIT */
/* The whole network of a model file. */
#include "ftrain/export/network.h"

#include "densenet/topology.h"
#include "densenet/weights.h"
#include "ftrain/backbone/model_json.h"
#include "io/json.h"

#include <stdio.h>
#include <string.h>

char *export_fact_text(json_t *fact) {
    return json_is_string(fact) ? strdup(json_string_value(fact)) : dni_json_line(json_incref(fact));
}

/* ---- the network ---- */

outcome export_network_open(export_network *out, const export_job *job) {
    *out = (export_network){.classifier = NULL};
    dn_error error;
    if (dn_classifier_load(&out->classifier, job->in, &error)) return report(&error, OUTCOME_MODEL);
    out->info = dn_classifier_get_info(out->classifier);
    out->head = dn_classifier_get_head(out->classifier);
    out->source = (lazy_weights){.classifier = out->classifier, .option = job->weights};
    out->facts = model_json(out->info);
    return out->facts ? lazy_weights_get(&out->source, &out->weights) : report_no_memory();
}

void export_network_close(export_network *network) {
    json_decref(network->facts);
    lazy_weights_free(&network->source);
    dn_classifier_free(network->classifier);
}

void export_layer_name(char name[64], int layer, const char *part) {
    snprintf(name, 64, "classifier.%d.%s", layer * DNI_SEQUENTIAL_STRIDE, part);
}

/* ---- the state dict ---- */

/* The counter that stands behind the variance of each batch norm. */
static dn_status add_counter(dni_tensor_dict *dict, const char *variance, dn_error *error) {
    char name[DNI_NAME_SIZE + 32];
    void *zero;
    snprintf(name, sizeof name, "%.*s.num_batches_tracked", (int)(strlen(variance) - strlen(".running_var")),
             variance);
    return dni_tensor_dict_allocate(dict, name, DNI_I64, 0, NULL, &zero, error);
}

static dn_status add_backbone(dni_tensor_dict *dict, const dn_weights *weights, bool with_counters,
                              dn_error *error) {
    dn_status status = DN_OK;
    for (dni_tensor_walk walk = dni_tensor_walk_start(&weights->config);
         !status && dni_tensor_walk_next(&walk);) {
        if (walk.part.role == DNI_CLASSIFIER) continue;
        status =
            dni_tensor_dict_add(dict, walk.name, *dni_tensor_dict_find(weights->tensors, walk.name), error);
        if (!status && with_counters && walk.role == DNI_NORM_VARIANCE)
            status = add_counter(dict, walk.name, error);
    }
    return status;
}

/* A dictionary's tensors are not written to, but their type has no const. */
static dni_tensor view(const float *values, int rank, const int64_t *shape) {
    return dni_tensor_of(DNI_F32, (void *)(uintptr_t)values, rank, shape);
}

static dn_status add_head(dni_tensor_dict *dict, const dn_head *head, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < head->linear_count; i++) {
        const dni_linear layer = dni_head_linear(head, i);
        char name[64];
        export_layer_name(name, i, "weight");
        status = dni_tensor_dict_add(dict, name,
                                     view(layer.weight, 2, (const int64_t[]){layer.out, layer.in}), error);
        if (status) break;
        export_layer_name(name, i, "bias");
        status = dni_tensor_dict_add(dict, name, view(layer.bias, 1, (const int64_t[]){layer.out}), error);
    }
    return status;
}

/* With counters and head, or the backbone's tensors alone. */
static outcome make_dict(dni_tensor_dict **out, const export_network *network, bool whole) {
    dn_error error;
    *out = dni_tensor_dict_create();
    if (!*out) return report_no_memory();
    dn_status status = add_backbone(*out, network->weights, whole, &error);
    if (!status && whole) status = add_head(*out, network->head, &error);
    if (!status) return OUTCOME_OK;
    dni_tensor_dict_free(*out);
    *out = NULL;
    return report(&error, OUTCOME_MODEL);
}

outcome export_state_dict(dni_tensor_dict **out, const export_network *network) {
    return make_dict(out, network, true);
}

outcome export_backbone_dict(dni_tensor_dict **out, const export_network *network) {
    return make_dict(out, network, false);
}

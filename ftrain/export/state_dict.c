/* SPDX-License-Identifier: MIT */
/* The network's state dict as safetensors and as PyTorch's own file. */
#include "ftrain/export/state_dict.h"

#include "core/error.h"
#include "ftrain/export/network.h"
#include "ftrain/shell/interrupt.h"
#include "io/safetensors.h"
#include "weights/pth.h"

#include <stdlib.h>

typedef dn_status (*dict_writer)(const dni_tensor_dict *dict, const char *path, dn_error *error);

/* "pt" is how the files that PyTorch's own tools write call their format. */
static dn_status add_metadata(dni_tensor_dict *dict, json_t *facts, dn_error *error) {
    dn_status status = dni_tensor_dict_set_meta(dict, "format", "pt", error);
    const char *key;
    json_t *fact;
    json_object_foreach(facts, key, fact) {
        char *text = status ? NULL : export_fact_text(fact);
        if (!status)
            status =
                text ? dni_tensor_dict_set_meta(dict, key, text, error) : dni_no_memory(error, "metadata");
        free(text);
    }
    return status;
}

static outcome write_dict(dni_tensor_dict *dict, const export_network *network, const export_job *job,
                          dict_writer write) {
    dn_error error;
    dn_status status = add_metadata(dict, network->facts, &error);
    const bool before = interrupts_wait(true);
    if (!status) status = write(dict, job->out, &error);
    interrupts_wait(before);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome export_dict(const export_job *job, json_t *about, dict_writer write) {
    export_network network;
    dni_tensor_dict *dict = NULL;
    outcome code = export_network_open(&network, job);
    if (!code) code = export_state_dict(&dict, &network);
    if (!code) code = write_dict(dict, &network, job, write);
    if (!code && json_object_update(about, network.facts) != 0) code = report_no_memory();
    dni_tensor_dict_free(dict);
    export_network_close(&network);
    return code;
}

outcome export_safetensors(const export_job *job, json_t *about) {
    return export_dict(job, about, dni_safetensors_write);
}

outcome export_pth(const export_job *job, json_t *about) {
    return export_dict(job, about, dni_pth_zip_write);
}

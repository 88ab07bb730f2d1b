/* SPDX-License-Identifier: MIT */
/* A model for programs without files: NAME.bin, NAME.c, NAME.h.
 *
 * NAME.bin holds the model file's bytes and, behind them, where the model needs a weights file, the
 * backbone's weights as safetensors, each from a multiple of 64 on. NAME.c takes it in by the assembler's
 * .incbin: 115 MB are an object within a moment, where as numbers or strings in C they would keep a compiler
 * busy for minutes or take gigabytes. */
#include "ftrain/export/c_source.h"

#include "core/error.h"
#include "core/memory.h"
#include "ftrain/export/network.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/text_stream.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum part { PART_C, PART_H, PART_BIN, PARTS } part;

static const char *const endings[PARTS] = {[PART_C] = ".c", [PART_H] = ".h", [PART_BIN] = ".bin"};

typedef struct source {
    char *paths[PARTS];
    const char *name; /* of NAME.bin, without folder: the last part of its path */
    char *prefix;     /* of the C names: "flowers" */
    char *macro;      /* of the macros: "FLOWERS" */
    dni_file_content model;
    void *weights; /* the bytes of a safetensors; NULL: the model needs none */
    size_t weights_size;
    const dn_classifier_info *info;
} source;

/* ---- names ---- */

static outcome set_paths(source *out, const char *path) {
    const char *ending = strrchr(dni_path_name(path), '.');
    if (!ending || (strcmp(ending, ".c") != 0 && strcmp(ending, ".h") != 0)) {
        message("%s: the name of a C file must end in .c or .h", path);
        return OUTCOME_USAGE;
    }
    for (int p = 0; p < PARTS; p++) {
        const size_t size = strlen(path) + strlen(endings[p]);
        out->paths[p] = malloc(size);
        if (!out->paths[p]) return report_no_memory();
        snprintf(out->paths[p], size, "%.*s%s", (int)(ending - path), path, endings[p]);
    }
    out->name = dni_path_name(out->paths[PART_BIN]);
    return OUTCOME_OK;
}

/* The C names begin with the file's, "_" for what none can have. */
static outcome set_prefix(source *out, const export_job *job) {
    const size_t length = strlen(out->name) - strlen(endings[PART_BIN]);
    if (strspn(out->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. +") !=
            strlen(out->name) ||
        !isalpha((unsigned char)*out->name)) {
        message(
            "%s: the name of a C file must begin with a letter and have only letters, digits, spaces and any "
            "of _-.+",
            job->out);
        return OUTCOME_USAGE;
    }
    out->prefix = strndup(out->name, length);
    out->macro = strndup(out->name, length);
    if (!out->prefix || !out->macro) return report_no_memory();
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)out->name[i];
        out->prefix[i] = isalnum(c) ? (char)c : '_';
        out->macro[i] = isalnum(c) ? (char)toupper(c) : '_';
    }
    return OUTCOME_OK;
}

/* ---- texts ---- */

static size_t weights_begin(const source *of) {
    return dni_align_up(of->model.size);
}

static void write_header(const source *of, FILE *to) {
    const char *prefix = of->prefix, *macro = of->macro;
    fprintf(to,
            "/* A trained model: %s, %d classes. Written by 'ftrain export', version %s. */\n"
            "#ifndef %s_MODEL_H\n#define %s_MODEL_H\n\n"
            "#include <densenet.h>\n\n"
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
            of->info->backbone, of->info->class_count, dn_version(), macro, macro);
    fprintf(to,
            "#define %s_CLASSES %d\n\n"
            "/* The model file's bytes, for dn_classifier_load_memory(). */\n"
            "#define %s_MODEL_SIZE %zuu\n"
            "extern const unsigned char %s_model[%s_MODEL_SIZE];\n\n",
            macro, of->info->class_count, macro, of->model.size, prefix, macro);
    if (of->weights)
        fprintf(to,
                "/* The backbone's weights, for dn_weights_load_memory(). */\n"
                "#define %s_WEIGHTS_SIZE %zuu\n"
                "extern const unsigned char %s_weights[%s_WEIGHTS_SIZE];\n\n",
                macro, of->weights_size, prefix, macro);
    fprintf(
        to,
        "/* The classifier of all that, ready for dn_classifier_predict(); dn_classifier_free() ends it.\n"
        " * NULL options: those of dn_session_options_default(). */\n"
        "dn_status %s_open(dn_classifier **out, const dn_session_options *options, dn_error *error);\n\n"
        "#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
        prefix);
}

static void write_symbol(const source *of, const char *what, size_t begin, size_t size, FILE *to) {
    fprintf(to, "TAKE_IN(\"%s_%s\", \"%zu\", \"%zu\")\n", of->prefix, what, begin, size);
}

static void write_bytes(const source *of, FILE *to) {
    fprintf(to,
            "#define TEXT_OF(x) #x\n"
            "#define TEXT(x)    TEXT_OF(x)\n"
            "#define SYMBOL     TEXT(__USER_LABEL_PREFIX__)\n"
            "#ifdef __APPLE__\n"
            "#define BEGIN              \".const_data\\n\"\n"
            "#define OBJECT(name, size)\n"
            "#define END                \".text\\n\"\n"
            "#else\n"
            "#define BEGIN              \".pushsection .rodata,\\\"a\\\",%%progbits\\n\"\n"
            "#define OBJECT(name, size) \".type \" name \", %%object\\n.size \" name \", \" size \"\\n\"\n"
            "#define END                \".popsection\\n\"\n"
            "#endif\n\n");
    fprintf(
        to,
        "/* The assembler looks for the file where it is started and in the folders of -I. */\n"
        "#define TAKE_IN(name, begin, size) \\\n"
        "    __asm__(BEGIN \".balign 64\\n.globl \" SYMBOL name \"\\n\" OBJECT(name, size) SYMBOL name \":\\n\" \\\n"
        "            \".incbin \\\"%s\\\", \" begin \", \" size \"\\n\" END);\n\n",
        of->name);
    write_symbol(of, "model", 0, of->model.size, to);
    if (of->weights) write_symbol(of, "weights", weights_begin(of), of->weights_size, to);
}

/* Weights are used where they lie: the program's own bytes outlive them. */
static void write_open(const source *of, FILE *to) {
    const char *prefix = of->prefix, *macro = of->macro;
    fprintf(to,
            "\ndn_status %s_open(dn_classifier **out, const dn_session_options *options, dn_error *error) {\n"
            "    dn_status status = dn_classifier_load_memory(out, %s_model, %s_MODEL_SIZE, \"%s\", error);\n"
            "    if (status) return status;\n",
            prefix, prefix, macro, prefix);
    if (of->weights)
        fprintf(
            to,
            "    dn_weights *weights = NULL;\n"
            "    dn_weights_load_options load = dn_weights_load_options_default();\n"
            "    load.borrow = 1;\n"
            "    status = dn_weights_load_memory(&weights, %s_weights, %s_WEIGHTS_SIZE, \"%s\", &load, error);\n"
            "    if (!status) status = dn_classifier_attach(*out, weights, NULL, options, error);\n"
            "    dn_weights_free(weights);\n",
            prefix, macro, prefix);
    else
        fprintf(to, "    status = dn_classifier_attach(*out, NULL, NULL, options, error);\n");
    fprintf(to,
            "    if (status) {\n"
            "        dn_classifier_free(*out);\n"
            "        *out = NULL;\n"
            "    }\n"
            "    return status;\n"
            "}\n");
}

static void write_source(const source *of, FILE *to) {
    fprintf(to,
            "/* The bytes of %s, and the classifier in them. Written by 'ftrain export', version %s. */\n",
            of->name, dn_version());
    const int length = (int)(strlen(of->name) - strlen(endings[PART_BIN]));
    fprintf(to, "#include \"%.*s.h\"\n\n#include <stddef.h>\n\n", length, of->name);
    write_bytes(of, to);
    write_open(of, to);
}

/* ---- files ---- */

static dn_status write_text(const source *of, void (*write)(const source *of, FILE *to),
                            dni_file_writer *writer, dn_error *error) {
    dni_text_stream file;
    if (dni_text_stream_open(&file)) write(of, file.to);
    const dn_status status = dni_text_stream_close(&file)
                                 ? dni_file_write(writer, file.text, file.size, error)
                                 : dni_no_memory(error, "%s", of->name);
    free(file.text);
    return status;
}

static dn_status write_bin(const source *of, dni_file_writer *writer, dn_error *error) {
    static const unsigned char zeros[DNI_ALIGNMENT];
    dn_status status = dni_file_write(writer, of->model.data, of->model.size, error);
    if (!status && of->weights)
        status = dni_file_write(writer, zeros, weights_begin(of) - of->model.size, error);
    if (!status && of->weights) status = dni_file_write(writer, of->weights, of->weights_size, error);
    return status;
}

/* All three are on the disk before the first takes its place. */
static dn_status write_files(const source *of, dn_error *error) {
    dni_file_writer *writers[PARTS] = {NULL};
    dn_status status = DN_OK;
    for (int p = 0; !status && p < PARTS; p++)
        status = dni_file_writer_open(&writers[p], of->paths[p], error);
    if (!status) status = write_bin(of, writers[PART_BIN], error);
    if (!status) status = write_text(of, write_header, writers[PART_H], error);
    if (!status) status = write_text(of, write_source, writers[PART_C], error);
    for (int p = 0; !status && p < PARTS; p++) status = dni_file_writer_sync(writers[p], error);
    for (int p = PARTS - 1; p >= 0; p--) {
        if (status)
            dni_file_writer_abandon(writers[p]);
        else
            status = dni_file_writer_commit(writers[p], error);
    }
    return status;
}

static outcome collect(source *out, const export_job *job, const export_network *network) {
    dn_error error;
    out->info = network->info;
    if (dni_file_load(&out->model, job->in, &error)) return report(&error, OUTCOME_MODEL);
    if (dn_classifier_is_complete(network->classifier)) return OUTCOME_OK;
    dni_tensor_dict *backbone;
    const outcome code = export_backbone_dict(&backbone, network);
    if (code) return code;
    const dn_status status = dni_safetensors_write_memory(backbone, out->paths[PART_BIN], NULL, &out->weights,
                                                          &out->weights_size, &error);
    dni_tensor_dict_free(backbone);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* The files beside OUT. */
static outcome add_beside(const source *of, const export_job *job, json_t *about) {
    json_t *beside = json_array();
    int failed = 0;
    for (int p = 0; p < PARTS; p++)
        if (strcmp(of->paths[p], job->out) != 0)
            failed |= json_array_append_new(beside, dni_json_text(of->paths[p]));
    failed |= json_object_set_new(about, EXPORT_BESIDE, beside);
    return failed ? report_no_memory() : OUTCOME_OK;
}

static outcome write_all(source *out, const export_job *job, const export_network *network, json_t *about) {
    outcome code = collect(out, job, network);
    if (code) return code;
    dn_error error;
    const bool before = interrupts_wait(true);
    if (write_files(out, &error)) code = report(&error, OUTCOME_MACHINE);
    interrupts_wait(before);
    return code ? code : add_beside(out, job, about);
}

outcome export_c(const export_job *job, json_t *about) {
    source out = {.prefix = NULL};
    export_network network = {.classifier = NULL};
    outcome code = set_paths(&out, job->out);
    if (!code) code = set_prefix(&out, job);
    for (int p = 0; !code && p < PARTS; p++) code = export_check_out(job, out.paths[p]);
    if (!code) code = export_network_open(&network, job);
    if (!code) code = write_all(&out, job, &network, about);
    if (!code && json_object_update(about, network.facts) != 0) code = report_no_memory();
    export_network_close(&network);
    for (int p = 0; p < PARTS; p++) free(out.paths[p]);
    free(out.prefix);
    free(out.macro);
    free(out.weights);
    dni_file_unload(&out.model);
    return code;
}

/* SPDX-License-Identifier: MIT */
/* ftrain export: what this program has made, for others. The kind of IN and the format of OUT choose the
 * writer. */
#include "ftrain/export/export.h"

#include "ftrain/backbone/model_attach.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/output.h"
#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const export_kind *const kinds[] = {&network_kind, &feature_kind};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *const format_names[EXPORT_FORMATS] = {[EXPORT_SAFETENSORS] = "safetensors",
                                                         [EXPORT_PTH] = "pth",
                                                         [EXPORT_ONNX] = "onnx",
                                                         [EXPORT_C] = "c",
                                                         [EXPORT_NPY] = "npy",
                                                         [EXPORT_CSV] = "csv"};

/* What OUT's name may end in. */
static const struct {
    const char *ending;
    export_format format;
} endings[] = {
    {".safetensors", EXPORT_SAFETENSORS},
    {".pth", EXPORT_PTH},
    {".pt", EXPORT_PTH},
    {".onnx", EXPORT_ONNX},
    {".c", EXPORT_C},
    {".h", EXPORT_C},
    {".npy", EXPORT_NPY},
    {".csv", EXPORT_CSV},
};

static bool ends_in(const char *path, const char *ending) {
    const size_t length = strlen(path), end_length = strlen(ending);
    return length > end_length && strcasecmp(path + length - end_length, ending) == 0;
}

/* "safetensors, pth, onnx": the formats of a kind. */
static const char *list_formats(const export_kind *kind, char *text, size_t size) {
    size_t used = 0;
    for (int f = 0; f < EXPORT_FORMATS; f++)
        if (kind->writers[f])
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", format_names[f]);
    return text;
}

static outcome choose_format(export_job *job, const export_kind *kind) {
    char list[128];
    list_formats(kind, list, sizeof list);
    for (size_t i = 0; job->format < 0 && i < sizeof endings / sizeof *endings; i++)
        if (ends_in(job->out, endings[i].ending)) job->format = (int)endings[i].format;
    if (job->format < 0) {
        message("%s: its ending tells no format; give --format, one of %s", job->out, list);
        return OUTCOME_USAGE;
    }
    if (job->pixels && job->format != EXPORT_ONNX) {
        message("export: --pixels goes with onnx, not with %s", format_names[job->format]);
        return OUTCOME_USAGE;
    }
    if (kind->writers[job->format]) return OUTCOME_OK;
    message("%s: %s can be written as %s, not as %s", job->in, kind->name, list, format_names[job->format]);
    return OUTCOME_USAGE;
}

static outcome find_kind(const export_kind **out, const char *path) {
    dni_safetensors file;
    dn_error error;
    if (dni_safetensors_open(&file, path, &error)) return report(&error, OUTCOME_MODEL);
    const char *format = dni_tensor_dict_meta(file.dict, "format");
    *out = NULL;
    for (size_t i = 0; format && i < KINDS; i++)
        if (strncmp(format, kinds[i]->mark, strlen(kinds[i]->mark)) == 0) *out = kinds[i];
    dni_safetensors_close(&file);
    if (*out) return OUTCOME_OK;
    message("%s: is neither %s nor %s; 'ftrain convert' turns weights into safetensors", path, kinds[0]->name,
            kinds[1]->name);
    return OUTCOME_MODEL;
}

/* Options of another kind of IN do nothing here. */
static outcome check_options(const export_job *job, const export_kind *kind) {
    const char *const other = job->weights && !kind->has_weights   ? "-w"
                              : job->split >= 0 && !kind->has_rows ? "--split"
                              : job->view && !kind->has_rows       ? "--view"
                                                                   : NULL;
    if (!other) return OUTCOME_OK;
    message("export: %s is of no use with %s, which %s is", other, kind->name, job->in);
    return OUTCOME_USAGE;
}

outcome export_check_out(const export_job *job, const char *path) {
    const named_file inputs[] = {{"IN", job->in}, {"-w", job->weights}};
    const outcome code = check_outputs_apart(&(named_file){"OUT", path}, 1, inputs, 2);
    return code ? code : check_output(path);
}

static outcome tell(const export_job *job, json_t *about) {
    if (!job->json) {
        size_t i;
        json_t *path;
        print_wrote(job->out);
        json_array_foreach(json_object_get(about, EXPORT_BESIDE), i, path)
            print_wrote(json_string_value(path));
        return OUTCOME_OK;
    }
    json_t *result =
        json_pack("{s:o, s:s}", "path", dni_json_text(job->out), "format", format_names[job->format]);
    dni_json_update(&result, json_incref(about));
    return print_json(result) ? OUTCOME_OK : OUTCOME_MACHINE;
}

static const option_spec rows[] = {
    OPT_CHOICE("format", 0, export_job, format, EXPORT_FORMAT_WORDS, "what to write (default: as OUT ends)"),
    MODEL_WEIGHTS_OPTION(export_job, weights),
    OPT_FLAG("pixels", 0, export_job, pixels,
             "onnx: take 8-bit RGB pixels, (batch, height, width, 3), and normalise inside the model"),
    OPT_CHOICE("split", 0, export_job, split, "train|valid|test", "features of one split (default: all)"),
    OPT_TEXT("view", 0, export_job, view, "VIEW,VIEW...",
             "features of these views, such as plain,flip (default: all)"),
    JSON_OBJECT_OPTION(export_job, json),
};

static outcome run(const command *self, int argc, char **argv) {
    export_job job = {.format = -1, .split = -1};
    int first;
    outcome code = parse_options(self, &job, argc, argv, &first);
    if (code) return code;
    job.in = argv[first];
    job.out = argv[first + 1];
    const export_kind *kind = NULL;
    json_t *about = json_object();
    if (!about) code = report_no_memory();
    if (!code) code = find_kind(&kind, job.in);
    if (!code) code = check_options(&job, kind);
    if (!code) code = choose_format(&job, kind);
    if (!code) code = export_check_out(&job, job.out);
    if (!code) code = kind->writers[job.format](&job, about);
    if (!code) code = tell(&job, about);
    json_decref(about);
    return code;
}

const command export_command = {
    .name = "export",
    .arguments = "IN OUT [options]",
    .summary = "write a trained model or features out for other programs",
    .description =
        "Writes the whole network of a model file, backbone and head. What OUT ends in says how:\n\n"
        "  .safetensors   all tensors under the names of torchvision's densenet with a Sequential head\n"
        "  .pth           the same as torch.load() reads it, with weights_only=True, too\n"
        "  .onnx          an ONNX model: input -> probabilities, log_probabilities, features; any batch\n"
        "  .c, .h         both, and a .bin: the model as a part of a C program that needs no files\n\n"
        "  ftrain export flowers.safetensors flowers-torch.safetensors\n"
        "  ftrain export flowers.safetensors flowers.onnx --json >flowers.json\n\n"
        "Of a file of 'ftrain extract' it writes the features, a row for each view of each picture:\n\n"
        "  .npy           an array for numpy.load(), and beside it what its rows are, as .tsv\n"
        "  .csv           all in one, for pandas.read_csv()\n\n"
        "  ftrain export features.safetensors train.npy --split train --view plain\n\n",
    .options = OPTIONS(rows),
    .min_paths = 2,
    .max_paths = 2,
    .run = run,
};

/* SPDX-License-Identifier: MIT */
/* ftrain info: this machine, or what is in a file. */
#include "core/cpu.h"
#include "core/pool.h"
#include "densenet/options.h"
#include "densenet/topology.h"
#include "ftrain/backbone/network_options.h"
#include "ftrain/info_file.h"
#include "ftrain/libraries.h"
#include "ftrain/onnx/graph.h"
#include "ftrain/ranks/mail.h"
#include "ftrain/sandbox/sandbox.h"
#include "ftrain/server/server.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "io/image_format.h"
#include "io/json.h"

#include <stdio.h>

/* ---- the machine ---- */

enum { KERNELS = 32, PRECISIONS = DN_PRECISION_INT8 + 1 };

/* A convolution of densenet161 and the kernel that was chosen for it. */
typedef struct chosen_kernel {
    const char *convolution;
    int block; /* from 1; 0: in none */
    const char *kernel;
} chosen_kernel;

typedef struct machine {
    char cpu[64];
    dni_isa tier;
    char no_bf16[sizeof((dn_error *)0)->message]; /* why there is none; empty: there is */
    chosen_kernel kernels[PRECISIONS][KERNELS];   /* by dn_precision */
    int kernel_counts[PRECISIONS];                /* 0 where there is no such precision */
    used_library libraries[USED_LIBRARIES];
    size_t library_count;
} machine;

static const char network[] = "densenet161";

/* The first convolution of each role and block: kernels are chosen by kind and channels. */
static int find_kernels(chosen_kernel out[KERNELS], dni_conv2d_requirements requirements) {
    static const char *const roles[] = {
        [DNI_STEM] = "stem", [DNI_CONV1] = "1x1", [DNI_CONV2] = "3x3", [DNI_TRANSITION] = "transition"};
    const dn_config *config = dn_config_find(network);
    int count = 0;
    for (int i = 0; i < dni_convolution_count(config) && count < KERNELS; i++) {
        const dni_part part = dni_part_at(config, i);
        if (part.layer > 0) continue;
        const dni_conv2d conv = dni_part_conv2d(&part);
        out[count++] = (chosen_kernel){.convolution = roles[part.role],
                                       .block = part.role == DNI_STEM ? 0 : part.block + 1,
                                       .kernel = dni_conv2d_select(&conv, requirements)->name};
    }
    return count;
}

static outcome look_at(machine *out) {
    dn_error error;
    *out = (machine){.library_count = 0};
    if (dni_cpu_choose_isa(&out->tier, &error)) {
        message("%s", error.message);
        return OUTCOME_USAGE;
    }
    dni_cpu_name(out->cpu, sizeof out->cpu);
    out->library_count = libraries_list(out->libraries);
    if (dni_cpu_require_bf16(out->tier, &error))
        snprintf(out->no_bf16, sizeof out->no_bf16, "%s", error.message);
    for (dn_precision p = DN_PRECISION_FLOAT32; p <= DN_PRECISION_INT8; p++) {
        const dni_conv2d_requirements requirements = {
            .isa = out->tier, .features = dni_cpu_features(), .precision = dni_kernel_precision(p)};
        if (p == DN_PRECISION_BFLOAT16 && *out->no_bf16) continue;
        out->kernel_counts[p] = find_kernels(out->kernels[p], requirements);
    }
    return OUTCOME_OK;
}

/* ---- as text ---- */

static void print_kernels(const machine *self, int precision) {
    if (!self->kernel_counts[precision]) return;
    printf("kernels of %s", network);
    if (precision != DN_PRECISION_FLOAT32) printf(" with --precision %s", precision_name(precision));
    puts(":");
    for (int i = 0; i < self->kernel_counts[precision]; i++) {
        const chosen_kernel *const it = &self->kernels[precision][i];
        char what[48];
        if (it->block)
            snprintf(what, sizeof what, "%s, block %d", it->convolution, it->block);
        else
            snprintf(what, sizeof what, "%s", it->convolution);
        printf("  %-28s %s\n", what, it->kernel);
    }
}

/* "pictures JPEG, PNG, WebP (libwebp 1.2.4), ..."; what is missing has a line of its own, where users look for it. */
static void print_formats(void) {
    const char *before = "pictures ";
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++) {
        const dni_image_format *const format = dni_image_format_at(i);
        if (!format->codec->decode) continue;
        printf("%s%s", before, format->name);
        before = ", ";
        char version[64];
        if (!format->codec->version) continue;
        format->codec->version(version, sizeof version);
        printf(" (%s %s)", format->codec->library, version);
    }
    putchar('\n');
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++) {
        const dni_image_format *const format = dni_image_format_at(i);
        if (!format->codec->decode)
            printf("pictures %s not available: built without %s\n", format->name, format->codec->library);
    }
}

static outcome print_text(const machine *self) {
    printf("version %s\ncpu %s\ntier %s (best here: %s)\nthreads %d\n", dn_version(), self->cpu,
           dni_isa_name(self->tier), dni_isa_name(dni_cpu_isa()), dni_pool_cores());
    const char *http = server_library();
    printf("server %s\n", http ? http : "not available: built without libmicrohttpd");
    const char *onnx = onnx_library();
    printf("onnx %s\n", onnx ? onnx : "not available: built without protobuf-c");
    const char *mpi = mail_library();
    printf("mpi %s\n", mpi ? mpi : "not available: built without MPI");
    const char *sandbox = sandbox_library();
    printf("sandbox %s\n", sandbox ? sandbox : "not available: built without libseccomp");
    print_formats();
    printf("bf16 %s%s\n", *self->no_bf16 ? "not available: " : "available", self->no_bf16);
    for (size_t i = 0; i < self->library_count; i++)
        printf("%s %s %s", i ? "," : "libraries", self->libraries[i].name, self->libraries[i].version);
    putchar('\n');
    for (int precision = 0; precision < PRECISIONS; precision++) print_kernels(self, precision);
    return OUTCOME_OK;
}

/* ---- as JSON ---- */

static json_t *kernels_json(const machine *self) {
    json_t *out = json_array();
    for (int precision = 0; precision < PRECISIONS; precision++)
        for (int i = 0; i < self->kernel_counts[precision]; i++) {
            const chosen_kernel *const it = &self->kernels[precision][i];
            dni_json_append(&out, json_pack("{s:s, s:s, s:s, s:o, s:s}", "network", network, "precision",
                                            precision_name(precision), "convolution", it->convolution,
                                            "block", it->block ? json_integer(it->block) : json_null(),
                                            "kernel", it->kernel));
        }
    return out;
}

static json_t *formats_json(void) {
    json_t *out = json_array();
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++) {
        const dni_image_format *const format = dni_image_format_at(i);
        const dni_image_codec *const codec = format->codec;
        char version[64] = "";
        if (codec->decode && codec->version) codec->version(version, sizeof version);
        dni_json_append(&out, json_pack("{s:s, s:b, s:s?, s:s?}", "name", format->name, "available",
                                        codec->decode != NULL, "library", codec->library, "version",
                                        *version ? version : NULL));
    }
    return out;
}

static json_t *libraries_json(const machine *self) {
    json_t *out = json_object();
    for (size_t i = 0; i < self->library_count; i++)
        dni_json_set(&out, self->libraries[i].name, json_string(self->libraries[i].version));
    return out;
}

static outcome print_object(const machine *self) {
    const char *const http = server_library(), *const onnx = onnx_library(), *const mpi = mail_library();
    const char *const sandbox = sandbox_library();
    json_t *const out = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:{s:b, s:s?}, s:{s:b, s:s?}, s:{s:b, s:s?}, s:{s:b, s:s?}, s:{s:b, "
        "s:s?}, s:o, s:o, s:o}",
        "version", dn_version(), "cpu", self->cpu, "tier", dni_isa_name(self->tier), "best_tier",
        dni_isa_name(dni_cpu_isa()), "threads", dni_pool_cores(), "bf16", "available", !*self->no_bf16,
        "reason", *self->no_bf16 ? self->no_bf16 : NULL, "server", "available", http != NULL, "reason",
        http ? NULL : "built without libmicrohttpd", "onnx", "available", onnx != NULL, "reason",
        onnx ? NULL : "built without protobuf-c", "mpi", "available", mpi != NULL, "reason",
        mpi ? NULL : "built without MPI", "sandbox", "available", sandbox != NULL, "reason",
        sandbox ? NULL : "built without libseccomp", "picture_formats", formats_json(), "libraries",
        libraries_json(self), "kernels", kernels_json(self));
    return print_json(out) ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- the command ---- */

static outcome print_machine(bool json) {
    machine self;
    const outcome code = look_at(&self);
    if (code) return code;
    return json ? print_object(&self) : print_text(&self);
}

typedef struct info_options {
    bool json;
} info_options;

static const option_spec rows[] = {
    JSON_OBJECT_OPTION(info_options, json),
};

static outcome run(const command *self, int argc, char **argv) {
    info_options options = {.json = false};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    if (code) return code;
    return first < argc ? info_file_print(argv[first], options.json) : print_machine(options.json);
}

const command info_command = {
    .name = "info",
    .arguments = "[FILE] [options]",
    .summary = "this machine's kernels, or what a file holds",
    .description =
        "Without FILE: the version, the CPU, the number of threads, whether it can serve, run under mpirun and lock\n"
        "itself into a sandbox, the formats of pictures that are read, whether bf16 is available, the libraries, and the\n"
        "kernels that are chosen for DenseNet-161.\n"
        "With FILE: what a weights, model or feature file, or a checkpoint of a training, holds.\n\n"
        "  ftrain info flowers.safetensors\n\n",
    .options = OPTIONS(rows),
    .max_paths = 1,
    .run = run,
};

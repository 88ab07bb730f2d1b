/* SPDX-License-Identifier: MIT */
/* bench: how fast this library is on this machine, part by part. See bench/README.md. */
#include "bench/bench.h"
#include "core/error.h"
#include "core/pool.h"

#include <cblas.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "bench [options] [part ...]\n"
    "bench [options] prepare FOLDER\n"
    "bench pictures FOLDER\n"
    "\n"
    "Parts, all of them when none is named:\n"
    "  machine     float32 peak of every tier, memory bandwidth\n"
    "  layers      every distinct convolution by every kernel, beside OpenBLAS\n"
    "  errors      every kernel beside double precision\n"
    "  network     whole networks, batch 1 and 16\n"
    "  load        a picture at a time, alone and beside busy loops\n"
    "  scaling     a picture at a time on 2 to 64 cores, computed from items that run on one\n"
    "  preprocess  JPEG file to network input\n"
    "  training    an epoch of the head\n"
    "  copies      near copies among 20,000 to 1,000,000 perceptual hashes\n"
    "  prepare     write seeded weights and inputs for the comparison with other engines\n"
    "  pictures    write pictures for the comparison with torchvision\n"
    "\n"
    "  --threads N        the most threads (default: all cores; layers: 1)\n"
    "  --network NAME     only densenet121, 161, 169 or 201, by full name\n"
    "  --kernel TEXT      layers: only kernels with TEXT in their name\n"
    "  --precision NAME   layers, network, load, scaling: fp32 (default), bf16 or int8\n"
    "  --memory NAME      layers, network, load, scaling: fast (default) or low\n"
    "  --parts            network: stem, convolutions of each block, transitions, ... within the passes, too\n"
    "  --samples          network: where in the program one thread's time goes, too (bench/functions.py)\n"
    "  --quick            few shapes, few runs\n"
    "  --json FILE        write the results there too\n"
    "\n"
    "DN_ISA=portable, neon, avx2 or avx512 forces a tier.\n";

typedef struct part {
    const char *name;
    dn_status (*run)(bench_context *context, dn_error *error);
} part;

static const part parts[] = {
    {"machine", bench_machine},       {"layers", bench_layers},     {"errors", bench_errors},
    {"network", bench_network},       {"load", bench_load},         {"scaling", bench_scaling},
    {"preprocess", bench_preprocess}, {"training", bench_training}, {"copies", bench_copies}};
enum { PARTS = sizeof parts / sizeof *parts };

bench_effort bench_effort_of(const bench_context *context) {
    return context->quick ? (bench_effort){.seconds = 0.03, .least = 3, .most = 5}
                          : (bench_effort){.seconds = 0.3, .least = 9, .most = BENCH_MAX_RUNS};
}

/* ---- what the results were measured with ---- */

static const char *const precisions[] = {
    [DN_PRECISION_FLOAT32] = "fp32", [DN_PRECISION_BFLOAT16] = "bf16", [DN_PRECISION_INT8] = "int8"};

static const char *precision_name(const bench_context *context) {
    return precisions[context->precision];
}

static const char *memory_name(const bench_context *context) {
    return context->memory == DN_MEMORY_LOW ? "low" : "fast";
}

static void print_setting(const bench_context *context) {
    char cpu[128];
    dni_cpu_name(cpu, sizeof cpu);
#if defined(__clang__)
    const char *const compiler = "clang " __clang_version__;
#else
    const char *const compiler = "gcc " __VERSION__;
#endif
    printf(
        "libdensenet %s on %s, %d cores; kernels %s (best here: %s), %s, memory %s; %s; up to %d threads; %s\n",
        dn_version(), cpu, dni_pool_cores(), dni_isa_name(context->isa), dni_isa_name(dni_cpu_isa()),
        precision_name(context), memory_name(context), compiler, context->threads, openblas_get_config());
    json_object_set_new(context->report, "setting",
                        json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:b, s:s, s:i, s:s}", "version",
                                  dn_version(), "cpu", cpu, "cores", dni_pool_cores(), "tier",
                                  dni_isa_name(context->isa), "precision", precision_name(context), "memory",
                                  memory_name(context), "quick", context->quick, "compiler", compiler,
                                  "threads", context->threads, "openblas", openblas_get_config()));
}

/* ---- the program ---- */

static _Noreturn void refuse(const char *what, const char *value) {
    fprintf(stderr, "bench: %s: %s\n\n%s", what, value, usage);
    exit(2);
}

static int positive(const char *text) {
    char *end;
    const long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > 1024) refuse("not a number of threads", text);
    return (int)value;
}

static dn_precision precision(const char *text) {
    for (dn_precision p = DN_PRECISION_FLOAT32; p <= DN_PRECISION_INT8; p++)
        if (strcmp(text, precisions[p]) == 0) return p;
    refuse("a precision is fp32, bf16 or int8, not", text);
}

static dn_memory memory(const char *text) {
    if (strcmp(text, "low") == 0) return DN_MEMORY_LOW;
    if (strcmp(text, "fast") != 0) refuse("memory is fast or low, not", text);
    return DN_MEMORY_FAST;
}

typedef struct arguments {
    bool chosen[PARTS];
    dn_status (*prepare)(bench_context *context, dn_error *error); /* NULL: measure */
    int threads;                                                   /* 0: not given */
    const char *json;
} arguments;

static void read_options(arguments *given, bench_context *context, int argc, char **argv) {
    static const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                            {"network", required_argument, NULL, 'n'},
                                            {"kernel", required_argument, NULL, 'k'},
                                            {"precision", required_argument, NULL, 'p'},
                                            {"memory", required_argument, NULL, 'm'},
                                            {"parts", no_argument, NULL, 'P'},
                                            {"samples", no_argument, NULL, 's'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) switch (option) {
        case 't':
            given->threads = positive(optarg);
            break;
        case 'n':
            context->network = optarg;
            break;
        case 'k':
            context->kernel = optarg;
            break;
        case 'p':
            context->precision = precision(optarg);
            break;
        case 'm':
            context->memory = memory(optarg);
            break;
        case 'P':
            context->parts = true;
            break;
        case 's':
            context->samples = true;
            break;
        case 'q':
            context->quick = true;
            break;
        case 'j':
            given->json = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            exit(2);
        }
    if (context->network && !dn_config_find(context->network)) refuse("no such network", context->network);
}

static void read_parts(arguments *given, bench_context *context, int argc, char **argv) {
    if (argc && strcmp(argv[0], "prepare") == 0) given->prepare = bench_prepare;
    if (argc && strcmp(argv[0], "pictures") == 0) given->prepare = bench_pictures;
    if (given->prepare) {
        if (argc != 2) refuse("one folder is to be named", argc > 2 ? argv[2] : "none given");
        context->folder = argv[1];
        return;
    }
    for (int i = 0; i < argc; i++) {
        int p = 0;
        while (p < PARTS && strcmp(argv[i], parts[p].name) != 0) p++;
        if (p == PARTS) refuse("no such part", argv[i]);
        given->chosen[p] = true;
    }
    for (int p = 0; argc == 0 && p < PARTS; p++) given->chosen[p] = true;
}

static dn_status run_parts(const arguments *given, bench_context *context, dn_error *error) {
    if (given->prepare) return given->prepare(context, error);
    print_setting(context);
    dn_status status = DN_OK;
    for (int p = 0; status == DN_OK && p < PARTS; p++) {
        if (!given->chosen[p]) continue;
        bench_context of_part = *context;
        if (parts[p].run == bench_layers && !given->threads) of_part.threads = 1;
        status = parts[p].run(&of_part, error);
        fflush(stdout);
    }
    return status;
}

int main(int argc, char **argv) {
    bench_context context = {.threads = dni_pool_cores(), .report = json_object()};
    arguments given = {0};
    read_options(&given, &context, argc, argv);
    read_parts(&given, &context, argc - optind, argv + optind);
    if (given.threads) context.threads = given.threads;

    dn_error error;
    dn_status status = dni_cpu_choose_isa(&context.isa, &error);
    if (status == DN_OK && context.precision == DN_PRECISION_BFLOAT16)
        status = dni_cpu_require_bf16(context.isa, &error);
    if (status == DN_OK) status = run_parts(&given, &context, &error);
    if (status == DN_OK && given.json && json_dump_file(context.report, given.json, JSON_INDENT(1)) != 0)
        status = dni_fail(&error, DN_ERR_IO, "%s: it cannot be written", given.json);
    json_decref(context.report);
    if (status == DN_OK) return EXIT_SUCCESS;
    fprintf(stderr, "bench: %s\n", error.message);
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* ftrain prepare: all pictures of all classes in one form, so that it does not tell the classes apart. */
#include "core/pool.h"
#include "ftrain/prepare/form.h"
#include "ftrain/prepare/pictures.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/picture_set.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/whole_folder.h"
#include "io/json.h"

#include <stdio.h>

typedef struct prepare_options {
    const char *output, *quality;
    form form;
    int format, subsampling; /* as the options count them; subsampling -1: not given */
    decision_options decisions;
    int threads;
    bool strict, json, quiet;
} prepare_options;

static outcome make_form(prepare_options *options) {
    options->form.format = (form_format)options->format;
    if (!options->output) {
        message("prepare: -o DST is missing: the folder to make");
        return OUTCOME_USAGE;
    }
    if (options->form.format == FORM_PNG && (options->quality || options->subsampling >= 0)) {
        message("%s goes with --format jpeg only: PNG keeps every pixel",
                options->quality ? "--quality" : "--subsampling");
        return OUTCOME_USAGE;
    }
    options->form.subsampling =
        options->subsampling < 0 ? FORM_MIXED : (form_subsampling)options->subsampling;
    return form_parse_quality(&options->form, options->quality ? options->quality : "75-95");
}

/* ---- the result ---- */

static void form_text(const form *all, char *out, size_t size) {
    char encoding[64] = "PNG";
    if (all->format == FORM_JPEG && all->lowest_quality == all->highest_quality)
        snprintf(encoding, sizeof encoding, "JPEG of quality %d", all->lowest_quality);
    else if (all->format == FORM_JPEG)
        snprintf(encoding, sizeof encoding, "JPEG of qualities %d to %d", all->lowest_quality,
                 all->highest_quality);
    if (all->no_crop)
        snprintf(out, size, "shorter side %d, %s", all->side, encoding);
    else
        snprintf(out, size, "%d x %d, %s", all->side, all->side, encoding);
}

static void print_text(const preparation *done, const char *output) {
    char text[128];
    form_text(done->form, text, sizeof text);
    for (int label = 0; label < done->set->class_count; label++) {
        quote_write(stdout, done->set->classes[label]);
        printf("\t%zu\n", preparation_count(done, -1, label));
    }
    fputs("wrote ", stdout);
    quote_write(stdout, output);
    printf(": %s\n", text);
}

static outcome print_object(const preparation *done, const char *output) {
    json_t *classes = json_object();
    for (int label = 0; label < done->set->class_count; label++) {
        json_t *name = dni_json_text(done->set->classes[label]);
        dni_json_set(&classes, json_string_value(name),
                     json_integer((json_int_t)preparation_count(done, -1, label)));
        json_decref(name);
    }
    json_t *object = json_pack("{s:o, s:o, s:I, s:i, s:b, s:b, s:s, s:o}", "folder", dni_json_text(output),
                               "classes", classes, "skipped", (json_int_t)done->skipped, "side",
                               done->form->side, "square", !done->form->no_crop, "grey", done->form->grey,
                               "format", done->form->format == FORM_PNG ? "png" : "jpeg", "decisions",
                               decisions_json(&done->set->decisions));
    if (done->form->format == FORM_JPEG) {
        static const char *const subsamplings[] = {"mixed", "420", "444"};
        dni_json_set(
            &object, "jpeg_quality",
            json_pack("{s:i, s:i}", "min", done->form->lowest_quality, "max", done->form->highest_quality));
        dni_json_set(&object, "subsampling", json_string(subsamplings[done->form->subsampling]));
    }
    return print_json(object) ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- the command ---- */

static outcome write_all(preparation *work, const prepare_options *options, dni_pool *pool) {
    whole_folder temporary;
    outcome code = whole_folder_begin(&temporary, options->output, "prepare");
    if (code) return code;
    code = preparation_write(work, temporary.path, pool);
    if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
    code = whole_folder_end(&temporary, options->output, code);
    if (!code) interrupts_say("interrupted after %s was made", options->output);
    return code;
}

static outcome write_set(preparation *work, const prepare_options *options) {
    dni_pool *pool;
    dn_error error;
    if (dni_pool_create(&pool, options->threads, &error)) return report(&error, OUTCOME_MACHINE);
    const bool before = interrupts_wait(true);
    const outcome code = write_all(work, options, pool);
    interrupts_wait(before);
    dni_pool_free(pool);
    return code;
}

static outcome prepare(prepare_options *options, const char *source) {
    outcome code = make_form(options);
    if (!code) code = whole_folder_check(options->output);
    if (code) return code;
    interrupts_say("interrupted; nothing was made");
    picture_set set;
    preparation work = {
        .form = &options->form, .set = &set, .strict = options->strict, .quiet = options->quiet};
    code = picture_set_open(&set, source, &options->decisions, &work.skipped);
    if (!code && options->strict && work.skipped) code = OUTCOME_DATA;
    if (!code) code = write_set(&work, options);
    if (!code && options->json)
        code = print_object(&work, options->output);
    else if (!code)
        print_text(&work, options->output);
    if (!code) code = finish(work.skipped);
    preparation_free(&work);
    picture_set_free(&set);
    return code;
}

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', prepare_options, output, "DST", "the folder to make"),
    OPT_INT("side", 0, prepare_options, form.side, 32, 8192, "N",
            "shorter side of every picture, pixels (default 256)"),
    OPT_FLAG("no-crop", 0, prepare_options, form.no_crop,
             "keep the ratio of the sides, which may tell classes apart; else the middle square is kept"),
    OPT_FLAG("enlarge", 0, prepare_options, form.enlarge,
             "enlarge smaller pictures; else they are named and left out"),
    OPT_FLAG("grey", 0, prepare_options, form.grey, "remove the colour of all"),
    OPT_CHOICE("format", 0, prepare_options, format, "jpeg|png", "how pictures are encoded (default jpeg)"),
    OPT_TEXT("quality", 0, prepare_options, quality, "Q|A-B",
             "JPEG quality, or the range in which each picture's is drawn (default 75-95)"),
    OPT_CHOICE("subsampling", 0, prepare_options, subsampling, "mixed|420|444",
               "JPEG's chroma subsampling; mixed (default): drawn, either of the two"),
    OPT_SEED("seed", 0, prepare_options, form.seed, "seed of what is drawn (default 1)"),
    OPT_GROUP(prepare_options, decisions, decision_option_table),
    STRICT_OPTION(prepare_options, strict),
    THREADS_OPTION(prepare_options, threads),
    JSON_OBJECT_OPTION(prepare_options, json),
    QUIET_OPTION(prepare_options, quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    prepare_options options = {.form = {.side = 256, .seed = 1}, .subsampling = -1};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? prepare(&options, argv[first]) : code;
}

const command prepare_command = {
    .name = "prepare",
    .arguments = "SRC -o DST [options]",
    .summary = "give all pictures one form, so that it tells nothing",
    .description =
        "Writes every picture of SRC/CLASS/ or SRC/{train,valid,test}/CLASS/ anew into the same folders of DST, in one\n"
        "form: turned upright by EXIF, resized, cut to the middle square, as JPEG whose quality and chroma subsampling\n"
        "are drawn from one distribution for all classes, without metadata. What is drawn hangs on a picture's bytes\n"
        "and the seed alone. SRC stays as it is; DST appears whole or not at all, and must not exist before.\n"
        "DST/manifest.tsv says what each file is made of, and how.\n\n"
        "This cures what a file says of itself: size, ratio of the sides, format, quality, metadata. It cannot cure\n"
        "framing and content, nor what earlier processing left in the pixels: sharpness that was lost by enlarging\n"
        "or strong compression stays lost, and a class that is shrunk more than another comes out sharper. Shrink all\n"
        "of them well (a --side clearly below the smallest picture's), and ask 'ftrain audit DST' what is left.\n\n"
        "  ftrain prepare photos -o even && ftrain audit even\n"
        "  ftrain prepare photos -o even --side 200 --quality 85 --subsampling 420\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};

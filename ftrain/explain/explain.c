/* SPDX-License-Identifier: MIT */
/* ftrain explain: where in a picture the evidence for a class lies. */
#include "ftrain/backbone/model_attach.h"
#include "ftrain/explain/class_sum.h"
#include "ftrain/explain/index_page.h"
#include "ftrain/page/overlay.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/frames.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/paths.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/unfamiliar.h"
#include "head/classifier/backbone.h"
#include "head/classifier/classifier.h"
#include "head/classifier/evidence.h"
#include "io/file.h"
#include "io/image_format.h"
#include "io/json.h"
#include "io/orientation.h"
#include "io/png.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct explanation_run {
    const char *model, *weights_option, *output, *class_name;
    overlay_options overlay;
    float ellipse_width, ellipse_height;
    network_options network;
    bool json, strict, outline;

    dn_classifier *classifier;
    path_source *source;
    bool into_folder;
    int class_index; /* -1: the predicted one */
    int map_height, map_width;
    float *evidence, *probabilities;
    class_sum *sums;         /* (classes) */
    explained_list pictures; /* those with a map in the folder */
    double area;             /* the ellipse's share of the crop */
    size_t skipped;
    frame_note frames;
} explanation_run;

/* ---- one picture ---- */

/* FOLDER/NAME and the ending, and FOLDER/NAME-2 and so on where that is taken: nothing is written over. The
 * first `stem` bytes of `name` count. From malloc; NULL: after a message. */
static char *free_name(const char *folder, const char *name, size_t stem, const char *ending) {
    const size_t size = strlen(folder) + stem + strlen(ending) + 32;
    char *out = malloc(size);
    struct stat there;
    if (!out) (void)report_no_memory();
    for (int number = 1; out; number++) {
        if (number == 1)
            snprintf(out, size, "%s/%.*s%s", folder, (int)stem, name, ending);
        else
            snprintf(out, size, "%s/%.*s-%d%s", folder, (int)stem, name, number, ending);
        if (stat(out, &there) == 0) continue;
        if (errno == ENOENT) break;
        message("%s: cannot be examined: %s", out, strerror(errno));
        free(out);
        out = NULL;
    }
    return out;
}

/* Named as the picture is, but for its ending. */
static outcome name_map(char **out, const explanation_run *run, const char *path) {
    const char *name = dni_path_name(path), *dot = strrchr(name, '.');
    const size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    if (run->into_folder) {
        *out = free_name(run->output, name, stem, ".png");
        return *out ? OUTCOME_OK : OUTCOME_MACHINE;
    }
    *out = strdup(run->output);
    return *out ? OUTCOME_OK : report_no_memory();
}

/* Fills in the map's file and its size. */
static outcome draw(const explanation_run *run, const dn_image *image, explained_picture *out) {
    dn_image drawn;
    dn_error error;
    const dn_preprocessing *preprocessing = &dn_classifier_get_info(run->classifier)->preprocessing;
    if (overlay_draw(&drawn, image, preprocessing, run->evidence, run->map_height, run->map_width,
                     &run->overlay, &error))
        return report(&error, OUTCOME_MACHINE);
    out->width = drawn.width;
    out->height = drawn.height;
    outcome code = name_map(&out->map, run, out->path);
    const bool before = interrupts_wait(true);
    if (!code && dni_png_write(out->map, &drawn, &error)) code = report(&error, OUTCOME_MACHINE);
    interrupts_wait(before);
    dn_image_free(&drawn);
    return code;
}

/* Of several that are equal the first, as predict has it. */
static int most_probable(const explanation_run *run, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (run->probabilities[c] > run->probabilities[best]) best = c;
    return best;
}

static outcome print(const explanation_run *run, const explained_picture *it) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    if (run->json) {
        json_t *line = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "path", dni_json_text(it->path), "class",
                                 dni_json_text(info->classes[most_probable(run, info->class_count)]),
                                 "explained", dni_json_text(info->classes[it->class_index]), "probability",
                                 dni_json_float((float)it->probability), "inside",
                                 dni_json_number(it->inside), "area", dni_json_number(run->area));
        unfamiliar_add_json(&line, it->unfamiliarity);
        if (it->map) dni_json_set(&line, "map_path", dni_json_text(it->map));
        return print_json(line) ? OUTCOME_OK : OUTCOME_MACHINE;
    }
    quote_write(stdout, it->path);
    putchar('\t');
    quote_write(stdout, info->classes[it->class_index]);
    printf(" %.4f\t", it->probability);
    if (isnan(it->inside))
        printf("no evidence");
    else
        printf("inside %.3f", it->inside);
    char text[32];
    if (is_unfamiliar(it->unfamiliarity)) printf("\t%s", unfamiliar_text(text, it->unfamiliarity));
    if (it->map) putchar('\t');
    if (it->map) quote_write(stdout, it->map);
    putchar('\n');
    return fflush(stdout) == 0 ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* For the index: the map by its name in the folder. */
static outcome keep(explanation_run *run, const explained_picture *picture) {
    explained_picture kept = *picture;
    char *name = strdup(dni_path_name(picture->map));
    if (!name) return report_no_memory();
    kept.map = name;
    const outcome code = explained_list_add(&run->pictures, &kept);
    free(name);
    return code;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): explained_picture has it as char * */
static outcome explain_image(explanation_run *run, const dn_image *image, char *path) {
    dn_error error;
    explained_picture it = {.path = path, .class_index = run->class_index, .unfamiliarity = (double)NAN};
    if (dn_classifier_explain(run->classifier, image, &it.class_index, run->evidence, run->probabilities,
                              &error) ||
        (dn_classifier_get_info(run->classifier)->novelty &&
         dni_classifier_unfamiliarity(run->classifier, 1, &it.unfamiliarity, &error)))
        return report(&error, OUTCOME_MODEL);
    it.probability = (double)run->probabilities[it.class_index];
    it.inside = dni_evidence_inside(run->evidence, run->map_height, run->map_width,
                                    (double)run->ellipse_width, (double)run->ellipse_height, &run->area);
    outcome code = run->output ? draw(run, image, &it) : OUTCOME_OK;
    if (!code) code = print(run, &it);
    if (!code) class_sum_add(&run->sums[it.class_index], it.inside);
    if (!code && run->into_folder) code = keep(run, &it);
    free(it.map);
    return code;
}

static outcome explain_path(explanation_run *run, const named_picture *picture) {
    dn_image image = {.rgb = NULL};
    dn_error error;
    if (picture->error)
        error = *picture->error;
    else if (!dni_image_load_as(&image, picture->path,
                                &dn_classifier_get_info(run->classifier)->preprocessing, &error)) {
        const outcome code = explain_image(run, &image, picture->path);
        frame_note_add(&run->frames, picture->path, image.frames);
        dn_image_free(&image);
        return code;
    }
    return skip_input(&error, run->strict, &run->skipped);
}

/* ---- all ---- */

/* "Is it the background?": the mean share of evidence inside the ellipse, beside the ellipse's share of
 * the area. */
static outcome print_summary(const explanation_run *run) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    for (int c = 0; c < info->class_count; c++) {
        const class_sum *sum = &run->sums[c];
        if (!sum->pictures) continue;
        const double mean = class_sum_mean(sum), deviation = class_sum_deviation(sum);
        if (!run->json) {
            quote_write(stdout, info->classes[c]);
            printf(
                ": %.3f of the evidence inside the ellipse (deviation %.3f, %d pictures), which is %.3f of the area\n",
                mean, deviation, sum->pictures, run->area);
        } else if (!print_json(json_pack("{s:o, s:i, s:o, s:o, s:o}", "explained",
                                         dni_json_text(info->classes[c]), "count", sum->pictures,
                                         "inside_mean", dni_json_number(mean), "inside_deviation",
                                         dni_json_number(deviation), "area", dni_json_number(run->area)))) {
            return OUTCOME_MACHINE;
        }
    }
    return OUTCOME_OK;
}

static outcome write_index(const explanation_run *run) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    static const char name[] = "index";
    char *path = free_name(run->output, name, strlen(name), ".html");
    if (!path) return OUTCOME_MACHINE;
    const index_page index = {.pictures = &run->pictures,
                              .sums = run->sums,
                              .area = run->area,
                              .info = info,
                              .look = &run->overlay,
                              .class_name = run->class_name,
                              .skipped = run->skipped,
                              .source = {.model = run->model,
                                         .backbone = info->backbone,
                                         .weights = info->weights_source,
                                         .hash = info->weights_hash,
                                         .precision = precision_name(run->network.precision),
                                         .preprocessing = info->preprocessing,
                                         .seed = &info->seed}};
    const outcome code = index_page_write(&index, path);
    if (!code && !run->json) print_wrote(path);
    free(path);
    return code;
}

static outcome explain_all(explanation_run *run) {
    named_picture *picture;
    size_t count = 0, pictures = 0; /* an empty folder is none */
    while (path_source_next(run->source, &picture)) {
        const outcome code = explain_path(run, picture);
        pictures += !picture->error || picture->error->status != DN_ERR_DATA_EMPTY;
        named_picture_free(picture);
        if (code) return code;
        count++;
    }
    if (path_source_lacks_memory(run->source)) return report_no_memory();
    if (!pictures) {
        message("no pictures");
        return OUTCOME_DATA;
    }
    const outcome code = count - run->skipped > 1 ? print_summary(run) : OUTCOME_OK;
    return !code && run->pictures.count ? write_index(run) : code;
}

static bool ends_in(const char *path, const char *ending) {
    const size_t length = strlen(path), size = strlen(ending);
    return length > size && strcasecmp(path + length - size, ending) == 0;
}

/* A file for one picture, a folder for all else. */
static outcome prepare_output(explanation_run *run, char *const *paths, int count) {
    struct stat there;
    if (!run->output) return OUTCOME_OK;
    const bool is_one =
        count == 1 && strcmp(paths[0], "-") != 0 && (stat(paths[0], &there) != 0 || !S_ISDIR(there.st_mode));
    run->into_folder = !(is_one && ends_in(run->output, ".png"));
    if (!run->into_folder) {
        const named_file inputs[] = {{"PATH", paths[0]}, {"-m", run->model}, {"-w", run->weights_option}};
        return check_outputs_apart(&(named_file){"-o", run->output}, 1, inputs, 3);
    }
    const bool is_folder = stat(run->output, &there) == 0 && S_ISDIR(there.st_mode);
    if (!is_folder && dni_is_image_name(run->output)) {
        message(is_one ? "-o %s: maps are written as PNG; name a file that ends in .png, or a folder"
                       : "-o %s: for several pictures name a folder",
                run->output);
        return OUTCOME_USAGE;
    }
    dn_error error;
    return dni_make_folders(run->output, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome find_class(explanation_run *run) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    run->class_index = -1;
    if (!run->class_name) return OUTCOME_OK;
    for (int c = 0; c < info->class_count; c++)
        if (strcmp(info->classes[c], run->class_name) == 0) run->class_index = c;
    if (run->class_index >= 0) return OUTCOME_OK;
    message("--class: '%s' is not a class of %s; 'ftrain info %s' lists them", run->class_name, run->model,
            run->model);
    return OUTCOME_USAGE;
}

static outcome attach(explanation_run *run) {
    const outcome code = model_attach(run->classifier, run->weights_option, &run->network, 1);
    if (code) return code;
    const size_t classes = (size_t)dn_classifier_get_info(run->classifier)->class_count;
    dn_classifier_map_size(run->classifier, &run->map_height, &run->map_width);
    run->evidence = malloc((size_t)run->map_height * (size_t)run->map_width * sizeof *run->evidence);
    run->probabilities = malloc(classes * sizeof *run->probabilities);
    run->sums = calloc(classes, sizeof *run->sums);
    return run->evidence && run->probabilities && run->sums ? OUTCOME_OK : report_no_memory();
}

static outcome explain(explanation_run *run, char *const *paths, int count) {
    if (!run->model) {
        message("explain: -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    dn_error error;
    if (dn_classifier_load(&run->classifier, run->model, &error)) return report(&error, OUTCOME_MODEL);
    if (run->outline) {
        run->overlay.ellipse_width = run->ellipse_width;
        run->overlay.ellipse_height = run->ellipse_height;
    }
    outcome code = network_options_check(&run->network);
    if (!code) code = find_class(run);
    if (!code) code = prepare_output(run, paths, count);
    if (!code) code = attach(run);
    if (!code) code = path_source_create(&run->source, paths, count, '\n');
    if (!code) code = explain_all(run);
    return !code ? finish(run->skipped) : code;
}

static const option_spec rows[] = {
    MODEL_OPTION(explanation_run, model),
    OPT_TEXT(
        "output", 'o', explanation_run, output, "OUT",
        "a .png file for one picture, else a folder, with an index.html; without it only numbers are printed"),
    MODEL_WEIGHTS_OPTION(explanation_run, weights_option),
    OPT_TEXT("class", 0, explanation_run, class_name, "CLASS",
             "show the evidence for this class (default: the predicted one)"),
    OPT_FLOAT("ellipse-width", 0, explanation_run, ellipse_width, 0.01, 2, "X",
              "width of the ellipse, as a share of the crop's width (default 0.6)"),
    OPT_FLOAT("ellipse-height", 0, explanation_run, ellipse_height, 0.01, 2, "X",
              "height of the ellipse, as a share of the crop's height (default 0.8)"),
    OPT_FLAG("outline", 0, explanation_run, outline, "draw the outline of the ellipse"),
    OPT_FLOAT("opacity", 0, explanation_run, overlay.opacity, 0, 1, "X",
              "opacity of the colours (default 0.6)"),
    OPT_INT("size", 0, explanation_run, overlay.size, 16, 16384, "N",
            "largest length of a drawing's longer side, pixels (default 640)"),
    OPT_GROUP(explanation_run, network, network_option_table),
    STRICT_OPTION(explanation_run, strict),
    JSON_LINES_OPTION(explanation_run, json),
};

static outcome run(const command *self, int argc, char **argv) {
    explanation_run state = {
        .overlay = {.opacity = 0.6f, .size = 640}, .ellipse_width = 0.6f, .ellipse_height = 0.8f};
    int first;
    outcome code = parse_options(self, &state, argc, argv, &first);
    if (!code) code = explain(&state, argv + first, argc - first);
    frame_note_tell(&state.frames);
    path_source_free(state.source);
    free(state.evidence);
    free(state.probabilities);
    free(state.sums);
    explained_list_free(&state.pictures);
    dn_classifier_free(state.classifier);
    return code;
}

const command explain_command = {
    .name = "explain",
    .arguments = "-m MODEL PATH... [-o OUT] [options]",
    .summary = "show where in a picture the evidence for its class lies",
    .description =
        "Draws the class activation map (Grad-CAM) over each picture: the brighter a place, the more it speaks for the\n"
        "class. Dark is what lies outside the crop, which the network never sees.\n\n"
        "For each picture it prints the share of the evidence inside an ellipse in the middle of the crop, where a\n"
        "portrait has its face, and at the end the mean of these shares for each class. If a mean is much below the\n"
        "ellipse's share of the area, the background decides.\n\n"
        "In a folder of maps, index.html shows them all, with a key to the colours.\n\n"
        "  ftrain explain -m faces.safetensors a.jpg -o a-map.png\n"
        "  ftrain explain -m faces.safetensors faces/test/real --outline -o maps\n"
        "  ftrain explain -m faces.safetensors faces/test/fake              figures alone\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = INT_MAX,
    .run = run,
};

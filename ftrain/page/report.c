/* SPDX-License-Identifier: MIT */
/* The sections that the pages of several commands have. */
#include "ftrain/page/report.h"

#include "core/cpu.h"
#include "core/error.h"
#include "ftrain/shell/command_line.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/outcome.h"
#include "densenet/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As a shell would want it typed. */
static outcome write_word(html *page, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.,:/@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        html_text(page, word);
        return OUTCOME_OK;
    }
    char *quoted = malloc(4 * strlen(word) + 3), *to = quoted;
    if (!quoted) return report_no_memory();
    *to++ = '\'';
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            to = stpcpy(to, "'\\''");
        else
            *to++ = *c;
    *to++ = '\'';
    *to = '\0';
    html_text(page, quoted);
    free(quoted);
    return OUTCOME_OK;
}

outcome report_open(html **out, const char *path, const char *title) {
    dn_error error;
    const bool before = interrupts_wait(true);
    const dn_status status = html_open(out, path, title, &error);
    interrupts_wait(before);
    if (status) return report(&error, OUTCOME_MACHINE);
    html_raw(*out, "<pre><code>ftrain");
    const command_line words = command_line_kept();
    outcome code = OUTCOME_OK;
    for (int i = 0; !code && i < words.argc; i++) {
        html_raw(*out, " <span>");
        code = write_word(*out, words.argv[i]);
        html_raw(*out, "</span>");
    }
    html_raw(*out, "</code></pre>\n");
    if (!code) return OUTCOME_OK;
    html_abandon(*out);
    *out = NULL;
    return code;
}

outcome report_close(html *page) {
    dn_error error;
    const bool before = interrupts_wait(true);
    const dn_status status = html_close(page, &error);
    interrupts_wait(before);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* ---- data ---- */

void report_guessing(html *page, const char *opening, const guessing_sentence *sentence) {
    html_raw(page, "<p>");
    html_text(page, opening);
    html_text(page, sentence->before);
    if (sentence->name) html_text(page, sentence->name);
    html_text(page, sentence->after);
    html_raw(page, ".</p>\n");
}

void report_random_weights(html *page, const char *source) {
    uint64_t seed;
    if (!dni_random_source(source, &seed)) return;
    html_raw(
        page,
        "<p><strong>The network was never trained:</strong> its weights are random numbers (random:%" PRIu64
        "), and its features are those of an untrained network. The figures on this page show that the "
        "program works; they tell nothing about what trained weights would reach on these pictures.</p>\n",
        seed);
}

void report_data(html *page, const dni_dataset *data, int *const *counts, size_t skipped) {
    html_section(page, "data", "Data");
    html_raw(page, "<p>Pictures of each class in each split, as they were used:</p>\n");
    const char *titles[1 + DNI_SPLITS] = {"class"};
    double sums[DNI_SPLITS] = {0};
    for (int s = 0; s < DNI_SPLITS; s++) titles[1 + s] = dni_split_name((dni_split)s);
    html_table_begin(page, titles, 1 + DNI_SPLITS, 1);
    for (int c = 0; c < data->class_count; c++) {
        html_cell(page, data->classes[c]);
        for (int s = 0; s < DNI_SPLITS; s++) {
            html_number(page, "%.0f", counts[s][c]);
            sums[s] += counts[s][c];
        }
    }
    html_cell(page, "all");
    for (int s = 0; s < DNI_SPLITS; s++) html_number(page, "%.0f", sums[s]);
    html_table_end(page);
    if (skipped)
        html_raw(page, "<p>%zu %s could not be used and %s not among these.</p>\n", skipped,
                 skipped == 1 ? "picture" : "pictures", skipped == 1 ? "is" : "are");
}

/* ---- settings ---- */

static void begin_settings(html *page) {
    static const char *const titles[] = {"what", "value"};
    html_raw(page, "<div class=\"settings\">\n");
    html_table_begin(page, titles, 2, 2);
}

static void end_settings(html *page) {
    html_table_end(page);
    html_raw(page, "</div>\n");
}

static void setting(html *page, const char *name, const char *value) {
    html_cell(page, name);
    html_cell(page, value);
}

/* "learning_rate" reads "learning rate". */
static void setting_of_key(html *page, const char *key, const char *value) {
    char *name = strdup(key);
    for (char *c = name; c && *c; c++)
        if (*c == '_') *c = ' ';
    setting(page, name ? name : key, value);
    free(name);
}

void report_recipe(html *page, json_t *recipe) {
    const char *key;
    json_t *value;
    dn_error error;
    bool whole = recipe != NULL;
    html_section(page, "recipe", "Recipe");
    begin_settings(page);
    json_object_foreach(recipe, key, value) {
        char *text = json_is_string(value) ? strdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        if (text)
            setting_of_key(page, key, text);
        else
            whole = false;
        free(text);
    }
    end_settings(page);
    json_decref(recipe);
    if (whole) return;
    (void)dni_no_memory(&error, "the recipe");
    html_fail(page, &error);
}

/* ---- provenance ---- */

static void write_machine(html *page, const dni_pool *pool) {
    char text[80];
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) && strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc))
        setting(page, "written", text);
    snprintf(text, sizeof text, "ftrain %s", dn_version());
    setting(page, "program", text);
    dni_cpu_name(text, sizeof text);
    setting(page, "CPU", text);
    dni_isa isa;
    if (!dni_cpu_choose_isa(&isa, NULL)) setting(page, "kernels", dni_isa_name(isa));
    if (pool) {
        snprintf(text, sizeof text, "%d", dni_pool_threads(pool));
        setting(page, "threads", text);
    }
}

void report_source_backbone(report_source *source, const dn_weights *weights, const char *weights_name,
                            const char *hash, const char *precision) {
    if (!weights) return;
    source->backbone = dn_weights_config(weights)->name;
    source->weights = weights_name;
    source->hash = hash;
    source->precision = precision;
}

void report_provenance(html *page, const report_source *source) {
    char text[32];
    html_section(page, "provenance", "Where this comes from");
    begin_settings(page);
    write_machine(page, source->pool);
    if (source->model) setting(page, "model file", source->model);
    if (source->backbone) setting(page, "backbone", source->backbone);
    if (source->weights) setting(page, "weights", source->weights);
    if (source->hash) setting(page, "weights hash", source->hash);
    if (source->precision) setting(page, "precision", source->precision);
    if (source->preprocessing.crop) {
        snprintf(text, sizeof text, "%d, then the middle %d", source->preprocessing.resize,
                 source->preprocessing.crop);
        setting(page, "shorter side, pixels", text);
        if (source->preprocessing.exif_rotate) setting(page, "EXIF rotation", "applied");
    }
    if (source->seed) {
        snprintf(text, sizeof text, "%" PRIu64, *source->seed);
        setting(page, "seed", text);
    }
    end_settings(page);
}

/* SPDX-License-Identifier: MIT */
/* Writing predictions, a row a picture. */
#include "ftrain/predict/prediction_row.h"

#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/unfamiliar.h"
#include "io/csv.h"
#include "io/json.h"
#include "io/real_text.h"
#include "io/text_stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/* Behind "train" or "valid". */
static const char *near_copy(const prediction *predicted) {
    return predicted->is_near_copy ? " (near copy)" : "";
}

static void print_text_set(const prediction *predicted) {
    int held = 0;
    fputs("\tset: ", stdout);
    for (int i = 0; i < predicted->class_count; i++) {
        if (!prediction_holds(predicted, predicted->order[i].index)) continue;
        if (held++) fputs(", ", stdout);
        quote_write(stdout, predicted->classes[predicted->order[i].index]);
    }
    if (!held) fputs("none", stdout);
}

static void print_text(const char *path, const prediction *predicted) {
    quote_write(stdout, path);
    for (int i = 0; i < predicted->shown; i++) {
        fputs(i ? ", " : "\t", stdout);
        quote_write(stdout, predicted->classes[predicted->order[i].index]);
        printf(" %.4f", (double)predicted->order[i].probability);
    }
    if (predicted->own) printf("\town: %s%s", predicted->own, near_copy(predicted));
    if (predicted->thresholds) print_text_set(predicted);
    char text[32];
    if (is_unfamiliar(predicted->unfamiliarity))
        printf("\t%s", unfamiliar_text(text, predicted->unfamiliarity));
    putchar('\n');
}

static void print_text_error(const char *path, const char *reason) {
    quote_write(stdout, path);
    fputs("\terror: ", stdout);
    quote_write(stdout, reason);
    putchar('\n');
}

/* ---- CSV: path, class, error, where the model can tell them its own pictures and near copies of them,
 * where it is asked for the set, then a probability a class, empty where it is not shown, and where the
 * model can tell it the percentile of unfamiliarity ---- */

static void print_csv_header(const prediction *shape) {
    fputs("path,class,error", stdout);
    if (shape->tells_own) fputs(",own,near_copy", stdout);
    if (shape->thresholds) fputs(",set", stdout);
    for (int c = 0; c < shape->class_count; c++) {
        char name[600];
        snprintf(name, sizeof name, "p_%s", shape->classes[c]);
        putchar(',');
        dni_csv_field(stdout, name);
    }
    if (!isnan(shape->unfamiliarity)) fputs(",unfamiliar_percentile", stdout);
    putchar('\n');
}

/* "{rose|tulip}": braces tell the empty set from a row without one. A backslash stands before a bar or
 * backslash of a name. False without memory. */
static bool print_csv_set(const prediction *predicted) {
    dni_text_stream set;
    if (!dni_text_stream_open(&set)) return false;
    char before = '{';
    for (int i = 0; i < predicted->class_count; i++) {
        if (!prediction_holds(predicted, predicted->order[i].index)) continue;
        putc(before, set.to);
        before = '|';
        for (const char *next = predicted->classes[predicted->order[i].index]; *next; next++) {
            if (*next == '|' || *next == '\\') putc('\\', set.to);
            putc(*next, set.to);
        }
    }
    fputs(before == '{' ? "{}" : "}", set.to);
    if (!dni_text_stream_close(&set)) return false;
    dni_csv_field(stdout, set.text);
    free(set.text);
    return true;
}

static bool is_shown(const prediction *predicted, int class_index) {
    for (int i = 0; i < predicted->shown; i++)
        if (predicted->order[i].index == class_index) return true;
    return false;
}

static bool print_csv(const char *path, const prediction *predicted) {
    dni_csv_field(stdout, path);
    putchar(',');
    dni_csv_field(stdout, predicted->classes[predicted->order[0].index]);
    putchar(',');
    if (predicted->tells_own) fputs(predicted->own ? "," : ",,", stdout);
    if (predicted->own) printf("%s,%s", predicted->own, predicted->is_near_copy ? "true" : "false");
    if (predicted->thresholds) {
        putchar(',');
        if (!print_csv_set(predicted)) return !report_no_memory();
    }
    for (int c = 0; c < predicted->class_count; c++) {
        putchar(',');
        if (is_shown(predicted, c)) printf("%.9g", (double)predicted->probabilities[c]);
    }
    if (!isnan(predicted->unfamiliarity)) {
        putchar(',');
        dni_real_write(stdout, 100 * predicted->unfamiliarity);
    }
    putchar('\n');
    return true;
}

static void print_csv_error(const char *path, const char *reason, const prediction *shape) {
    dni_csv_field(stdout, path);
    fputs(",,", stdout);
    dni_csv_field(stdout, reason);
    if (shape->tells_own) fputs(",,", stdout);
    if (shape->thresholds) putchar(',');
    for (int c = 0; c < shape->class_count; c++) putchar(',');
    if (!isnan(shape->unfamiliarity)) putchar(',');
    putchar('\n');
}

/* ---- all of them ---- */

void prediction_row_begin(row_format format, const prediction *shape) {
    if (format == ROW_CSV) print_csv_header(shape);
}

bool prediction_row_print(row_format format, const char *path, const prediction *predicted) {
    if (format == ROW_JSON) return print_json(prediction_json(predicted, path));
    if (format == ROW_CSV) return print_csv(path, predicted);
    print_text(path, predicted);
    return true;
}

bool prediction_row_print_error(row_format format, const char *path, const char *reason,
                                const prediction *shape) {
    const size_t length = strlen(path);
    if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0) reason += length + 2;
    if (format == ROW_JSON)
        return print_json(json_pack("{s:o, s:{s:o}}", "path", dni_json_text(path), "error", "message",
                                    dni_json_text(reason)));
    if (format == ROW_CSV)
        print_csv_error(path, reason, shape);
    else
        print_text_error(path, reason);
    return true;
}

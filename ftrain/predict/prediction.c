/* Writing predictions, a row a picture. */
#include "ftrain/predict/prediction.h"

#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "io/csv.h"
#include "io/json.h"

#include <stdio.h>
#include <string.h>

/* Class indices by falling probability; equal ones in the model's order. */
static void sort_classes(int *order, const float *probabilities, int classes) {
    for (int i = 0; i < classes; i++) {
        int place = i;
        for (; place > 0 && probabilities[order[place - 1]] < probabilities[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
}

/* ---- text ---- */

static void print_text(const prediction_rows *rows, const char *path, const float *probabilities) {
    quote_write(stdout, path);
    for (int i = 0; i < rows->shown; i++) {
        fputs(i ? ", " : "\t", stdout);
        quote_write(stdout, rows->classes[rows->order[i]]);
        printf(" %.4f", (double)probabilities[rows->order[i]]);
    }
    putchar('\n');
}

static void print_text_error(const char *path, const char *reason) {
    quote_write(stdout, path);
    fputs("\terror: ", stdout);
    quote_write(stdout, reason);
    putchar('\n');
}

/* ---- CSV: path, class, error, then a probability a class, empty where it is not shown ---- */

static void print_csv_header(const prediction_rows *rows) {
    fputs("path,class,error", stdout);
    for (int c = 0; c < rows->class_count; c++) {
        char name[600];
        snprintf(name, sizeof name, "p_%s", rows->classes[c]);
        putchar(',');
        dni_csv_field(stdout, name);
    }
    putchar('\n');
}

static bool is_shown(const prediction_rows *rows, int class_index) {
    for (int i = 0; i < rows->shown; i++)
        if (rows->order[i] == class_index) return true;
    return false;
}

static void print_csv(const prediction_rows *rows, const char *path, const float *probabilities) {
    dni_csv_field(stdout, path);
    putchar(',');
    dni_csv_field(stdout, rows->classes[rows->order[0]]);
    putchar(',');
    for (int c = 0; c < rows->class_count; c++) {
        putchar(',');
        if (is_shown(rows, c)) printf("%.9g", (double)probabilities[c]);
    }
    putchar('\n');
}

static void print_csv_error(const prediction_rows *rows, const char *path, const char *reason) {
    dni_csv_field(stdout, path);
    fputs(",,", stdout);
    dni_csv_field(stdout, reason);
    for (int c = 0; c < rows->class_count; c++) putchar(',');
    putchar('\n');
}

/* ---- JSON ---- */

static bool print_object(const prediction_rows *rows, const char *path, const float *probabilities) {
    json_t *all = json_object();
    for (int i = 0; i < rows->shown; i++)
        json_object_set_new(all, rows->classes[rows->order[i]],
                            dni_json_float(probabilities[rows->order[i]]));
    return print_json(json_pack("{s:o, s:s, s:o}", "path", dni_json_text(path), "class",
                                rows->classes[rows->order[0]], "probabilities", all));
}

/* ---- all of them ---- */

void prediction_rows_begin(const prediction_rows *rows) {
    if (rows->format == ROW_CSV) print_csv_header(rows);
}

bool prediction_rows_print(const prediction_rows *rows, const char *path, const float *probabilities,
                           int *best) {
    sort_classes(rows->order, probabilities, rows->class_count);
    *best = rows->order[0];
    if (rows->format == ROW_JSON) return print_object(rows, path, probabilities);
    if (rows->format == ROW_CSV)
        print_csv(rows, path, probabilities);
    else
        print_text(rows, path, probabilities);
    return true;
}

bool prediction_rows_print_error(const prediction_rows *rows, const char *path, const char *reason) {
    const size_t length = strlen(path);
    if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0) reason += length + 2;
    if (rows->format == ROW_JSON)
        return print_json(
            json_pack("{s:o, s:o}", "path", dni_json_text(path), "error", dni_json_text(reason)));
    if (rows->format == ROW_CSV)
        print_csv_error(rows, path, reason);
    else
        print_text_error(path, reason);
    return true;
}

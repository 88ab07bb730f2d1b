/* Writing predictions, a row a picture. */
#include "ftrain/predict/prediction_row.h"

#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "io/csv.h"
#include "io/json.h"

#include <stdio.h>
#include <string.h>

/* ---- text ---- */

static void print_text(const char *path, const prediction *predicted) {
    quote_write(stdout, path);
    for (int i = 0; i < predicted->shown; i++) {
        fputs(i ? ", " : "\t", stdout);
        quote_write(stdout, predicted->classes[predicted->order[i]]);
        printf(" %.4f", (double)predicted->probabilities[predicted->order[i]]);
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

static void print_csv_header(const prediction *shape) {
    fputs("path,class,error", stdout);
    for (int c = 0; c < shape->class_count; c++) {
        char name[600];
        snprintf(name, sizeof name, "p_%s", shape->classes[c]);
        putchar(',');
        dni_csv_field(stdout, name);
    }
    putchar('\n');
}

static bool is_shown(const prediction *predicted, int class_index) {
    for (int i = 0; i < predicted->shown; i++)
        if (predicted->order[i] == class_index) return true;
    return false;
}

static void print_csv(const char *path, const prediction *predicted) {
    dni_csv_field(stdout, path);
    putchar(',');
    dni_csv_field(stdout, predicted->classes[predicted->order[0]]);
    putchar(',');
    for (int c = 0; c < predicted->class_count; c++) {
        putchar(',');
        if (is_shown(predicted, c)) printf("%.9g", (double)predicted->probabilities[c]);
    }
    putchar('\n');
}

static void print_csv_error(const char *path, const char *reason, const prediction *shape) {
    dni_csv_field(stdout, path);
    fputs(",,", stdout);
    dni_csv_field(stdout, reason);
    for (int c = 0; c < shape->class_count; c++) putchar(',');
    putchar('\n');
}

/* ---- all of them ---- */

void prediction_row_begin(row_format format, const prediction *shape) {
    if (format == ROW_CSV) print_csv_header(shape);
}

bool prediction_row_print(row_format format, const char *path, const prediction *predicted) {
    if (format == ROW_JSON) return print_json(prediction_json(predicted, path));
    if (format == ROW_CSV)
        print_csv(path, predicted);
    else
        print_text(path, predicted);
    return true;
}

bool prediction_row_print_error(row_format format, const char *path, const char *reason,
                                const prediction *shape) {
    const size_t length = strlen(path);
    if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0) reason += length + 2;
    if (format == ROW_JSON)
        return print_json(
            json_pack("{s:o, s:o}", "path", dni_json_text(path), "error", dni_json_text(reason)));
    if (format == ROW_CSV)
        print_csv_error(path, reason, shape);
    else
        print_text_error(path, reason);
    return true;
}

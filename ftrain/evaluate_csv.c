/* Predictions as comma-separated values (RFC 4180). */
#include "ftrain/evaluate_print.h"

#include "ftrain/options.h"
#include "ftrain/program.h"
#include "io/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first error stays; what follows it does nothing. */
typedef struct csv {
    dni_file_writer *writer;
    dn_status status;
    dn_error error;
} csv;

static void put(csv *to, const char *bytes, size_t size) {
    if (!to->status) to->status = dni_file_write(to->writer, bytes, size, &to->error);
}

/* A field that needs them goes between quotes, quotes inside doubled. */
static void put_field(csv *to, const char *text) {
    if (!text[strcspn(text, ",\"\r\n")]) {
        put(to, text, strlen(text));
        return;
    }
    put(to, "\"", 1);
    for (; *text; text++) put(to, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    put(to, "\"", 1);
}

static void put_header(csv *to, const dn_classifier_info *info) {
    put(to, "path,truth,predicted", 20);
    for (int c = 0; c < info->class_count; c++) {
        char name[1024];
        snprintf(name, sizeof name, "p(%s)", info->classes[c]);
        put(to, ",", 1);
        put_field(to, name);
    }
    put(to, "\r\n", 2);
}

static void put_picture(csv *to, const evaluation *of, int i) {
    const size_t classes = (size_t)of->info->class_count;
    const float *row = of->scores.log_probabilities + (size_t)i * classes;
    put_field(to, of->samples.items[of->scores.places[i]].path);
    put(to, ",", 1);
    put_field(to, of->info->classes[of->scores.labels[i]]);
    put(to, ",", 1);
    put_field(to, of->info->classes[evaluation_predicted(of, i)]);
    for (size_t c = 0; c < classes; c++) {
        char number[40];
        put(to, number, (size_t)snprintf(number, sizeof number, ",%.17g", exp((double)row[c])));
    }
    put(to, "\r\n", 2);
}

int evaluation_write_csv(const evaluation *of, const char *path) {
    csv to = {.status = DN_OK};
    to.status = dni_file_writer_open(&to.writer, path, &to.error);
    if (to.status) return report(&to.error, EXIT_MACHINE);
    put_header(&to, of->info);
    for (int i = 0; i < of->scores.count; i++) put_picture(&to, of, i);
    if (to.status)
        dni_file_writer_abandon(to.writer);
    else
        to.status = dni_file_writer_commit(to.writer, &to.error);
    return to.status ? report(&to.error, EXIT_MACHINE) : CONTINUE;
}

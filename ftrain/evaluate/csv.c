/* SPDX-License-Identifier: MIT */
/* Predictions as comma-separated values (RFC 4180). */
#include "ftrain/evaluate/print.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/outcome.h"

#include "io/csv.h"
#include "io/file.h"
#include "io/real_text.h"
#include "io/text_stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void header_line(FILE *to, const evaluation *result) {
    fputs("path,truth,class", to);
    for (int c = 0; c < result->info->class_count; c++) {
        char name[600];
        snprintf(name, sizeof name, "p_%s", result->info->classes[c]);
        putc(',', to);
        dni_csv_field(to, name);
    }
    if (result->scores.unfamiliarity) fputs(",unfamiliar_percentile", to);
}

static void picture_line(FILE *to, const evaluation *result, int i) {
    const size_t classes = (size_t)result->info->class_count;
    const float *row = result->scores.log_probabilities + (size_t)i * classes;
    dni_csv_field(to, result->samples.items[result->scores.sample_index[i]].path);
    putc(',', to);
    dni_csv_field(to, result->info->classes[result->scores.labels[i]]);
    putc(',', to);
    dni_csv_field(to, result->info->classes[evaluation_predicted(result, i)]);
    for (size_t c = 0; c < classes; c++) {
        putc(',', to);
        dni_real_write(to, exp((double)row[c]));
    }
    if (!result->scores.unfamiliarity) return;
    putc(',', to);
    dni_real_write(to, 100 * result->scores.unfamiliarity[i]);
}

/* Line i of the file, from 0; the header is line 0. */
static outcome write_line(dni_file_writer *writer, const evaluation *result, int i) {
    dni_text_stream line;
    if (!dni_text_stream_open(&line)) return report_no_memory();
    if (i == 0)
        header_line(line.to, result);
    else
        picture_line(line.to, result, i - 1);
    fputc('\n', line.to);
    dn_error error;
    outcome code = dni_text_stream_close(&line) ? OUTCOME_OK : report_no_memory();
    if (!code && dni_file_write(writer, line.text, line.size, &error)) code = report(&error, OUTCOME_MACHINE);
    free(line.text);
    return code;
}

static outcome write_all(const evaluation *result, const char *path) {
    dni_file_writer *writer;
    dn_error error;
    if (dni_file_writer_open(&writer, path, &error)) return report(&error, OUTCOME_MACHINE);
    outcome code = OUTCOME_OK;
    for (int i = 0; !code && i <= result->scores.count; i++) code = write_line(writer, result, i);
    if (code) {
        dni_file_writer_abandon(writer);
        return code;
    }
    return dni_file_writer_commit(writer, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

outcome evaluation_write_csv(const evaluation *result, const char *path) {
    const bool before = interrupts_wait(true);
    const outcome code = write_all(result, path);
    interrupts_wait(before);
    return code;
}

/* SPDX-License-Identifier: MIT */
/* Rows of a feature file, by split and view. */
#include "ftrain/export/feature_rows.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ---- */

static bool set_wanted(feature_rows *rows, const char *name, size_t length) {
    for (int v = 0; v < rows->header->view_count; v++) {
        const char *view = rows->header->views[v];
        if (strlen(view) != length || memcmp(view, name, length) != 0) continue;
        rows->is_wanted[v] = true;
        return true;
    }
    return false;
}

/* By the list of --view, "plain,flip". */
static outcome choose_views(feature_rows *rows, const export_job *job) {
    for (const char *name = job->view; name;) {
        const size_t length = strcspn(name, ",");
        if (!set_wanted(rows, name, length)) {
            char views[512] = "";
            size_t used = 0;
            for (int v = 0; v < rows->header->view_count && used < sizeof views; v++)
                used += (size_t)snprintf(views + used, sizeof views - used, "%s%s", v ? ", " : "",
                                         rows->header->views[v]);
            message("--view: '%.*s' is none of the views in %s: %s", (int)length, name, job->in, views);
            return OUTCOME_USAGE;
        }
        name = name[length] ? name + length + 1 : NULL;
    }
    return OUTCOME_OK;
}

static outcome choose(feature_rows *rows, const export_job *job) {
    const dni_feature_header *header = rows->header;
    rows->split = job->split;
    const int views = header->has_pictures ? header->view_count : 1;
    rows->is_wanted = new_array((size_t)views, sizeof *rows->is_wanted);
    rows->values = new_array(header->features, sizeof *rows->values);
    rows->view_rows = new_array((size_t)views, sizeof *rows->view_rows);
    if (!rows->is_wanted || !rows->values || !rows->view_rows) return OUTCOME_MACHINE;
    for (int v = 0; !job->view && v < views; v++) rows->is_wanted[v] = true;
    if (header->has_pictures) return choose_views(rows, job);
    const char *choice = job->split >= 0 ? "--split" : job->view ? "--view" : NULL;
    if (choice) {
        message("%s: %s does not say which pictures its records are of; run 'ftrain extract' into it again",
                choice, job->in);
        return OUTCOME_USAGE;
    }
    message(
        "%s: does not say which pictures its records are of: their hashes alone are written; 'ftrain extract' "
        "into it adds the rest",
        job->in);
    return OUTCOME_OK;
}

/* ---- one after the other ---- */

static bool is_wanted_split(const feature_rows *rows, const dni_feature_entry *entry) {
    return rows->split < 0 || entry->split == (dni_split)rows->split;
}

/* Adds up the rows of an entry that were asked for. */
static void count_entry(feature_rows *rows, const dni_feature_entry *entry) {
    const int views = rows->header->has_pictures ? rows->header->view_count : 1;
    const size_t before = rows->count;
    for (int v = 0; is_wanted_split(rows, entry) && v < views; v++) {
        if (!rows->is_wanted[v] || entry->rows[v] < 0) continue;
        rows->view_rows[v]++;
        rows->count++;
    }
    rows->pictures += rows->count > before;
}

static outcome count(feature_rows *rows) {
    dni_feature_entry entry;
    bool more;
    dn_error error;
    for (;;) {
        if (dni_feature_reader_next(rows->reader, &entry, &more, &error))
            return report(&error, OUTCOME_MODEL);
        if (!more) break;
        count_entry(rows, &entry);
    }
    dni_feature_reader_rewind(rows->reader);
    return OUTCOME_OK;
}

static outcome write_entry(feature_rows *rows, const dni_feature_entry *entry, feature_row_writer write,
                           void *context) {
    const dni_feature_header *header = rows->header;
    const int views = header->has_pictures ? header->view_count : 1;
    feature_row row = {.key = entry->key, .values = rows->values};
    if (header->has_pictures) {
        row.path = entry->path;
        row.split = dni_split_name(entry->split);
        row.class_name = header->classes[entry->label];
        row.label = entry->label;
    }
    for (int v = 0; is_wanted_split(rows, entry) && v < views; v++) {
        if (!rows->is_wanted[v] || entry->rows[v] < 0) continue;
        if (header->has_pictures) row.view = header->views[v];
        dn_error error;
        if (dni_feature_reader_values(rows->reader, entry->rows[v], rows->values, &error))
            return report(&error, OUTCOME_MODEL);
        if (write(context, &row, &error)) return report(&error, OUTCOME_MACHINE);
    }
    return OUTCOME_OK;
}

outcome feature_rows_each(feature_rows *rows, feature_row_writer write, void *context) {
    outcome code = OUTCOME_OK;
    while (!code) {
        dni_feature_entry entry;
        bool more;
        dn_error error;
        if (dni_feature_reader_next(rows->reader, &entry, &more, &error))
            return report(&error, OUTCOME_MODEL);
        if (!more) break;
        code = write_entry(rows, &entry, write, context);
        if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
    }
    dni_feature_reader_rewind(rows->reader);
    return code;
}

const char *const feature_row_columns[FEATURE_ROW_FIELDS] = {"path",  "split", "class",
                                                             "label", "view",  "xxh3"};

void feature_row_describe(feature_row_text *out, const feature_row *row) {
    dni_key_text(&row->key, out->key);
    snprintf(out->label, sizeof out->label, "%d", row->label);
    const char *const fields[] = {row->path, row->split, row->class_name, row->path ? out->label : NULL,
                                  row->view, out->key};
    memcpy(out->fields, fields, sizeof fields);
}

/* ---- opening ---- */

static outcome describe(const feature_rows *rows, json_t *about) {
    const dni_feature_header *header = rows->header;
    json_t *views = header->has_pictures ? json_array() : json_null();
    json_t *classes = header->has_pictures ? json_array() : json_null();
    for (int v = 0; v < header->view_count; v++)
        if (rows->view_rows[v]) dni_json_append(&views, dni_json_text(header->views[v]));
    for (int c = 0; c < header->class_count; c++)
        dni_json_append(&classes, dni_json_text(header->classes[c]));
    json_t *facts = json_pack("{s:I, s:I, s:o, s:o, s:o, s:s}", "rows", (json_int_t)rows->count, "features",
                              (json_int_t)header->features, "count",
                              header->has_pictures ? json_integer((json_int_t)rows->pictures) : json_null(),
                              "views", views, "classes", classes, "provenance", header->provenance);
    const bool done = facts && json_object_update(about, facts) == 0;
    json_decref(facts);
    return done ? OUTCOME_OK : report_no_memory();
}

outcome feature_rows_open(feature_rows *out, const export_job *job, json_t *about) {
    *out = (feature_rows){.split = -1};
    dn_error error;
    if (dni_feature_reader_open(&out->reader, job->in, &error)) return report(&error, OUTCOME_MODEL);
    out->header = dni_feature_reader_header(out->reader);
    outcome code = choose(out, job);
    if (!code) code = count(out);
    if (!code && !out->count) {
        message("%s: holds no features%s%s", job->in,
                job->split >= 0 ? " of the split that was asked for" : "",
                job->view ? " in these views" : "");
        code = OUTCOME_DATA;
    }
    return code ? code : describe(out, about);
}

void feature_rows_close(feature_rows *rows) {
    dni_feature_reader_close(rows->reader);
    free(rows->is_wanted);
    free(rows->values);
    free(rows->view_rows);
    *rows = (feature_rows){.split = -1};
}

/* SPDX-License-Identifier: MIT */
/* What a file of features holds: how many, of which network, of which pictures. */
#include "ftrain/info_features.h"

#include "ftrain/shell/quote.h"
#include "io/feature_reader.h"
#include "io/json.h"

#include <stdio.h>

static outcome count_pictures(dni_feature_reader *reader, size_t counts[DNI_SPLITS]) {
    bool more = dni_feature_reader_header(reader)->has_pictures;
    while (more) {
        dni_feature_entry entry;
        dn_error error;
        if (dni_feature_reader_next(reader, &entry, &more, &error)) return report(&error, OUTCOME_MODEL);
        if (more) counts[entry.split]++;
    }
    return OUTCOME_OK;
}

static void print_names(const char *before, char *const *names, int count) {
    fputs(before, stdout);
    for (int i = 0; i < count; i++) {
        if (i) fputs(", ", stdout);
        quote_write(stdout, names[i]);
    }
}

static void print_text(const dni_feature_header *header, const size_t counts[DNI_SPLITS]) {
    printf("features\nviews of pictures %zu, features %zu%s\nof ", header->records, header->features,
           header->dtype == DNI_BF16 ? ", kept as bf16" : "");
    quote_write(stdout, header->provenance);
    if (header->has_pictures) {
        printf("\npictures %zu train, %zu valid, %zu test", counts[DNI_TRAIN], counts[DNI_VALID],
               counts[DNI_TEST]);
        print_names("\nclasses ", header->classes, header->class_count);
        print_names("\nviews ", header->views, header->view_count);
    }
    putchar('\n');
}

static json_t *names_json(char *const *names, int count) {
    json_t *out = json_array();
    for (int i = 0; i < count; i++) dni_json_append(&out, dni_json_text(names[i]));
    return out;
}

static json_t *object(const dni_feature_header *header, const size_t counts[DNI_SPLITS]) {
    json_t *pictures = json_null(), *classes = json_null(), *views = json_null();
    if (header->has_pictures) {
        pictures = json_object();
        for (int s = 0; s < DNI_SPLITS; s++)
            dni_json_set(&pictures, dni_split_name((dni_split)s), json_integer((json_int_t)counts[s]));
        classes = names_json(header->classes, header->class_count);
        views = names_json(header->views, header->view_count);
    }
    return json_pack("{s:I, s:I, s:s, s:o, s:o, s:o, s:o}", "rows", (json_int_t)header->records, "features",
                     (json_int_t)header->features, "store", header->dtype == DNI_BF16 ? "bf16" : "fp32",
                     "provenance", dni_json_text(header->provenance), "split_counts", pictures, "classes",
                     classes, "views", views);
}

outcome info_features(const char *path, json_t **out) {
    dni_feature_reader *reader;
    dn_error error;
    if (dni_feature_reader_open(&reader, path, &error)) return report(&error, OUTCOME_MODEL);
    size_t counts[DNI_SPLITS] = {0};
    outcome code = count_pictures(reader, counts);
    const dni_feature_header *header = dni_feature_reader_header(reader);
    if (!code && !out) print_text(header, counts);
    if (!code && out) {
        *out = object(header, counts);
        if (!*out) code = report_no_memory();
    }
    dni_feature_reader_close(reader);
    return code;
}

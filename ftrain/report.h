/* What the pages of --report share: how they begin, and where their numbers come from. */
#ifndef FTRAIN_REPORT_H
#define FTRAIN_REPORT_H

#include "ftrain/extraction.h"
#include "ftrain/html.h"
#include "io/dataset.h"

#include <jansson.h>

/* Opens the page and shows the command line, argv[0] being the command. Returns CONTINUE or, after a message, the
 * exit code. */
int report_open(html **out, const char *path, const char *title, int argc, char *const *argv);
int report_close(html *page);

/* Section "data": pictures of each class and split; counts: (DNI_SPLITS, classes). */
void report_data(html *page, const dni_dataset *data, int *const *counts, size_t skipped);

/* Section "recipe": a table of the object's keys and values. Takes it over. */
void report_recipe(html *page, json_t *recipe);

/* Section "provenance": program, machine, weights, preprocessing. An extraction without weights has its part left
 * out, as are a model that is NULL and a seed that is NULL. */
void report_provenance(html *page, const extraction *of, int precision, const char *model,
                       const uint64_t *seed);

#endif

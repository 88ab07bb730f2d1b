/* SPDX-License-Identifier: MIT */
/* Charts as SVG inside a page. Values that are not finite are left out. Every series has a colour, a dash
 * and a mark of its own, so that none of them is needed to tell it from the others. */
#ifndef FTRAIN_PAGE_CHART_H
#define FTRAIN_PAGE_CHART_H

#include "ftrain/page/html.h"

#include <stdbool.h>

typedef struct chart_series {
    const char *name;
    const double *x, *y;
    int count;
} chart_series;

/* What the values are to be compared with: a line across the whole chart, with its name at it. */
typedef struct chart_reference {
    const char *name;
    double value;
} chart_reference;

enum { MAX_SERIES = 10 };

typedef struct chart_lines {
    const char *title, *x_label, *y_label; /* labels with their units */
    chart_series series[MAX_SERIES];
    int series_count;
    double low, high;          /* of the y axis; equal: what the values need */
    bool whole;                /* x counts something: ticks at whole numbers alone */
    double marked;             /* an x that gets a line of its own; NaN: none */
    const char *marked_name;   /* "best epoch" */
    bool diagonal;             /* y = x; the x axis then goes from `low` to `high`, too */
    chart_reference reference; /* a y; no name: none */
} chart_lines;

void chart_write_lines(html *page, const chart_lines *chart);

/* A horizontal bar from 0 to `value`, with a whisker from `low` to `high` unless they are NaN. */
typedef struct chart_bar {
    const char *name;
    double value, low, high;
    bool is_marked; /* darker, and its name bold */
} chart_bar;

/* The axis goes from 0 to `high`. `format` is how values are written: "%.3f". `reference` may be NULL. */
void chart_write_bars(html *page, const char *title, const char *label, const char *format, double high,
                      const chart_reference *reference, const chart_bar *bars, int count);

#endif

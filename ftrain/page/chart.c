/* SPDX-License-Identifier: MIT */
/* Scales, axes, lines and bars, written as SVG. */
#include "ftrain/page/chart.h"

#include <math.h>
#include <stdio.h>

/* The drawing's own units; a page shows about one a pixel on a phone, more on a wide screen. */
enum { WIDTH = 440, HEIGHT = 280, LEFT = 56, RIGHT = 14, TOP = 32, BOTTOM = 44, BAR = 44, TEXT = 13 };

static const char *const DASHES[MAX_SERIES] = {"none", "7 4", "2 3",         "9 3 2 3", "12 4",
                                               "4 2",  "1 2", "9 2 2 2 2 2", "5 5",     "14 3 5 3"};

/* ---- scales ---- */

typedef struct scale {
    double low, high; /* values at both ends */
    double step;      /* between ticks */
    double from, to;  /* where they are in the drawing */
} scale;

static double place(const scale *s, double value) {
    return s->from + (value - s->low) / (s->high - s->low) * (s->to - s->from);
}

/* 1, 2 or 5 times a power of ten, so that about `ticks` fit; whole ones are 1 at least. */
static double round_step(double range, int ticks, bool whole) {
    const double rough = range / ticks, power = pow(10, floor(log10(rough)));
    const double factor = rough / power;
    const double step = power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
    return whole && step < 1 ? 1 : step;
}

/* Values all alike, or none at all, get room around them. */
static void widen(double *low, double *high, bool whole) {
    if (*low > *high) {
        *low = 0;
        *high = 1;
    }
    if (*high - *low > 1e-9 * fmax(fabs(*low), fabs(*high)) && *high > *low) return;
    const double room = whole || *low == 0 ? 1 : 0.1 * fabs(*low);
    *low -= room;
    *high += room;
}

static bool is_shown(const chart_series *series, int i) {
    return isfinite(series->x[i]) && isfinite(series->y[i]);
}

static scale x_scale(const chart_lines *chart) {
    scale s = {.low = HUGE_VAL, .high = -HUGE_VAL, .from = LEFT, .to = WIDTH - RIGHT};
    if (chart->diagonal) {
        s.low = chart->low;
        s.high = chart->high;
        s.step = round_step(s.high - s.low, 6, false);
        return s;
    }
    for (int k = 0; k < chart->series_count; k++)
        for (int i = 0; i < chart->series[k].count; i++)
            if (is_shown(&chart->series[k], i)) {
                s.low = fmin(s.low, chart->series[k].x[i]);
                s.high = fmax(s.high, chart->series[k].x[i]);
            }
    widen(&s.low, &s.high, chart->whole);
    s.step = round_step(s.high - s.low, 6, chart->whole);
    return s;
}

static scale y_scale(const chart_lines *chart) {
    scale s = {.low = chart->low, .high = chart->high, .from = HEIGHT - BOTTOM, .to = TOP};
    if (s.low < s.high) {
        s.step = round_step(s.high - s.low, 5, false);
        return s;
    }
    s.low = HUGE_VAL;
    s.high = -HUGE_VAL;
    for (int k = 0; k < chart->series_count; k++)
        for (int i = 0; i < chart->series[k].count; i++)
            if (is_shown(&chart->series[k], i)) {
                s.low = fmin(s.low, chart->series[k].y[i]);
                s.high = fmax(s.high, chart->series[k].y[i]);
            }
    widen(&s.low, &s.high, false);
    s.step = round_step(s.high - s.low, 5, false);
    s.low = s.step * floor(s.low / s.step);
    s.high = s.step * ceil(s.high / s.step);
    return s;
}

/* ---- the drawing ---- */

static void begin(html *page, const char *title, int height) {
    html_raw(page, "<figure>\n<figcaption><strong>");
    html_text(page, title);
    html_raw(page,
             "</strong></figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"system-ui, "
             "sans-serif\" font-size=\"%d\" fill=\"currentColor\">\n<title>",
             WIDTH, height, TEXT);
    html_text(page, title);
    html_raw(page, "</title>\n");
}

static void line(html *page, double x1, double y1, double x2, double y2, const char *style) {
    html_raw(page, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
}

static void text(html *page, double x, double y, const char *anchor, const char *what) {
    html_raw(page, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    html_text(page, what);
    html_raw(page, "</text>\n");
}

static double first_tick(const scale *s) {
    return s->step * ceil(s->low / s->step - 1e-9);
}

static void draw_x_axis(html *page, const scale *s, double top, double bottom, const char *label) {
    double tick = first_tick(s);
    while (tick <= s->high + 1e-9 * s->step) {
        char number[32];
        snprintf(number, sizeof number, "%.6g", fabs(tick) < 1e-9 * s->step ? 0 : tick);
        line(page, place(s, tick), top, place(s, tick), bottom, "stroke=\"var(--line)\"");
        text(page, place(s, tick), bottom + 17, "middle", number);
        tick += s->step;
    }
    text(page, (s->from + s->to) / 2, bottom + 37, "middle", label);
}

static void draw_y_axis(html *page, const scale *s, const char *label) {
    double tick = first_tick(s);
    while (tick <= s->high + 1e-9 * s->step) {
        char number[32];
        snprintf(number, sizeof number, "%.6g", fabs(tick) < 1e-9 * s->step ? 0 : tick);
        line(page, LEFT, place(s, tick), WIDTH - RIGHT, place(s, tick), "stroke=\"var(--line)\"");
        text(page, LEFT - 6, place(s, tick) + 4.5, "end", number);
        tick += s->step;
    }
    text(page, 0, TEXT, "start", label);
}

/* A shape of its own for each series, around a point. */
static void mark(html *page, int series, double x, double y) {
    static const char *const shapes[MAX_SERIES] = {
        "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z",          /* circle */
        "m-3 -3h6v6h-6z",                                             /* square */
        "m0 -4l3.8 6.6h-7.6z",                                        /* triangle */
        "m0 -4.2l4.2 4.2l-4.2 4.2l-4.2 -4.2z",                        /* diamond */
        "m0 4l3.8 -6.6h-7.6z",                                        /* triangle upside down */
        "m-1.2 -4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z", /* plus */
        "m0 -1.7l2 -2l1.7 1.7l-2 2l2 2l-1.7 1.7l-2 -2l-2 2l-1.7 -1.7l2 -2l-2 -2l1.7 -1.7z", /* cross */
        "m-4.5 -1.3h9v2.6h-9z",                                                             /* bar */
        "m-1.3 -4.5h2.6v9h-2.6z",                                                           /* upright bar */
        "m0 -4.2l4 2.9l-1.5 4.7h-5l-1.5 -4.7z",                                             /* pentagon */
    };
    html_raw(page, "<path d=\"M%.1f %.1f%s\" fill=\"var(--s%d)\"/>\n", x, y, shapes[series], series + 1);
}

static void begin_line(html *page, int series) {
    html_raw(page,
             "<polyline fill=\"none\" stroke=\"var(--s%d)\" stroke-width=\"2\" stroke-linejoin=\"round\" "
             "stroke-dasharray=\"%s\" points=\"",
             series + 1, DASHES[series]);
}

/* Whether two points are too near to be told apart in the drawing. */
static bool is_near(double x1, double y1, double x2, double y2) {
    return fabs(x1 - x2) < 0.25 && fabs(y1 - y2) < 0.25;
}

/* Of points that lie on each other the first is drawn; a curve of many thousands stays small. */
static void draw_line(html *page, const chart_series *series, int index, const scale *x, const scale *y) {
    bool is_open = false;
    double last_x = 0, last_y = 0;
    for (int i = 0; i < series->count; i++) {
        const bool shown = is_shown(series, i), ends = i + 1 == series->count || !is_shown(series, i + 1);
        if (!shown) continue;
        const double at_x = place(x, series->x[i]), at_y = place(y, series->y[i]);
        if (!is_open) begin_line(page, index);
        if (!is_open || ends || !is_near(at_x, at_y, last_x, last_y)) {
            html_raw(page, "%.1f,%.1f ", at_x, at_y);
            last_x = at_x;
            last_y = at_y;
        }
        is_open = !ends; /* a gap ends the line */
        if (ends) html_raw(page, "\"/>\n");
    }
}

/* More marks than these would hide the lines. */
static void draw_marks(html *page, const chart_series *series, int index, int most, const scale *x,
                       const scale *y) {
    const int apart = series->count > most ? (series->count + most - 1) / most : 1;
    for (int i = 0; i < series->count; i += apart)
        if (is_shown(series, i)) mark(page, index, place(x, series->x[i]), place(y, series->y[i]));
}

static void draw_all_series(html *page, const chart_lines *chart, const scale *x, const scale *y) {
    const int marks = chart->series_count <= 3 ? 24 : 72 / chart->series_count;
    for (int k = 0; k < chart->series_count; k++) {
        draw_line(page, &chart->series[k], k, x, y);
        draw_marks(page, &chart->series[k], k, marks, x, y);
    }
}

static void draw_legend(html *page, const chart_lines *chart) {
    html_raw(page, "<p class=\"legend\">");
    for (int k = 0; k < chart->series_count; k++) {
        html_raw(
            page,
            "<span><svg viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\">"
            "<line x1=\"0\" y1=\"6\" x2=\"34\" y2=\"6\" stroke=\"var(--s%d)\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n",
            k + 1, DASHES[k]);
        mark(page, k, 17, 6);
        html_raw(page, "</svg> ");
        html_text(page, chart->series[k].name);
        html_raw(page, "</span>\n");
    }
    html_raw(page, "</p>\n");
}

static void draw_marked(html *page, const chart_lines *chart, const scale *x) {
    const double at = place(x, chart->marked);
    const bool is_right = at > (LEFT + WIDTH) / 2.0;
    char number[32];
    snprintf(number, sizeof number, " %.6g", chart->marked);
    line(page, at, TOP, at, HEIGHT - BOTTOM, "stroke=\"currentColor\" stroke-dasharray=\"3 3\"");
    html_raw(page, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", is_right ? at - 5 : at + 5, TOP + 12,
             is_right ? "end" : "start");
    html_text(page, chart->marked_name);
    html_text(page, number);
    html_raw(page, "</text>\n");
}

static void draw_level(html *page, const chart_reference *reference, const scale *y) {
    const double at = place(y, reference->value);
    line(page, LEFT, at, WIDTH - RIGHT, at, "stroke=\"currentColor\" stroke-dasharray=\"3 3\"");
}

/* Below the line, since curves are to lie above it, or above where there is no room. */
static void name_level(html *page, const chart_reference *reference, const scale *y) {
    const double at = place(y, reference->value);
    text(page, WIDTH - RIGHT, at < HEIGHT - BOTTOM - 20 ? at + 15 : at - 5, "end", reference->name);
}

/* What the drawing shows, for those who hear it. */
static void describe_lines(html *page, const chart_lines *chart) {
    html_raw(page, "<desc>");
    for (int k = 0; k < chart->series_count; k++) {
        const chart_series *series = &chart->series[k];
        int first = 0, last = series->count - 1;
        while (first < series->count && !is_shown(series, first)) first++;
        while (last > first && !is_shown(series, last)) last--;
        html_text(page, series->name);
        if (first < series->count)
            html_raw(page, ": from %.4g at %.6g to %.4g at %.6g. ", series->y[first], series->x[first],
                     series->y[last], series->x[last]);
        else
            html_raw(page, ": no values. ");
    }
    if (chart->reference.name) {
        html_text(page, chart->reference.name);
        html_raw(page, ": %.4g.", chart->reference.value);
    }
    html_raw(page, "</desc>\n");
}

void chart_write_lines(html *page, const chart_lines *chart) {
    const scale x = x_scale(chart), y = y_scale(chart);
    begin(page, chart->title, HEIGHT);
    describe_lines(page, chart);
    draw_y_axis(page, &y, chart->y_label);
    draw_x_axis(page, &x, TOP, HEIGHT - BOTTOM, chart->x_label);
    if (chart->diagonal) line(page, x.from, y.from, x.to, y.to, "stroke=\"var(--dim)\"");
    if (chart->reference.name) draw_level(page, &chart->reference, &y);
    draw_all_series(page, chart, &x, &y);
    if (chart->reference.name) name_level(page, &chart->reference, &y);
    if (chart->marked >= x.low && chart->marked <= x.high) draw_marked(page, chart, &x);
    html_raw(page, "</svg>\n");
    if (chart->series_count > 1) draw_legend(page, chart);
    html_raw(page, "</figure>\n");
}

/* ---- bars ---- */

static void draw_bar(html *page, const chart_bar *bar, const char *format, const scale *x, double top) {
    const double middle = top + 31;
    char value[48] = "";
    if (isfinite(bar->value)) snprintf(value, sizeof value, format, bar->value);
    html_raw(page, "<g%s>\n", bar->is_marked ? " font-weight=\"bold\"" : "");
    text(page, x->from, top + 16, "start", bar->name);
    text(page, x->to, top + 16, "end", value);
    html_raw(page, "</g>\n");
    if (isfinite(bar->value))
        html_raw(
            page,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"var(--s1)\" fill-opacity=\"%s\"/>\n",
            x->from, middle - 7, place(x, bar->value) - x->from, bar->is_marked ? "0.9" : "0.55");
    if (!isfinite(bar->low) || !isfinite(bar->high)) return;
    const char *const style = "stroke=\"currentColor\" stroke-width=\"1.5\"";
    line(page, place(x, bar->low), middle, place(x, bar->high), middle, style);
    line(page, place(x, bar->low), middle - 5, place(x, bar->low), middle + 5, style);
    line(page, place(x, bar->high), middle - 5, place(x, bar->high), middle + 5, style);
}

static void draw_reference(html *page, const chart_reference *reference, const scale *x, double bottom) {
    const double at = place(x, reference->value);
    const bool is_right = at > WIDTH / 2.0;
    line(page, at, 0, at, bottom, "stroke=\"currentColor\" stroke-dasharray=\"3 3\"");
    text(page, is_right ? at - 5 : at + 5, TEXT, is_right ? "end" : "start", reference->name);
}

void chart_write_bars(html *page, const char *title, const char *label, const char *format, double high,
                      const chart_reference *reference, const chart_bar *bars, int count) {
    const int top = reference ? TOP / 2 : 0, bottom = top + count * BAR, height = bottom + BOTTOM;
    const scale x = {
        .low = 0, .high = high, .step = round_step(high, 5, false), .from = RIGHT, .to = WIDTH - RIGHT};
    begin(page, title, height);
    html_raw(page, "<desc>");
    for (int i = 0; i < count; i++) {
        html_text(page, bars[i].name);
        html_raw(page, ": ");
        if (isfinite(bars[i].value)) html_raw(page, "%.4g. ", bars[i].value);
    }
    if (reference) {
        html_text(page, reference->name);
        html_raw(page, ": %.4g.", reference->value);
    }
    html_raw(page, "</desc>\n");
    draw_x_axis(page, &x, top, bottom, label);
    for (int i = 0; i < count; i++) draw_bar(page, &bars[i], format, &x, top + i * BAR);
    if (reference) draw_reference(page, reference, &x, bottom);
    html_raw(page, "</svg>\n</figure>\n");
}

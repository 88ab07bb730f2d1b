/* SPDX-License-Identifier: MIT */
/* The progress bar. */
#include "ftrain/shell/progress.h"
#include "core/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, LINE_SECONDS = 10 };

static struct {
    const char *what; /* NULL: nothing under way */
    size_t total, done;
    double start, last; /* seconds: of the beginning, of the last line shown */
    bool on_terminal, drawn;
} bar;

void progress_start(const char *what, size_t total, bool quiet) {
    memset(&bar, 0, sizeof bar);
    if (quiet) return;
    bar.what = what;
    bar.total = total;
    bar.start = bar.last = dni_clock_seconds();
    bar.on_terminal = isatty(STDERR_FILENO);
    if (bar.on_terminal)
        progress_step(0);
    else
        fprintf(stderr, "%s: %zu to do\n", what, total);
}

static void draw(double rate) {
    char cells[BAR_WIDTH + 1];
    const size_t full = bar.total ? BAR_WIDTH * bar.done / bar.total : 0;
    memset(cells, '#', full);
    memset(cells + full, '.', BAR_WIDTH - full);
    cells[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %zu/%zu", bar.what, cells, bar.done, bar.total);
    if (rate > 0) {
        const long left = (long)((double)(bar.total - bar.done) / rate + 0.5);
        fprintf(stderr, "  %.1f/s  %ld:%02ld left\033[K", rate, left / 60, left % 60);
    }
    bar.drawn = true;
}

void progress_step(size_t done) {
    if (!bar.what) return;
    bar.done = done;
    const double time = dni_clock_seconds();
    const double rate = time > bar.start ? (double)done / (time - bar.start) : 0;
    if (bar.on_terminal) {
        draw(rate);
    } else if (time - bar.last >= LINE_SECONDS) {
        fprintf(stderr, "%s: %zu/%zu  %.1f/s\n", bar.what, done, bar.total, rate);
        bar.last = time;
    }
}

void progress_clear(void) {
    if (bar.drawn) fputs("\r\033[K", stderr);
    bar.drawn = false;
}

void progress_end(void) {
    if (!bar.what) return;
    progress_clear();
    const double seconds = dni_clock_seconds() - bar.start;
    fprintf(stderr, "%s: %zu in %.1f s\n", bar.what, bar.done, seconds);
    bar.what = NULL;
}

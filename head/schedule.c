/* SPDX-License-Identifier: MIT */
/* The schedules' formulas. */
#include "head/schedule.h"

#include <math.h>

double dni_schedule_rate(const dn_train_options *options, const dni_schedule_state *state, int epoch) {
    static const double pi = 3.14159265358979323846;
    const dn_schedule *s = &options->schedule;
    const double rate = (double)options->learning_rate, factor = (double)s->factor, floor = (double)s->floor;
    if (epoch <= s->warmup) return rate * epoch / (s->warmup + 1.0);
    const int k = epoch - s->warmup - 1;
    switch (s->kind) {
    case DN_CONSTANT:
        break;
    case DN_STEP: {
        const int steps = k / s->epochs;
        return rate * pow(factor, steps);
    }
    case DN_COSINE:
        return floor + (rate - floor) * (1.0 + cos(pi * k / (options->epochs - s->warmup))) / 2.0;
    case DN_PLATEAU:
        return fmax(rate * pow(factor, state->reductions), floor);
    }
    return rate;
}

void dni_schedule_advance(dni_schedule_state *state, const dn_train_options *options, int epoch,
                          bool is_best) {
    const dn_schedule *s = &options->schedule;
    if (s->kind != DN_PLATEAU || epoch <= s->warmup) return;
    state->waited = is_best ? 0 : state->waited + 1;
    if (state->waited < s->epochs) return;
    state->reductions++;
    state->waited = 0;
}

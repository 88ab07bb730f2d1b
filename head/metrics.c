/* SPDX-License-Identifier: MIT */
/* How good predictions are: accuracy with its uncertainty, loss, Brier score, confusion, and what the
 * confusion says of each class. */
#include "head/metrics.h"
#include "head/prediction.h"

#include "layers/loss.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Unlike accuracy +- 1.96 standard errors, Wilson's score interval stays inside [0, 1] and does not shrink to
 * nothing when every answer was right. */
void dn_wilson_interval(int successes, int count, double *low, double *high) {
    if (!low || !high) return;
    const double z = 1.959963984540054; /* the normal distribution's 97.5 % quantile */
    *low = 0.0;
    *high = 1.0;
    if (count <= 0) return;
    const double n = count, p = successes / n;
    const double middle = p + z * z / (2.0 * n);
    const double half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    if (successes > 0) *low = (middle - half) / (1.0 + z * z / n);
    if (successes < count) *high = (middle + half) / (1.0 + z * z / n);
}

int dni_most_probable(const float *row, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

static double squared_errors(const float *row, int label, int classes) {
    double sum = 0.0;
    for (int c = 0; c < classes; c++) {
        const double error = exp((double)row[c]) - (c == label);
        sum += error * error;
    }
    return sum;
}

void dn_metrics_compute(dn_metrics *out, const float *log_probabilities, const int *labels, int count,
                        int classes, int *confusion) {
    if (!out) return;
    *out = (dn_metrics){.count = count, .accuracy_high = 1.0};
    const size_t width = (size_t)classes;
    if (confusion) memset(confusion, 0, width * width * sizeof *confusion);
    if (count <= 0 || !log_probabilities || !labels) return;
    for (int i = 0; i < count; i++) {
        const float *row = log_probabilities + (size_t)i * width;
        const int prediction = dni_most_probable(row, classes);
        out->correct += prediction == labels[i];
        out->brier += squared_errors(row, labels[i], classes) / count;
        if (confusion) confusion[(size_t)labels[i] * width + (size_t)prediction]++;
    }
    out->accuracy = (double)out->correct / count;
    dn_wilson_interval(out->correct, count, &out->accuracy_low, &out->accuracy_high);
    out->loss = dni_nll_forward(log_probabilities, labels, count, classes) / count;
}

static double fraction(int part, int whole) {
    return whole ? (double)part / whole : (double)NAN;
}

/* From the numbers of pictures. */
static void derive(dn_class_metrics *m) {
    m->precision = fraction(m->correct, m->predicted);
    m->recall = fraction(m->correct, m->count);
    m->f1 = fraction(2 * m->correct, m->count + m->predicted);
    dn_wilson_interval(m->correct, m->count, &m->recall_low, &m->recall_high);
}

void dn_class_metrics_compute(dn_class_metrics *out, const int *confusion, int classes) {
    if (!out || !confusion) return;
    const size_t width = (size_t)classes;
    for (size_t c = 0; c < width; c++) {
        dn_class_metrics m = {.correct = confusion[c * width + c]};
        for (size_t other = 0; other < width; other++) {
            m.count += confusion[c * width + other];
            m.predicted += confusion[other * width + c];
        }
        derive(&m);
        out[c] = m;
    }
}

void dni_class_metrics_of(dn_class_metrics *out, const int *labels, const int *predictions, int count,
                          int classes) {
    for (int c = 0; c < classes; c++) out[c] = (dn_class_metrics){.count = 0};
    for (int i = 0; i < count; i++) {
        out[labels[i]].count++;
        out[predictions[i]].predicted++;
        out[labels[i]].correct += labels[i] == predictions[i];
    }
    for (int c = 0; c < classes; c++) derive(&out[c]);
}

double dn_balanced_accuracy(const dn_class_metrics *of, int classes) {
    if (!of) return (double)NAN;
    double sum = 0.0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
        if (!of[c].count) continue;
        sum += of[c].recall;
        present++;
    }
    return present ? sum / present : (double)NAN;
}

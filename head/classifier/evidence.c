/* SPDX-License-Identifier: MIT */
/* Class activation maps: computed, read between their places, and summed within an ellipse. */
#include "head/classifier/evidence.h"

#include <cblas.h>
#include <math.h>

void dni_evidence_sums(const float *map, size_t places, size_t features, const float *gradient, float *out) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)places, (int)features, 1, map, (int)features, gradient, 1,
                0, out, 1);
}

/* Position among the middles of `count` places: the one before it and how far it is to the next. */
static int place_before(float position, int count, float *fraction) {
    const float at = fminf(fmaxf(position * (float)count - 0.5f, 0), (float)(count - 1));
    const int before = (int)at < count - 1 ? (int)at : count - 1;
    *fraction = at - (float)before;
    return before;
}

float dni_evidence_at(const float *evidence, int height, int width, float y, float x) {
    float down, right;
    const int top = place_before(y, height, &down), left = place_before(x, width, &right);
    const int bottom = top + 1 < height ? top + 1 : top, next = left + 1 < width ? left + 1 : left;
    const float upper = (1 - right) * evidence[top * width + left] + right * evidence[top * width + next];
    const float lower =
        (1 - right) * evidence[bottom * width + left] + right * evidence[bottom * width + next];
    return (1 - down) * upper + down * lower;
}

double dni_evidence_inside(const float *evidence, int height, int width, double ellipse_width,
                           double ellipse_height, double *area) {
    enum { SAMPLES = 224 }; /* along each axis: as many as the default crop has pixels */
    double all = 0, inside = 0;
    int covered = 0;
    for (int i = 0; i < SAMPLES; i++)
        for (int j = 0; j < SAMPLES; j++) {
            const double y = (i + 0.5) / SAMPLES, x = (j + 0.5) / SAMPLES;
            const double v = (y - 0.5) / (0.5 * ellipse_height), u = (x - 0.5) / (0.5 * ellipse_width);
            const double value = (double)dni_evidence_at(evidence, height, width, (float)y, (float)x);
            all += value;
            if (u * u + v * v > 1) continue;
            inside += value;
            covered++;
        }
    if (area) *area = (double)covered / (SAMPLES * SAMPLES);
    return all > 0 ? inside / all : (double)NAN;
}

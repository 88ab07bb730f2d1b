/* How good predictions are: accuracy with its uncertainty, loss, confusion. */
#include "head/head.h"

#include "layers/loss.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Wilson's score interval (Wilson 1927) for `correct` of `count` trials: unlike accuracy +- 1.96 standard
 * errors it stays inside [0, 1] and does not shrink to nothing when every answer was right. */
static void wilson_interval(int correct, int count, double *low, double *high) {
    const double z = 1.959963984540054; /* the normal distribution's 97.5 % quantile */
    const double n = count, p = correct / n;
    const double middle = p + z * z / (2.0 * n);
    const double half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    *low = correct == 0 ? 0.0 : (middle - half) / (1.0 + z * z / n);
    *high = correct == count ? 1.0 : (middle + half) / (1.0 + z * z / n);
}

static int most_probable(const float *row, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

void dn_metrics_compute(dn_metrics *out, const float *log_probabilities, const int *labels, int count,
                        int classes, int *confusion) {
    *out = (dn_metrics){.count = count, .accuracy_high = 1.0};
    const size_t width = (size_t)classes;
    if (confusion) memset(confusion, 0, width * width * sizeof *confusion);
    if (count <= 0) return;
    for (int i = 0; i < count; i++) {
        const int prediction = most_probable(log_probabilities + (size_t)i * width, classes);
        out->correct += prediction == labels[i];
        if (confusion) confusion[(size_t)labels[i] * width + (size_t)prediction]++;
    }
    out->accuracy = (double)out->correct / count;
    wilson_interval(out->correct, count, &out->accuracy_low, &out->accuracy_high);
    out->loss = dni_nll_forward(log_probabilities, labels, count, classes) / count;
}

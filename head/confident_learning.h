/* SPDX-License-Identifier: MIT */
/* Confident learning: which labels are probably wrong, told from a classifier's probabilities for samples
 * that it was not fitted to (Northcutt, Jiang & Chuang 2021, Confident Learning: Estimating Uncertainty in
 * Dataset Labels, section 3). It knows nothing of pictures.
 *
 * A sample counts as one of class j where its probability of j reaches t_j, the mean probability of j among
 * the samples that are labelled j: a class whose samples are hard gets a lower bar. The matrix of given
 * labels against these counts, with each row scaled to the samples that carry the label, estimates how many
 * labels of class i should be j; of each such pair so many samples are suspected, those with the largest
 * p(j) - p(i) ("prune by noise rate"). */
#ifndef DN_HEAD_CONFIDENT_LEARNING_H
#define DN_HEAD_CONFIDENT_LEARNING_H

#include "core/status.h"

typedef struct dni_confident_learning {
    double *thresholds; /* (classes): t_j; infinite for a class that no sample is labelled with */
    /* (classes, classes), row: the given label, column: the class it counts as. A sample that reaches
     * several thresholds counts as the most probable of these classes, one that reaches none as nothing. */
    int *joint;
    /* (classes, classes): the same, each row scaled to the samples that carry the label, rounded to whole
     * samples, halves upwards. A row without any count says nothing and is all on the diagonal. */
    int *calibrated;
    int wrong;      /* the sum of `calibrated` off its diagonal: estimated wrong labels */
    int *likely;    /* (count): the class that a suspected sample probably is of; -1: it is not suspected */
    int suspected;  /* how many are: at most `wrong`, since one sample may be taken for two classes */
    double *margin; /* (count): p(given) less the largest p of another class, -1 to 1 */
    int *ranking;   /* (count): all samples by rising margin; of equal ones the first */
} dni_confident_learning;

/* log_probabilities: (count, classes), natural, each row by a classifier that was not fitted to that sample;
 * labels: (count), each in [0, classes). DN_ERR_ARGUMENT for fewer than 2 classes or no samples. Either way
 * dni_confident_learning_free() is to follow. */
dn_status dni_confident_learning_run(dni_confident_learning *out, const float *log_probabilities,
                                     const int *labels, int count, int classes, dn_error *error);
void dni_confident_learning_free(dni_confident_learning *found);

#endif

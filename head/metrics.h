/* What the files of metrics share. */
#ifndef DN_HEAD_METRICS_H
#define DN_HEAD_METRICS_H

/* The index of the largest value, the first of equal ones. */
int dni_most_probable(const float *row, int classes);

#endif

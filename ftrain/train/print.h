/* What a training prints on standard output: a line for each epoch, and the result. */
#ifndef FTRAIN_TRAIN_PRINT_H
#define FTRAIN_TRAIN_PRINT_H

#include "ftrain/train/run.h"

/* The last epoch, as a line. */
void train_print_epoch(const train_run *run);
void train_print_result(const train_run *run);

#endif

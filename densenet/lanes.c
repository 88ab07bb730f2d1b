/* SPDX-License-Identifier: MIT */
/* The division of a batch between lanes and threads that work together. */
#include "densenet/lanes.h"

int dni_images_together(int threads) {
    return threads * 10 / (threads + 9);
}

int dni_lane_count(int batch, int threads) {
    if (batch <= dni_images_together(threads)) return 1;
    return batch < threads ? batch : threads;
}

int dni_images_of_lanes(int count, int lanes, int threads) {
    if (lanes == 1) return 0;
    const int left_over = count % lanes;
    return left_over <= dni_images_together(threads) ? count - left_over : count;
}

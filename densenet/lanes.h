/* SPDX-License-Identifier: MIT */
/* How a batch is shared out between threads.
 *
 * A thread with images of its own waits for nobody; its buffers are called a lane. Threads that work together
 * on one image meet at every layer, so N of them are not N times as fast: as if a tenth of a single thread's
 * work were everybody's, N threads take 1/N + (N - 1) / 10 N of its time. Two were measured as 1.8 times as
 * fast; for 8, 16, 32 and 64 that is 4.7, 6.4, 7.8 and 8.8 times, just below what `bench scaling` gives as
 * the most that is possible (docs/scaling.md). Only time depends on it: either way gives the same bits. */
#ifndef DN_DENSENET_LANES_H
#define DN_DENSENET_LANES_H

/* The most images for which it takes no longer that `threads` threads compute them together, one after the
 * other, than that each has a thread of its own. */
int dni_images_together(int threads);

/* The lanes of a session for batches of up to `batch` images: one for each thread that can have an image, or
 * one alone where all threads had better work together. */
int dni_lane_count(int batch, int threads);

/* Of `count` images, those that the lanes of that number take between them, as evenly as may be; all threads
 * work together on the others. */
int dni_images_of_lanes(int count, int lanes, int threads);

#endif

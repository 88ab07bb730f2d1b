/* SPDX-License-Identifier: MIT */
/* Batch normalisation at inference (Ioffe & Szegedy 2015): an affine map of every channel, and the statistics
 * from which it is computed. */
#ifndef DN_LAYERS_BATCH_NORM_H
#define DN_LAYERS_BATCH_NORM_H

#include "core/pool.h"
#include "core/tensor.h"

/* Added to every variance: nn.BatchNorm2d's default, which all DenseNets use. */
#define DNI_BATCH_NORM_EPSILON 1e-5

/* Writes gamma * (x - mean) / sqrt(variance + epsilon) + beta as scale * x + shift. All arrays: (channels).
 * It is computed in double precision and rounded once. scale and shift may be any of the inputs. */
void dni_batch_norm_scale_shift(const float *gamma, const float *beta, const float *mean,
                                const float *variance, int channels, float *scale, float *shift);

/* Writes the mean that each channel is expected to have behind the norm and a ReLU: of max(0, X) with X
 * normally distributed, mean beta and standard deviation |gamma|. All arrays: (channels). */
void dni_batch_norm_relu_mean(const float *gamma, const float *beta, int channels, float *mean);

/* Folds a batch norm into the convolution without bias before it. weight: (out, per_channel), any shape whose
 * first dimension is the output channels. folded, of the same shape, and bias (out) are written; folded may
 * be weight itself. */
void dni_batch_norm_fold(const float *scale, const float *shift, int out_channels, int64_t per_channel,
                         const float *weight, float *folded, float *bias);

/* Mean and biased variance of every channel of x, (N, H, W, C) float32 with stride[3] == 1, over images and
 * space. Two passes in double precision; the bits are the same for any number of threads. */
void dni_channel_statistics(const dni_tensor *x, double *mean, double *variance, dni_pool *pool);

#endif

/* What the Winograd convolutions share, inside the file of one tier: the points of F(4), which convolutions they
 * take, and how output channels are divided. */
#ifndef DN_LAYERS_WINOGRAD_H
#define DN_LAYERS_WINOGRAD_H

#include "layers/conv2d.h"
#include "layers/tile.h"

/* The points, and their powers in single precision. */
#define P 0.625
#define Q 1.5

static const float p1 = (float)P, p2 = (float)(P * P), p3 = (float)(P * P * P);
static const float q1 = (float)Q, q2 = (float)(Q * Q), q3 = (float)(Q * Q * Q);
static const float p2q2 = (float)(P * P * Q * Q), p2_plus_q2 = (float)(P * P + Q * Q);

static bool accepts(const dni_conv2d *conv) {
    return conv->kernel == 3 && conv->stride == 1 && conv->pad == 1 && conv->in_channels % VW == 0 &&
           conv->out_channels % VW == 0 && conv->prologue == DNI_PROLOGUE_NONE &&
           conv->epilogue == DNI_EPILOGUE_NONE;
}

static int out_vectors(const dni_conv2d *conv) {
    return conv->out_channels / VW;
}

static int block_count(const dni_conv2d *conv) {
    return tile_blocks(out_vectors(conv));
}

static int block_start(const dni_conv2d *conv, int i) {
    return tile_block_start(out_vectors(conv), i);
}

#endif

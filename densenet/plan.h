/* SPDX-License-Identifier: MIT */
/* The buffers of a session for images of one size: their shapes, and how many images go through a block
 * together. */
#ifndef DN_DENSENET_PLAN_H
#define DN_DENSENET_PLAN_H

#include "core/memory.h"
#include "densenet/model.h"

/* The buffers of one dense block. */
typedef struct dni_block_plan {
    int group; /* images that go through the block together */
    int band;  /* rows that a thread on its own takes at a time through both convolutions of a layer */
    dni_tensor channels;   /* (group, h, w, all the block's channels): layers append to it in place */
    dni_tensor bottleneck; /* (group, h, w, bottleneck * growth): the inside of `bordered` */
    dni_tensor bordered;   /* (group, h + 2, w + 2, ...): its outermost pixels are always zero */
} dni_block_plan;

typedef struct dni_plan {
    dni_block_plan blocks[DNI_BLOCKS];
    float *features; /* (last group, features): used when the caller asks for logits only */
    void *scratch;   /* as many bytes as the kernel that needs most asks for */
    bool is_clear;   /* whether the borders of `bordered` are zero already */
} dni_plan;

/* Lays out a plan for `images` images of the size in `options`, which must have been checked, for work on up
 * to `threads` threads, and cuts its buffers from the arena. Called twice: once to measure the arena, once to
 * cut it. */
void dni_plan_lay_out(dni_plan *plan, const dn_model *model, const dn_session_options *options, int images,
                      int threads, dni_arena *arena);

#endif

/* What a session needs for images of one size: buffers, their shapes, and how many images go together. */
#ifndef DN_DENSENET_PLAN_H
#define DN_DENSENET_PLAN_H

#include "core/memory.h"
#include "densenet/model.h"

/* The memory of one dense block. */
typedef struct dni_block_plan {
    int group;             /* images that go through the block together */
    int band;              /* rows of them that one thread takes through both convolutions of a layer */
    dni_tensor channels;   /* (group, h, w, all the block's channels): layers append to it in place */
    dni_tensor bottleneck; /* (group, h, w, bottleneck * growth): the inside of `bordered` */
    dni_tensor bordered;   /* (group, h + 2, w + 2, ...): its outermost pixels are zero, always */
} dni_block_plan;

typedef struct dni_plan {
    dni_block_plan blocks[DNI_BLOCKS];
    float *features; /* (last group, features), for a caller who wants none but what follows from them */
    void *scratch;   /* for the hungriest kernel */
} dni_plan;

/* Lays out a plan for `images` images of these options' size, checked before, on up to `threads` threads and
 * cuts it out of the arena; called once to measure and once to cut. */
void dni_plan_lay_out(dni_plan *plan, const dn_model *model, const dn_session_options *options, int images,
                      int threads, dni_arena *arena);

#endif

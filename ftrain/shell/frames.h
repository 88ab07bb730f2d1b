/* SPDX-License-Identifier: MIT */
/* Files with more than one picture (animations, pages), of which the first is used: said once a run. */
#ifndef FTRAIN_SHELL_FRAMES_H
#define FTRAIN_SHELL_FRAMES_H

#include <stddef.h>

/* Begins zeroed. */
typedef struct frame_note {
    size_t files; /* with several frames */
    char *first;  /* path of the first of them; NULL also where there was no memory for it */
    int frames;   /* that this one has */
} frame_note;

/* Takes note of a picture that was used; of one frame, or of an unknown number, nothing is noted. */
void frame_note_add(frame_note *self, const char *path, int frames);

/* Says it, if there is something to say, and clears the note. */
void frame_note_tell(frame_note *self);

#endif

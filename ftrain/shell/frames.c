/* SPDX-License-Identifier: MIT */
/* One sentence, with the first of the files as an example. */
#include "ftrain/shell/frames.h"

#include "ftrain/shell/message.h"

#include <stdlib.h>
#include <string.h>

void frame_note_add(frame_note *self, const char *path, int frames) {
    if (frames <= 1) return;
    if (!self->files++) {
        self->first = strdup(path);
        self->frames = frames;
    }
}

void frame_note_tell(frame_note *self) {
    if (self->first && self->files == 1)
        message("%s: of its %d frames the first alone is used", self->first, self->frames);
    else if (self->first)
        message("%s: of its %d frames the first alone is used, and so of %zu more file%s", self->first,
                self->frames, self->files - 1, self->files > 2 ? "s" : "");
    free(self->first);
    *self = (frame_note){0};
}

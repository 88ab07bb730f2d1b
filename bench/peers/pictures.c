/* SPDX-License-Identifier: MIT */
/* Our way from a file to the network's input, as an engine beside torchvision's: FILE OUTPUTS. */
#include "bench/peers/server.h"

#include "io/image.h"

#include <stdlib.h>

typedef struct loading {
    const char *path;
    dn_preprocessing preprocessing;
    float *out; /* (crop, crop, 3) */
} loading;

static void load(void *context) {
    const loading *l = context;
    dn_image image;
    dn_error error;
    if (dn_image_load(&image, l->path, &error) != DN_OK) server_fail("%s", error.message);
    if (dn_image_to_input(&image, &l->preprocessing, 0, l->out, &error) != DN_OK)
        server_fail("%s", error.message);
    dn_image_free(&image);
}

int main(int argc, char **argv) {
    if (argc != 3) server_fail("usage: %s FILE OUTPUTS", argv[0]);
    loading l = {.path = argv[1], .preprocessing = dn_preprocessing_default()};
    const size_t count = 3 * (size_t)l.preprocessing.crop * (size_t)l.preprocessing.crop;
    l.out = server_floats(count);
    const int status = server_run(argv[2], load, &l, &(server_result){l.out, count}, 1);
    free(l.out);
    return status;
}

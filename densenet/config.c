/* SPDX-License-Identifier: MIT */
/* The members of the family: Huang et al. 2017, table 1, and densenet161 as torchvision has it. */
#include "densenet/densenet.h"

#include <string.h>

static const dn_config members[] = {
    {"densenet121", 32, {6, 12, 24, 16}, 64, 4, 1024},
    {"densenet161", 48, {6, 12, 36, 24}, 96, 4, 2208},
    {"densenet169", 32, {6, 12, 32, 32}, 64, 4, 1664},
    {"densenet201", 32, {6, 12, 48, 32}, 64, 4, 1920},
};

const dn_config *dn_config_at(int index) {
    const int count = (int)(sizeof members / sizeof *members);
    return index >= 0 && index < count ? &members[index] : NULL;
}

const dn_config *dn_config_find(const char *name) {
    if (!name) return NULL;
    for (int i = 0; dn_config_at(i); i++)
        if (strcmp(name, members[i].name) == 0) return &members[i];
    return NULL;
}

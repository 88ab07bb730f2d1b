#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes densenet/imagenet_classes.c, the names of ImageNet's classes as torchvision lists them, and
test/golden/densenet/imagenet_photo.txt: the most probable classes that torchvision's densenet121 finds in
test/golden/io/pictures/photo.jpg, with the seeded weights of oracle_densenet.py and the preprocessing that torchvision
publishes for its DenseNets: shorter side 256, crop 224.

Run from the repository root; needs Debian's python3-torch, python3-torchvision, python3-pil and python3-numpy.
"""

import sys

import torch
from PIL import Image
from torchvision.models._meta import _IMAGENET_CATEGORIES as CLASSES
from torchvision.transforms import functional

sys.path.insert(0, "test/golden/densenet")
from oracle_densenet import network

COLUMNS = 110


def write_classes():
    lines, line = [], "   "
    for name in CLASSES:
        word = ' "%s",' % name
        if len(line + word) > COLUMNS:
            lines.append(line)
            line = "   "
        line += word
    lines.append(line)
    with open("densenet/imagenet_classes.c", "w") as file:
        file.write(
            "/* SPDX-License-Identifier: MIT */\n"
            "/* The names of ImageNet's 1000 classes, in the order of the classifier's outputs, as torchvision lists them.\n"
            " * Written by test/golden/densenet/oracle_imagenet.py. */\n"
            '#include "densenet/imagenet_classes.h"\n\n#include <stddef.h>\n\n'
            "/* clang-format off */\n"
            "const char *const dni_imagenet_classes[DN_LOGITS] = {\n" + "\n".join(lines) + "\n};\n"
            "/* clang-format on */\n\n"
            "const char *dn_imagenet_class(int index) {\n"
            "    return index >= 0 && index < DN_LOGITS ? dni_imagenet_classes[index] : NULL;\n}\n"
        )


def write_photo():
    picture = Image.open("test/golden/io/pictures/photo.jpg").convert("RGB")
    picture = functional.center_crop(functional.resize(picture, 256), 224)
    batch = functional.normalize(functional.to_tensor(picture), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]
    with torch.no_grad():
        probabilities = torch.softmax(network("densenet121")(batch.double())[0], 0)
    with open("test/golden/densenet/imagenet_photo.txt", "w") as file:
        for index in torch.argsort(probabilities, descending=True)[:10].tolist():
            file.write("%d\t%s\t%.9f\n" % (index, CLASSES[index], probabilities[index]))


if __name__ == "__main__":
    assert len(CLASSES) == len(set(CLASSES)) == 1000 and not any(c in name for name in CLASSES for c in '"\\')
    write_classes()
    write_photo()

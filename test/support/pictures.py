# SPDX-License-Identifier: MIT
"""Small pictures of noise, and data sets of them, which brightness tells apart; support.sh makes such for scripts."""
import os
import random


def picture(seed, base=0, side=40):
    """A binary PPM of noise in [base, base + 60)."""
    noise = random.Random(seed)
    return b"P6 %d %d 255\n" % (side, side) + bytes(base + noise.randrange(60) for _ in range(3 * side * side))


def data_set(folder, each, classes):
    """So many pictures of each class in every split; `classes` are {name: brightness}."""
    seed = 0
    for split in ("train", "valid", "test"):
        for name, base in classes.items():
            os.makedirs(os.path.join(folder, split, name))
            for number in range(each):
                seed += 1
                with open(os.path.join(folder, split, name, f"{number + 1}.ppm"), "wb") as file:
                    file.write(picture(seed, base))

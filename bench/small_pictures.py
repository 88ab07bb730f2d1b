#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A data set of many small pictures, for bench/scale.sh.

    bench/small_pictures.py DATA COUNT [--side N]

Makes DATA/{train,valid,test}/{dark,light}/NUMBER.ppm, COUNT pictures in all: eight of ten in train, one each in
valid and test. Each is noise of its own around a grey that tells its class, so that no two are alike and a head has
something to learn. Equal arguments give equal files.
"""
import argparse
import os
import random


def picture(number, side, light):
    noise = random.Random(number).randbytes(3 * side * side)
    shift = 64 if light else 0
    table = bytes((value * 3 // 4 + shift) & 255 for value in range(256))
    return b"P6\n%d %d\n255\n" % (side, side) + noise.translate(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("count", type=int)
    parser.add_argument("--side", type=int, default=32, help="pixels (default 32)")
    wanted = parser.parse_args()
    folders = {}
    for split in ("train", "valid", "test"):
        for label in ("dark", "light"):
            folders[split, label] = os.path.join(wanted.data, split, label)
            os.makedirs(folders[split, label], exist_ok=True)
    for i in range(wanted.count):
        split = ("train", "valid", "test")[max(0, i // 2 % 10 - 7)]
        label = ("dark", "light")[i % 2]
        with open(os.path.join(folders[split, label], f"{i:07d}.ppm"), "wb") as file:
            file.write(picture(i, wanted.side, label == "light"))


if __name__ == "__main__":
    main()

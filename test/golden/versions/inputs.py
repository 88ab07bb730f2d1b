#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes what the files of earlier versions were made from: inputs.py FOLDER

FOLDER/data is a set of ten small pictures of two classes, FOLDER/weights.safetensors a densenet121. Both have the
same bytes wherever and by whichever Python they are written, since files are known by the hashes of their contents.
"""
import array
import json
import os
import struct
import subprocess
import sys

PICTURES = {"train": 3, "valid": 1, "test": 1}  # of each class
SIDE = 24


def numbers(seed):
    """Whole numbers of 16 bits, by Knuth's linear congruence."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 48


def write_pictures(folder):
    seed = 0
    for split, count in PICTURES.items():
        for name, darkest in (("bright", 190), ("dark", 10)):
            os.makedirs(os.path.join(folder, split, name))
            for i in range(count):
                seed += 1
                draw = numbers(seed)
                pixels = bytes(darkest + next(draw) % 60 for _ in range(SIDE * SIDE * 3))
                with open(os.path.join(folder, split, name, f"{i + 1}.ppm"), "wb") as file:
                    file.write(b"P6 %d %d 255\n" % (SIDE, SIDE) + pixels)


def values(name, shape, block):
    """Norms that leave what comes as it is, and weights that keep its variance."""
    count = 1
    for side in shape:
        count *= side
    if len(shape) == 1:
        one = name.endswith(("weight", "running_var"))
        return array.array("f", [1.0 if one else 0.0]) * count
    deviation = (2 / (count / shape[0])) ** 0.5
    scaled = array.array("f", [deviation * value for value in block])
    return (scaled * (count // len(scaled) + 1))[:count]


def write_weights(path):
    support = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support")
    subprocess.run([sys.executable, os.path.join(support, "zero_weights.py"), path, "without"], check=True)
    draw = numbers(1000)
    # Uniform in -sqrt(3) to sqrt(3), of variance 1; a prime number of them, so that no two filters are alike.
    block = [(next(draw) / 32768 - 1) * 3**0.5 for _ in range(4099)]
    with open(path, "r+b") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        for name, tensor in header.items():
            file.seek(8 + length + tensor["data_offsets"][0])
            numbers_of_it = values(name, tensor["shape"], block)
            if sys.byteorder == "big":
                numbers_of_it.byteswap()
            file.write(numbers_of_it.tobytes())


os.makedirs(sys.argv[1], exist_ok=True)
write_pictures(os.path.join(sys.argv[1], "data"))
write_weights(os.path.join(sys.argv[1], "weights.safetensors"))

# SPDX-License-Identifier: MIT
"""Between which values the maps of a network lie on the pictures: what the int8 engines of others take their scales
from. WEIGHTS INPUTS OUT.

OUT is a safetensors file with two numbers, the least and the largest, for every "<convolution>.input" and
"<convolution>.output", and for the output of pool0 and of each transition's ReLU. A transition's convolution has
pooled maps here, since the engines pool before they convolve: both are linear."""
import json
import os
import re
import struct
import sys

import torch

import engine

PICTURE_BYTES = 4 * 3 * 224 * 224


def is_watched(name, module):
    return isinstance(module, torch.nn.Conv2d) or name == "features.pool0" or re.fullmatch(
        r"features\.transition\d\.relu", name)


def as_pooled(name, values):
    """What the module reads or gives where pooling comes before the convolution."""
    of_transition = name.startswith("features.transition") and name.endswith(".conv")
    return torch.nn.functional.avg_pool2d(values, 2) if of_transition else values


def watch(model, ranges):
    """From now on every pass of the model widens the ranges."""

    def widen(name, values):
        low, high = ranges.get(name, (float("inf"), float("-inf")))
        ranges[name] = min(low, float(values.min())), max(high, float(values.max()))

    def hook(name):
        def see(module, inputs, output):
            widen(name + ".input", as_pooled(name, inputs[0]))
            widen(name + ".output", as_pooled(name, output))
        return see

    for name, module in model.named_modules():
        if is_watched(name, module):
            module.register_forward_hook(hook(name))


def write_safetensors(path, ranges):
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * i, 8 * i + 8]}
              for i, name in enumerate(ranges)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for low, high in ranges.values():
            file.write(struct.pack("<2f", low, high))


weights, pictures, out = sys.argv[1:]
model, found = engine.load_model(weights), {}
watch(model, found)
with torch.inference_mode():
    for picture in engine.read_inputs(pictures, os.path.getsize(pictures) // PICTURE_BYTES):
        model(picture[None])
write_safetensors(out, found)

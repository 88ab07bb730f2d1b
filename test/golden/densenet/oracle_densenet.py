#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes test/golden/densenet/*.safetensors: what torchvision's DenseNets make, in float64, of seeded weights and inputs.

Weights and inputs are rebuilt here from the same SplitMix64 streams as in core/rng.h, densenet/weights.c and
test/support/seeded_weights.c, so the golden files hold results only. Run from the repository root; needs Debian's
python3-torch, python3-torchvision and python3-numpy.
"""

import json
import os
import struct

import numpy as np
import torch
from torchvision.models.densenet import DenseNet

FOLDER = "test/golden/densenet"
SEED = 7
CONFIGS = {  # growth, layers, initial channels, bottleneck
    "densenet121": (32, (6, 12, 24, 16), 64, 4),
    "densenet161": (48, (6, 12, 36, 24), 96, 4),
    "densenet169": (32, (6, 12, 32, 32), 64, 4),
    "densenet201": (32, (6, 12, 48, 32), 64, 4),
    "toy": (3, (2, 1, 2, 1), 4, 2),
}


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(name, count):
    """`count` float32 of [0, 1) from the stream of that name."""
    fnv = 0xCBF29CE484222325
    for byte in name.encode():
        fnv = (fnv ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        key = mix(np.array([SEED ^ fnv], np.uint64))
        bits = mix(key + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))
    return (bits >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def between(name, count, low, high):
    low, high = np.float32(low), np.float32(high)
    return low + (high - low) * uniform(name, count)


def symmetric(name, count, bound):
    return (np.float32(2) * uniform(name, count) - np.float32(1)) * np.float32(bound)


def weight(name, shape):
    count = int(np.prod(shape))
    if name.startswith("classifier"):
        features = weight.features
        return symmetric(name, count, np.float32(1) / np.sqrt(np.float32(features)))
    if len(shape) == 4:
        return symmetric(name, count, np.sqrt(np.float32(6) / np.float32(count // shape[0])))
    if name.endswith("weight"):
        return between(name, count, 0.75, 1.25)
    if name.endswith("running_var"):
        return between(name, count, 0.5, 1.5)
    return between(name, count, -0.25, 0.25)


def network(name):
    growth, layers, initial, bottleneck = CONFIGS[name]
    net = DenseNet(growth, layers, initial, bottleneck)
    weight.features = net.classifier.in_features
    state = net.state_dict()
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            state[key] = torch.from_numpy(weight(key, tuple(tensor.shape)).reshape(tuple(tensor.shape)))
    net.load_state_dict(state)
    return net.double().eval()


def inputs(count, height, width):
    values = between("input", count * height * width * 3, -2, 2).reshape(count, height, width, 3)
    return torch.from_numpy(values).double().permute(0, 3, 1, 2).contiguous()


def write(name, tensors):
    header, offset = {}, 0
    arrays = {key: np.ascontiguousarray(value, np.float32) for key, value in sorted(tensors.items())}
    for key, array in arrays.items():
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())
    print(name, offset)


def forward(name, count, height, width, with_map=False):
    net = network(name)
    with torch.no_grad():
        area = torch.relu(net.features(inputs(count, height, width)))
        features = area.mean((2, 3))
        logits = net.classifier(features)
    result = {"features": features.numpy(), "logits": logits.numpy()}
    print("   |features| <= %.3g, std %.3g" % (features.abs().max(), features.std()))
    if with_map:
        result["map"] = area.permute(0, 2, 3, 1).numpy()
    write("%s_%dx%d" % (name, height, width), result)


def calibrated(name, count, height, width, keep):
    """Mean and biased variance that reach every norm when each normalises with its own: training mode."""
    net = network(name).train()
    result = {}

    def record(key):
        def hook(_, args):
            x = args[0].detach()
            result[key + ".running_mean"] = x.mean((0, 2, 3)).numpy()
            result[key + ".running_var"] = x.var((0, 2, 3), unbiased=False).numpy()

        return hook

    for key, module in net.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d) and keep(key):
            module.register_forward_pre_hook(record(key))
    with torch.no_grad():
        net(inputs(count, height, width))
    write("%s_calibrated" % name, result)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    forward("toy", 3, 45, 70, with_map=True)
    forward("densenet121", 2, 64, 64, with_map=True)
    forward("densenet169", 1, 64, 96)
    forward("densenet201", 1, 80, 64)
    forward("densenet161", 1, 97, 129)
    forward("densenet161", 3, 224, 224)
    calibrated("toy", 4, 33, 47, lambda key: True)
    calibrated("densenet121", 3, 64, 64, lambda key: not key.endswith("norm1") and not "denselayer1" in key)

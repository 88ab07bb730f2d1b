# SPDX-License-Identifier: MIT
"""Golden files of the layers, test/golden/layers/*.golden, computed by torch in float64.

    /usr/bin/python3 test/golden/layers/oracle_layers.py        from the repository's root

A golden file is a row of arrays, each preceded by its number of elements (int64, little endian) and written as
little-endian float32. The first array holds the case's sizes as small whole numbers. Activations are
(N, H, W, C), weights in torch's order."""
import os

import numpy
import torch
import torch.nn.functional as F

FOLDER = "test/golden/layers"
NONE, BN_RELU, BN_RELU_AVGPOOL = 0, 1, 2
NONE, BIAS_RELU, BIAS_RELU_MAXPOOL = 0, 1, 2

# name: in, out, kernel, stride, pad, prologue, epilogue, batch, height, width
CONVOLUTIONS = {
    "conv2d_stem": (3, 5, 7, 2, 3, NONE, BIAS_RELU_MAXPOOL, 2, 13, 18),
    "conv2d_stem_tiny": (3, 4, 7, 2, 3, NONE, BIAS_RELU_MAXPOOL, 1, 2, 1),
    "conv2d_bottleneck": (7, 6, 1, 1, 0, BN_RELU, BIAS_RELU, 2, 3, 5),
    "conv2d_growth": (6, 3, 3, 1, 1, NONE, NONE, 2, 5, 4),
    "conv2d_growth_1x1": (6, 3, 3, 1, 1, NONE, NONE, 1, 1, 1),
    "conv2d_transition": (6, 3, 1, 1, 0, BN_RELU_AVGPOOL, NONE, 2, 5, 7),
    "conv2d_strided": (4, 5, 5, 3, 1, NONE, BIAS_RELU, 1, 11, 9),
    "conv2d_all": (4, 3, 3, 1, 1, BN_RELU_AVGPOOL, BIAS_RELU_MAXPOOL, 2, 9, 10),
}


def write(name, *arrays):
    with open(os.path.join(FOLDER, name + ".golden"), "wb") as file:
        for array in arrays:
            flat = numpy.asarray(array, dtype="<f4").ravel()
            file.write(numpy.int64(flat.size).astype("<i8").tobytes())
            file.write(flat.tobytes())


def normal(*shape):
    """Values that float32 holds exactly, so that both sides compute with the same numbers."""
    return torch.randn(*shape).double()


def to_nhwc(x):
    return x.permute(0, 2, 3, 1).contiguous()


def affine(x, scale, shift):
    return x * scale[:, None, None] + shift[:, None, None]


def convolution(name, case):
    inputs, outputs, kernel, stride, pad, prologue, epilogue, batch, height, width = case
    x = normal(batch, inputs, height, width)
    weight = normal(outputs, inputs, kernel, kernel)
    scale, shift, bias = normal(inputs), normal(inputs), normal(outputs)
    y = x
    if prologue != NONE:
        y = F.relu(affine(y, scale, shift))
    if prologue == BN_RELU_AVGPOOL:
        y = F.avg_pool2d(y, 2)
    y = F.conv2d(y, weight, bias if epilogue != NONE else None, stride, pad)
    if epilogue != NONE:
        y = F.relu(y)
    if epilogue == BIAS_RELU_MAXPOOL:
        y = F.max_pool2d(y, 3, 2, 1)
    y = to_nhwc(y)
    write(name, list(case), to_nhwc(x), weight, scale, shift, bias, list(y.shape), y)


def transition_in_torchvisions_order():
    """Convolution first, pooling after it, as torchvision has it: what pooling first must equal."""
    case = (8, 5, 1, 1, 0, BN_RELU_AVGPOOL, NONE, 2, 6, 9)
    inputs, outputs, _, _, _, _, _, batch, height, width = case
    x, weight = normal(batch, inputs, height, width), normal(outputs, inputs, 1, 1)
    scale, shift = normal(inputs), normal(inputs)
    y = to_nhwc(F.avg_pool2d(F.conv2d(F.relu(affine(x, scale, shift)), weight), 2))
    write("conv2d_transition_order", list(case), to_nhwc(x), weight, scale, shift, normal(outputs),
          list(y.shape), y)


def pooling():
    case = (2, 5, 3, 131)
    batch, height, width, channels = case
    x, scale, shift = normal(batch, channels, height, width), normal(channels), normal(channels)
    features_map = F.relu(affine(x, scale, shift))
    write("pooling", list(case), to_nhwc(x), scale, shift, features_map.mean((2, 3)), to_nhwc(features_map))


def batch_norm():
    case = (3, 4, 5, 19)
    batch, height, width, channels = case
    x = normal(batch, channels, height, width) * 3 + 5
    x = x.float().double()
    norm = torch.nn.BatchNorm2d(channels).double()
    with torch.no_grad():
        norm.weight.copy_(normal(channels))
        norm.bias.copy_(normal(channels))
        norm.running_mean.copy_(normal(channels))
        norm.running_var.copy_(normal(channels) ** 2)
        norm.running_var.copy_(norm.running_var.float())
    y = norm.eval()(x)
    write("batch_norm", list(case), to_nhwc(x), norm.weight.detach(), norm.bias.detach(), norm.running_mean,
          norm.running_var, to_nhwc(y).detach(), x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False))


def folded():
    """Convolution, then batch norm in eval mode."""
    case = (2, 6, 5, 4, 7)
    batch, height, width, inputs, outputs = case
    x, weight = normal(batch, inputs, height, width), normal(outputs, inputs, 3, 3)
    gamma, beta, mean = normal(outputs), normal(outputs), normal(outputs)
    variance = (normal(outputs) ** 2).float().double()
    y = F.batch_norm(F.conv2d(x, weight, padding=1), mean, variance, gamma, beta, eps=1e-5)
    write("batch_norm_folded", list(case), to_nhwc(x), weight, gamma, beta, mean, variance, to_nhwc(y))


def linear():
    case = (3, 133, 37)
    rows, inputs, outputs = case
    x, weight, bias = normal(rows, inputs), normal(outputs, inputs), normal(outputs)
    write("linear", list(case), x, weight, bias, F.linear(x, weight, bias))


if __name__ == "__main__":
    torch.manual_seed(7)
    os.makedirs(FOLDER, exist_ok=True)
    for name, case in CONVOLUTIONS.items():
        convolution(name, case)
    transition_in_torchvisions_order()
    pooling()
    batch_norm()
    folded()
    linear()

# SPDX-License-Identifier: MIT
"""Writes a checkpoint as an ONNX model in int8, for a fixed batch: WEIGHTS RANGES BATCH OUT.

The model is in ONNX's form for this: operators on float32 between DequantizeLinear and QuantizeLinear, which a
runtime joins into operators on integers. Weights are int8, symmetric, with a scale an output channel; maps are
uint8 with one scale, measured by ranges.py. As fast as ONNX Runtime allows:

- norm0 and norm2 are folded into the convolutions before them; the ReLU behind a norm is what uint8 cuts off;
- the maps of a block share a scale, so that they are joined as bytes;
- norm1 and the norm of a transition become depthwise 1x1 convolutions, whose weights are one number a channel and
  thus exact: one pass over bytes, where floats take five. The averages of a transition are depthwise, too;
- a transition pools first and convolves then;
- norm5, the features and the classifier are float32."""
import re
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import engine

EPSILON = 1e-5


class Graph:
    """Nodes and constants. A map of bytes is a pair: its name, and its grid of scale and zero point."""

    def __init__(self):
        self.nodes, self.constants = [], {}

    def node(self, kind, inputs, name=None, **attributes):
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, values, dtype):
        self.constants[name] = numpy_helper.from_array(numpy.asarray(values, dtype), name)
        return name

    def grid(self, grid):
        scale, zero = grid
        return [self.constant(f"scale_{scale!r}", scale, numpy.float32),
                self.constant(f"zero_{zero}", zero, numpy.uint8)]

    def quantise(self, name, grid):
        return self.node("QuantizeLinear", [name, *self.grid(grid)]), grid

    def dequantise(self, bytes_):
        name, grid = bytes_
        return self.node("DequantizeLinear", [name, *self.grid(grid)])

    def integers(self, name, values, scales, dtype):
        """Constants on a grid a channel around 0."""
        limit = numpy.iinfo(dtype).max
        scales = scales.astype(numpy.float32)
        steps = values / scales.reshape(-1, *[1] * (values.ndim - 1))
        rounded = numpy.clip(numpy.rint(steps), -limit, limit)
        return self.node("DequantizeLinear",
                         [self.constant(name, rounded, dtype), self.constant(name + ".scales", scales, numpy.float32),
                          self.constant(name + ".zeros", numpy.zeros(len(scales)), dtype)], axis=0)

    def convolve(self, name, bytes_, weight, bias, grid, **attributes):
        scales = numpy.abs(weight).reshape(len(weight), -1).max(axis=1) / 127
        scales[scales == 0] = 1
        inputs = [self.dequantise(bytes_), self.integers(name + ".weight", weight, scales, numpy.int8)]
        if bias is not None:
            inputs.append(self.integers(name + ".bias", bias, scales * bytes_[1][0], numpy.int32))
        return self.quantise(self.node("Conv", inputs, kernel_shape=weight.shape[2:], **attributes), grid)


class Network:
    """A DenseNet's checkpoint and ranges, and its layers as nodes of a graph."""

    def __init__(self, weights, ranges):
        self.weights = {name: tensor.double().numpy() for name, tensor in engine.read_safetensors(weights).items()}
        self.ranges = {name: tensor.tolist() for name, tensor in engine.read_safetensors(ranges).items()}
        self.graph = Graph()

    def layers(self, block):
        """The prefixes of a block's layers, in order."""
        pattern = re.compile(rf"features\.denseblock{block}\.denselayer(\d+)\.conv1\.weight")
        numbers = sorted(int(match[1]) for match in map(pattern.fullmatch, self.weights) if match)
        return [f"features.denseblock{block}.denselayer{number}" for number in numbers]

    def grid(self, *names):
        """The grid of bytes that reaches from the least to the largest value of those maps, 0 among them."""
        low = min(0.0, *(self.ranges[name][0] for name in names))
        high = max(0.0, *(self.ranges[name][1] for name in names))
        scale = float(numpy.float32((high - low) / 255))
        return scale, round(-low / scale)

    def affine(self, norm):
        """Batch norm as scale and shift."""
        scale = self.weights[norm + ".weight"] / numpy.sqrt(self.weights[norm + ".running_var"] + EPSILON)
        return scale, self.weights[norm + ".bias"] - self.weights[norm + ".running_mean"] * scale

    def depthwise(self, name, bytes_, weight, bias, grid, **attributes):
        return self.graph.convolve(name, bytes_, weight, bias, grid, group=len(weight), **attributes)

    def norm_relu(self, norm, bytes_, grid):
        scale, shift = self.affine(norm)
        return self.depthwise(norm, bytes_, scale.reshape(-1, 1, 1, 1), shift, grid)

    def convolve_norm_relu(self, conv, norm, bytes_, grid, **attributes):
        scale, shift = self.affine(norm)
        weight = self.weights[conv + ".weight"] * scale.reshape(-1, 1, 1, 1)
        return self.graph.convolve(conv, bytes_, weight, shift, grid, **attributes)

    def block_grid(self, block):
        entry = "features.pool0.output" if block == 1 else f"features.transition{block - 1}.conv.output"
        return self.grid(entry, *(layer + ".conv2.output" for layer in self.layers(block)))

    def stem(self):
        bytes_ = self.graph.quantise("input", self.grid("features.conv0.input"))
        name, grid = self.convolve_norm_relu("features.conv0", "features.norm0", bytes_,
                                             self.grid("features.pool0.output"), strides=[2, 2], pads=[3] * 4)
        pooled = self.graph.node("MaxPool", [name], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        return self.graph.quantise(self.graph.dequantise((pooled, grid)), self.block_grid(1))

    def dense_layer(self, layer, bytes_):
        bottleneck = self.grid(layer + ".conv2.input")
        normal = self.norm_relu(layer + ".norm1", bytes_, self.grid(layer + ".conv1.input"))
        middle = self.convolve_norm_relu(layer + ".conv1", layer + ".norm2", normal, bottleneck)
        slice_, grid = self.graph.convolve(layer + ".conv2", middle, self.weights[layer + ".conv2.weight"], None,
                                           bytes_[1], pads=[1] * 4)
        return self.graph.node("Concat", [bytes_[0], slice_], axis=1), grid

    def transition(self, block, bytes_):
        name = f"features.transition{block}"
        grid = self.grid(name + ".conv.input")
        normal = self.norm_relu(name + ".norm", bytes_, self.grid(name + ".relu.output"))
        weight = self.weights[name + ".conv.weight"]
        pooled = self.depthwise(name + ".pool", normal, numpy.full((weight.shape[1], 1, 2, 2), 0.25), None, grid,
                                strides=[2, 2])
        return self.graph.convolve(name + ".conv", pooled, weight, None, self.block_grid(block + 1))

    def classify(self, bytes_):
        graph, norm = self.graph, "features.norm5"
        scale, shift = (graph.constant(f"{norm}.{part}", values.reshape(-1, 1, 1), numpy.float32)
                        for part, values in zip(("scale", "shift"), self.affine(norm)))
        scaled = graph.node("Mul", [graph.dequantise(bytes_), scale])
        maps = graph.node("Relu", [graph.node("Add", [scaled, shift])])
        features = graph.node("Flatten", [graph.node("GlobalAveragePool", [maps])], "features")
        weight, bias = (graph.constant(name, self.weights[name], numpy.float32)
                        for name in ("classifier.weight", "classifier.bias"))
        graph.node("Gemm", [features, weight, bias], "logits", transB=1)

    def model(self, batch):
        bytes_ = self.stem()
        for block in range(1, 5):
            for layer in self.layers(block):
                bytes_ = self.dense_layer(layer, bytes_)
            if block < 4:
                bytes_ = self.transition(block, bytes_)
        self.classify(bytes_)
        classes, features = self.weights["classifier.weight"].shape
        value = helper.make_tensor_value_info
        graph = helper.make_graph(self.graph.nodes, "densenet",
                                  [value("input", TensorProto.FLOAT, [batch, 3, 224, 224])],
                                  [value("features", TensorProto.FLOAT, [batch, features]),
                                   value("logits", TensorProto.FLOAT, [batch, classes])],
                                  list(self.graph.constants.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    weights, ranges, batch, out = sys.argv[1:]
    model = Network(weights, ranges).model(int(batch))
    onnx.checker.check_model(model)
    onnx.save(model, out)


main()

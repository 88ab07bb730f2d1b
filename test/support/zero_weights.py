# SPDX-License-Identifier: MIT
"""Writes a densenet121 of zeros as safetensors, quickly: zero_weights.py FILE [WITHOUT]

Its logits are 3, 2, 1 for goldfish, tench and tabby, and 0 for the others; with a second argument it has no classifier.
"""
import json, struct, sys
shapes = {"conv0.weight": (64, 3, 7, 7), "norm0": 64}
width = 64
for block, layers in enumerate((6, 12, 24, 16), 1):
    for layer in range(1, layers + 1):
        name = "denseblock%d.denselayer%d." % (block, layer)
        shapes[name + "norm1"] = width
        shapes[name + "conv1.weight"] = (128, width, 1, 1)
        shapes[name + "norm2"] = 128
        shapes[name + "conv2.weight"] = (32, 128, 3, 3)
        width += 32
    if block < 4:
        shapes["transition%d.norm" % block] = width
        shapes["transition%d.conv.weight" % block] = (width // 2, width, 1, 1)
        width //= 2
shapes["norm5"] = width
header, size = {}, 0
def add(name, shape):
    global size
    count = 1
    for side in shape:
        count *= side
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [size, size + 4 * count]}
    size += 4 * count
for name, shape in shapes.items():
    if isinstance(shape, tuple):
        add("features." + name, shape)
    else:
        for parameter in ("weight", "bias", "running_mean", "running_var"):
            add("features.%s.%s" % (name, parameter), (shape,))
if len(sys.argv) == 2:
    add("classifier.weight", (1000, width))
    add("classifier.bias", (1000,))
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    start = file.tell()
    file.truncate(start + size)
    if len(sys.argv) == 2:
        for index, logit in ((1, 3.0), (0, 2.0), (281, 1.0)):
            file.seek(start + header["classifier.bias"]["data_offsets"][0] + 4 * index)
            file.write(struct.pack("<f", logit))

# SPDX-License-Identifier: MIT
"""What the engines written in Python share: weights, model, inputs, and the protocol of server.h."""
import json
import struct
import sys
import time

import torch
import torchvision


def read_safetensors(path):
    """A safetensors file as a state dict."""
    types = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        bytes_of_it = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=begin)
        tensors[name] = bytes_of_it.clone().view(types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Features(torch.nn.Module):
    """A torchvision DenseNet that gives the feature vector beside the logits."""

    def __init__(self, densenet):
        super().__init__()
        self.features = densenet.features
        self.classifier = densenet.classifier

    def forward(self, x):
        x = torch.relu(self.features(x))
        x = torch.nn.functional.adaptive_avg_pool2d(x, (1, 1)).flatten(1)
        return x, self.classifier(x)


def load_model(path):
    """The member of the family that the checkpoint holds, told by the length of its features."""
    state = read_safetensors(path)
    names = {1024: "densenet121", 2208: "densenet161", 1664: "densenet169", 1920: "densenet201"}
    network = getattr(torchvision.models, names[state["classifier.weight"].shape[1]])(weights=None)
    missing, unexpected = network.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        sys.exit(f"{path}: missing {missing}, unexpected {unexpected}")
    return Features(network).eval()


def read_inputs(path, batch):
    """(batch, 3, 224, 224), from the file's channels-innermost pictures."""
    count = batch * 224 * 224 * 3
    with open(path, "rb") as file:
        pictures = torch.frombuffer(bytearray(file.read(4 * count)), dtype=torch.float32)
    return pictures.reshape(batch, 224, 224, 3).permute(0, 3, 1, 2).contiguous()


def write_outputs(path, outputs):
    with open(path, "wb") as file:
        for tensor in outputs:
            file.write(tensor.detach().float().contiguous().numpy().tobytes())


def serve(run):
    """Answers each line on stdin with the milliseconds of one run."""
    print("ready", flush=True)
    for line in sys.stdin:
        if line.startswith("quit"):
            break
        start = time.perf_counter()
        run()
        print(f"{1e3 * (time.perf_counter() - start):.4f}", flush=True)

# SPDX-License-Identifier: MIT
"""torchvision's way from a file to a tensor, as an engine: FILE OUTPUTS."""
import sys

import torch
from torchvision import datasets, transforms

import engine

path, outputs = sys.argv[1:]
torch.set_num_threads(1)
transform = transforms.Compose([
    transforms.Resize(255),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])


def load():
    return transform(datasets.folder.default_loader(path))


engine.write_outputs(outputs, [load().permute(1, 2, 0)])
engine.serve(load)

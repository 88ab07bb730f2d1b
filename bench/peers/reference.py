# SPDX-License-Identifier: MIT
"""Features and logits in float64, the truth that every engine is measured against:
WEIGHTS INPUTS BATCH OUTPUTS (float32, as server.h tells)."""
import sys

import torch

import engine

weights, pictures, batch, outputs = sys.argv[1:]
with torch.inference_mode():
    model = engine.load_model(weights).double()
    images = engine.read_inputs(pictures, int(batch)).double()
    results = [model(image[None]) for image in images]
    engine.write_outputs(outputs, [torch.cat(parts) for parts in zip(*results)])

# SPDX-License-Identifier: MIT
"""Writes a checkpoint as ONNX, for a fixed batch: WEIGHTS BATCH OUT."""
import sys
import warnings

import torch

import engine

warnings.filterwarnings("ignore", category=UserWarning)
weights, batch, out = sys.argv[1:]
torch.onnx.export(engine.load_model(weights), torch.zeros(int(batch), 3, 224, 224), out, opset_version=16,
                  input_names=["input"], output_names=["features", "logits"], do_constant_folding=True)

# SPDX-License-Identifier: MIT
"""PyTorch as an engine: WEIGHTS INPUTS BATCH THREADS OUTPUTS MODE.

MODE is eager, channels_last or script (frozen TorchScript, optimised for inference, which brings in oneDNN)."""
import sys

import torch

import engine


def prepare(mode, model, inputs):
    if mode == "channels_last":
        return (model.to(memory_format=torch.channels_last),
                inputs.contiguous(memory_format=torch.channels_last))
    if mode == "script":
        script = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, inputs)))
        script(inputs)  # the profiling pass
        return script, inputs
    return model, inputs


def main():
    weights, pictures, batch, threads, outputs, mode = sys.argv[1:]
    torch.set_num_threads(int(threads))
    with torch.inference_mode():
        model, inputs = prepare(mode, engine.load_model(weights), engine.read_inputs(pictures, int(batch)))
        engine.write_outputs(outputs, model(inputs))
        engine.serve(lambda: model(inputs))


main()

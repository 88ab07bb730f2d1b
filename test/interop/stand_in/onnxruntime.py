# SPDX-License-Identifier: MIT
"""As much of the package onnxruntime as docs/export.md uses, over onnxruntime-node: Debian has no such package."""
import json
import pathlib
import subprocess
import tempfile
import types

import numpy as np
import onnx

RUNNER = pathlib.Path(__file__).resolve().parents[1] / "onnxruntime.js"


class InferenceSession:
    def __init__(self, path, providers):
        assert providers == ["CPUExecutionProvider"]
        self.path = path

    def get_modelmeta(self):
        properties = onnx.load(self.path).metadata_props
        return types.SimpleNamespace(custom_metadata_map={entry.key: entry.value for entry in properties})

    def run(self, names, feeds):
        with tempfile.TemporaryDirectory() as folder:
            arguments = []
            for i, (name, array) in enumerate(feeds.items()):
                array.tofile(f"{folder}/{i}")
                arguments += [name, str(array.dtype), ",".join(map(str, array.shape)), f"{folder}/{i}"]
            done = subprocess.run(["node", RUNNER, self.path, *arguments], check=True, capture_output=True, text=True)
        outputs = json.loads(done.stdout)
        return [np.array(outputs[name]["data"]).reshape(outputs[name]["dims"]) for name in names]

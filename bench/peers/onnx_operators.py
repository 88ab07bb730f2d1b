# SPDX-License-Identifier: MIT
"""How many operators of each kind a model has: MODEL."""
import collections
import sys

import onnx

kinds = collections.Counter(node.op_type for node in onnx.load(sys.argv[1]).graph.node)
print(", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ONNX models of `ftrain export`, by ONNX's own checker, and in ONNX Runtime, where they predict as ftrain does."""
import shutil

from support import *

if "onnx not available" in subprocess.run([ftrain, "info"], capture_output=True, text=True).stdout:
    skip("ftrain was built without protobuf-c")

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ("densenet121", "densenet161", "densenet169", "densenet201")
NODE_ENVIRONMENT = dict(os.environ, NODE_PATH=str(peers / "node_modules"))


def export_all():
    """A model of each architecture, with odd crops too."""
    for name, side in zip(NAMES, (32, 49, 64, 57)):
        train(f"{name}.safetensors", "-w", "random:1", "--arch", name, "--hidden", "24,12", side=side)
        run("export", f"{name}.safetensors", f"{name}.onnx")
        run("export", f"{name}.safetensors", f"{name}-pixels.onnx", "--pixels")


# ---- the format ----

def shape_of(value):
    return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]


def check_formats():
    try:
        import onnx
    except ImportError:
        print("ok - ONNX's checker # SKIP onnx is missing (Debian: python3-onnx)")
        return
    for name in NAMES:
        for form in ("", "-pixels"):
            model = onnx.load(f"{name}{form}.onnx")
            try:
                onnx.checker.check_model(model, full_check=True)
                inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
                found = ""
            except Exception as error:  # the checker's and the inference's classes differ
                found = str(error)
            check(f"{name}{form}.onnx is a sound model", found, "")
            side = {size for value in model.graph.input for size in shape_of(value)} - {"batch", 3}
            check(f"{name}{form}.onnx: the crop is the input's size", len(side) == 1 and min(side) in (32, 49, 64, 57))
            known = {value.name: shape_of(value) for value in inferred.graph.value_info}
            check(f"{name}{form}.onnx: shapes are known throughout",
                  all(output in known or output in ("probabilities", "log_probabilities", "features")
                      for node in model.graph.node for output in node.output))
            check(f"{name}{form}.onnx: outputs", {value.name: shape_of(value)[0] for value in model.graph.output},
                  {"probabilities": "batch", "log_probabilities": "batch", "features": "batch"})
            texts = {entry.key: entry.value for entry in model.metadata_props}
            check(f"{name}{form}.onnx: classes", json.loads(texts["classes"]), ["generated", "photo"])
            check(f"{name}{form}.onnx: the backbone", texts["backbone"], name)


# ---- the numbers ----

def run_model(model, feeds):
    """The outputs of ONNX Runtime: {name: (shape, numbers)}. feeds: {name: array}."""
    import numpy as np
    arguments = []
    for name, array in feeds.items():
        array.tofile(f"{name}.bin")
        arguments += [name, str(array.dtype), ",".join(map(str, array.shape)), f"{name}.bin"]
    done = subprocess.run(["node", HERE / "onnxruntime.js", model, *arguments], capture_output=True, text=True,
                          env=NODE_ENVIRONMENT)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    outputs = json.loads(done.stdout)
    return {name: np.array(value["data"], np.float64).reshape(value["dims"]) for name, value in outputs.items()}


def check_numbers(pictures):
    import numpy as np
    from PIL import Image

    def pixels_of(paths):
        return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])

    mean = np.float32([0.485, 0.456, 0.406])
    std = np.float32([0.229, 0.224, 0.225])
    for tier in (None, "portable"):
        expected = predict("densenet169.safetensors", pictures, tier=tier)
        for batch in (1, 3, len(pictures)):
            found, by_pixels, logs = [], [], []
            for first in range(0, len(pictures), batch):
                pixels = pixels_of(pictures[first:first + batch])
                normal = (pixels.astype(np.float32) / 255 - mean) / std
                planes = np.ascontiguousarray(normal.transpose(0, 3, 1, 2), np.float32)
                outputs = run_model("densenet169.onnx", {"input": planes})
                found += outputs["probabilities"].tolist()
                logs += outputs["log_probabilities"].tolist()
                by_pixels += run_model("densenet169-pixels.onnx", {"pixels": pixels})["probabilities"].tolist()
            where = f"in batches of {batch}, {tier or 'the best tier'}"
            check(f"probabilities are ftrain's to 1e-5, {where}", far(found, expected) < 1e-5)
            check(f"those from pixels, too, {where}", far(by_pixels, expected) < 1e-5)
            check(f"log-probabilities are their logarithms, {where}", far(np.exp(logs).tolist(), found) < 1e-6)


def check_snippets(pictures):
    import numpy as np
    from PIL import Image
    shutil.copy("densenet169.onnx", "flowers.onnx")
    shutil.copy("densenet169-pixels.onnx", "pixels.onnx")
    pathlib.Path("flowers.json").write_text(run("export", "densenet169.safetensors", "flowers.onnx", "--json"))
    pathlib.Path("a.jpg").write_bytes(pictures[0].read_bytes())
    np.asarray(Image.open("a.jpg").convert("RGB")).tofile("a.rgb")
    expected = predict("densenet169.safetensors", pictures[:1])
    done = subprocess.run(["node", "-e", snippet("js", "onnxruntime-node")], capture_output=True, text=True,
                          env=NODE_ENVIRONMENT)
    check("the JavaScript of docs/export.md runs", done.stderr, "")
    check("and predicts as ftrain does", far([printed(done.stdout)], expected) < 1e-5)
    # Where the package is missing, a module of its name stands in for it, over the same library in Node.
    environment = dict(NODE_ENVIRONMENT)
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        if error.name == "onnx":
            print("ok - the Python of docs/export.md # SKIP onnx is missing (Debian: python3-onnx)")
            return
        environment["PYTHONPATH"] = str(HERE / "stand_in")
    done = subprocess.run([sys.executable, "-c", snippet("python", "onnxruntime")], capture_output=True, text=True,
                          env=environment)
    check("the Python of docs/export.md runs", done.stderr, "")
    check("and predicts as ftrain does", far([printed(done.stdout)], expected) < 1e-5)


def missing_for_numbers():
    """What ONNX Runtime cannot be run for want of, or nothing."""
    if not shutil.which("node"):
        return "node is missing (Debian: nodejs)"
    if not (peers / "node_modules" / "onnxruntime-node").is_dir():
        return f"onnxruntime-node is missing in {peers} (npm)"
    try:
        import numpy  # noqa: F401
        import PIL  # noqa: F401
    except ImportError as error:
        return f"{error.name} is missing (Debian: python3-numpy, python3-pil)"
    return None


def main():
    with workplace():
        pictures = make_pictures()
        export_all()
        check_formats()
        missing = missing_for_numbers()
        if missing:
            print(f"ok - the numbers of ONNX Runtime # SKIP {missing}")
        else:
            check_numbers(pictures)
            check_snippets(pictures)
    finish()


if __name__ == "__main__":
    main()

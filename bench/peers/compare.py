# SPDX-License-Identifier: MIT
"""Times every engine beside ours, in turn, and prints the ratios.

Every engine is a server process (the protocol is in server.h). All servers of one setting (batch, threads) live
at the same time; each repetition gives each of them one turn, in rotating order, so that whatever else the
machine does falls on all alike. A turn is a pause in which the last engine's workers fall asleep, a pass that
warms the caches (at batch 1), and the pass that counts. Before any timing, each engine's features and logits
are compared with ours and with torch in float64.

"ours/it" is the ratio of the medians; "turn by turn" gives the quartiles of the ratios within each repetition.

    compare.py [--work build/peers] [--batches 1,16] [--threads 1,2] [--repetitions 9] [--engines a,b]
               [--pictures] [--quick] [--json FILE]
"""
import argparse
import array
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAUSE = 0.03  # seconds before a turn: OpenMP's and ONNX Runtime's workers stop spinning well within it
AGREEMENT = 1e-4  # the largest relative difference at which two engines still compute the same network


# ---- servers ----

class Server:
    """An engine that runs: started on creation, ready when the constructor returns."""

    def __init__(self, command, environment):
        self.log = tempfile.TemporaryFile("w+")
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, env={**os.environ, **environment})
        if self._read() != "ready":
            self._fail("it did not become ready")
        self.start_seconds = time.perf_counter() - begin

    def ask(self):
        """Milliseconds of one pass."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._read() or self._fail("it stopped"))

    def cpu_seconds(self):
        total = 0
        folder = f"/proc/{self.process.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return 1e-9 * total

    def resident_megabytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            line = next(line for line in file if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def messages(self):
        self.log.seek(0)
        return self.log.read().strip()

    def stop(self):
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()

    def _read(self):
        return self.process.stdout.readline().strip()

    def _fail(self, what):
        self.process.kill()
        self.process.wait()
        raise RuntimeError(f"{what}: {self.messages()[-500:]}")


# ---- engines ----

class Engine:
    """How to start one. `variants` are its modes: the fastest in a setting is the one that is timed there."""

    variants = [""]
    has_outputs = True
    agreement = AGREEMENT

    def __init__(self, work):
        self.work = work

    def missing(self):
        """What it lacks on this machine, in words, or None."""
        return None

    def start(self, batch, threads, variant):
        raise NotImplementedError

    def paths(self, batch, threads):
        """Weights, inputs, batch, threads, outputs: every engine's arguments."""
        return [f"{self.work}/weights.safetensors", f"{self.work}/inputs.f32", str(batch), str(threads),
                self.outputs()]

    def outputs(self):
        return f"{self.work}/{self.name}.outputs"


class Ours(Engine):
    name = "ours"
    arguments = []

    def start(self, batch, threads, variant):
        return Server([f"{self.work}/ours", *self.paths(batch, threads), *self.arguments], {})


class OursBf16(Ours):
    """With --precision bf16: its differences are told, and no reason to end the run."""

    name = "ours-bf16"
    arguments = ["bf16"]
    agreement = float("inf")


class OursInt8(OursBf16):
    """With --precision int8, likewise."""

    name = "ours-int8"
    arguments = ["int8"]


class OursLow(Ours):
    """With --memory low."""

    name = "ours-low"
    arguments = ["low"]


class OneDnn(Engine):
    name = "onednn"

    def missing(self):
        return None if os.path.exists(f"{self.work}/onednn") else "libdnnl-dev (Debian)"

    def start(self, batch, threads, variant):
        return Server([f"{self.work}/onednn", *self.paths(batch, threads), *self.arguments()],
                      {"OMP_NUM_THREADS": str(threads)})

    def arguments(self):
        return []


class OneDnnInt8(OneDnn):
    """Its convolutions of bytes."""

    name = "onednn-int8"
    agreement = float("inf")

    def missing(self):
        return super().missing() or (None if has_python_module("torchvision")
                                     else "python3-torchvision, which measures the ranges of the maps")

    def arguments(self):
        return [measured_ranges(self.work)]


class Torch(Engine):
    name = "torch"
    variants = ["eager", "channels_last", "script"]

    def missing(self):
        return None if has_python_module("torchvision") else "python3-torch, python3-torchvision (Debian)"

    def start(self, batch, threads, variant):
        return Server([sys.executable, f"{HERE}/torch_engine.py", *self.paths(batch, threads), variant],
                      {"OMP_NUM_THREADS": str(threads)})


class OnnxRuntime(Engine):
    name = "onnxruntime"

    def missing(self):
        if not shutil.which("node"):
            return "nodejs"
        if not os.path.isdir(f"{self.work}/node_modules/onnxruntime-node"):
            return "onnxruntime-node (npm)"
        return None if has_python_module("torchvision") else "python3-torchvision, which writes the ONNX file"

    def start(self, batch, threads, variant):
        return self.serve(self.model(batch), batch, threads)

    def serve(self, model, batch, threads, *optimised):
        """With a path behind it, ONNX Runtime writes there what it has made of the model."""
        _, *rest = self.paths(batch, threads)
        return Server(["node", f"{HERE}/onnxruntime_engine.js", model, *rest, *optimised],
                      {"NODE_PATH": f"{self.work}/node_modules"})

    def model(self, batch):
        model, weights = f"{self.work}/batch{batch}.onnx", f"{self.work}/weights.safetensors"
        if is_stale(model, weights):
            run_script("export_onnx.py", weights, str(batch), model)
        return model


class OnnxRuntimeInt8(OnnxRuntime):
    """The same network in int8. Which operators ONNX Runtime runs is told, since it is free not to use integers."""

    name = "onnxruntime-int8"
    agreement = float("inf")

    def missing(self):
        return super().missing() or (None if has_python_module("onnx") else "python3-onnx (Debian)")

    def start(self, batch, threads, variant):
        model = self.model(batch)
        optimised = f"{self.work}/batch{batch}.int8.optimised.onnx"
        if is_stale(optimised, model):
            self.serve(model, batch, threads, optimised).stop()
        print(f"  {self.name} runs", run_script("onnx_operators.py", optimised))
        return self.serve(model, batch, threads)

    def model(self, batch):
        model, ranges = f"{self.work}/batch{batch}.int8.onnx", measured_ranges(self.work)
        if is_stale(model, ranges):
            run_script("export_onnx_int8.py", f"{self.work}/weights.safetensors", ranges, str(batch), model)
        return model


class Lab(Engine):
    """A throw-away DenseNet-161 with weights of its own in the folder that DN_LAB names: g.c and its README."""

    name = "lab"
    has_outputs = False

    def missing(self):
        folder = os.environ.get("DN_LAB")
        if not folder:
            return "DN_LAB, the folder of its source"
        if not os.path.exists(f"{folder}/g.c"):
            return f"{folder}/g.c"
        built = subprocess.run(["gcc", "-O3", "-march=sapphirerapids", "-mprefer-vector-width=512",
                                "-mtune=znver3", "-w", "-o", f"{self.work}/lab", f"{folder}/g.c", "-lpthread",
                                "-lm"])
        return None if built.returncode == 0 else "a compiler that takes its source"

    def start(self, batch, threads, variant):
        strassen, fuse, check, server = "2", "1" if threads == 1 else "0", "0", "1"
        return Server([f"{self.work}/lab", str(threads), str(batch), strassen, fuse, check, server], {})


class OurPictures(Engine):
    name = "ours"

    def start(self, batch, threads, variant):
        return Server([f"{self.work}/pictures", self.picture, self.outputs()], {})


class TorchvisionPictures(Engine):
    name = "torchvision"

    def missing(self):
        return None if has_python_module("torchvision") else "python3-torchvision (Debian)"

    def start(self, batch, threads, variant):
        return Server([sys.executable, f"{HERE}/torchvision_pictures.py", self.picture, self.outputs()],
                      {"OMP_NUM_THREADS": "1"})


def run_script(name, *arguments):
    """One of the scripts beside this one, and what it prints."""
    return subprocess.run([sys.executable, f"{HERE}/{name}", *arguments], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def measured_ranges(work):
    """The file that tells the int8 engines of others between which values each map lies on the pictures."""
    path, weights, inputs = f"{work}/ranges.safetensors", f"{work}/weights.safetensors", f"{work}/inputs.f32"
    if is_stale(path, weights):
        run_script("ranges.py", weights, inputs, path)
    return path


def has_python_module(name):
    return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode == 0


def is_stale(path, source):
    return not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source)


# ---- agreement ----

def read_floats(path):
    values = array.array("f")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return values


def relative_difference(values, truth):
    """The largest difference as a share of the largest value."""
    return max(abs(a - b) for a, b in zip(values, truth)) / max(abs(b) for b in truth)


def least_cosine(values, truth, batch):
    """The cosine between the two feature vectors of a picture, of the picture where it is least."""
    length = len(truth) // batch

    def cosine(a, b):
        return sum(map(float.__mul__, a, b)) / math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))

    return min(cosine(values[i:i + length].tolist(), truth[i:i + length].tolist())
               for i in range(0, len(truth), length))


def compare_outputs(values, truth, batch, name):
    """Relative differences of features and of logits to what is called `name`, and the features' cosine."""
    if len(values) != len(truth):
        raise RuntimeError(f"{len(values)} values instead of {len(truth)}")
    split = len(truth) - 1000 * batch
    return {f"features_to_{name}": relative_difference(values[:split], truth[:split]),
            f"logits_to_{name}": relative_difference(values[split:], truth[split:]),
            f"features_cosine_to_{name}": least_cosine(values[:split], truth[:split], batch)}


def reference_outputs(work, batch):
    """torch's in float64, or None where there is no torch."""
    if not has_python_module("torchvision"):
        return None
    path, weights = f"{work}/reference{batch}.outputs", f"{work}/weights.safetensors"
    if is_stale(path, weights):
        run_script("reference.py", weights, f"{work}/inputs.f32", str(batch), path)
    return read_floats(path)


# ---- timing ----

def fastest_variant(engine, batch, threads):
    """The mode of an engine that wins a short trial, alone on the machine."""
    if len(engine.variants) == 1:
        return engine.variants[0]
    times = {}
    for variant in engine.variants:
        server = engine.start(batch, threads, variant)
        times[variant] = min(server.ask() for _ in range(3))
        server.stop()
    return min(times, key=times.get)


def take_turns(servers, repetitions, warm_up):
    """Milliseconds of every pass that counts, and the CPU seconds engines burnt outside their turns."""
    times = {name: [] for name in servers}
    idle = {name: 0.0 for name in servers}
    order = list(servers)
    for repetition in range(repetitions):
        shift = repetition % len(order)
        for name in order[shift:] + order[:shift]:
            time.sleep(PAUSE)
            others = {other: server.cpu_seconds() for other, server in servers.items() if other != name}
            if warm_up:
                servers[name].ask()
            times[name].append(servers[name].ask())
            for other, before in others.items():
                idle[other] += servers[other].cpu_seconds() - before
    return times, idle


def summary(samples):
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return {"median": median, "q1": low, "q3": high, "min": min(samples), "samples": samples}


def start_all(engines, batch, threads, left_out):
    """Servers and their modes by name; those that do not start are named, also in `left_out`."""
    servers, variants = {}, {}
    for engine in engines:
        try:
            variants[engine.name] = fastest_variant(engine, batch, threads)
            servers[engine.name] = engine.start(batch, threads, variants[engine.name])
        except (RuntimeError, OSError, subprocess.CalledProcessError) as problem:
            print(f"  {engine.name} is left out: {problem}")
            left_out[engine.name] = str(problem)
    return servers, variants


def run_setting(engines, batch, threads, repetitions, work, report):
    """One setting's results, by engine. What ours is, and what does not start, goes into the report."""
    print(f"\nbatch {batch}, {threads} thread{'s' if threads > 1 else ''}")
    servers, variants = start_all(engines, batch, threads, report["left_out"])
    if "ours" not in servers:
        sys.exit("without ours there is nothing to compare")
    report["setting"].update(json.loads(servers["ours"].messages()))
    try:
        agreement = check_agreement(engines, servers, batch, work)
        times, idle = take_turns(servers, repetitions, warm_up=batch == 1)
        results = {}
        for name, server in servers.items():
            per_image = [t / batch for t in times[name]]
            results[name] = {**summary(per_image), "variant": variants[name], **agreement.get(name, {}),
                             "ratios": [a / b for a, b in zip(times["ours"], times[name])],
                             "start_seconds": server.start_seconds if name != "lab" else None,
                             "resident_megabytes": server.resident_megabytes(),
                             "idle_cpu_seconds": idle[name]}
        print_results(results, batch)
        return results
    finally:
        for server in servers.values():
            server.stop()


def check_agreement(engines, servers, batch, work):
    """Largest relative differences of every engine's features and logits to ours and to torch in float64."""
    ours = read_floats(f"{work}/ours.outputs")
    truth = reference_outputs(work, batch)
    agreement = {}
    for engine in engines:
        if engine.name not in servers or not engine.has_outputs:
            continue
        values = read_floats(engine.outputs())
        found = compare_outputs(values, ours, batch, "ours")
        if truth:
            found.update(compare_outputs(values, truth, batch, "float64"))
        if not max(value for name, value in found.items() if "cosine" not in name) <= engine.agreement:
            sys.exit(f"{engine.name} computes something else: {found}")
        agreement[engine.name] = found
    return agreement


def print_results(results, batch):
    print(f"  {'engine':<28}{'ms an image':>12}{'quartiles':>20}{'min':>9}{'ours/it':>9}{'turn by turn':>16}"
          f"{'RSS MB':>8}{'start s':>9}{'to ours':>9}{'to f64':>9}{'cosine':>9}")
    ours = results["ours"]["median"]
    for name, r in sorted(results.items(), key=lambda item: item[1]["median"]):
        label = f"{name} ({r['variant']})" if r["variant"] else name
        low, _, high = statistics.quantiles(r["ratios"], n=4, method="inclusive")
        start = f"{r['start_seconds']:.2f}" if r["start_seconds"] is not None else "-"
        errors = [f"{max(r['features' + to], r['logits' + to]):.1e}" if "features" + to in r else "-"
                  for to in ("_to_ours", "_to_float64")]
        cosine = r.get("features_cosine_to_float64", r.get("features_cosine_to_ours"))
        quartiles, spread = f"{r['q1']:.2f} - {r['q3']:.2f}", f"{low:.3f} - {high:.3f}"
        print(f"  {label:<28}{r['median']:>12.2f}{quartiles:>20}{r['min']:>9.2f}{ours / r['median']:>9.3f}"
              f"{spread:>16}{r['resident_megabytes']:>8.0f}{start:>9}{errors[0]:>9}{errors[1]:>9}"
              + (f"{cosine:>9.5f}" if cosine is not None else f"{'-':>9}"))
        if r["idle_cpu_seconds"] > 0.02 * sum(r["samples"]) * batch * 1e-3:
            print(f"    {name} took {r['idle_cpu_seconds']:.2f} s of CPU while others had their turn")


# ---- pictures ----

def run_pictures(work, pictures, repetitions):
    """From file to tensor, one thread each."""
    results = {}
    for picture in pictures:
        engines = [OurPictures(work), TorchvisionPictures(work)]
        for engine in engines:
            engine.picture = picture
        present = [engine for engine in engines if not told_missing(engine)]
        servers, _ = start_all(present, 1, 1, {})
        tensors = {engine.name: read_floats(engine.outputs()) for engine in present}
        times, _ = take_turns(servers, repetitions, warm_up=True)
        for server in servers.values():
            server.stop()
        print(f"\n{os.path.basename(picture)}, file to tensor")
        results[os.path.basename(picture)] = entry = {name: summary(t) for name, t in times.items()}
        for name, values in times.items():
            difference = max(abs(a - b) for a, b in zip(tensors[name], tensors["ours"])) * 255 * 0.225
            entry[name]["levels_to_ours"] = difference
            s = entry[name]
            print(f"  {name:<28}{s['median']:>9.2f} ms  ({s['q1']:.2f} - {s['q3']:.2f}, min {s['min']:.2f})"
                  f"   ours/it {entry['ours']['median'] / s['median']:.3f}"
                  f"   largest difference to ours about {difference:.1f} levels of 255")
    return results


def default_pictures(work):
    """The pictures that bench made, and one of the shared photographs where they are."""
    shared = os.path.join(os.environ.get("DN_SHARED", "../shared"), "data/large/real/dina_0.jpg")
    made = [f"{work}/picture_{size}.jpg" for size in (256, 512, 1024)]
    return made + ([shared] if os.path.exists(shared) else [])


# ---- the program ----

def told_missing(engine):
    missing = engine.missing()
    if missing:
        print(f"{engine.name} is left out: {missing} is missing")
    return missing


def cpu_name():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def numbers(text):
    return [int(number) for number in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="build/peers", help="where make bench-peers put everything")
    parser.add_argument("--batches", type=numbers, default=[1, 16])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--engines", default="ours,lab,onednn,onnxruntime,torch",
                        help="of these, ours-bf16, ours-int8, ours-low, onednn-int8 and onnxruntime-int8 (default: %(default)s)")
    parser.add_argument("--pictures", action="store_true", help="files to tensors instead of networks")
    parser.add_argument("--quick", action="store_true", help="batch 1, 3 repetitions: does everything run?")
    parser.add_argument("--json", help="write all results there too")
    given = parser.parse_args()
    if given.repetitions < 2:
        parser.error("--repetitions: at least 2, or there is no spread")
    if given.quick:
        given.batches, given.repetitions = [1], 3
    return given


def main():
    given = arguments()
    repetitions = 10 * given.repetitions if given.pictures else given.repetitions
    print(f"{cpu_name()}, {os.cpu_count()} cores, {platform.release()}; DN_ISA={os.environ.get('DN_ISA', '')}; "
          f"medians of {repetitions} repetitions in turn")
    setting = {"cpu": cpu_name(), "cores": os.cpu_count(), "quick": given.quick}
    report = {"setting": setting, "repetitions": repetitions}
    if given.pictures:
        report["pictures"] = run_pictures(given.work, default_pictures(given.work), repetitions)
    else:
        wanted = given.engines.split(",")
        kinds = (Ours, OursBf16, OursInt8, OursLow, Lab, OneDnn, OneDnnInt8, OnnxRuntime, OnnxRuntimeInt8, Torch)
        engines = [kind(given.work) for kind in kinds if kind.name in wanted]
        missing = {engine.name: told_missing(engine) for engine in engines}
        present = [engine for engine in engines if not missing[engine.name]]
        report["left_out"] = {name: f"{what} is missing" for name, what in missing.items() if what}
        report["settings"] = [
            {"batch": batch, "threads": threads,
             "engines": run_setting(present, batch, threads, repetitions, given.work, report)}
            for batch in given.batches for threads in given.threads]
    if given.json:
        with open(given.json, "w") as file:
            json.dump(report, file, indent=1)


main()

# SPDX-License-Identifier: MIT
"""Tells which functions of the kernels a network's time is spent in, on one thread.

    functions.py PROGRAM [bench's options ...]        PROGRAM is build/bench/bench

`bench --samples network` notes where the program is, about a thousand times a second; binutils' addr2line knows which
function's code that is, although the compiler has put most of them inside others. A line is a function of a kernel:
packing (gather_...), the register tile (micro_kernel), sums, transforms, what is done before the output is written.
Its time is its share of the samples, times a pass; in parentheses how far that may be off (95 %) by the number of samples
alone. Where the compiler mixes the instructions of two functions, the border between them is blurred.
"""
import json
import math
import os
import subprocess
import sys
import tempfile

KERNELS = "layers/kernels/"
HELPERS = ("vector.h",)  # their code counts as that of whoever calls them


def refuse(message):
    sys.exit(f"functions: {message}")


def run_bench(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.json")
        try:
            run = subprocess.run([program, "--threads", "1", "--samples", "--json", path, *arguments, "network"])
        except OSError as problem:
            refuse(f"{program}: {problem.strerror}")
        if run.returncode != 0:
            refuse(f"{program} ended with status {run.returncode}")
        with open(path) as file:
            return json.load(file)


def find_functions(program, addresses):
    """{address: [(function, file)]}, the innermost first."""
    try:
        run = subprocess.run(["addr2line", "-a", "-i", "-f", "-e", program], capture_output=True, text=True,
                             input="".join(f"{address:#x}\n" for address in addresses))
    except OSError as problem:
        refuse(f"addr2line (binutils): {problem.strerror}")
    if run.returncode != 0:
        refuse(f"addr2line: {run.stderr.strip()}")
    return read_functions(run.stdout)


def read_functions(text):
    found, lines = {}, text.splitlines()
    while lines:
        line = lines.pop(0)
        if line.startswith("0x"):
            frames = found.setdefault(int(line, 16), [])
        else:
            frames.append((line, lines.pop(0).split(":")[0]))
    return found


def families():
    """The kernels' names: of files, one of which goes on where the other's name ends, the shorter one."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", KERNELS)
    stems = sorted((os.path.splitext(name)[0] for name in os.listdir(folder)), key=len)
    kept = []
    for stem in stems:
        if not any(stem.startswith(other + "_") for other in kept):
            kept.append(stem)
    return kept


def place(frames, known):
    """(kernel, function) of a sample: the innermost function of a kernel; else the innermost at all."""
    inside = [(function, os.path.basename(file)) for function, file in frames if KERNELS in file]
    inside = [frame for frame in inside if frame[1] not in HELPERS] or inside
    if not inside:
        return ("other", frames[0][0] if frames else "??")
    stem = os.path.splitext(inside[-1][1])[0]
    return next((name for name in known if stem == name or stem.startswith(name + "_")), stem), inside[0][0]


def count_places(row, functions, known):
    counts = {("other", "other libraries"): row["elsewhere"]} if row["elsewhere"] else {}
    for address, count in row["addresses"]:
        key = place(functions.get(address, []), known)
        counts[key] = counts.get(key, 0) + count
    return counts


def print_line(name, count, total, milliseconds):
    share = count / total
    error = 1.96 * math.sqrt(share * (1 - share) / total)
    print(f"  {name:<44} {milliseconds * share:>8.2f} ms  {100 * share:>5.1f} %  (+-{100 * error:.1f})")


def print_row(row, counts):
    total = sum(counts.values())
    if not total:
        refuse(f"no samples of {row['network']}, batch {row['batch']}: the passes are too short")
    milliseconds = 1e3 * row["seconds_an_image"]
    print(f"\n{row['network']}, batch {row['batch']}, 1 thread: {milliseconds:.2f} ms an image, {total} samples")
    sums = {}
    for (kernel, _), count in counts.items():
        sums[kernel] = sums.get(kernel, 0) + count
    for kernel, of_kernel in sorted(sums.items(), key=lambda item: -item[1]):
        print_line(kernel, of_kernel, total, milliseconds)
        for (name, function), count in sorted(counts.items(), key=lambda item: -item[1]):
            if name == kernel and count >= 0.001 * total:
                print_line(f"  {function}", count, total, milliseconds)


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if len(sys.argv) > 1 else 2)
    program = sys.argv[1]
    report = run_bench(program, sys.argv[2:])
    rows = report.get("samples", [])
    functions = find_functions(program, sorted({address for row in rows for address, _ in row["addresses"]}))
    known = families()
    for row in rows:
        print_row(row, count_places(row, functions, known))


main()

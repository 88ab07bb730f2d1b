# SPDX-License-Identifier: MIT
"""What the JSON of bench and of the comparison with peers says, as a flat list of figures.

A figure is a dictionary: `part`, the members that say what was measured (network, batch, threads, ...), `unit`
("ms", "GFLOP/s", "GB/s" or "ratio"), `median`, and `q1` and `q3` where there are any. Two figures of two runs
are of the same thing when all but the last three agree.
"""

UNITS = {"ms": 1e3, "GFLOP/s": 1e-9, "GB/s": 1e-9}
MEASURED = ("q1", "median", "q3")

# Of each list in bench's JSON: what says what a row is of, and its figures: (member, name or "", unit). A figure of
# networks is that of a batch, and is told an image. What `errors` and `samples` list are no times.
LISTS = {
    "peak": (("tier", "threads"), [("flops", "", "GFLOP/s")]),
    "bandwidth": (("threads",), [("read", "read", "GB/s"), ("copy", "copy", "GB/s")]),
    "layers": (("network", "convolution", "by", "threads"), [("seconds", "", "ms")]),
    "layer_sums": (("network", "threads"), [("chosen", "", "ms")]),
    "networks": (("network", "batch", "threads"), [("seconds", "", "ms")]),
    "network_parts": (("network", "batch", "threads", "of"), [("seconds", "", "ms")]),
    "load": (("network", "threads", "busy_loops"),
             [("seconds_an_image", "wall", "ms"), ("cpu_seconds_an_image", "cpu", "ms")]),
    "scaling": (("network", "threads"), [("seconds_at_best", "at best", "ms")]),
    "pictures": (("file",), [("total", "total", "ms"), ("decode", "decode", "ms"), ("resize", "resize", "ms")]),
    "copies": (("hashes",), [("all", "all", "ms"), ("search", "search", "ms")]),
    "training": (("recipe", "threads"), [("epoch", "", "ms")]),
}


def bench_figures(report):
    """Of the JSON that `bench --json` writes. Lists and members that an older bench has not are left out."""
    figures = []
    for part, (identity, members) in LISTS.items():
        for row in report.get(part, []):
            for member, name, unit in members:
                if member not in row:
                    continue
                figure = {"part": part, **{key: row[key] for key in identity if key in row}}
                if name:
                    figure["figure"] = name
                scale = UNITS[unit] / (row["batch"] if "batch" in identity else 1)
                figures.append({**figure, "unit": unit, **scaled(row[member], scale)})
    return figures


def scaled(value, scale):
    if isinstance(value, dict):
        return {key: value[key] * scale for key in MEASURED}
    return {"median": value * scale}


def peer_figures(report):
    """Of the JSON that bench/peers/compare.py writes: every engine's time, and ours as a share of each other's, with
    the quartiles of the ratios within each turn."""
    figures = []
    for setting in report.get("settings", []):
        place = {"batch": setting["batch"], "threads": setting["threads"]}
        engines = setting["engines"]
        for name, engine in engines.items():
            figures.append({"part": "peers", "engine": name, **place, "unit": "ms", **scaled(engine, 1)})
        for name, engine in engines.items():
            if name != "ours":
                low, high = quartiles(engine["ratios"])
                figures.append({"part": "peers", "engine": f"ours/{name}", **place, "unit": "ratio", "q1": low,
                                "median": engines["ours"]["median"] / engine["median"], "q3": high})
    return figures


def quartiles(values):
    """Linear between the two values around each, as bench/stats.c has them."""
    ordered = sorted(values)

    def quantile(share):
        position = share * (len(ordered) - 1)
        below = int(position)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (position - below) * (ordered[above] - ordered[below])

    return quantile(0.25), quantile(0.75)


def identity(figure):
    """What a figure is of, as something to look it up by."""
    return tuple((key, value) for key, value in figure.items() if key not in MEASURED)


def label(figure):
    """What a figure is of, for people."""
    words = [figure["part"]]
    for key, value in figure.items():
        if key in ("part", "unit", *MEASURED):
            continue
        if key == "threads":
            words.append(f"{value} thread{'' if value == 1 else 's'}")
        elif key in ("batch", "busy_loops"):
            words.append(f"{key.replace('_', ' ')} {value}")
        elif key == "hashes":
            words.append(f"{value} hashes")
        else:
            words.append(str(value))
    return f"{words[0]} " + ", ".join(words[1:])


def grows_better(figure):
    return figure["unit"] in ("GFLOP/s", "GB/s")


def setting(report):
    """What two runs must have in common so that their figures can be compared. A bench that does not say how it uses
    memory knows one way."""
    given = report.get("setting", {})
    return {"cpu": given.get("cpu", "unknown"), "tier": given.get("tier", "unknown"),
            "precision": given.get("precision", "fp32"), "memory": given.get("memory", "fast")}

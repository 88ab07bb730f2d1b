# SPDX-License-Identifier: MIT
"""The rules by which a soak is judged. Each gives a list of sentences that say what was wrong, empty where nothing was.

Memory grows while a process warms up: buffers reach their size, malloc's arenas their number. So it is judged from
warm() on, by two rules: a straight line through the samples of the second half rises by no more than MOST_RISE a minute, and
no sample is more than a tenth above the median of the half minute in which warm() lies."""
import statistics

SHORTEST = 60  # seconds of a run whose memory and times are judged
MOST_RISE = 256  # KB a minute, of the straight line
LEAST_SPAN = 8  # minutes: of a shorter second half, the line may rise by as much as in this time
MOST_PEAK = 1.1
MOST_SLOWER = 2  # times, the last third's 99th percentile of the first's
LONGEST_GAP = 15  # seconds at the end of a run without a sample
FEWEST_TIMED = 300  # requests of a third whose 99th percentile is compared


def warm(seconds):
    """When a run of that many seconds is warm: after three minutes, or a third of it."""
    return min(180, seconds / 3)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rise(points):
    """The slope of the straight line nearest to the points (x, y); 0 where they are too few for one."""
    if len(points) < 2:
        return 0
    x, y = [point[0] for point in points], [point[1] for point in points]
    mean = statistics.fmean(x)
    spread = sum((value - mean) ** 2 for value in x)
    return sum((value - mean) * other for value, other in zip(x, y)) / spread if spread else 0


def half(samples, begin, seconds):
    """The second half of a run: points (minutes, KB)."""
    return [((sample.time - begin) / 60, sample.rss) for sample in samples if sample.time - begin >= seconds / 2]


def memory(samples, begin, seconds):
    """Samples of watch.py."""
    at = warm(seconds)
    near = [sample.rss for sample in samples if abs(sample.time - begin - at) <= 15]
    later = [sample for sample in samples if sample.time - begin >= at]
    points = half(samples, begin, seconds)
    if not near or len(points) < 10:
        return ["memory: there are too few samples"]
    if (end := samples[-1].time - begin) < seconds - LONGEST_GAP:
        return [f"memory: the last sample is of {end:.0f} s, the run took {seconds:.0f}"]
    wrong = []
    allowed = MOST_RISE * max(1, LEAST_SPAN / (seconds / 120))
    if rise(points) > allowed:
        wrong.append(f"memory: over the second half it rises by {rise(points):.0f} KB a minute, above {allowed:.0f}")
    settled, peak = statistics.median(near), max(sample.rss for sample in later)
    if peak > MOST_PEAK * settled:
        wrong.append(f"memory: {peak} KB at most, more than {MOST_PEAK} times the {settled:.0f} KB after {at:.0f} s")
    return wrong


def descriptors(samples, begin, seconds):
    """Of a run that has few open at a time: the second half has no more of them than the first, but for two that a sample
    may have missed."""
    halves = [max((sample.descriptors for sample in samples if (sample.time - begin >= seconds / 2) == second), default=0)
              for second in (False, True)]
    return [f"descriptors: {halves[1]} in the second half, {halves[0]} in the first"] if halves[1] > halves[0] + 2 else []


def nothing_left(what, before, after):
    return [f"{what}: {after} after the clients were gone, {before} before they came"] if after > before else []


def times(latencies, begin, seconds):
    """Latencies as client.py has them."""
    thirds = [[value for when, value in latencies if part * seconds / 3 <= when - begin < (part + 1) * seconds / 3]
              for part in range(3)]
    if min(map(len, thirds)) < FEWEST_TIMED:
        return [f"times: only {min(map(len, thirds))} good requests in a third of the run; {FEWEST_TIMED} are compared"]
    first, last = (percentile(thirds[part], 0.99) for part in (0, 2))
    if last <= MOST_SLOWER * first:
        return []
    return [f"times: the 99th percentile of the last third is {last:.3f} s, more than {MOST_SLOWER} times the first's {first:.3f}"]


# Noise reaches these, if it is a request at all: an address that anybody may ask for, and refusals before the route counts.
NOISY_PATHS, NOISY_STATUSES = ("other", "/healthz"), (400, 401, 421, "other")


def requests(account, counted):
    """What the clients have been answered, and what /metrics counts of it: {(path, status): number}. An answer that nobody has
    read may or may not have been counted; noise may have been counted as any number of requests."""
    wrong = []
    for path, status in sorted({*account.answered, *counted}, key=str):
        answered, found = account.answered[path, status], counted.get((path, status), 0)
        is_open = account.noise and (path in NOISY_PATHS or status in NOISY_STATUSES)
        most = None if is_open else answered + account.unread[path]
        if found < answered or (most is not None and found > most):
            wrong.append(f"/metrics: {found} answers {status} of {path}; the clients have read {answered}" +
                         (f" and left {account.unread[path]} unread" if account.unread[path] else ""))
    return wrong


OUTCOMES = ("judged", "explained", "refused", "turned_away")
UNREAD_OUTCOMES = ("explained", "turned_away")  # what may have become of a picture whose answer nobody has read


def pictures(account, counted):
    """The same for pictures by what became of them: {outcome: number}."""
    wrong = []
    for outcome in OUTCOMES:
        known, unread = account.pictures[outcome], account.unread_pictures if outcome in UNREAD_OUTCOMES else 0
        if not known <= counted[outcome] <= known + unread:
            wrong.append(f"/metrics: {counted[outcome]} pictures {outcome}; the clients know of {known}" +
                         (f" and have left {unread} unread" if unread else ""))
    return wrong

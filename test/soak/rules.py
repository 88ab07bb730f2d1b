# SPDX-License-Identifier: MIT
"""The cases of test_soak.sh about the rules of verdict.py: each lets what is sound pass, and sees what is not."""
import collections
import os
import sys

import client
import verdict
import watch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cases import check, finish  # noqa: E402

SECONDS = 1800


def samples(rss, descriptors=lambda second: 20, seconds=SECONDS):
    return [watch.Sample(1000 + second, int(rss(second)), descriptors(second), 30) for second in range(1, seconds)]


def words(sentences):
    """How each sentence begins."""
    return [sentence.split(":")[0] for sentence in sentences]


def memory(rss, seconds=SECONDS):
    return words(verdict.memory(samples(rss, seconds=seconds), 1000, seconds))


def times(of):
    return words(verdict.times([(1000 + second, of(second)) for second in range(SECONDS)], 1000, SECONDS))


def saw_teeth(second):
    return 200000 + 3000 * (second % 7)


check("memory that goes up and down is flat", memory(saw_teeth), [])
check("and so is what grows before it is warm", memory(lambda second: 100000 + 50000 * min(second, 170) / 170), [])
check("a leak of 300 KB a minute is seen", memory(lambda second: saw_teeth(second) + 300 * second / 60), ["memory"])
check("one of 200 KB is not", memory(lambda second: saw_teeth(second) + 200 * second / 60), [])
check("of a short run only a larger one is", [memory(lambda second: 100000 + rate * second / 60, 120) for rate in (1500, 2500)],
      [[], ["memory"]])
check("a heap that comes and goes is seen", memory(lambda second: 100000 + 12000 * (second == 700)), ["memory"])
check("samples that end before the run say nothing",
      words(verdict.memory(samples(saw_teeth, seconds=SECONDS - 20), 1000, SECONDS)), ["memory"])
check("of a run without a sample no rise is told", [verdict.rise([]), verdict.rise([(0, 1)])], [0, 0])
check("few samples say nothing", words(verdict.memory([], 0, SECONDS)), ["memory"])

check("times that stay are sound", times(lambda second: 0.01 + (second % 50 == 0)), [])
check("the slowest hundredth may take twice as long", times(lambda second: 0.01 * (1 + (second > 1200))), [])
check("but not three times", times(lambda second: 0.01 + 0.02 * (second > 1200 and second % 50 == 0)), ["times"])
check("too few say nothing", words(verdict.times([], 0, SECONDS)), ["times"])

check("descriptors come and go",
      verdict.descriptors(samples(saw_teeth, lambda second: 5 + second % 3), 1000, SECONDS), [])
check("one that is left a minute is seen",
      words(verdict.descriptors(samples(saw_teeth, lambda second: 5 + second // 60), 1000, SECONDS)), ["descriptors"])
check("what is left when all are gone is seen", [verdict.nothing_left("threads", 5, after) != [] for after in (4, 5, 6)],
      [False, False, True])

account = client.Account()
account.answered = collections.Counter({("/v1/predict", 200): 10, ("/v1/explain", 200): 5, ("/v1/predict", 401): 2})
account.unread = collections.Counter({"/v1/explain": 3})
for what, counted, found in [
        ("what was counted is what was answered", {("/v1/predict", 200): 10, ("/v1/explain", 200): 5, ("/v1/predict", 401): 2}, 0),
        ("an answer that is not counted is missed", {("/v1/predict", 200): 9, ("/v1/explain", 200): 5, ("/v1/predict", 401): 2}, 1),
        ("one that nobody has asked for is seen", {("/v1/predict", 200): 11, ("/v1/explain", 200): 5, ("/v1/predict", 401): 2}, 1),
        ("an unread one may be counted", {("/v1/predict", 200): 10, ("/v1/explain", 200): 8, ("/v1/predict", 401): 2}, 0),
        ("not more of them", {("/v1/predict", 200): 10, ("/v1/explain", 200): 9, ("/v1/predict", 401): 2}, 1),
        ("another status is seen", {("/v1/predict", 200): 10, ("/v1/explain", 200): 5, ("/v1/predict", 401): 2, ("/", 500): 1}, 1)]:
    check(what, len(verdict.requests(account, counted)), found)
account.noise = 1
check("noise may be counted as a refusal", verdict.requests(account, {("/v1/predict", 200): 10, ("/v1/explain", 200): 5,
                                                                      ("/v1/predict", 401): 7, ("other", 404): 1}), [])
check("but not as an answer", len(verdict.requests(account, {("/v1/predict", 200): 11, ("/v1/explain", 200): 5,
                                                             ("/v1/predict", 401): 2})), 1)
account.pictures = collections.Counter(judged=4, explained=2)
account.unread_pictures = 1
check("pictures are as many as were told", [len(verdict.pictures(account, {"judged": judged, "explained": explained, "refused": 0,
                                                                           "turned_away": 0}))
                                            for judged, explained in ((4, 2), (4, 3), (5, 2), (3, 2), (4, 4))], [0, 0, 1, 1, 1])
finish()

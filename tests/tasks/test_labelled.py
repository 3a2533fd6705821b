"""Task detection against prompts a person has labelled."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

from jackfield.policy.route.tasks import Detector

_DATA = tomllib.loads(Path(__file__).with_name("labelled.toml").read_text(encoding="utf-8"))
SYSTEM, LONG = _DATA.pop("system"), _DATA.pop("long")
CASES = [(task, "", prompt) for task, prompts in _DATA.items() for prompt in prompts]
CASES += [(task, system, prompt) for task, pairs in SYSTEM.items() for system, prompt in pairs]
CASES += [(task, "", prompt * 30) for task, prompts in LONG.items() for prompt in prompts]


def test_the_set_is_large_and_covers_every_task():
    """At least 200 prompts, and 20 of each of the ten tasks."""
    assert len(CASES) >= 200
    assert all(len(prompts) >= 20 for prompts in _DATA.values())
    assert 10 == len(_DATA)


def test_nineteen_of_twenty_are_right():
    """95 % is what is promised."""
    detector = Detector()

    wrong = [
        (task, prompt, detector.detect(prompt, system))
        for task, system, prompt in CASES
        if detector.detect(prompt, system).task != task
    ]

    assert len(wrong) <= len(CASES) * 0.05, wrong


def test_detection_takes_no_time():
    """Below 5 ms for nineteen of twenty prompts nobody has seen before."""
    warm = Detector(entries=1)
    for _, system, prompt in CASES:
        warm.detect(prompt, system)
    spent = []
    for _, system, prompt in CASES:
        begun = time.process_time()
        warm.detect(prompt, system)
        spent.append(time.process_time() - begun)

    assert sorted(spent)[int(len(spent) * 0.95)] < 0.005

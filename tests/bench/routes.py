"""What a route of five targets costs: the decision alone, and a routed call beyond a call of the model itself.

Budgets are microseconds on the machine where decoding the reference answer took 5.4: the figures are multiples
of that, measured in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random
from statistics import median

import samples
import wires

DECISION, CALL = 30.0, 50.0  # µs on the machine of ``wires.UNIT``
PROMPT = "Write a function that adds two numbers."


def decided(rounds: int) -> tuple[float, float]:
    """What a decision costs under `cost`, by the reference and in microseconds."""
    client = _client()
    router, facts, _ = client.routes.decide("five", PROMPT, {})
    rng = Random(1)
    return _beside(lambda: router.order(facts, 1.0, rng), rounds)


def called(rounds: int) -> dict[str, tuple[float, float]]:
    """What a route adds to a call, by the reference and in microseconds: with one prompt, and with a new one each time.

    What kind of task a prompt is, is kept: telling it for the first time comes on top.
    """
    client, numbers = _client(), count()
    model = samples.sample("chat_completions").model
    routed = {
        "known prompt": lambda: client.complete("route:five", PROMPT),
        "new prompt": lambda: client.complete("route:five", f"{PROMPT} {next(numbers)}"),
    }
    works = (lambda: client.complete(model, PROMPT), wires.reference, *routed.values())
    for work in works:
        wires.timed(work, 200)
    rows = [tuple(wires.timed(work, 50) for work in works) for _ in range(2 * rounds)]
    added = {name: [(row[place] - row[0], row[1]) for row in rows] for place, name in enumerate(routed, 2)}
    return {
        name: (median(more / unit for more, unit in pairs), median(more for more, _ in pairs))
        for name, pairs in added.items()
    }


def _client():  # imported where it is measured
    from jackfield import Client

    sample = samples.sample("chat_completions")
    targets = [{"model": f"{sample.provider}/m{number}", "cost": number / 1000} for number in range(1, 6)]
    settings = {
        **sample.configured("http://null.example"),
        "routes": {"five": {"strategy": "cost", "targets": targets}},
    }
    return Client(settings, transport=wires.Null(sample))


def _beside(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    wires.timed(work, 200)
    pairs = [(wires.timed(work, 100), wires.timed(wires.reference, 100)) for _ in range(rounds)]
    return median(ours / floor for ours, floor in pairs), median(ours for ours, _ in pairs)

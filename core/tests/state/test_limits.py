"""Limits in Redis keep the promises of those in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from jackfield.state import Give, Take

KINDS = ["sliding", "fixed", "token_bucket", "leaky_bucket", "adaptive"]


def take(algorithm, cost=1, limit=10, window=600.0, **facts):
    """So much of a limit named after its algorithm."""
    return Take(algorithm, algorithm, limit, window, cost, **facts)


def took(state, *takes):
    """The answer."""
    return state.take(takes).result(60)


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_limit_is_not_exceeded(state, algorithm):
    """Ten are let in, the eleventh is not, and is told how long to wait."""
    answers = [took(state, take(algorithm)) for _ in range(11)]

    assert [None] * 10 + [0] == [answer.blocked for answer in answers]
    assert 0 < answers[-1].wait <= 600.001


@pytest.mark.parametrize("algorithm", KINDS)
def test_what_is_above_the_limit_never_comes_in(state, algorithm):
    """No waiting helps."""
    assert (0, -1) == took(state, take(algorithm, 11))[:2]


@pytest.mark.parametrize("algorithm", KINDS)
def test_what_was_not_needed_comes_back(state, algorithm):
    """An estimate is settled to what it was."""
    first = take(algorithm, 10)
    mark = took(state, first).marks[0]

    state.give([Give(first, mark, 4)])

    assert took(state, take(algorithm, 6)).blocked is None
    assert took(state, take(algorithm, 1)).blocked == 0


@pytest.mark.parametrize("algorithm", KINDS)
def test_whoever_waits_as_told_is_let_in(state, algorithm):
    """The wait is exact to the millisecond."""
    half = take(algorithm, 5, window=0.2)
    took(state, half, half)

    answer = took(state, half)
    while answer.blocked is not None:
        until = time.monotonic() + answer.wait
        while time.monotonic() < until:
            continue
        answer = took(state, half)

    assert answer.blocked is None


def test_a_leaky_bucket_gives_turns(state):
    """They are as far apart as its rate."""
    began = time.monotonic()
    waits = [took(state, take("leaky_bucket", window=10.0)).wait for _ in range(3)]

    assert waits == pytest.approx([0, 1, 2], abs=0.1 + time.monotonic() - began)


def test_complaints_lower_an_adaptive_limit(state):
    """Seven of ten are let in after one; those that come at once have one cause."""
    took(state, take("adaptive"))

    for _ in range(3):
        state.complain(["adaptive"])

    assert [None] * 6 + [0] == [took(state, take("adaptive")).blocked for _ in range(7)]


def test_places_are_free_when_somebody_leaves(state):
    """Or when a lease ends, for processes die."""
    first = take("concurrent", limit=2, hold="a")
    mark = took(state, first).marks[0]
    took(state, take("concurrent", limit=2, hold="b", lease=0.0))

    assert took(state, take("concurrent", limit=2, hold="c")).blocked is None
    assert took(state, take("concurrent", limit=2, hold="d")).blocked == 0
    state.give([Give(first, mark, 0)])
    assert took(state, take("concurrent", limit=2, hold="e")).blocked is None


def test_nothing_is_taken_where_one_of_several_refuses(state):
    """What the first gave is given back."""
    assert took(state, take("sliding", 6), take("token_bucket", 11)).blocked == 1

    assert took(state, take("sliding", 10)).blocked is None


PROCESS = """
import json, sys, time
from attrs import evolve
from jackfield.config import Settings
from jackfield.policy.limits import Cost, Limits
from jackfield.policy.limits.shared import SharedLimits
from jackfield.state import open_state
from jackfield.transport.drivers import SyncDriver
from jackfield import LimitReached

settings = Settings.load(json.loads(sys.argv[1]), env={})
board, driver = Limits(settings.limits, SharedLimits(open_state(evolve(settings.state, timeout=60.0)))), SyncDriver(None)
admitted = []
until = float("inf")
while time.monotonic() < until:
    asked = time.time()
    try:
        driver.run(board.entering({}, Cost(), 1e12))
    except LimitReached:
        continue
    admitted.append((asked, time.time()))
    until = min(until, time.monotonic() + 2.0)  # a busy machine may be late to begin
print(json.dumps(admitted))
"""


def test_two_processes_have_one_limit(server, settings):
    """Together they let in what one would, however hard both try: no second, from asking to answer, holds more."""
    rule = {"requests": "20 / second", "on_limit": "refuse"}
    table = {"state": {"url": server.url, "prefix": settings.prefix}, "limits": {"all": rule}}
    command = [sys.executable, "-c", PROCESS, json.dumps(table)]

    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    spans = sorted(span for process in running for span in json.loads(process.communicate(timeout=300)[0]))

    assert (
        max(sum(asked >= begin and told < begin + 0.99 for asked, told in spans) for begin, _ in spans) <= 20
    )
    assert len(spans) >= 40

"""What is measured of targets is what was observed."""

from __future__ import annotations

import threading

import pytest

from jackfield.policy.route import Measures, Outcome
from jackfield.policy.route.learning import SECONDS, Memory, similarity
from jackfield.policy.route.quality import context_fit, quality_of


def test_latency_is_a_moving_average():
    """A fifth of each new value counts."""
    measures = Measures()
    for value in (100.0, 200.0):
        measures.observe("a/one", Outcome(True, value))

    assert 120.0 == measures.of("a/one").latency


def test_p75_is_of_the_last_hundred():
    """What came before does not count any more."""
    measures = Measures()
    for value in [9999.0] * 50 + [float(number) for number in range(100)]:
        measures.observe("a/one", Outcome(True, value))

    assert 75.0 == measures.of("a/one").p75


@pytest.mark.parametrize(
    ("kind", "counts"), [("server", True), ("request.invalid", False), ("deadline", False)]
)
def test_only_its_own_failures_count(kind, counts):
    """What is the request's fault or ours says nothing of the target."""
    measures = Measures()
    measures.observe("a/one", Outcome.failed(kind))

    assert counts == (measures.of("a/one").failures == 1)


def test_what_is_under_way_is_counted():
    """Until it ends, also where it is cancelled."""
    measures = Measures()
    for _ in range(3):
        measures.begin("a/one")
    measures.end("a/one", Outcome(True, 5.0))
    measures.end("a/one")

    assert [("a/one", 1, 0, 1)] == [
        (each.model, each.calls, each.failures, each.in_flight) for each in measures
    ]


def test_the_short_way_counts_as_the_long_one():
    """A success is the same, whichever way it is told."""
    measures = Measures()
    for value in (100.0, 200.0):
        measures.begin("a/one")
        measures.end("a/one", Outcome(True, value))
        measures.begin("b/two")
        measures.of("b/two").succeeded(value)

    one, two = (measures.of(model) for model in ("a/one", "b/two"))
    assert [two.shown("a")] == [one.shown("a")]


def test_threads_lose_no_count():
    """Every attempt that began and ended is counted."""
    measures = Measures()

    def work() -> None:
        for _ in range(500):
            measures.begin("a/one")
            measures.end("a/one", Outcome(True, 1.0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [(2000, 0)] == [(each.calls, each.in_flight) for each in measures]


@pytest.mark.parametrize(
    ("used", "fit"), [(0, 0.9), (199, 0.9), (200, 1.0), (600, 1.0), (700, 0.85), (801, 0.7)]
)
def test_context_fit(used, fit):
    """Best from a fifth to three fifths of the window."""
    assert fit == context_fit(used, 1000)


def test_quality_of_what_nobody_states(known):
    """A base, the share of the task, the share of the context."""
    assert pytest.approx(0.5 + 0.15 + 0.18) == quality_of(known("a/one"), "Planning", 10)
    assert pytest.approx(0.5 + 0.3 + 0.18) == quality_of(known("a/one", tasks=("Planning",)), "Planning", 10)
    assert pytest.approx(0.5 + 0.24 + 0.18) == quality_of(known("a/one", tasks=("Planning",)), "Analysis", 10)
    assert pytest.approx(0.9 - 0.3) == quality_of(
        known("a/one", quality=0.9, tasks=("Planning",)), "Validation", 10
    )


PATTERN = ("General", "", "simple", 3, False)


def test_a_week_is_remembered():
    """Nine tenths of what was known, one tenth of what is new; then it is forgotten."""
    memory = Memory()
    memory.learn(PATTERN, "a/one", 1.0, 0.0)
    memory.learn(PATTERN, "a/one", 0.0, 10.0)

    assert {"a/one": 0.9} == memory.recall(PATTERN, 20.0)
    assert {} == memory.recall(PATTERN, 20.0 + SECONDS)


def test_similar_requests_share_what_was_learnt():
    """Four of five features are enough, three are not."""
    memory = Memory()
    memory.learn(PATTERN, "a/one", 0.5, 0.0)
    near, far = ("Planning", *PATTERN[1:]), ("Planning", "business", *PATTERN[2:])

    assert [0.8, 0.6] == [similarity(PATTERN, near), similarity(PATTERN, far)]
    assert [{"a/one": 0.5}, {}] == [memory.recall(near, 1.0), memory.recall(far, 1.0)]


def test_memory_has_bounds():
    """The pattern that was longest not seen is forgotten first."""
    memory = Memory()
    for number in range(400):
        memory.learn(("General", "", "simple", number, False), "a/one", 1.0, 0.0)

    assert 256 == len(memory._scores)

"""When a breaker opens, for how long, who may probe it, and what closes it."""

from __future__ import annotations

import pytest

from jackfield.policy.breaker import Breaker, Refused
from jackfield.types.resilience import BreakerRules

START = 1000.0


@pytest.fixture
def make():
    """A breaker whose open times are not shortened, and the changes it told of."""

    def make(kind=Breaker, chance=0.0, **figures):
        changes = []
        told = lambda breaker, before, after, now: changes.append((before, after, now))  # noqa: E731
        breaker = kind(BreakerRules(**figures), ("acme", "acme-2"), told, lambda: chance)
        return breaker, changes

    return make


def run(breaker, outcomes, start=START, step=0.0, source="a"):
    """Attempts one after another; the moment after the last."""
    for number, outcome in enumerate(outcomes):
        breaker.admit(start + number * step).settle(outcome, start + number * step, source)
    return start + max(0, len(outcomes) - 1) * step


def opened(breaker, now=START):
    """The breaker, opened at ``now``."""
    run(breaker, ["hard"] * breaker.rules.failures, now)
    assert "open" == breaker.state
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        (["hard"] * 5, "5 failures in a row"),
        (["failure"] * 3 + ["stalled"] * 5, "5 failures in a row"),
        (["hard", "ok"] * 5, "5 of 10 calls failed"),
        (["failure"] * 10, "10 of 10 calls failed"),
        (["slow"] * 8 + ["ok"] * 2 + ["slow"] * 2, "10 of 10 calls were slow"),
    ],
)
def test_it_opens(make, outcomes, reason):
    """After failures in a row, at a share of failures, at a share of slow starts."""
    breaker, changes = make()

    run(breaker, outcomes)

    assert [("closed", "open", START)] == changes
    assert reason == breaker.status(START).reason


@pytest.mark.parametrize(
    "outcomes",
    [
        ["hard"] * 4,
        ["hard"] * 4 + ["ok"] + ["hard"] * 4,  # four of nine, and never five in a row
        ["failure"] * 9,
        ["slow"] * 9,
        (["ok"] * 6 + ["hard"] * 4) * 3,
        ["ignored"] * 100,
    ],
)
def test_it_stays_closed(make, outcomes):
    """Below the figures, and for what says nothing of the target."""
    breaker, changes = make()

    run(breaker, outcomes)

    assert ("closed", []) == (breaker.state, changes)


@pytest.mark.parametrize("short", [False, True])
def test_a_success_breaks_the_row(make, short):
    """Whichever way it is told; it is one of the calls that shares are taken of."""
    breaker, _ = make(failure_rate=1.0)
    run(breaker, ["hard"] * 4)
    permit = breaker.admit(START)

    if short:
        breaker.succeeded(permit, START)
    else:
        permit.settle("ok", START)
    run(breaker, ["hard"] * 4)

    status = breaker.status(START)
    assert ("closed", 9, 8) == (status.state, status.calls, status.failures)
    assert (9, 8) == (status.total_calls, status.total_failures)


def test_the_short_way_counts_calls(make):
    """A success without failures before it is no less a call; one of an earlier state is none of this."""
    breaker, _ = make()
    permit = breaker.admit(START)

    for _ in range(3):
        breaker.succeeded(permit, START)
    assert (3, 0, 3) == (breaker.status(START).calls, breaker.status(START).failures, breaker.total_calls)
    opened(breaker)
    breaker.succeeded(permit, START)

    assert (0, 9) == (breaker.status(START).calls, breaker.total_calls)


def test_how_often_it_opened_is_told(make):
    """Failed probes included; and when something failed last."""
    breaker = opened(make()[0])
    assert (1, START, "acme", "acme-2") == (
        breaker.status(START).opened,
        breaker.last_failure,
        breaker.provider,
        breaker.name,
    )

    breaker.admit(START + 15).settle("hard", START + 16)

    assert (2, START + 16) == (breaker.status(START).opened, breaker.status(START).last_failure)


def test_what_is_long_past_is_forgotten(make):
    """Nine failures of a minute ago are none."""
    breaker, _ = make(failures=100)

    run(breaker, ["hard"] * 9)
    run(breaker, ["hard"] * 9, START + 60)

    assert (9, 9) == (breaker.status(START + 60).calls, breaker.status(START + 60).failures)
    assert "closed" == breaker.state


def test_slow_starts_count_as_such(make):
    """A first token after 30 s is slow, unless its model may take longer."""
    breaker, changes = make()
    permit = breaker.admit(START)

    for _ in range(20):
        permit.started(START, ttft=200.0, allowance=300.0)
    assert [] == changes
    for _ in range(80):
        permit.started(START, ttft=30.1)

    assert [("closed", "open", START)] == changes


def test_a_start_of_exactly_the_limit_is_not_slow(make):
    """Slower than, not as slow as."""
    breaker, _ = make()

    for _ in range(20):
        breaker.admit(START).started(START, ttft=30.0)

    assert "closed" == breaker.state


def test_unusual_starts_count_as_slow(make):
    """With the anomaly trigger on, what is far above the usual counts, however fast it is."""
    breaker, _ = make(anomaly=2.5, slow_rate=0.2)
    permit = breaker.admit(START)

    for number in range(40):
        permit.started(START, ttft=1.0 + number % 3 / 10)
    assert "closed" == breaker.state
    for number in range(11):
        permit.started(START, ttft=2.0 ** (3 + number))

    assert "open" == breaker.state


# -- open ----------------------------------------------------------------------------------------


def test_it_refuses_until_its_time_is_up(make):
    """Fifteen seconds, to the tick."""
    breaker = opened(make()[0])

    early, late = breaker.admit(START + 14.999), breaker.admit(START + 15)

    assert isinstance(early, Refused)
    assert (START + 15, "local.breaker") == (early.until, early.kind)
    assert late.probe


def test_the_open_time_doubles_up_to_its_most(make):
    """15 s, 30 s, and 30 s from then on."""
    breaker, now = opened(make()[0]), START
    lengths = []

    for _ in range(4):
        lengths.append(breaker.until - now)
        now = breaker.until
        breaker.admit(now).settle("hard", now)

    assert [15, 30, 30, 30] == lengths


def test_the_open_time_is_shortened_by_chance(make):
    """By up to a fifth, never lengthened."""
    assert START + 12 == opened(make(chance=1.0)[0]).until


def test_a_healthy_window_takes_one_doubling_back(make):
    """After two minutes of health it begins with 15 s again."""
    breaker = make(open_max=300.0)[0]
    now = START

    for _ in range(3):
        opened(breaker, now)
        now = breaker.until
        breaker.admit(now).settle("ok", now)
        breaker.admit(now + 5).settle("ok", now + 5)
        now += 10
    healthy = now - 5 + 120
    run(breaker, ["hard"] * 5, healthy)

    assert 30 == breaker.until - healthy  # 15, 30, 60, and two steps back


def test_no_state_is_shorter_than_its_least(make):
    """A breaker that has just closed does not open for five seconds."""
    breaker = opened(make()[0])
    now = breaker.until
    breaker.admit(now).settle("ok", now)
    breaker.admit(now + 5).settle("ok", now + 5)
    assert "closed" == breaker.state

    run(breaker, ["hard"] * 9, now + 9.9)
    assert "closed" == breaker.state
    run(breaker, ["hard"], now + 10)

    assert "open" == breaker.state


def test_what_another_process_learnt_opens_it(make):
    """Until when it said, and no earlier than it knows itself."""
    breaker, changes = make()

    breaker.learn(START + 20, START)
    breaker.learn(START + 10, START)
    breaker.learn(START - 1, START)

    assert [("closed", "open", START)] == changes
    assert START + 20 == breaker.status(START).next_retry


def test_what_is_past_is_not_learnt(make):
    """A message that comes too late says nothing."""
    breaker, changes = make()

    breaker.learn(START, START)

    assert ("closed", []) == (breaker.state, changes)

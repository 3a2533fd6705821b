"""When a second request is sent, and that there are not many."""

from __future__ import annotations

import pytest

from jackfield.policy.hedge import Hedge, HedgeBudget, Starts, hedge_after, hedgeable


@pytest.fixture
def starts():
    """A target whose starts took 0.01 to 1 s."""
    starts = Starts()
    for number in range(1, 101):
        starts.add(number / 100)
    return starts


def test_p95_is_what_nearly_all_were_faster_than(starts):
    """Of the latest hundred."""
    assert 0.96 == starts.p95()
    for _ in range(100):
        starts.add(5.0)

    assert 5.0 == starts.p95()
    for _ in range(100):
        starts.add(0.5)
    assert 0.5 == starts.p95()


def test_an_old_start_is_forgotten_when_the_hundred_and_first_comes(starts):
    """The slowest of all counts as long as it is one of the hundred."""
    for number in range(5):
        starts.add(9.0 if number == 0 else 0.01)
    for _ in range(95):
        starts.add(0.01)
    assert 0.01 == starts.p95()

    for _ in range(5):
        starts.add(7.0)

    assert 7.0 == starts.p95()


def test_a_hundred_starts_are_remembered(starts):
    """Not one less, and the oldest goes when one more comes."""
    slow = Starts()
    for number in range(100):
        slow.add(9.0 if number < 5 else 0.01)
    starts.add(1.01)

    assert (9.0, 0.97) == (slow.p95(), starts.p95())


def test_no_throttle_is_assumed(starts):
    """Whoever says nothing of gates has none."""
    assert 0.96 == hedge_after(Hedge(), starts, 1)
    assert Hedge("p95", 1, 0.05) == Hedge()
    assert Hedge(after=0.5).after == 0.5


def test_few_starts_say_nothing():
    """Twenty are needed."""
    starts = Starts()
    for _ in range(19):
        starts.add(1.0)
    assert starts.p95() is None

    starts.add(1.0)

    assert 1.0 == starts.p95()


@pytest.mark.parametrize(
    ("hedge", "sent", "throttled", "after"),
    [
        (None, 1, False, None),
        (Hedge(), 1, False, 0.96),
        (Hedge(after=2.5), 1, False, 2.5),
        (Hedge(), 2, False, None),
        (Hedge(most=2), 2, False, 0.96),
        (Hedge(), 1, True, None),
    ],
)
def test_when_one_more_is_sent(starts, hedge, sent, throttled, after):
    """After so many seconds, so many times, and never against a throttle; off unless asked for."""
    assert after == hedge_after(hedge, starts, sent, throttled)


def test_calls_earn_hedges():
    """One in twenty, after the first twenty; what is saved up has an end."""
    budget = HedgeBudget(Hedge())
    hedges = 0
    for _ in range(1000):
        budget.earn()
        hedges += budget.take()
    assert 50 == hedges

    for _ in range(1000):
        budget.earn()

    assert 5 == sum(budget.take() for _ in range(100))


def test_the_share_of_a_hundred_calls_is_saved_up():
    """And no more, however many are earned."""
    budget = HedgeBudget(Hedge(budget=1.0))
    for _ in range(300):
        budget.earn()

    assert 100 == sum(budget.take() for _ in range(300))


def test_a_hedge_that_was_not_sent_is_given_back():
    """It may be sent another time."""
    budget = HedgeBudget(Hedge(budget=1.0))
    budget.earn()

    assert [True, False] == [budget.take(), budget.take()]
    budget.refund()
    assert budget.take()


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({"options": {}}, True),
        ({"options": {"store": False, "temperature": 0}}, True),
        ({"options": {"store": True}}, False),
        ({"options": {}, "hosted_tools": True}, False),
        ({"options": {}, "repeatable": False}, False),
    ],
)
def test_what_may_be_sent_twice(facts, may):
    """Nothing that is kept, runs a tool, or is two when it is done twice."""
    assert may == hedgeable(**facts)


@pytest.mark.parametrize(
    "bad", [{"after": 0}, {"after": "p50"}, {"most": 0}, {"most": 5}, {"budget": 0}, {"budget": 1.1}]
)
def test_figures_have_bounds(bad):
    """What cannot be meant is refused."""
    with pytest.raises(ValueError):
        Hedge(**bad)

"""One budget: what is settled and held never pass the limit together."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jackfield.policy.budgets import Budget

LIMIT = 1000
STEPS = int(os.environ.get("JACKFIELD_STEPS", "2000")) // int(os.environ.get("JACKFIELD_FEWER", "1"))


def budget(kind="day", limit=LIMIT):
    """A budget on the first of January 1970."""
    return Budget(limit, kind, 0.0)


def test_what_is_there_is_set_aside():
    """A hold takes of what is left, to the last unit."""
    spent = budget()

    assert spent.reserve("a", 600, 60)
    assert not spent.reserve("b", 401, 60)
    assert spent.reserve("c", 400, 60)
    assert (0, 1000, 0) == (spent.left, spent.held, spent.settled)


def test_the_same_attempt_reserves_once():
    """Asking again with an id that holds something changes nothing."""
    spent = budget()

    assert [spent.reserve("a", 600, 60), spent.reserve("a", 600, 60)] == [True, True]
    assert 600 == spent.held


def test_a_hold_becomes_what_it_cost():
    """What was not needed is free again."""
    spent = budget()
    spent.reserve("a", 600, 60)

    assert 0 == spent.settle("a", 100)
    assert (100, 0, 900) == (spent.settled, spent.held, spent.left)


def test_a_hold_is_settled_once():
    """A second settlement, or a release after it, changes nothing."""
    spent = budget()
    spent.reserve("a", 600, 60)

    spent.settle("a", 100)
    spent.settle("a", 100)
    spent.release("a")

    assert (100, 0) == (spent.settled, spent.held)


def test_what_nobody_knows_costs_what_was_reserved():
    """The upper bound is taken for lack of a figure."""
    spent = budget()
    spent.reserve("a", 600, 60)

    spent.settle("a", None)

    assert 600 == spent.settled


def test_what_cost_more_than_reserved_blocks_the_next():
    """The difference is told and booked; there is less left for others, if anything."""
    spent = budget()
    spent.reserve("a", 900, 60)

    assert 200 == spent.settle("a", 1100)
    assert (1100, 200, -100) == (spent.settled, spent.overrun, spent.left)
    assert not spent.reserve("b", 1, 60)


def test_what_was_not_sent_is_given_back():
    """A released hold leaves nothing."""
    spent = budget()
    spent.reserve("a", 600, 60)

    spent.release("a")

    assert (0, 0, True) == (spent.settled, spent.held, spent.idle())


def test_a_hold_that_nobody_ends_expires():
    """Unsent it is given back; sent it is taken for what was reserved."""
    spent = budget()
    for name in ("unsent", "sent", "later"):
        spent.reserve(name, 300, 600 if name == "later" else 60)
    spent.sent("sent")

    spent.tick(59.9)
    assert 900 == spent.held
    spent.tick(60.0)

    assert (300, 300) == (spent.settled, spent.held)
    spent.tick(600.0)
    assert (300, 0) == (spent.settled, spent.held)


def test_a_new_day_begins_with_nothing_spent():
    """But what is held has still to be paid."""
    spent = budget()
    spent.reserve("a", 300, 1e9)
    spent.reserve("b", 500, 1e9)
    spent.settle("b", 500)

    spent.tick(86400.0)

    assert (0, 300, 0, 2 * 86400) == (spent.settled, spent.held, spent.overrun, spent.period.end)


def test_shares_are_told_once_a_period():
    """At 90 and at 100 percent; after a new period again."""
    spent, told = budget(), []
    for amount in (899, 1, 1, 98, 1, 1):
        spent.force("a", amount, 1e9)
        spent.settle("a", amount)
        told.append(spent.alerts())

    assert [(), (90,), (), (), (100,), ()] == told
    spent.tick(86400.0)
    assert () == spent.alerts()


def test_a_jump_tells_both_shares():
    """Nothing is left out where one call spends it all."""
    spent = budget()
    spent.reserve("a", 1000, 60)
    spent.settle("a", None)

    assert (90, 100) == spent.alerts()


def test_a_budget_that_refuses_counts_as_spent():
    """What is left of it is of no use."""
    assert (90, 100) == budget().alerts(refused=True)


def test_a_budget_by_request_keeps_nothing():
    """It is about each call alone, however many there are."""
    each = budget("request")

    for name in "abc":
        assert each.reserve(name, 1000, 60)
        each.settle(name, 1000)

    assert not each.reserve("d", 1001, 60)
    assert (0, 0, ()) == (each.settled, each.held, each.alerts())


class Spending(RuleBasedStateMachine):
    """A budget beside a plain account of every attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = budget("hour")
        self.now = 0.0
        self.hour = 0
        self.settled = 0
        self.overrun = 0
        self.holds: dict[str, tuple[int, float, bool]] = {}
        self.number = 0

    @rule(seconds=st.floats(0, 2000))
    def wait(self, seconds: float) -> None:
        """Hours pass, holds expire."""
        self.now += seconds
        self.budget.tick(self.now)
        if self.now // 3600 > self.hour:
            self.hour, self.settled, self.overrun = int(self.now // 3600), 0, 0
        for name, (amount, expires, sent) in [*self.holds.items()]:
            if expires <= self.now:
                del self.holds[name]
                self.settled += amount if sent else 0

    @rule(amount=st.integers(0, LIMIT + 1), lasts=st.floats(1, 3000))
    def reserve(self, amount: int, lasts: float) -> None:
        """What fits is let in, what does not is not."""
        self.number += 1
        fits = self.settled + sum(hold[0] for hold in self.holds.values()) + amount <= LIMIT
        assert fits == self.budget.reserve(str(self.number), amount, self.now + lasts)
        if fits:
            self.holds[str(self.number)] = (amount, self.now + lasts, False)

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """From here on it may have cost something."""
        if self.holds:
            name = data.draw(st.sampled_from(sorted(self.holds)))
            self.budget.sent(name)
            self.holds[name] = (*self.holds[name][:2], True)

    @rule(data=st.data(), share=st.sampled_from([None, 0.0, 0.5, 1.0, 1.5]))
    def settle(self, data: st.DataObject, share: float | None) -> None:
        """An attempt ends and cost less, the same, or more."""
        if self.holds:
            name = data.draw(st.sampled_from(sorted(self.holds)))
            amount = self.holds.pop(name)[0]
            actual = amount if share is None else int(amount * share)
            assert max(0, actual - amount) == self.budget.settle(name, None if share is None else actual)
            self.settled += actual
            self.overrun += max(0, actual - amount)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """An attempt was never sent."""
        if self.holds:
            name = data.draw(st.sampled_from(sorted(self.holds)))
            del self.holds[name]
            self.budget.release(name)

    @invariant()
    def as_in_the_account(self) -> None:
        """Settled and held are what the account says, and never pass the limit but for what was overrun."""
        held = sum(hold[0] for hold in self.holds.values())
        assert (self.settled, held, self.overrun) == (
            self.budget.settled,
            self.budget.held,
            self.budget.overrun,
        )
        assert self.budget.settled + self.budget.held <= LIMIT + self.budget.overrun


TestSpending = Spending.TestCase
TestSpending.settings = settings(
    max_examples=STEPS // 50, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)

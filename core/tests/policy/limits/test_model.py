"""The limiters against models that keep every arrival and count anew each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jackfield.policy.limits import Concurrency, SlidingWindow, TokenBucket

LIMIT, WINDOW = 7, 60.0
STEPS = int(os.environ.get("JACKFIELD_STEPS", "2000")) // int(os.environ.get("JACKFIELD_FEWER", "1"))
FAST = settings(
    max_examples=STEPS // 50, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)


class Sliding(RuleBasedStateMachine):
    """A sliding window beside a list of everything it let in."""

    def __init__(self) -> None:
        super().__init__()
        self.limiter = SlidingWindow(LIMIT, WINDOW)
        self.now = 1000.0
        self.entered: list[list[float]] = []  # when, and how much
        self.open: list[tuple[object, list[float]]] = []

    def within(self) -> float:
        """What the window holds in truth."""
        return sum(cost for when, cost in self.entered if when > self.now - WINDOW + 1e-9)

    @rule(seconds=st.floats(0, 45))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(cost=st.integers(1, LIMIT))
    def arrive(self, cost: int) -> None:
        """What is let in fits; what fits by far is let in; what is refused is told when to come back."""
        room = LIMIT - self.within()
        admission = self.limiter.admit(cost, self.now)
        if admission.held:
            assert cost <= room
            entry = [self.now, float(cost)]
            self.entered.append(entry)
            self.open.append((admission, entry))
        else:
            slot = WINDOW / 60
            older = sum(amount for when, amount in self.entered if when > self.now - WINDOW - slot)
            assert (
                cost > LIMIT - older
            )  # it was refused for what is in the window, or in the slot at its edge
            assert 0 < admission.wait <= WINDOW + 1e-3

    @rule(actual=st.integers(0, 3), data=st.data())
    def settle(self, actual: int, data: st.DataObject) -> None:
        """An estimate becomes what it was, but never more than it was."""
        if self.open:
            admission, entry = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
            actual = min(actual, int(entry[1]))
            self.limiter.settle(admission, actual, self.now)  # type: ignore[arg-type]
            entry[1] = actual

    @invariant()
    def never_more_than_the_limit(self) -> None:
        """The promise."""
        assert self.within() <= LIMIT


class Bucket(RuleBasedStateMachine):
    """A token bucket beside the sum of what was taken and what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.limiter = TokenBucket(10, 2.0)
        self.now = 0.0
        self.free = 10.0

    @rule(seconds=st.floats(0, 4))
    def wait(self, seconds: float) -> None:
        """It fills, and does not run over."""
        self.now += seconds
        self.free = min(10.0, self.free + 2 * seconds)

    @rule(cost=st.integers(1, 12), actual=st.integers(0, 14))
    def spend(self, cost: int, actual: int) -> None:
        """It gives what it has, and owes what turned out dearer."""
        admission = self.limiter.admit(cost, self.now)
        assert admission.held == (cost <= self.free + 1e-6) or abs(cost - self.free) < 1e-6
        if admission.held:
            self.limiter.settle(admission, actual, self.now)
            self.free = min(10.0, self.free - actual)

    @invariant()
    def as_full_as_the_model(self) -> None:
        """Both hold the same."""
        assert abs(self.limiter.free(self.now) - self.free) < 1e-6


class Places(RuleBasedStateMachine):
    """A limit of calls at once beside a list of those inside."""

    def __init__(self) -> None:
        super().__init__()
        self.limiter = Concurrency(3)
        self.inside: list[object] = []

    @rule(cost=st.integers(1, 2))
    def enter(self, cost: int) -> None:
        """Who finds room is in; who does not can wait for somebody to leave."""
        taken = sum(admission.cost for admission in self.inside)  # type: ignore[attr-defined]
        admission = self.limiter.admit(cost, 0.0)
        assert admission.held == (taken + cost <= 3)
        assert admission.on_release != admission.held
        if admission.held:
            self.inside.append(admission)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A place is free again."""
        if self.inside:
            self.limiter.settle(self.inside.pop(data.draw(st.integers(0, len(self.inside) - 1))), 5, 0.0)  # type: ignore[arg-type]


TestSliding = Sliding.TestCase
TestBucket = Bucket.TestCase
TestPlaces = Places.TestCase
TestSliding.settings = TestBucket.settings = TestPlaces.settings = FAST

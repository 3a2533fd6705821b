"""What all policies together make of an outage, in time that is made up."""

from __future__ import annotations

import heapq
import random
from itertools import count

import pytest

from jackfield import ErrorInfo
from jackfield.policy.board import Board
from jackfield.policy.breaker import Refused
from jackfield.policy.decide import Situation, decide
from jackfield.policy.retry import RetryPolicy

DOWN = ErrorInfo("server", status=500)
ANSWER, REFUSAL, TOTAL = 0.5, 0.05, 600.0


class World:
    """Providers that are down from time to time, and what they were asked."""

    def __init__(self, outages, seed=1):
        self.now = 0.0
        self.outages = outages  # one list of (from, to) for each provider
        self.asked = []  # when, of whom, whether it answered
        self.calls = []  # when it began, whether it succeeded, when it ended
        chance = random.Random(seed)
        self.board = Board(chance=chance.random)
        self.policy = RetryPolicy(uniform=chance.uniform)
        self.guards = [self.board.guard((f"provider-{n}", "", "m", "k")) for n in range(len(outages))]

    def down(self, number):
        return any(begin <= self.now < end for begin, end in self.outages[number])

    def run(self, arrivals):
        """Let calls arrive, and everybody wait as long as he has to."""
        order = count()
        waiting = [(at, next(order), None) for at in arrivals]
        heapq.heapify(waiting)
        while waiting:
            self.now, _, call = heapq.heappop(waiting)
            call = call or self.call()
            wait = next(call, None)
            if wait is not None:
                heapq.heappush(waiting, (self.now + wait, next(order), call))

    def call(self):
        """One call: attempts as the policies say; yields how long it waits."""
        began, made, tries, number, cost = self.now, 1, 0, None, 0
        while True:
            number, leave = self.entered(number)
            if isinstance(leave, Refused):
                wait = self.guards[number].turn(self.now, min(began + TOTAL, self.now + 60))
                if wait is None:
                    break
                number = None
                yield wait
                continue
            tries += 1
            yield REFUSAL if self.down(number) else ANSWER
            error = DOWN if self.down(number) else None
            self.asked.append((self.now, number, error is None))
            leave.settle(self.now, error)
            guard = self.guards[number]
            if error is None:
                guard.succeeded(cost, first=made == 1)
                self.calls.append((began, True, self.now))
                return
            decision = decide(error, self.situation(began, made, tries, number), self.policy, guard.budget)
            if decision.action == "raise":
                break
            made, cost = made + 1, decision.cost
            if decision.action == "other_target":
                tries, number = 0, self.others(number)[0]
            yield decision.delay
        self.calls.append((began, False, self.now))

    def situation(self, began, made, tries, number):
        refusal = self.guards[number].refusal(self.now)
        opens_in = 0.0 if refusal is None else refusal.until - self.now
        left = began + TOTAL - self.now
        return Situation(made, made, 3, tries, left, opens_in, other_targets=bool(self.others(number)))

    def others(self, number):
        guards = enumerate(self.guards)
        return [other for other, guard in guards if other != number and guard.refusal(self.now) is None]

    def entered(self, number):
        """The target that lets a call in, the wanted one first; else what the soonest of them says."""
        refused = []
        for other in dict.fromkeys([number if number is not None else 0, *range(len(self.guards))]):
            leave = self.guards[other].admit(self.now)
            if not isinstance(leave, Refused):
                return other, leave
            refused.append((leave.until, other, leave))
        return min(refused)[1:]


@pytest.mark.parametrize(("rate", "most"), [(1, 1.2), (50, 1.05)])
def test_an_outage_of_five_minutes(rate, most):
    """It is not made worse, and within half a minute after its end all is well again."""
    world = World([[(100.0, 400.0)]])

    world.run(number / rate for number in range(600 * rate))

    load = sum(100 <= at < 400 for at, _, _ in world.asked) / (300 * rate)
    recovered = min(at for at, _, well in world.asked if well and at >= 400)
    late = [began for began, well, _ in world.calls if began >= 440 and not well]
    assert load <= most
    assert recovered <= 430
    assert [] == late


def test_an_outage_with_somewhere_else_to_go():
    """Nobody notices, and going elsewhere takes less than a tenth of a second."""
    world = World([[(100.0, 400.0)], []])

    world.run(number / 10 for number in range(6000))

    slowest = max(ended - began for began, _, ended in world.calls if 100 <= began < 400)
    assert all(well for _, well, _ in world.calls)
    assert slowest <= ANSWER + REFUSAL + 0.1
    assert sum(number == 0 and 100 < at < 400 for at, number, _ in world.asked) <= 30

"""Limits that several processes have together, and what a process does when it cannot ask the others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from itertools import count
from math import inf
from os import urandom

from jackfield.flow import Await, Flow
from jackfield.policy.limits.base import NEVER, Admission
from jackfield.policy.limits.store import LocalStore, Taken, Want
from jackfield.state import Give, State, StateUnavailable, Take, Took

LEASE = 3660.0
"""Seconds after which a place is free though the call that has it never left: longer than any call takes."""


class SharedLimits:
    """Takes of limits that are kept elsewhere. While that is out of reach each process allows its own share."""

    def __init__(self, state: State, replicas: int = 1) -> None:
        self._state = state
        self._share = 1.0 / replicas
        self._alone = LocalStore()
        self._name = urandom(6).hex()
        self._numbers = count()

    def taking(self, wants: Sequence[Want], now: float) -> Flow[tuple[Taken, SharedLimits | LocalStore]]:
        """Take all of it, or nothing; of the shared limits if they answer in time."""
        if not wants:
            return Taken(()), self
        takes = self._takes(wants)
        future = self._state.take(takes)
        try:
            took: Took = yield Await(partial(_itself, future), self._state.timeout)
        except (TimeoutError, StateUnavailable):
            future.add_done_callback(partial(self._back, takes))
            return self._alone.take([self._own(want) for want in wants], now), self._alone
        except BaseException:
            future.add_done_callback(partial(self._back, takes))
            raise
        return _taken(takes, took), self

    def settle(
        self, wants: Sequence[Want], held: Sequence[Admission], actual: Sequence[float], now: float
    ) -> None:
        """Correct what was taken; nobody waits for it."""
        if wants:
            self._state.give(
                [_given(admission, spent) for admission, spent in zip(held, actual, strict=True)]
            )

    def complain(self, wants: Sequence[Want], now: float) -> None:
        """The other side refused or failed: limits that adapt give way."""
        keys = [_key(want) for want in wants if want.spec.rule.algorithm == "adaptive"]
        if keys:
            self._state.complain(keys)

    def _takes(self, wants: Sequence[Want]) -> list[Take]:
        hold = f"{self._name}.{next(self._numbers)}"
        return [_take(want, hold) for want in wants]

    def _own(self, want: Want) -> Want:
        return want._replace(spec=want.spec._replace(share=self._share))

    def _back(self, takes: Sequence[Take], future: Future[Took]) -> None:
        """What was taken after nobody waited for it any more is given back."""
        if future.exception() is None and future.result().blocked is None:
            self._state.give(
                [Give(take, mark, 0) for take, mark in zip(takes, future.result().marks, strict=True)]
            )


def _itself(future: Future[Took]) -> Future[Took]:
    return future


def _given(admission: Admission, actual: float) -> Give:
    take, mark = admission.mark
    return Give(take, mark, actual)


def _key(want: Want) -> str:
    return "limit:" + ":".join(part.replace(":", "%3A") for part in want.key)


def _take(want: Want, hold: str) -> Take:
    rate, rule = want.spec.rate, want.spec.rule
    algorithm = "concurrent" if rate.unit == "concurrent" else rule.algorithm
    return Take(_key(want), algorithm, rate.limit, rate.window, want.cost, rule.burst or 0, hold, LEASE)


def _taken(takes: Sequence[Take], took: Took) -> Taken:
    wait = NEVER if took.wait < 0 else took.wait
    if took.blocked is not None:
        refused = Admission(takes[took.blocked].cost, False, wait, took.remaining, inf)
        return Taken((), took.blocked, refused)
    held = []
    for take, mark in zip(takes, took.marks, strict=True):
        admission = Admission(take.cost, True, wait, took.remaining, take.window)
        admission.mark = (take, mark)
        held.append(admission)
    return Taken(tuple(held), None, None, wait)

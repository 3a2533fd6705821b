"""What all limiters have in common: they are asked before something is done, and told afterwards what it came to."""

from __future__ import annotations

from math import inf
from typing import Any, Protocol

NEVER = inf
"""The waiting time of what is above the limit itself: no waiting helps."""

TICK = 1e-6
"""Seconds added to computed waits, so that the moment they end at is past the one that was waited for."""


class Admission:
    """A limiter's answer.

    ``held`` says that the cost is taken; the call may go ``wait`` seconds from now, which is at once but for the
    limiter that spaces calls out. If it is not held, nothing was taken: ask again after ``wait`` seconds, or, if
    ``on_release``, when somebody else has finished. ``remaining`` is what is free now, ``reset`` the seconds until
    all of it is if nobody asks for more.
    """

    __slots__ = ("cost", "held", "mark", "on_release", "remaining", "reset", "wait")

    def __init__(self, cost: float, held: bool, wait: float, remaining: float, reset: float) -> None:
        self.cost = cost
        self.held = held
        self.wait = wait
        self.remaining = remaining
        self.reset = reset
        self.on_release = False
        self.mark: Any = None  # where the limiter finds what it took

    def __repr__(self) -> str:
        return (
            f"<Admission {'held' if self.held else 'refused'}, wait {self.wait:g} s, {self.remaining:g} left>"
        )


class Limiter(Protocol):
    """One limit of one scope, over injected time. It is not locked: ``LocalStore`` is."""

    @property
    def limit(self) -> float:
        """How many units there are when all are free."""
        ...

    def admit(self, cost: float, now: float) -> Admission:
        """Take ``cost`` if the limit allows; else take nothing and tell how long to wait."""
        ...

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Correct what was taken to what it came to: 0 gives it back. It is called once per held admission."""
        ...

    def idle(self, now: float) -> bool:
        """Whether nothing is taken, so that a new limiter would answer the same."""
        ...

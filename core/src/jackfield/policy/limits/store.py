"""The limiters of a process: made when first asked for, several asked as one, forgotten when they are idle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jackfield.config.limits import LimitRule, Rate
from jackfield.policy.limits.adaptive import Adaptive
from jackfield.policy.limits.base import Admission, Limiter
from jackfield.policy.limits.concurrent import Concurrency
from jackfield.policy.limits.fixed import FixedWindow
from jackfield.policy.limits.leaky import LeakyBucket
from jackfield.policy.limits.sliding import SlidingWindow
from jackfield.policy.limits.token_bucket import TokenBucket

MOST_KEPT = 10_000

Key = tuple[str, ...]


class Spec(NamedTuple):
    """What kind of limiter stands behind a key."""

    rule: LimitRule
    rate: Rate
    place: int  # of the rate's unit in a cost
    share: float = 1.0  # of the limit, where several processes have one each

    @property
    def limit(self) -> float:
        """The units that are allowed; never less than one."""
        return self.rate.limit if self.share == 1.0 else max(1, int(self.rate.limit * self.share))


class Want(NamedTuple):
    """So much of the limit behind a key."""

    key: Key
    spec: Spec
    cost: float


class Taken(NamedTuple):
    """What a store answers: all of it was taken, or nothing, because of the limit that is ``blocked``."""

    held: tuple[Admission, ...]
    blocked: int | None = None  # the place of the want that was refused
    refusal: Admission | None = None
    wait: float = 0.0  # seconds until the turn that was given


def _bucket(spec: Spec) -> Limiter:
    rate = spec.limit / spec.rate.window
    return TokenBucket(spec.rule.burst or spec.limit, rate)


def _adaptive(spec: Spec) -> Limiter:
    return Adaptive(spec.limit, max(1, spec.limit // 10), spec.limit * 10, spec.rate.window)


# Each algorithm is one of its own; a limit of calls at once has none.
MAKERS: dict[str, Callable[[Spec], Limiter]] = {
    "sliding": lambda spec: SlidingWindow(spec.limit, spec.rate.window),
    "fixed": lambda spec: FixedWindow(spec.limit, spec.rate.window),
    "token_bucket": _bucket,
    "leaky_bucket": lambda spec: LeakyBucket(spec.limit, spec.limit / spec.rate.window),
    "adaptive": _adaptive,
}


def limiter_of(spec: Spec) -> Limiter:
    """A fresh limiter."""
    if spec.rate.unit == "concurrent":
        return Concurrency(spec.limit)
    return MAKERS[spec.rule.algorithm](spec)


class LocalStore:
    """Limiters in this process. Threads share it: everything happens under one lock, held for microseconds."""

    __slots__ = ("_limiters", "_lock", "_most")

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._limiters: dict[Key, Limiter] = {}
        self._lock = threading.Lock()
        self._most = most

    def take(self, wants: Sequence[Want], now: float) -> Taken:
        """Take all of it, or nothing."""
        held: list[Admission] = []
        wait = 0.0
        with self._lock:
            for key, spec, cost in wants:
                limiter = self._limiters.get(key) or self._made(key, spec, now)
                admission = limiter.admit(cost, now)
                if not admission.held:
                    self._back(wants, held, now)
                    return Taken((), len(held), admission)
                held.append(admission)
                wait = max(wait, admission.wait)
        return Taken(tuple(held), None, None, wait)

    def settle(
        self, wants: Sequence[Want], held: Sequence[Admission], actual: Sequence[float], now: float
    ) -> None:
        """Correct what was taken to what it came to."""
        with self._lock:
            for want, admission, cost in zip(wants, held, actual, strict=True):
                limiter = self._limiters.get(want.key)
                if limiter is not None:
                    limiter.settle(admission, cost, now)

    def complain(self, wants: Sequence[Want], now: float) -> None:
        """The other side refused or failed: limits that adapt give way."""
        with self._lock:
            for want in wants:
                limiter = self._limiters.get(want.key)
                if isinstance(limiter, Adaptive):
                    limiter.complain(now)

    def _made(self, key: Key, spec: Spec, now: float) -> Limiter:
        if len(self._limiters) >= self._most:
            self._forget(now)
        limiter = self._limiters[key] = limiter_of(spec)
        return limiter

    def _forget(self, now: float) -> None:
        """Drop limiters that a new one would not differ from."""
        self._limiters = {key: limiter for key, limiter in self._limiters.items() if not limiter.idle(now)}

    def _back(self, wants: Sequence[Want], held: Sequence[Admission], now: float) -> None:
        for want, admission in zip(wants, held, strict=False):
            self._limiters[want.key].settle(admission, 0, now)

"""What has been measured of every target: how soon it answers, how often it succeeds, how busy it is."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from attrs import frozen

from jackfield.errors import KINDS
from jackfield.types.recent import Recent

ALPHA = 0.2
HISTORY = 100
MODELS = 1000  # that are measured at least, of which callers may name as many as they like
UNSEEN_MS = 100.0
UNSEEN_USD = 0.01  # per 1,000 tokens

_NOT_ITS_FAULT = frozenset({"request", "local"})


class Outcome(NamedTuple):
    """How an attempt ended. ``ok`` is ``None`` where that says nothing of the target."""

    ok: bool | None
    latency_ms: float | None = None  # to the first content, or to the whole answer where nothing comes sooner

    @classmethod
    def failed(cls, kind: str, latency_ms: float | None = None) -> Outcome:
        """The outcome of a failure of that kind: what is the request's or our own doing does not count."""
        return cls(None if KINDS[kind].scope in _NOT_ITS_FAULT else False, latency_ms)


@frozen
class Measure:
    """What has been measured of one target, as it may be shown."""

    model: str
    calls: int
    failures: int
    in_flight: int
    success: float
    latency_ms: float | None
    p75_ms: float | None


class Meter:
    """The measures of one target. Written under a lock; single values are read without it."""

    __slots__ = (
        "_alpha",
        "_lock",
        "_recent",
        "_sorted",
        "calls",
        "failures",
        "in_flight",
        "latency",
        "success",
    )

    def __init__(self, alpha: float = ALPHA) -> None:
        self._alpha = alpha
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self.calls = 0
        self.failures = 0
        self.in_flight = 0
        self.latency: float | None = None
        self.success = 1.0

    def begin(self) -> None:
        """An attempt has started."""
        with self._lock:
            self.in_flight += 1

    def succeeded(self, latency_ms: float) -> None:
        """An attempt has ended well: the short way of what nearly every call comes to."""
        with self._lock:
            if self.in_flight:
                self.in_flight -= 1
            self.calls += 1
            self.success += self._alpha * (1 - self.success)
            self._time(latency_ms)

    def end(self, outcome: Outcome | None = None) -> None:
        """An attempt has ended; one that was cancelled has no outcome."""
        with self._lock:
            self.in_flight = max(0, self.in_flight - 1)
            if outcome is not None:
                self._count(outcome)

    def observe(self, outcome: Outcome) -> None:
        """Count an outcome that was measured elsewhere."""
        with self._lock:
            self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        ok, latency = outcome
        if ok is not None:
            self.calls += 1
            self.failures += not ok
            self.success += self._alpha * (ok - self.success)
        if latency is not None and ok:
            self._time(latency)

    def _time(self, latency: float) -> None:
        known = self.latency
        self.latency = latency if known is None else known + self._alpha * (latency - known)
        insort(self._sorted, latency)
        self._recent.append(latency)
        if len(self._recent) > HISTORY:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]

    @property
    def p75(self) -> float | None:
        """Three of four of the last hundred answers came sooner than this."""
        known = self._sorted
        return known[min(len(known) - 1, (3 * len(known)) // 4)] if known else None

    def shown(self, model: str) -> Measure:
        """The measures of this moment."""
        with self._lock:
            counts = (self.calls, self.failures, self.in_flight)
            return Measure(model, *counts, self.success, self.latency, self.p75)


class Measures:
    """The board of all targets of a client, shared by its routes and threads."""

    def __init__(self, alpha: float = ALPHA) -> None:
        self._alpha = alpha
        self._meters: Recent[str, Meter] = Recent(MODELS)

    def of(self, model: str) -> Meter:
        """The meter of a target; made when it is first asked for."""
        found = self._meters.get(model)
        return found if found is not None else self._meters.recall(model, lambda: Meter(self._alpha))

    def begin(self, model: str) -> None:
        """An attempt at a target has started."""
        self.of(model).begin()

    def end(self, model: str, outcome: Outcome | None = None) -> None:
        """An attempt at a target has ended."""
        self.of(model).end(outcome)

    def observe(self, model: str, outcome: Outcome) -> None:
        """Count an outcome that was measured elsewhere."""
        self.of(model).observe(outcome)

    def __iter__(self) -> Iterator[Measure]:
        return iter([meter.shown(model) for model, meter in sorted(self._meters.kept().items())])

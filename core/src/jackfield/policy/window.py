"""What happened of late: counts over a sliding window, and what is unusual. Whole numbers only, so nothing drifts."""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import Final

BUCKETS: Final = 10
HISTORY: Final = 1000  # calls that what is usual is taken from
ENOUGH: Final = 30  # below this nothing is unusual
_MICRO: Final = 1_000_000


class Window:
    """Calls, failures, timed starts and slow starts of the last so many seconds, in ten buckets."""

    __slots__ = (
        "_bucket",
        "_buckets",
        "_current",
        "_ends",
        "_width",
        "calls",
        "failures",
        "slow",
        "timed",
    )

    def __init__(self, seconds: float) -> None:
        self._width = seconds / BUCKETS
        self._buckets = [[0, 0, 0, 0] for _ in range(BUCKETS)]
        self._current = 0
        self._bucket = self._buckets[0]
        self._ends = self._width
        self.calls = self.failures = self.timed = self.slow = 0

    def add(self, now: float, failed: bool) -> None:
        """Count a call."""
        if now >= self._ends:
            self._roll(now)
        self._bucket[0] += 1
        self.calls += 1
        if failed:
            self._bucket[1] += 1
            self.failures += 1

    def add_start(self, now: float, slow: bool) -> None:
        """Count a start whose time was taken."""
        if now >= self._ends:
            self._roll(now)
        self._bucket[2] += 1
        self.timed += 1
        if slow:
            self._bucket[3] += 1
            self.slow += 1

    def counts(self, now: float) -> tuple[int, int]:
        """Calls and failures as of now."""
        if now >= self._ends:
            self._roll(now)
        return self.calls, self.failures

    def clear(self) -> None:
        """Forget everything."""
        for bucket in self._buckets:
            bucket[:] = (0, 0, 0, 0)
        self.calls = self.failures = self.timed = self.slow = 0

    def _roll(self, now: float) -> None:
        """Begin the bucket of ``now``; those that lie too far back are emptied.

        A clock that goes backwards never comes here: it counts in the newest bucket, and nothing is forgotten.
        """
        index = int(now // self._width)
        for passed in range(max(self._current + 1, index - BUCKETS + 1), index + 1):
            bucket = self._buckets[passed % BUCKETS]
            if bucket[0] or bucket[2]:  # most are empty where calls are few
                self.calls -= bucket[0]
                self.failures -= bucket[1]
                self.timed -= bucket[2]
                self.slow -= bucket[3]
                bucket[:] = (0, 0, 0, 0)
        self._current = max(self._current, index)
        self._bucket = self._buckets[self._current % BUCKETS]
        self._ends = (self._current + 1) * self._width


class Anomaly:
    """Tells of times that lie far above what is usual. Sums are of whole microseconds: they stay exact."""

    __slots__ = ("_limit", "_squares", "_sum", "_times")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._times: deque[int] = deque()
        self._sum = 0
        self._squares = 0

    def unusual(self, seconds: float) -> bool:
        """Whether ``seconds`` is unusual by what came before; it is part of what is usual from then on."""
        score = self.score(seconds)
        self._add(int(seconds * _MICRO))
        return score > self._limit

    def score(self, seconds: float) -> float:
        """How many standard deviations ``seconds`` lies above the mean of what came before."""
        count = len(self._times)
        if count < ENOUGH:
            return 0.0
        variance = (self._squares * count - self._sum * self._sum) / (count * count)
        above = seconds * _MICRO - self._sum / count
        if above <= 0:
            return 0.0
        return above / sqrt(variance) if variance > 0 else float("inf")

    def _add(self, value: int) -> None:
        self._times.append(value)
        self._sum += value
        self._squares += value * value
        if len(self._times) > HISTORY:
            old = self._times.popleft()
            self._sum -= old
            self._squares -= old * old

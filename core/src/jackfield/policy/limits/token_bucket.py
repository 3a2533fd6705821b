"""The token bucket: bursts up to its size, and a steady rate beyond."""

from __future__ import annotations

from jackfield.policy.limits.base import NEVER, TICK, Admission


class TokenBucket:
    """Never more than ``limit`` + ``rate`` x t within any t seconds: a full bucket may be spent at once.

    What turns out dearer than it was admitted for is owed: the bucket goes below zero and refills from there.
    """

    __slots__ = ("_free", "_latest", "limit", "rate")

    def __init__(self, limit: float = 100, rate: float = 10.0) -> None:
        self.limit = limit
        self.rate = rate
        self._free: float = limit
        self._latest: float | None = None

    def free(self, now: float) -> float:
        """What is in the bucket now."""
        if self._latest is None:
            self._latest = now
        elif now > self._latest:
            self._free = min(self.limit, self._free + (now - self._latest) * self.rate)
            self._latest = now
        return self._free

    def admit(self, cost: float, now: float) -> Admission:
        """Take ``cost`` out of the bucket if it is there."""
        free = self.free(now)
        if cost <= free:
            self._free = free = free - cost
            return Admission(cost, True, 0.0, free, self._reset())
        wait = NEVER if cost > self.limit else (cost - free) / self.rate + TICK
        return Admission(cost, False, wait, max(free, 0.0), self._reset())

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Put back what was not needed, or owe what was needed beyond."""
        self._free = min(self.limit, self.free(now) + admission.cost - actual)

    def idle(self, now: float) -> bool:
        """Whether the bucket is full."""
        return self.free(now) >= self.limit

    def _reset(self) -> float:
        return max(0.0, (self.limit - self._free) / self.rate)

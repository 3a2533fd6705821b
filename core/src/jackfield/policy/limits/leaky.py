"""The leaky bucket: calls wait in it, and leave it evenly spaced."""

from __future__ import annotations

from jackfield.policy.limits.base import NEVER, TICK, Admission


class LeakyBucket:
    """Calls leave at ``rate`` and never faster: there is no burst, however long it was quiet.

    Who comes is given a turn, ``Admission.wait`` seconds ahead, which is held for him. Up to ``limit`` units
    may be waiting for theirs; when the bucket is full nothing is taken.
    """

    __slots__ = ("_free_at", "limit", "rate")

    def __init__(self, limit: float = 100, rate: float = 10.0) -> None:
        self.limit = limit
        self.rate = rate
        self._free_at = 0.0

    def admit(self, cost: float, now: float) -> Admission:
        """Give the next free turn, if the bucket has room for one more."""
        turn = max(now, self._free_at)
        level = (turn - now) * self.rate
        if level + cost <= self.limit:
            self._free_at = turn + cost / self.rate
            admission = Admission(cost, True, turn - now, self.limit - level - cost, self._free_at - now)
            admission.mark = turn
            return admission
        wait = NEVER if cost > self.limit else (level + cost - self.limit) / self.rate + TICK
        return Admission(cost, False, wait, max(0.0, self.limit - level), turn - now)

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """What came dearer moves the next turn back; a last turn that was not needed, or not all, frees the next."""
        extra = (actual - admission.cost) / self.rate
        if extra > 0 or self._free_at == admission.mark + admission.cost / self.rate:
            self._free_at += extra

    def idle(self, now: float) -> bool:
        """Whether nobody waits for a turn."""
        return self._free_at <= now

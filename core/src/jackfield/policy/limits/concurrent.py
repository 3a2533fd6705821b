"""The concurrency limit: so many at once, however long each takes."""

from __future__ import annotations

from jackfield.policy.limits.base import NEVER, Admission


class Concurrency:
    """At most ``limit`` admissions that are not settled. Time plays no part: a place is free when somebody leaves."""

    __slots__ = ("_inside", "limit")

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._inside: float = 0

    def admit(self, cost: float, now: float) -> Admission:
        """Take a place if one is free."""
        left = self.limit - self._inside
        if cost <= left:
            self._inside += cost
            return Admission(cost, True, 0.0, left - cost, 0.0)
        admission = Admission(cost, False, NEVER, left, 0.0)
        admission.on_release = cost <= self.limit
        return admission

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Leave; whatever it came to, the place is free."""
        self._inside -= admission.cost

    def idle(self, now: float) -> bool:
        """Whether nobody is inside."""
        return self._inside == 0

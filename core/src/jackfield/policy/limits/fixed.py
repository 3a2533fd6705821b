"""The fixed window: a count that begins anew at every full minute, hour or day."""

from __future__ import annotations

from jackfield.policy.limits.base import NEVER, TICK, Admission


class FixedWindow:
    """At most ``limit`` in each window; the windows follow each other without a gap.

    Cheap, and what many providers do. Across the seam of two windows up to twice the limit may pass within the
    length of one: where that matters use ``SlidingWindow``.
    """

    __slots__ = ("_number", "_used", "limit", "window")

    def __init__(self, limit: float, window: float = 60.0) -> None:
        self.limit = limit
        self.window = window
        self._number = -1.0
        self._used: float = 0

    def admit(self, cost: float, now: float) -> Admission:
        """Take ``cost`` of the window that ``now`` is in."""
        number = now // self.window
        if number > self._number:
            self._number, self._used = number, 0
        reset = max((self._number + 1) * self.window - now, 0.0)
        left = self.limit - self._used
        if cost <= left:
            self._used += cost
            admission = Admission(cost, True, 0.0, left - cost, reset)
            admission.mark = self._number
            return admission
        return Admission(cost, False, NEVER if cost > self.limit else reset + TICK, max(left, 0), reset)

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Correct the count, if its window has not passed."""
        if admission.mark == self._number:
            self._used += actual - admission.cost

    def idle(self, now: float) -> bool:
        """Whether the window has passed, or nothing of it is taken."""
        return self._used == 0 or now // self.window > self._number

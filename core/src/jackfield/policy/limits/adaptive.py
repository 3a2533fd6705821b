"""The adaptive limit: it gives way at once when the other side complains, and comes back slowly."""

from __future__ import annotations

from jackfield.policy.limits.base import Admission
from jackfield.policy.limits.sliding import SLOTS, SlidingWindow

COMPLAINT = 0.7
BUSY, BUSY_ABOVE = 0.9, 0.8
QUIET, QUIET_BELOW = 1.1, 0.5


class Adaptive:
    """A sliding window whose limit moves between ``lowest`` and ``highest``.

    A complaint, a 429 or a failure of the other side, multiplies it by 0.7; complaints of one second count once, for
    they have one cause. After each window it is multiplied by 0.9 if more than 80 % of it was used, and by 1.1 if
    less than half was.
    """

    __slots__ = ("_complained", "_ends", "_taken", "_window", "highest", "lowest")

    def __init__(
        self, limit: float = 100, lowest: float = 10, highest: float = 1000, window: float = 60.0
    ) -> None:
        self._window = SlidingWindow(min(max(limit, lowest), highest), window)
        self.lowest = lowest
        self.highest = highest
        self._complained: float | None = None
        self._ends: float | None = None
        self._taken: float = 0

    @property
    def limit(self) -> float:
        """The limit of this moment."""
        return self._window.limit

    def admit(self, cost: float, now: float) -> Admission:
        """Take ``cost`` if the window has room for it."""
        self._turned(now)
        admission = self._window.admit(cost, now)
        self._taken += admission.cost if admission.held else 0
        return admission

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Correct the count."""
        self._taken += actual - admission.cost
        self._window.settle(admission, actual, now)

    def complain(self, now: float) -> None:
        """The other side refused or failed."""
        self._turned(now)
        pause = self._window.window / SLOTS
        if self._complained is None or now - self._complained >= pause:
            self._complained = now
            self._set(COMPLAINT)

    def idle(self, now: float) -> bool:
        """Whether nothing was taken and the limit is what it was: never, for it remembers."""
        return False

    def _turned(self, now: float) -> None:
        """Judge the window that has ended, if one has."""
        window = self._window.window
        if self._ends is None:
            self._ends = now + window
        elif now >= self._ends:
            used = self._taken / self.limit
            self._set(BUSY if used > BUSY_ABOVE else QUIET if used < QUIET_BELOW else 1.0)
            self._taken = 0
            self._ends = now + window

    def _set(self, factor: float) -> None:
        self._window.limit = min(max(self._window.limit * factor, self.lowest), self.highest)

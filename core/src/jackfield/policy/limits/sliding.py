"""The sliding window: never more than the limit within any stretch of time as long as the window."""

from __future__ import annotations

from collections import deque
from math import ceil

from jackfield.policy.limits.base import NEVER, TICK, Admission

SLOTS = 60
MOST_SLOTS = 7200
ROUNDING = 1e-9  # seconds by which sums of floats may be off


class _Slot:
    """What was taken within a slot's width: how much, and when the last of it."""

    __slots__ = ("alive", "count", "last", "number")

    def __init__(self, number: float, last: float, count: float) -> None:
        self.number = number
        self.last = last
        self.count = count
        self.alive = True


class SlidingWindow:
    """At most ``limit`` in any window, wherever it begins.

    Counts are kept by slot. A slot counts in full until its last entry is older than the window, so the limit is
    never passed. There are two slots for each unit of the limit, from 60 to 7,200: who comes at an even pace loses
    one unit of a window at most, or 1/7200 of a limit above 3,600.
    """

    __slots__ = ("_latest", "_slots", "_used", "_width", "limit", "window")

    def __init__(self, limit: float, window: float = 60.0, slots: int | None = None) -> None:
        self.limit = limit
        self.window = window
        self._width = window / (slots or min(max(SLOTS, 2 * ceil(limit)), MOST_SLOTS))
        self._slots: deque[_Slot] = deque()
        self._used: float = 0
        self._latest = 0.0

    @property
    def used(self) -> float:
        """What the window held when it was last looked at."""
        return self._used

    def admit(self, cost: float, now: float) -> Admission:
        """Take ``cost`` if the window that ends now has room for it."""
        now = self._expired(now)
        left = self.limit - self._used
        if cost <= left:
            slot = self._slot(now)
            slot.count += cost
            self._used += cost
            admission = Admission(cost, True, 0.0, left - cost, self.window)
            admission.mark = slot
            return admission
        return Admission(cost, False, self._wait(cost - left, now), max(left, 0), self._reset(now))

    def settle(self, admission: Admission, actual: float, now: float) -> None:
        """Correct the count, if it has not left the window."""
        slot: _Slot = admission.mark
        if slot.alive:
            slot.count += actual - admission.cost
            self._used += actual - admission.cost

    def idle(self, now: float) -> bool:
        """Whether the window is empty."""
        self._expired(now)
        return not self._slots

    def _expired(self, now: float) -> float:
        """The time, which never runs backwards, after dropping what is older than the window."""
        now = max(now, self._latest)
        self._latest = now
        slots, gone = self._slots, now - self.window + ROUNDING
        while slots and slots[0].last <= gone:
            slot = slots.popleft()
            slot.alive = False
            self._used -= slot.count
        return now

    def _slot(self, now: float) -> _Slot:
        number = now // self._width
        if self._slots and self._slots[-1].number == number:
            slot = self._slots[-1]
            slot.last = now
            return slot
        slot = _Slot(number, now, 0)
        self._slots.append(slot)
        return slot

    def _wait(self, missing: float, now: float) -> float:
        """Seconds until enough has left the window."""
        for slot in self._slots:
            missing -= slot.count
            if missing <= 0:
                return slot.last + self.window - now + TICK
        return NEVER

    def _reset(self, now: float) -> float:
        return self._slots[-1].last + self.window - now if self._slots else 0.0

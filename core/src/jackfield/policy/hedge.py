"""Hedging: a second request for one that is slower than nearly all before it, and the first content wins.

Off unless asked for. It is allowed only before the first content and only where doing something twice is the
same as doing it once; a throttle or a closed gate stops it, and so does a budget, which is a share of calls.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from jackfield.types.resilience import Hedge

HISTORY: Final = 100  # starts that are remembered of a target
ENOUGH: Final = 20  # below this nobody knows what is slow
SHARE: Final = 0.95
BANKED: Final = 100  # calls whose share can be saved up
_UNIT: Final = 1_000_000  # of one hedge: whole numbers do not drift

# Options that make the provider keep something: sent twice, it is kept twice.
_KEPT: Final = ("store",)


class Starts:
    """How long a target took to its first content, of late; shared by threads."""

    __slots__ = ("_latest", "_lock", "_sorted")

    def __init__(self) -> None:
        self._latest: deque[float] = deque()
        self._sorted: list[float] = []
        self._lock = Lock()

    def add(self, seconds: float) -> None:
        """Take note of one start."""
        with self._lock:
            self._latest.append(seconds)
            insort(self._sorted, seconds)
            if len(self._latest) > HISTORY:
                self._sorted.remove(self._latest.popleft())

    def p95(self) -> float | None:
        """What nineteen of twenty starts were faster than; nothing as long as there are too few."""
        with self._lock:
            count = len(self._sorted)
            return self._sorted[int(count * SHARE)] if count >= ENOUGH else None


class HedgeBudget:
    """At most a share of calls is hedged; shared by threads."""

    __slots__ = ("_left", "_lock", "_share")

    def __init__(self, hedge: Hedge) -> None:
        self._share = round(hedge.budget * _UNIT)
        self._left = 0
        self._lock = Lock()

    def earn(self) -> None:
        """Take note of a call."""
        with self._lock:
            self._left = min(self._left + self._share, max(_UNIT, BANKED * self._share))

    def take(self) -> bool:
        """Pay for a hedge; false if calls have not earned one."""
        with self._lock:
            if self._left < _UNIT:
                return False
            self._left -= _UNIT
            return True

    def refund(self) -> None:
        """Get it back: the hedge was never sent."""
        with self._lock:
            self._left += _UNIT


def hedgeable(options: Mapping[str, Any], hosted_tools: bool = False, repeatable: bool = True) -> bool:
    """Whether a request may be sent twice: nothing is kept by it, and no tool is run by the provider."""
    return repeatable and not hosted_tools and not any(options.get(name) for name in _KEPT)


def hedge_after(hedge: Hedge | None, starts: Starts, sent: int, throttled: bool = False) -> float | None:
    """Seconds after the last request at which one more is sent; nothing if none is to be.

    :param sent: how many requests are out, the first included
    :param throttled: whether a throttle or a gate stands anywhere before the targets
    """
    if hedge is None or throttled or sent > hedge.most:
        return None
    return starts.p95() if hedge.after == "p95" else float(hedge.after)

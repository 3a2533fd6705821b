"""Orders that hold for a while, so that scores need not be made anew for every call."""

from __future__ import annotations

import threading
from typing import TypeAlias

from jackfield.policy.route.values import Why

Kept: TypeAlias = tuple[tuple[int, float, Why], ...]
"""Places in the list of options, the best first, with score and reason."""


class Orders:
    """Orders by what they hang on; the oldest gives way."""

    __slots__ = ("_entries", "_kept", "_lock", "_seconds")

    def __init__(self, entries: int, seconds: float) -> None:
        self._entries = entries
        self._seconds = seconds
        self._kept: dict[tuple[object, ...], tuple[float, Kept]] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], now: float) -> Kept | None:
        """The order kept for ``key``, while it holds."""
        found = self._kept.get(key)  # one step: it needs no lock
        return None if found is None or now - found[0] >= self._seconds else found[1]

    def put(self, key: tuple[object, ...], order: Kept, now: float) -> None:
        """Keep an order."""
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= self._entries:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (now, order)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()

"""Answers in memory: those used last stay, up to a number and a size."""

from __future__ import annotations

import threading
from collections import OrderedDict

from jackfield.state.base import Kept

MEGABYTE = 1_000_000


class MemoryTier:
    """At most ``entries`` values of ``size`` bytes together. Threads share it; times are seconds since 1970."""

    __slots__ = ("_kept", "_lock", "_used", "entries", "size")

    def __init__(self, entries: int = 1000, size: int = 500 * MEGABYTE) -> None:
        self.entries = entries
        self.size = size
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._used = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def used(self) -> int:
        """The bytes of all values."""
        return self._used

    def get(self, key: str, now: float) -> Kept | None:
        """The value, if it is there and has not ended; it counts as used from now."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.expires <= now:
                self._remove(key)
                return None
            self._kept.move_to_end(key)
            return kept

    def put(self, key: str, data: bytes, expires: float) -> None:
        """Keep a value; what was used longest ago makes room. One larger than all of it is not kept."""
        with self._lock:
            self._remove(key)
            if len(data) > self.size:
                return
            self._kept[key] = Kept(data, expires)
            self._used += len(data)
            while len(self._kept) > self.entries or self._used > self.size:
                self._remove(next(iter(self._kept)))

    def drop(self, prefix: str = "") -> int:
        """Forget the values whose keys begin so; how many there were."""
        with self._lock:
            gone = [key for key in self._kept if key.startswith(prefix)]
            for key in gone:
                self._remove(key)
            return len(gone)

    def _remove(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._used -= len(kept.data)

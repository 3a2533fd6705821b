"""What was used of late: tables by names that callers choose, which therefore must not grow without end."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(dict[Key, Value]):
    """A table that holds at least the ``most`` entries used last, and never more than twice as many.

    When it is full, all it holds goes to the back; what is asked for from there comes to the front again, and
    what is not is forgotten when it is full the next time. So ``get``, which finds nearly everything, is the
    dictionary's own: it keeps no order and takes no lock.
    """

    __slots__ = ("_back", "_lock", "most")

    def __init__(self, most: int = 512) -> None:
        self.most = most
        self._back: dict[Key, Value] = {}
        self._lock = RLock()

    def recall(self, key: Key, make: Callable[[], Value]) -> Value:
        """What is kept under ``key``; made, once for all threads, where nothing is."""
        with self._lock:
            found = self.get(key)
            if found is None:
                found = self._back.get(key)
                found = make() if found is None else found
                if len(self) >= self.most:
                    self._back = dict(self)
                    self.clear()
                self[key] = found
            return found

    def kept(self) -> dict[Key, Value]:
        """All that is held."""
        with self._lock:
            return {**self._back, **self}

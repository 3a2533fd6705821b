"""Ids of our own making: they sort by the time they were made, and no two are equal."""

from __future__ import annotations

import os
import threading
from time import time_ns

_MOST = 4096  # ids of one millisecond
_POOL = 512  # random tails that are made at once


class _Maker:
    """Makes UUIDs of version 7 (RFC 9562): milliseconds, a counter of twelve bits, 62 random bits.

    Within a process each is larger than the one before, also when the clock is set back. The random bits come
    from the system, many at a time, and anew in a forked child, which would make the parent's ids otherwise.
    """

    __slots__ = ("_count", "_lock", "_millis", "_prefix", "_tails")

    def __init__(self) -> None:
        self._millis = 0
        self._count = 0
        self._prefix = ""
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._lock = threading.Lock()
        self._tails: list[str] = []

    def request_id(self) -> str:
        """The next id, as text."""
        with self._lock:
            millis = time_ns() // 1_000_000
            if millis > self._millis:
                self._begin(millis)
            else:
                self._count += 1
                if self._count == _MOST:
                    self._begin(self._millis + 1)
            head, count = self._prefix, self._count
            if not self._tails:
                self._tails = _tails()
            tail = self._tails.pop()
        return f"{head}{count:03x}-{tail}"

    def _begin(self, millis: int) -> None:
        self._millis, self._count, self._prefix = millis, 0, _head(millis)


def _head(millis: int) -> str:
    return f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7"


def _tails() -> list[str]:
    """The random halves of ids to come."""
    text = os.urandom(8 * _POOL).hex()
    cuts = range(0, 16 * _POOL, 16)
    return [f"{'89ab'[int(text[at], 16) & 3]}{text[at + 1 : at + 4]}-{text[at + 4 : at + 16]}" for at in cuts]


_MAKER = _Maker()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_MAKER.reset)

request_id = _MAKER.request_id


def attempt_id(request: str, number: int) -> str:
    """The id of the attempt of that number, from 1."""
    return f"{request}.{number}"


def first_id(seconds: float) -> str:
    """What no id made at that moment of the epoch, or later, sorts before."""
    return _head(max(0, int(seconds * 1000)))

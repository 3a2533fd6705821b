"""Answers to questions that mean the same, as far as a model's vectors tell.

A question is compared only with questions of the same scope to which everything else was equal: the conversation before,
the options, the model. It is opt-in by route, for it can be wrong.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from math import sqrt
from operator import mul
from typing import NamedTuple


class Near(NamedTuple):
    """The entry whose question is closest."""

    key: str
    similarity: float


class _Entry(NamedTuple):
    vector: tuple[float, ...]
    key: str
    expires: float


class SemanticIndex:
    """The vectors of questions by what they are compared among; at most ``entries`` each. Threads share it."""

    __slots__ = ("_groups", "_lock", "entries", "groups", "similarity")

    def __init__(self, similarity: float = 0.95, entries: int = 1000, groups: int = 1000) -> None:
        self.similarity = similarity
        self.entries = entries
        self.groups = groups
        self._groups: OrderedDict[str, OrderedDict[str, _Entry]] = OrderedDict()
        self._lock = threading.Lock()

    def near(self, group: str, vector: Sequence[float], now: float) -> Near | None:
        """The closest question of the group, if it is close enough and its answer has not ended."""
        asked = _unit(vector)
        with self._lock:
            entries = [entry for entry in self._groups.get(group, {}).values() if entry.expires > now]
        comparable = [entry for entry in entries if len(entry.vector) == len(asked)]
        found = max(
            (Near(entry.key, sum(map(mul, asked, entry.vector))) for entry in comparable),
            key=lambda near: near.similarity,
            default=None,
        )
        return found if found is not None and found.similarity >= self.similarity else None

    def add(self, group: str, vector: Sequence[float], key: str, expires: float) -> None:
        """Remember a question; the oldest of its group, or the oldest group, makes room."""
        unit = _unit(vector)
        if not any(unit):
            return
        with self._lock:
            entries = self._groups.setdefault(group, OrderedDict())
            self._groups.move_to_end(group)
            entries[key] = _Entry(unit, key, expires)
            entries.move_to_end(key)
            if len(entries) > self.entries:
                entries.popitem(last=False)
            if len(self._groups) > self.groups:
                self._groups.popitem(last=False)

    def drop(self) -> int:
        """Forget everything; how many questions there were."""
        with self._lock:
            count = sum(map(len, self._groups.values()))
            self._groups.clear()
            return count


def _unit(vector: Sequence[float]) -> tuple[float, ...]:
    """The vector with length 1; one of nothing but zeros, or of no numbers, is like no other."""
    length = sqrt(sum(map(mul, vector, vector)))
    return tuple(value / length for value in vector) if 0 < length < float("inf") else (0.0,) * len(vector)

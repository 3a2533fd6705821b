"""The cache of a client: looked into before an attempt, filled after it. Memory first, then Redis, then disk.

    hit = yield from cache.looking(key, now)            # `None`, or an answer that says `cached`
    ...
    yield from cache.keeping(key, answer, now)

Times are seconds since 1970: entries outlive processes. Nothing that is found is trusted; what is not whole is a miss.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import attrs

from jackfield.config.amounts import nano_of, usd_of
from jackfield.config.cache import CacheSettings
from jackfield.flow import Aside, Await, Flow, Once
from jackfield.policy.caches.memory import MemoryTier
from jackfield.policy.caches.semantic import SemanticIndex
from jackfield.policy.caches.values import Answer, Unfit, read_answer, write_answer
from jackfield.state import State, StateUnavailable
from jackfield.state.disk import DiskTier
from jackfield.types import Completion, Embeddings

LOW = 0.7
"""A hit rate below which a cache may cost more than it saves."""
ENOUGH = 100
"""Look-ups before a hit rate means anything."""
LONGEST_SHARED = 3600.0

Kept = TypeVar("Kept", bound=Completion | Embeddings)


class Statistics(NamedTuple):
    """How a cache was used by this process, and what that saved in USD."""

    hits: int
    misses: int
    kept: int
    saved: Decimal
    unpriced: int  # hits of which nobody knows what they saved
    entries: int
    used: int

    @property
    def hit_rate(self) -> float | None:
        """The share of look-ups that found something."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    @property
    def recommendation(self) -> str | None:
        """What to do about a cache that finds little; ``None`` if it does well, or was hardly asked."""
        rate = self.hit_rate
        if rate is None or rate >= LOW or self.hits + self.misses < ENOUGH:
            return None
        return (
            f"{rate:.0%} of look-ups found something: keep answers longer, set temperature and seed so that calls are"
            " alike, or turn the cache off"
        )


class Cache:
    """Answers by key, in one to three tiers. Threads and tasks share it."""

    def __init__(
        self, settings: CacheSettings, folder: Path | None = None, state: State | None = None
    ) -> None:
        self.settings = settings
        self.memory = MemoryTier(settings.entries, settings.memory)
        self.disk = DiskTier(folder, settings.disk_size) if settings.disk and folder is not None else None
        self.semantic = SemanticIndex(settings.semantic.similarity) if settings.semantic else None
        self._state = state if settings.shared else None
        self._lock = threading.Lock()
        self._hits = self._misses = self._kept = self._saved = self._unpriced = 0

    def __bool__(self) -> bool:
        return self.settings.enabled

    # -- answers ---------------------------------------------------------------------------------

    def looking(self, key: str, now: float) -> Flow[Answer | None]:
        """The answer that is kept under the key, as it is given out: ``cached``, and charged nothing."""
        kept = self.memory.get(key, now)
        if kept is not None:
            answer = self._read(key, kept.data)
        else:
            answer = yield from self._looked_further(key, now)
        saved = self._note(answer)
        if self.disk is not None:
            yield Aside(partial(self.disk.count, int(answer is not None), int(answer is None), saved))
        return None if answer is None else _given(answer)

    def found(self, key: str, now: float) -> Answer | None:
        """The same of memory alone, at once."""
        kept = self.memory.get(key, now)
        answer = None if kept is None else self._read(key, kept.data)
        self._note(answer)
        return None if answer is None else _given(answer)

    def keeping(self, key: str, answer: Answer, now: float, ttl: float | None = None) -> Flow[bool]:
        """Keep an answer, if it is whole and can be kept; whether it was."""
        data = _data(answer)
        if data is None:
            return False
        lasting = ttl or self.settings.ttl
        self.memory.put(key, data, now + lasting)
        self._kept += 1
        if self._state is not None:
            self._state.put(f"answer:{key}", data, min(lasting, LONGEST_SHARED) if ttl is None else lasting)
        if self.disk is not None:
            expires = now + (ttl or self.settings.disk_ttl)
            yield Aside(partial(self.disk.put, key, data, expires, now))
        return True

    def keep(self, key: str, answer: Answer, now: float) -> bool:
        """The same at once, where no flow runs: the disk is written to in the caller's own time."""
        data = _data(answer)
        if data is None:
            return False
        self.memory.put(key, data, now + self.settings.ttl)
        self._kept += 1
        if self._state is not None:
            self._state.put(f"answer:{key}", data, min(self.settings.ttl, LONGEST_SHARED))
        if self.disk is not None:
            self.disk.put(key, data, now + self.settings.disk_ttl, now)
        return True

    def warming(self, answers: Iterable[tuple[str, Answer]], now: float) -> Flow[int]:
        """Keep answers that were come by elsewhere; how many could be."""
        count = 0
        for key, answer in answers:
            count += yield from self.keeping(key, answer, now)
        return count

    def dropping(self, key: str = "") -> Flow[int]:
        """Forget one answer, or all; how many there were in the tier that had most."""
        found = [self.memory.drop(key)]
        if not key and self.semantic is not None:
            self.semantic.drop()
        if self._state is not None:
            try:
                found.append((yield Await(partial(self._state.drop, f"answer:{key}"))))
            except StateUnavailable:
                found.append(0)
        if self.disk is not None:
            found.append((yield Aside(partial(self.disk.drop, key))))
        return max(found)

    # -- calls -----------------------------------------------------------------------------------

    def answering(self, key: str, make: Callable[[], Flow[Kept]], epoch: float) -> Flow[Kept]:
        """The answer that is kept, or else the one ``make`` gives, which is kept from then on.

        With ``single_flight`` identical calls that are under way share one: all but the first are charged nothing.
        """
        found = yield from self.looking(key, epoch)
        if found is not None:
            return found  # type: ignore[return-value]  # one key is of one kind of answer: the operation is part of it
        if not self.settings.single_flight:
            answer: Kept = yield from make()
        else:
            made: list[bool] = []
            answer = yield Once(("jackfield.cache", key), partial(_told, make, made))
            if not made:
                return _given(answer)
        yield from self.keeping(key, answer, epoch)
        return answer

    def similar(self, group: str, vector: Sequence[float], epoch: float) -> Flow[Answer | None]:
        """The answer to the closest question of a group, if one is close enough; see ``question_of``."""
        near = None if self.semantic is None else self.semantic.near(group, vector, epoch)
        return None if near is None else (yield from self.looking(near.key, epoch))

    def remember(self, group: str, vector: Sequence[float], key: str, epoch: float) -> None:
        """The question behind a key, so that similar ones find its answer."""
        if self.semantic is not None:
            self.semantic.add(group, vector, key, epoch + self.settings.ttl)

    # -- figures ---------------------------------------------------------------------------------

    @property
    def statistics(self) -> Statistics:
        """How this process used it."""
        counted = (self._hits, self._misses, self._kept, usd_of(self._saved), self._unpriced)
        return Statistics(*counted, len(self.memory), self.memory.used)

    def _looked_further(self, key: str, now: float) -> Flow[Answer | None]:
        """What is kept outside of this process; what is found there is nearer the next time."""
        if self._state is not None:
            try:
                data = yield Await(partial(self._state.get, f"answer:{key}"), self._state.timeout)
            except (TimeoutError, StateUnavailable):
                data = None
            answer = None if data is None else self._read(key, data)
            if answer is not None:
                self.memory.put(key, data, now + min(self.settings.ttl, LONGEST_SHARED))
                return answer
        if self.disk is None:
            return None
        kept = yield Aside(partial(self.disk.get, key, now))
        answer = None if kept is None else self._read(key, kept.data)
        if answer is not None:
            self.memory.put(key, kept.data, min(kept.expires, now + self.settings.ttl))
        return answer

    def _read(self, key: str, data: bytes) -> Answer | None:
        """What was kept, if it is whole; else it is forgotten."""
        try:
            return read_answer(data)
        except Unfit:
            self.memory.drop(key)
            return None

    def _note(self, answer: Answer | None) -> int:
        """Count a look-up; what it saved in nano-dollars."""
        saved = 0 if answer is None or answer.charge is None else nano_of(answer.charge)
        with self._lock:
            if answer is None:
                self._misses += 1
            else:
                self._hits += 1
                self._saved += saved
                self._unpriced += answer.charge is None
        return saved


def _told(make: Callable[[], Flow[Kept]], made: list[bool]) -> Flow[Kept]:
    """What ``make`` gives, and a sign that it was made here."""
    made.append(True)
    return (yield from make())


def _data(answer: Answer) -> bytes | None:
    """An answer as it is kept; ``None`` for what is cut short, comes from a cache, or has no JSON."""
    if isinstance(answer, Completion) and (
        answer.cached or answer.finish.reason not in {"stop", "tool_calls"}
    ):
        return None
    try:
        return write_answer(answer)
    except Unfit:
        return None


def _given(answer: Kept) -> Kept:
    """An answer as it is given out of a cache."""
    cached: dict[str, Any] = {"cached": True} if isinstance(answer, Completion) else {}
    return attrs.evolve(answer, charge=Decimal(0), **cached)

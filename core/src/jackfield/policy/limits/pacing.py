"""Pacing: calls to a provider are held back as long as its own limits would refuse them.

What is limited differs by account, key and model, so each of these has buckets of its own. They are made from what
the provider tells in its answers, and, if asked for, from the limits its profile says are published.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from jackfield.config.amounts import SPANS
from jackfield.config.limits import Priority
from jackfield.errors import ErrorInfo, LimitReached
from jackfield.flow import NOW, Await, Flow
from jackfield.policy.limits.base import TICK
from jackfield.policy.limits.headers import Group, Told, number_of, read_limits, telling
from jackfield.policy.limits.room import Place, Room

PacingKey = tuple[str, ...]

LONGEST_WAIT = 30.0
PLENTY = 0.2  # of a limit that is left is far from none

FALLBACK = {("requests", 60.0): 60, ("requests", 1.0): 2}
"""Limits of a provider that publishes none, where published ones are kept: 60 a minute, 2 a second."""


class Tokens(NamedTuple):
    """The tokens of a call, as they are known or estimated."""

    input: int = 0
    output: int = 0

    def of(self, scope: str) -> int:
        """Those a limit counts, by the words of its name."""
        if scope.startswith(("input", "prompt", "cache")):
            return self.input
        return self.output if scope.startswith(("output", "generated")) else self.input + self.output


class _Lane:
    """One of a provider's limits: a bucket that fills at its rate, and a moment before which it is empty."""

    __slots__ = ("free", "latest", "limit", "rate", "said", "scope", "seed", "unit", "until", "window")

    def __init__(self, unit: str, scope: str, window: float, limit: float) -> None:
        self.unit = unit
        self.scope = scope
        self.window = window
        self.limit = limit
        self.free = limit
        self.rate = limit / window
        self.latest: float | None = None
        self.until = 0.0
        self.seed = False  # whether it is only what was published
        self.said = ""  # the limit as the provider wrote it last

    def cost(self, tokens: Tokens) -> float:
        """What a call takes of it; one that is larger than all of it takes all there is."""
        return 1 if self.unit == "requests" else min(tokens.of(self.scope), self.limit)

    def wait(self, cost: float, now: float) -> float:
        """Seconds until so much is there; 0.0 if it is."""
        if self.until > now:
            return self.until - now
        if self.latest is not None and now > self.latest:
            self.free = min(self.limit, self.free + (now - self.latest) * self.rate)
        self.latest = now
        return 0.0 if cost <= self.free else (cost - self.free) / self.rate + TICK

    def correct(self, limit: float) -> None:
        """Set the limit anew, as the provider tells it."""
        self.free = min(self.free + max(limit - self.limit, 0), limit)
        self.limit, self.rate = limit, limit / self.window


def published(limits: Mapping[str, object]) -> dict[tuple[str, float], int]:
    """The limits a profile's table says are published: ``requests_per_minute = 60``; the fallback if it says none."""
    found = {}
    for name, value in limits.items():
        unit, _, span = name.partition("_per_")
        if unit in {"requests", "tokens"} and span in SPANS and isinstance(value, int) and value > 0:
            found[unit, SPANS[span]] = value
    return found or dict(FALLBACK)


class Pace:
    """The limits of one account, key and model of a provider, as far as they are known. Threads share it."""

    __slots__ = ("_default", "_lanes", "_lock")

    def __init__(
        self, seeds: Mapping[tuple[str, float], int] | None = None, default: Mapping[str, float] | None = None
    ) -> None:
        self._default = default or {}
        self._lanes = [_Lane(unit, "", window, limit) for (unit, window), limit in (seeds or {}).items()]
        for lane in self._lanes:
            lane.seed = True
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def admit(self, tokens: Tokens, now: float) -> float:
        """Take one request and its tokens; 0.0 if they were there, else the seconds to wait before asking again."""
        if not self._lanes:
            return 0.0
        with self._lock:
            costs = [lane.cost(tokens) for lane in self._lanes]
            for lane, cost in zip(self._lanes, costs, strict=True):
                wait = lane.wait(cost, now)
                if wait:
                    return wait
            for lane, cost in zip(self._lanes, costs, strict=True):
                lane.free -= cost
        return 0.0

    def settle(self, estimated: Tokens, actual: Tokens, now: float) -> None:
        """Correct the tokens that were taken to what was used."""
        if not self._lanes or estimated == actual:
            return
        with self._lock:
            for lane in self._lanes:
                if lane.unit == "tokens":
                    lane.free = min(lane.limit, lane.free + lane.cost(estimated) - actual.of(lane.scope))

    def learn_from(self, headers: Mapping[str, str], now: float, epoch: Callable[[], float]) -> None:
        """Believe what the headers of an answer tell; ``epoch`` is asked where moments are told.

        As long as a fifth is left of limits that are known, nothing has to be read but that.
        """
        if not all(map(partial(self._is_plenty, headers), telling(headers))):
            self.learn(read_limits(headers, epoch()), now)
            for lane, names in self._said(headers):
                lane.said = headers[names["limit"]]

    def learn(self, told: Sequence[Told], now: float) -> None:
        """Believe what an answer told; figures are of the moment it was made, so they only ever lower ours."""
        with self._lock:
            for said in told:
                self._learn(said, now)

    def _is_plenty(self, headers: Mapping[str, str], group: Group) -> bool:
        """Whether a limit is the one that was told last, and far from used up."""
        (unit, scope, window), names = group
        lane = self._lane(unit, scope, window or self._default.get(unit, 60.0))
        if lane is None or "remaining" not in names or headers.get(names.get("limit", "")) != lane.said:
            return False
        left = number_of(headers[names["remaining"]])
        return left is not None and left >= lane.limit * PLENTY

    def _said(self, headers: Mapping[str, str]) -> Iterator[tuple[_Lane, Mapping[str, str]]]:
        for (unit, scope, window), names in telling(headers):
            lane = self._lane(unit, scope, window or self._default.get(unit, 60.0))
            if lane is not None and "limit" in names:
                yield lane, names

    def _lane(self, unit: str, scope: str, window: float) -> _Lane | None:
        for lane in self._lanes:
            if lane.unit == unit and lane.scope == scope and lane.window == window:
                return lane
        return None

    def _learn(self, said: Told, now: float) -> None:
        window = said.window or self._default.get(said.unit, 60.0)
        lane = self._lane(said.unit, said.scope, window)
        if said.limit and (lane is None or lane.seed):
            # what a provider tells takes the place of what was published of the same unit
            kept = [one for one in self._lanes if one.unit != said.unit or not one.seed]
            lane = _Lane(said.unit, said.scope, window, said.limit)
            self._lanes = [*kept, lane]
        if lane is None:
            return
        if said.limit and lane.limit != said.limit:
            lane.correct(said.limit)
        if said.remaining is not None:
            lane.wait(0, now)
            lane.free = min(lane.free, said.remaining)
        if said.remaining == 0 and said.reset is not None:
            lane.until = now + min(said.reset, lane.window)


class Paces:
    """The paces of a client by provider, account, key and model, and the room where calls wait for them."""

    __slots__ = ("_lock", "_paces", "room")

    def __init__(self, waiting: int = 1000) -> None:
        self._paces: dict[PacingKey, Pace] = {}
        self._lock = threading.Lock()
        self.room = Room(waiting)

    def of(self, key: PacingKey, limits: Mapping[str, object], *, seeded: bool = False) -> Pace:
        """The pace of a key; ``limits`` is the profile's table, used as seed if ``seeded``."""
        found = self._paces.get(key)
        if found is None:
            units = ("requests", "tokens")
            default = {unit: SPANS[str(limits[unit])] for unit in units if limits.get(unit) in SPANS}
            with self._lock:
                found = self._paces.setdefault(key, Pace(published(limits) if seeded else None, default))
        return found

    def entering(
        self, key: PacingKey, tokens: Tokens, deadline: float, priority: Priority = "normal"
    ) -> Flow[None]:
        """Go when the provider would not refuse, in turn; calls of one key wait for each other.

        :raises LimitReached: with ``retry_after``, if that is in more than 30 s, or past the deadline
        """
        pace, now = self._paces[key], (yield NOW)
        if not self.room.busy(key, priority):
            wait = pace.admit(tokens, now)
            if not wait:
                return
            _bearable(key, wait, min(deadline - now, LONGEST_WAIT))
        place = self.room.enter(key, priority)
        if place is None:
            raise LimitReached(ErrorInfo("local.limit", f"{self.room.most} calls wait already", sent="no"))
        last = min(deadline, now + LONGEST_WAIT)
        try:
            yield from self._turn(place, key, tokens, last)
        finally:
            self.room.leave(place)

    def _turn(self, place: Place, key: PacingKey, tokens: Tokens, last: float) -> Flow[None]:
        while True:
            now: float = yield NOW
            wait = last - now
            if self.room.is_first(place):
                wait = self._paces[key].admit(tokens, now)
                if not wait:
                    return
            _bearable(key, wait, last - now)
            woken = place.woken
            try:
                yield Await(partial(_itself, woken), wait)
            except TimeoutError:
                continue  # it is time to look


def _itself(future: Future[None]) -> Future[None]:
    return future


def _bearable(key: PacingKey, wait: float, left: float) -> None:
    if left <= 0 or wait > left:
        msg = f"`{key[0]}` would refuse the call for another {wait:.3g} s; nothing was sent"
        hint = 'wait, take another provider, or set `pacing = "off"` in [limits] to have it refuse itself'
        raise LimitReached(ErrorInfo("local.limit", msg, None, None, wait, hint=hint, sent="no"))

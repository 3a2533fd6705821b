"""Pools of idle connections: the last one given back is the first one taken.

A connection is owned by exactly one exchange or by the pool, never by both, and the owner gives it back
or drops it in a ``finally``. So nothing has to be searched, and nothing can be lost to a cancellation.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from time import monotonic
from typing import Final, Generic, Protocol, TypeVar

from attrs import frozen

from jackfield.transport.clocks import Moment
from jackfield.transport.faults import Fault
from jackfield.transport.proxy import Origin


@frozen
class Limits:
    """How many connections one transport holds, and for how long an idle one is kept."""

    connections: int = 1000
    idle: int = 100
    idle_seconds: float = 15.0


class Reusable(Protocol):
    """What a pool needs of a connection."""

    origin: Origin
    idle_since: float

    def stale(self) -> bool:
        """Whether the server has closed it."""

    def recycle(self) -> bool:
        """Whether it can carry another exchange."""

    def drop(self) -> None:
        """Close it."""


L = TypeVar("L", bound=Reusable)


class Shelf(Generic[L]):
    """The idle connections of one transport."""

    __slots__ = ("_count", "_idle", "_limits", "_lock")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[L]] = {}
        self._count = 0

    def take(self, origin: Origin) -> L | None:
        """The idle connection used last, if one is still good."""
        while (line := self._pop(origin)) is not None:
            if monotonic() - line.idle_since < self._limits.idle_seconds and not line.stale():
                return line
            line.drop()
        return None

    def put(self, line: L) -> None:
        """Keep a connection whose exchange is over, or drop it."""
        if self._count >= self._limits.idle or not line.recycle():
            line.drop()
            return
        line.idle_since = monotonic()
        with self._lock:
            self._idle.setdefault(line.origin, []).append(line)
            self._count += 1
            old = self._expired(line)
        for expired in old:
            expired.drop()

    def clear(self) -> None:
        """Drop all idle connections."""
        with self._lock:
            lines = [line for lines in self._idle.values() for line in lines]
            self._idle.clear()
            self._count = 0
        for line in lines:
            line.drop()

    def abandon(self) -> None:
        """Drop all idle connections when nobody else can be at it: in a fork, or at the end of the transport.

        The lock is not asked for: a thread that stayed behind in the parent may hold it for ever.
        """
        for lines in self._idle.values():
            for line in lines:
                line.drop()
        self._idle = {}
        self._count = 0

    def _pop(self, origin: Origin) -> L | None:
        with self._lock:
            lines = self._idle.get(origin)
            if not lines:
                return None
            self._count -= 1
            return lines.pop()

    def _expired(self, newest: L) -> list[L]:
        """The connections to the same origin that nobody needed for too long, taken out; the oldest come first."""
        lines = self._idle[newest.origin]
        oldest = newest.idle_since - self._limits.idle_seconds
        if lines[0].idle_since >= oldest:
            return []
        kept = [line for line in lines if line.idle_since >= oldest]
        old = lines[: len(lines) - len(kept)]
        self._idle[newest.origin] = kept
        self._count -= len(old)
        return old


class Gate:
    """Lets so many threads through at a time."""

    __slots__ = ("_semaphore",)

    def __init__(self, permits: int) -> None:
        self._semaphore = threading.Semaphore(permits)

    def enter(self, moment: Moment) -> None:
        """Take a permit, waiting for one until ``moment``."""
        if not self._semaphore.acquire(blocking=False) and not self._semaphore.acquire(timeout=moment.left()):
            raise Fault(moment.kind)

    def leave(self) -> None:
        """Give a permit back."""
        self._semaphore.release()


class AsyncGate:
    """Lets so many tasks of one loop through at a time, in the order they came."""

    __slots__ = ("_free", "_queue")

    def __init__(self, permits: int) -> None:
        self._free = permits
        self._queue: deque[asyncio.Future[None]] = deque()

    def try_enter(self) -> bool:
        """Take a permit if one is free and nobody waits."""
        if self._free and not self._queue:
            self._free -= 1
            return True
        return False

    async def enter(self, moment: Moment) -> None:
        """Take a permit, waiting for one until ``moment``."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(moment.left()):
                await turn
            return
        except TimeoutError:
            self._give_up(turn)
        except BaseException:
            self._give_up(turn)
            raise
        raise Fault(moment.kind)

    def leave(self) -> None:
        """Give a permit back: to whoever has waited longest."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        # the permit may have been handed over in the very moment of the cancellation
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self._queue:
            self._queue.remove(turn)


class Process:
    """Notices that the process has been forked: sockets are shared with the parent from then on."""

    __slots__ = ("_pid",)

    def __init__(self) -> None:
        self._pid: Final = [os.getpid()]

    def forked(self) -> bool:
        """Whether this is another process than at the last call."""
        pid = os.getpid()
        if pid == self._pid[0]:
            return False
        self._pid[0] = pid
        return True

"""Cassettes played: transports that answer calls with recorded exchanges, strictly.

A call must be the recorded one in method, address, significant headers and body; each exchange is played once,
and ``finish`` fails if one was not. Nothing leaves the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from pathlib import Path

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.flow import Opened
from jackfield.testing.matching import differences
from jackfield.testing.redaction import without_secrets
from jackfield.testing.tape import Cassette, Interaction
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers, Reply

__all__ = [
    "AsyncCassetteTransport",
    "Cassette",
    "CassetteMismatch",
    "CassetteTransport",
    "Interaction",
    "cassettes_of",
]


class CassetteMismatch(AssertionError):
    """A call is not on the cassette, or the cassette has more than was asked for."""


def cassettes_of(folder: str | Path) -> dict[str, Cassette]:
    """The cassettes in a folder, by scenario: the name of the file without its ending."""
    files = sorted(Path(folder).glob("*.yaml"))
    return {file.stem: Cassette.load(file) for file in files if not file.name.startswith((".", "_"))}


@frozen
class Matching:
    """What else counts, or does not count, when a call is compared with what was recorded."""

    significant: tuple[str, ...] = ()  # headers beside those that always count; patterns
    volatile: tuple[str, ...] = ()  # dotted paths into the JSON body, ``*`` for any one step


class _Deck:
    """What both transports have in common: the exchanges that are still to be played."""

    def __init__(self, cassette: Cassette, split: int | None, matching: Matching) -> None:
        self.cassette = cassette
        self._split = split
        self._matching = matching
        self._left = list(cassette.interactions)
        self._lock = threading.Lock()

    def share(self, other: _Deck) -> None:
        """Play from what ``other`` plays from: what one has played is gone for both."""
        self._left, self._lock = other._left, other._lock

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The exchanges that nobody asked for yet."""
        return tuple(self._left)

    def finish(self) -> None:
        """Fail if not all of the cassette was played."""
        if self._left:
            names = ", ".join(f"{one.method} {without_secrets(one.uri)}" for one in self._left)
            count = f"{len(self._left)} of {len(self.cassette.interactions)}"
            what = f"`{self.cassette.name}`: {count} exchanges were not played"
            mend = "ask for all that is recorded, or record anew with `jackfield record`"
            raise _mismatch(what, f"nobody asked for {names}", mend)

    def _take(self, call: Call) -> Interaction:
        """The recorded exchange a call is; the first of several that are the same."""
        nearest: list[str] | None = None
        with self._lock:
            for one in self._left:
                found = differences(one, call, self._matching.significant, self._matching.volatile)
                if not found:
                    self._left.remove(one)
                    return one
                if nearest is None or len(found) < len(nearest):
                    nearest = found
        why = "all exchanges on it were played" if nearest is None else "; ".join(nearest)
        what = f"`{self.cassette.name}`: {call.method} {without_secrets(call.url)} is not on the cassette"
        raise _mismatch(what, why, "mend the request, or record it anew with `jackfield record`")

    def _open(self, call: Call) -> _Playing:
        one = self._take(call)
        return _Playing(one, one.cut(self._split))


def _mismatch(what: str, why: str, mend: str) -> CassetteMismatch:
    return CassetteMismatch(f"{what}\n  why: {why}\n  mend: {mend}")


class _Playing:
    """An opened answer: what is still to come of it."""

    __slots__ = ("_chunks", "_one", "begun", "headers", "status")

    def __init__(self, one: Interaction, chunks: tuple[bytes, ...]) -> None:
        self._one = one
        # pieces cut anew come at no time of their own
        delays = one.delays if chunks is one.chunks else (0.0,) * len(chunks)
        self._chunks: Iterator[tuple[float, bytes]] = iter(tuple(zip(delays, chunks, strict=True)))
        self.begun = time.monotonic()
        self.status = one.status
        self.headers = Headers(one.reply_headers)

    def take(self) -> tuple[float, bytes]:
        """The moment the next bytes are due, and the bytes; empty at the end, unless that was a failure."""
        delay, chunk = next(self._chunks, (0.0, b""))
        if not chunk and self._one.error:
            raise ErrorInfo(self._one.error, "the recorded answer breaks off here").to_exception()
        return self.begun + delay / 1000, chunk

    def drop(self) -> None:
        """Nobody wants the rest."""
        self._chunks = iter(())


def _reply(one: Interaction) -> Reply:
    if one.error:
        raise ErrorInfo(one.error, "the recorded answer breaks off").to_exception()
    return one.reply


class CassetteTransport(_Deck):
    """Answers calls from a cassette.

    ``split`` cuts answers into pieces of so many bytes; without it they come in the pieces that were recorded.
    ``sleep``, if given, waits as long as the provider let wait; without it everything comes at once.
    """

    def __init__(
        self,
        cassette: Cassette,
        *,
        split: int | None = None,
        sleep: Callable[[float], object] | None = None,
        significant: Collection[str] = (),
        volatile: Collection[str] = (),
    ) -> None:
        super().__init__(cassette, split, Matching(tuple(significant), tuple(volatile)))
        self._sleep = sleep

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The recorded answer."""
        one = self._take(call)
        if self._sleep and one.delays:
            self._sleep(one.delays[-1] / 1000)
        return _reply(one)

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the recorded answer."""
        return self._open(call)

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes of it."""
        assert isinstance(opened, _Playing)
        due, chunk = opened.take()
        if self._sleep and chunk:
            self._sleep(max(0.0, due - time.monotonic()))
        return chunk

    def close_stream(self, opened: Opened) -> None:
        """What is left of it is not played."""
        assert isinstance(opened, _Playing)
        opened.drop()

    def close(self) -> None:
        """There is no connection."""


class AsyncCassetteTransport(_Deck):
    """The same for tasks; ``sleep`` is awaited."""

    def __init__(
        self,
        cassette: Cassette,
        *,
        split: int | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        significant: Collection[str] = (),
        volatile: Collection[str] = (),
    ) -> None:
        super().__init__(cassette, split, Matching(tuple(significant), tuple(volatile)))
        self._sleep = sleep

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The recorded answer."""
        one = self._take(call)
        if self._sleep and one.delays:
            await self._sleep(one.delays[-1] / 1000)
        return _reply(one)

    async def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the recorded answer."""
        return self._open(call)

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes of it."""
        assert isinstance(opened, _Playing)
        due, chunk = opened.take()
        if self._sleep and chunk:
            await self._sleep(max(0.0, due - time.monotonic()))
        return chunk

    async def close_stream(self, opened: Opened) -> None:
        """What is left of it is not played."""
        assert isinstance(opened, _Playing)
        opened.drop()

    async def close(self) -> None:
        """There is no connection."""

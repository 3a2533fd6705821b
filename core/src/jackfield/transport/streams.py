"""Opened answers over connections of our own, and the lease that says who owns the connection."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from jackfield.transport.async_lines import AsyncLine
from jackfield.transport.caps import Body, body_for, checked_head
from jackfield.transport.clocks import Clocks
from jackfield.transport.lines import Line
from jackfield.transport.pool import Shelf
from jackfield.wire.call import Headers


class Lease:
    """The right to use a line, and the permit that came with it; both are given back exactly once."""

    __slots__ = ("_leave", "_shelf", "line")

    def __init__(self, line: Any, shelf: Shelf[Any], leave: Callable[[], None]) -> None:
        self.line = line
        self._shelf = shelf
        self._leave = leave

    def end(self, reuse: bool) -> None:
        """Give the line back, or drop it."""
        line, self.line = self.line, None
        if line is None:
            return
        try:
            if reuse:
                self._shelf.put(line)
            else:
                line.drop()
        finally:
            self._leave()


class _Stream:
    """What streams of both drivers have in common."""

    __slots__ = ("_body", "_clocks", "_lease", "complete", "headers", "host", "over", "status")

    def __init__(self, response: Any, headers: Headers, cap: int, lease: Lease, clocks: Clocks) -> None:
        self.complete = self.over = True  # as long as nothing is opened, nothing can be dropped
        self._lease = lease
        self._clocks = clocks
        self.status: int = response.status_code
        self.headers = headers
        self.host: str = lease.line.origin.host
        self._body: Body = body_for(headers, cap)
        self.complete = self.over = False

    @property
    def asked(self) -> float:
        """When the last byte of the request was out."""
        return self._clocks.asked

    def close(self) -> None:
        """Drop the connection, unless the answer is complete already."""
        line = self._lease.line
        if line is not None:
            self._lease.end(reuse=line.settled())
        self.complete = self.over = True

    def fail(self) -> None:
        """Drop the connection: what is on it cannot be trusted any more."""
        self._lease.end(reuse=False)
        self.complete = self.over = True

    def _ended(self) -> None:
        """Give the connection back as soon as the last byte is here."""
        self._lease.end(reuse=True)
        self.complete = True

    def _end(self) -> bytes:
        if not self.over:
            self.over = True
            self._body.end()
        return b""

    def _warn(self) -> None:
        text = f"a stream from {self.host} was dropped without being closed"
        warnings.warn(text, ResourceWarning, stacklevel=3)


class Stream(_Stream):
    """An opened answer, read by threads."""

    __slots__ = ("_chunks", "_line")

    def __init__(self, response: Any, cap: int, lease: Lease, clocks: Clocks) -> None:
        line: Line = lease.line
        self._line = line
        # what has recorded or replaced the answer has put a body of its own into it
        ours = line.head is not None and not line.tapped
        self._chunks: Iterator[bytes] | None = None if ours else iter(response.stream)
        headers = line.head.headers if ours and line.head else checked_head(response.headers.raw)
        super().__init__(response, headers, cap, lease, clocks)

    def pull(self, deadline: float) -> bytes:
        """The next plain bytes; empty at the end."""
        self._clocks.deadline = deadline
        while not self.complete:
            if self._chunks is None:
                chunk = self._line.pull()
                over = self._line.exchange.complete
            else:
                chunk = next(self._chunks, b"")
                over = not chunk
            if over:
                self._ended()
            if data := self._body.feed(chunk):
                return data
        return self._end()

    def __del__(self) -> None:
        if not getattr(self, "complete", True):
            self.close()
            self._warn()


class AsyncStream(_Stream):
    """An opened answer, read by tasks."""

    __slots__ = ("_chunks", "_line", "_loop")

    def __init__(self, response: Any, cap: int, lease: Lease, clocks: Clocks) -> None:
        line: AsyncLine = lease.line
        self._line = line
        self._loop = asyncio.get_running_loop()
        ours = line.head is not None and not line.tapped
        self._chunks: AsyncIterator[bytes] | None = None if ours else aiter(response.stream)
        headers = line.head.headers if ours and line.head else checked_head(response.headers.raw)
        super().__init__(response, headers, cap, lease, clocks)

    async def pull(self, deadline: float) -> bytes:
        """The next plain bytes; empty at the end."""
        self._clocks.deadline = deadline
        while not self.complete:
            if self._chunks is None:
                chunk = await self._line.pull()
                over = self._line.exchange.complete
            else:
                chunk = await anext(self._chunks, b"")
                over = not chunk
            if over:
                self._ended()
            if data := self._body.feed(chunk):
                return data
        return self._end()

    def __del__(self) -> None:
        if not getattr(self, "complete", True):
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._lease.end, False)
            self._warn()

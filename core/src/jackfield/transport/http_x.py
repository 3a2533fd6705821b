"""Transports over either generation of the default HTTP library: the API is the same, one module serves both.

Of the library, its transport class is used, never its client: no redirects, no proxies or passwords from
the environment, no cookies. Calls pass through ``handle_request`` of that class, so whatever records or
replaces answers there sees ours too. The connection behind it is our own (``lines``): its clocks are
absolute, its pool is ours, and nothing on the way writes headers to a log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.flow import Opened
from jackfield.transport.async_lines import AsyncLine
from jackfield.transport.caps import REPLY_CAP, STREAM_CAP, checked_headers
from jackfield.transport.clocks import Clocks
from jackfield.transport.faults import BODY, POOL, Fault, told
from jackfield.transport.lines import Line, Unsent, Way
from jackfield.transport.pool import AsyncGate, Gate, Limits, Process, Shelf
from jackfield.transport.proxy import Origin
from jackfield.transport.shell import AsyncShell
from jackfield.transport.streams import AsyncStream, Lease, Stream
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Reply

_PORTS = {"http": 80, "https": 443}
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


@frozen
class Target:
    """A URL, taken apart once."""

    origin: Origin
    url: Any
    host: str


@lru_cache(maxsize=1024)
def _target(library: ModuleType, address: str) -> Target:
    url = library.URL(address)
    scheme, host = url.scheme, url.raw_host.decode("ascii")
    if scheme not in _PORTS or not host:
        raise Fault("config", "it has to begin with https:// or http://")
    port = _PORTS[scheme] if url.port is None else url.port
    if not 0 < port < 65536:
        raise Fault("config", "its port is none")
    return Target(Origin(scheme, host, port), url, url.netloc.decode("ascii"))


@lru_cache(maxsize=4)
def _doors(library: ModuleType) -> tuple[Callable[[Line], Any], Callable[[AsyncLine], Any]]:
    """The library's two transport classes, made to stand in front of one line of ours.

    ``_pool`` is where both generations keep what carries their requests out.
    """

    def lead_to(self: Any, line: object) -> None:
        self._pool = line

    sync = type("Door", (library.HTTPTransport,), {"__init__": lead_to})
    return sync, type("AsyncDoor", (library.AsyncHTTPTransport,), {"__init__": lead_to})


class _Attempt:
    """What a failure has to know of the exchange it ended; its ``repr`` shows nothing of the request."""

    __slots__ = ("host", "line", "request", "target")

    def __init__(self) -> None:
        self.host = "the provider"
        self.line: Any = None
        self.target: Any = None
        self.request: Any = None

    def prepare(self, library: ModuleType, call: Call) -> None:
        """Make the library's request; all that can be wrong with the call itself is found here."""
        self.target = _target(library, call.url)
        self.host = self.target.origin.host
        size = len(call.body) if call.body or call.method in _WITH_BODY else None
        headers = checked_headers(call.headers, self.target.host, size)
        body = library.ByteStream(call.body)
        self.request = library.Request(call.method, self.target.url, headers=headers, stream=body)

    def told(self, failure: Exception, whole: bool) -> ErrorInfo:
        """The fact that ``failure`` stands for; what is not the transport's goes on as it is."""
        stage = POOL if self.line is None else self.line.stage
        return told(failure, self.host, stage, whole)


class HttpTransport:
    """Sends calls from threads."""

    def __init__(
        self,
        library: ModuleType,
        limits: Limits | None = None,
        way: Way | None = None,
    ) -> None:
        self._library = library
        self._limits = limits or Limits()
        self._way = way or Way()
        self._door = _doors(library)[0]
        self._process = Process()
        self._renew()

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""
        clocks = Clocks(timeouts, deadline, whole=True)
        outcome: Stream | Reply | ErrorInfo = self._opened(call, clocks)
        if isinstance(outcome, Stream):
            outcome = _whole(outcome, deadline)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome.to_exception()

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer; its body is read in steps."""
        outcome = self._opened(call, Clocks(timeouts, deadline, whole=False))
        if isinstance(outcome, Stream):
            return outcome
        raise outcome.to_exception()

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; empty at the end."""
        assert isinstance(opened, Stream)
        outcome = _next(opened, deadline)
        if isinstance(outcome, bytes):
            return outcome
        raise outcome.to_exception()

    def close_stream(self, opened: Opened) -> None:
        """Drop an answer and its connection, whatever is still to come."""
        assert isinstance(opened, Stream)
        opened.close()

    def close(self) -> None:
        """Drop all idle connections."""
        self._shelf.clear()

    def __del__(self) -> None:
        shelf = getattr(self, "_shelf", None)
        if shelf is not None:
            shelf.abandon()

    def _renew(self) -> None:
        self._shelf: Shelf[Line] = Shelf(self._limits)
        self._gate = Gate(self._limits.connections)

    def _opened(self, call: Call, clocks: Clocks) -> Stream | ErrorInfo:
        attempt = _Attempt()
        try:
            return self._ask(call, clocks, attempt)
        except Exception as failure:  # noqa: BLE001  # the one table decides what it is
            return attempt.told(failure, clocks.whole)
        except BaseException as interruption:
            interruption.__traceback__ = None  # its frames hold the request
            raise

    def _ask(self, call: Call, clocks: Clocks, attempt: _Attempt) -> Stream:
        if self._process.forked():
            self._shelf.abandon()
            self._renew()
        attempt.prepare(self._library, call)
        gate = self._gate
        gate.enter(clocks.pool())
        lease = Lease(None, self._shelf, gate.leave)
        try:
            response = self._answer(attempt, lease, clocks)
            cap = REPLY_CAP if clocks.whole else STREAM_CAP
            return Stream(response, cap, lease, clocks)
        except BaseException:
            lease.end(reuse=False)
            raise

    def _answer(self, attempt: _Attempt, lease: Lease, clocks: Clocks) -> Any:
        origin = attempt.target.origin
        while True:
            line = attempt.line = lease.line = self._shelf.take(origin) or Line(origin, self._way)
            line.begin(clocks)
            try:
                return self._door(line).handle_request(attempt.request)
            except Unsent:
                line.drop()


def _next(stream: Stream, deadline: float) -> bytes | ErrorInfo:
    try:
        return stream.pull(deadline)
    except Exception as failure:  # noqa: BLE001  # as above
        stream.fail()
        return told(failure, stream.host, BODY, whole=False)
    except BaseException as interruption:
        stream.fail()
        interruption.__traceback__ = None  # its frames hold the request
        raise


def _whole(stream: Stream, deadline: float) -> Reply | ErrorInfo:
    pieces: list[bytes] = []
    try:
        while piece := stream.pull(deadline):
            pieces.append(piece)
    except Exception as failure:  # noqa: BLE001  # as above
        stream.fail()
        return told(failure, stream.host, BODY, whole=True)
    except BaseException as interruption:
        stream.fail()
        interruption.__traceback__ = None  # its frames hold the request
        raise
    return Reply(stream.status, stream.headers, pieces[0] if len(pieces) == 1 else b"".join(pieces))


class _Home:
    """What one event loop has: its idle connections and its permits."""

    __slots__ = ("__weakref__", "anchor", "gate", "loop", "shelf")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self.loop = loop
        self.shelf: Shelf[AsyncLine] = Shelf(limits)
        self.gate = AsyncGate(limits.connections)
        self.anchor = _until_the_end(self.shelf)


async def _until_the_end(shelf: Shelf[AsyncLine]) -> AsyncGenerator[None, None]:
    """A generator that a loop closes when it shuts down, and the idle connections with it."""
    try:
        yield
    finally:
        shelf.clear()


class AsyncHttpTransport(AsyncShell[_Home]):
    """Sends calls from tasks. Each event loop has connections of its own."""

    def __init__(self, library: ModuleType, limits: Limits | None = None, way: Way | None = None) -> None:
        super().__init__()
        self._library = library
        self._limits = limits or Limits()
        self._way = way or Way()
        self._door = _doors(library)[1]

    def _home(self, loop: asyncio.AbstractEventLoop) -> _Home:
        return _Home(loop, self._limits)

    async def _opened(self, call: Call, clocks: Clocks) -> AsyncStream | ErrorInfo:
        attempt = _Attempt()
        try:
            return await self._ask(call, clocks, attempt)
        except Exception as failure:  # noqa: BLE001  # the one table decides what it is
            return attempt.told(failure, clocks.whole)
        except BaseException as interruption:
            interruption.__traceback__ = None  # its frames hold the request
            raise

    async def _ask(self, call: Call, clocks: Clocks, attempt: _Attempt) -> AsyncStream:
        loop = asyncio.get_running_loop()
        home = self._homes.get(loop)
        if home is None or self._process.forked():
            home = await self._settled(loop)
        attempt.prepare(self._library, call)
        if not home.gate.try_enter():
            await home.gate.enter(clocks.pool())
        lease = Lease(None, home.shelf, home.gate.leave)
        try:
            response = await self._answer(attempt, lease, clocks, home)
            cap = REPLY_CAP if clocks.whole else STREAM_CAP
            return AsyncStream(response, cap, lease, clocks)
        except BaseException:
            lease.end(reuse=False)
            raise

    async def _answer(self, attempt: _Attempt, lease: Lease, clocks: Clocks, home: _Home) -> Any:
        origin = attempt.target.origin
        while True:
            line = home.shelf.take(origin) or AsyncLine(origin, self._way, home.loop)
            attempt.line = lease.line = line
            line.begin(clocks)
            try:
                return await self._door(line).handle_async_request(attempt.request)
            except Unsent:
                line.drop()

"""One exchange over the asynchronous library: how far it is, which clock runs, and how its request is sent."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from inspect import signature
from math import inf
from time import monotonic
from typing import Any, Final

import aiohttp
from aiohttp import payload
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from multidict import CIMultiDict

from jackfield.transport.clocks import Clocks, Moment
from jackfield.transport.exchange import PIECE
from jackfield.transport.faults import CONNECT, HEAD, POOL, UPLOAD, Fault
from jackfield.wire.call import Call


class Watch:
    """Cancels the exchanges of one loop whose time is up.

    All share one timer, set for the moment that comes first. Hardly any exchange ever reaches its own, and a
    timer for each (``asyncio.timeout``) took a twentieth of the time of a call (2026-11).
    """

    __slots__ = ("_at", "_attempts", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._attempts: set[Attempt] = set()
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, attempt: Attempt) -> None:
        """Watch an exchange from now on."""
        self._attempts.add(attempt)
        self.heed(attempt.moment)

    def remove(self, attempt: Attempt) -> None:
        """Watch it no more."""
        self._attempts.discard(attempt)

    def heed(self, moment: Moment) -> None:
        """Look up at ``moment``, if not before."""
        if moment.at < self._at:
            self.stop()
            self._at = moment.at
            self._timer = self._loop.call_at(self._loop.time() + moment.at - monotonic(), self._look)

    def stop(self) -> None:
        """Forget the moment."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._at = inf

    def _look(self) -> None:
        self.stop()
        now = monotonic()
        for attempt in list(self._attempts):
            if attempt.moment.at <= now:
                attempt.expire()
            else:
                self.heed(attempt.moment)


class Attempt:
    """One exchange: how far it is, and the clock that is running. Its ``repr`` shows nothing of the request."""

    __slots__ = (
        "_cancelling",
        "_expired",
        "_lost",
        "_reader",
        "_size",
        "_task",
        "_transport",
        "_watch",
        "clocks",
        "host",
        "moment",
        "stage",
        "uploaded",
    )

    def __init__(self, call: Call, clocks: Clocks) -> None:
        self.host = "the provider"
        self.stage = POOL
        self.uploaded = False
        self.moment = Moment(clocks.deadline, "deadline")
        self.clocks = clocks
        self._size = len(call.body)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[Any] | None = None
        self._expired = False
        self._lost: asyncio.Future[None] | None = None
        self._reader: aiohttp.StreamReader | None = None

    def begin(self, watch: Watch, task: asyncio.Task[Any]) -> None:
        """Set the clock, and connect."""
        self.moment.left()
        self.stage = CONNECT
        self._watch = watch
        self._task = task
        self._cancelling = task.cancelling()
        watch.add(self)

    def expire(self) -> None:
        """End it: its time is up."""
        self._expired = True
        self._watch.remove(self)
        if self._task is not None:
            self._task.cancel()

    def over(self) -> bool:
        """Take the clock off; whether it was the clock, and nobody else, that cancelled the task."""
        self._watch.remove(self)
        expired, self._expired = self._expired, False
        task, self._task = self._task, None  # whose context holds this attempt
        return expired and task is not None and task.uncancel() <= self._cancelling

    def connected(self, transport: asyncio.Transport | None) -> None:
        """The connection stands, the request goes out; a small one is out at once."""
        self._transport = transport
        if self._size > PIECE:
            self.stage = UPLOAD
            self._move(self.clocks.upload())
        else:
            self.sent()

    def drop(self) -> None:
        """Close the socket at once. The library would first wait until the server has taken what was written."""
        if self._transport is not None:
            self._transport.abort()

    def heed_loss(self, reader: aiohttp.StreamReader) -> None:
        """Tell who waits for the body when the connection is gone.

        2026-11: the library closes one whose chunks it cannot read, and tells nobody who waits for more of them.
        """
        if self._reader is None and self._transport is not None:
            self._reader = reader
            self._lost = getattr(self._transport.get_protocol(), "closed", None)
            if self._lost is not None:
                self._lost.add_done_callback(self._on_loss)

    def heed_no_loss(self) -> None:
        """The body is of no interest any more."""
        if self._lost is not None:
            self._lost.remove_done_callback(self._on_loss)
        self._lost = self._reader = None

    def _on_loss(self, lost: asyncio.Future[None]) -> None:
        if not lost.cancelled():
            lost.exception()  # which the reader knows, where there is one
        reader = self._reader
        if reader is not None and reader.exception() is None and not reader.is_eof():
            reader.set_exception(Fault("protocol.body"))

    def taken(self) -> None:
        """The server has taken a piece of the request."""
        self._move(self.clocks.upload())

    def sent(self) -> None:
        """The request is out."""
        self.uploaded = True
        self.stage = HEAD
        if not self.clocks.whole:
            self._move(self.clocks.head())

    def _move(self, moment: Moment) -> None:
        self.moment = moment
        self._watch.heed(moment)


CURRENT: Final[ContextVar[Attempt]] = ContextVar("CURRENT")
SKIPPED: Final = CIMultiDict(dict.fromkeys(("Accept", "Content-Type")))
# What older versions of the library do not ask for.
_HAS_STREAM_WRITER: Final = "stream_writer" in signature(aiohttp.ClientResponse).parameters


class Request(aiohttp.ClientRequest):
    """A request whose headers are complete, and whose body goes out with them where it is small.

    The library starts a task for every body and looks for headers to add: a tenth of the time of a call (2026-11).
    """

    _small = b""

    def update_headers(self, headers: Any) -> None:
        """Take the headers as they are, after the host."""
        self.headers = CIMultiDict({"Host": self.url.host_port_subcomponent or ""})
        self.headers.extend(headers or ())

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """Add none."""
        self._skip_auto_headers = SKIPPED

    def update_body_from_data(self, body: Any, *stack: int) -> None:
        """Keep a small body for ``send``. What may be sent twice, or through a proxy, is the library's affair."""
        if self.method == "POST" and self.proxy is None and type(body) is bytes:
            self._small = body
            self.headers["Content-Length"] = str(len(body))
        else:
            super().update_body_from_data(body, *stack)

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Send it over a connection that stands."""
        CURRENT.get().connected(conn.transport)
        if not self._small:
            return await super().send(conn)
        protocol = conn.protocol
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(f"{self.method} {self.url.raw_path_qs} HTTP/1.1", self.headers)
        await writer.write_eof(self._small)
        protocol.start_timeout()
        response: aiohttp.ClientResponse = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self._session,
            **({"stream_writer": writer} if _HAS_STREAM_WRITER else {}),
        )
        self.response = response  # type: ignore[assignment]  # declared as nothing
        return response


class Upload(payload.Payload):
    """A large body, sent in pieces so that a stall is seen."""

    def __init__(self, body: bytes, attempt: Attempt) -> None:
        super().__init__(body)
        self._size = len(body)
        self._attempt = attempt

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return bytes(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the pieces."""
        view = memoryview(self._value)
        for start in range(0, len(view), PIECE):
            await writer.write(view[start : start + PIECE])
            self._attempt.taken()
        self._attempt.sent()

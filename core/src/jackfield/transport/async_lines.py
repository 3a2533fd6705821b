"""One connection on an event loop: the same as ``lines``, with a protocol of its own under it.

All clean-up is synchronous. Nothing is awaited when an exchange is cancelled, so a second cancellation has
nothing to interrupt, and no task is needed to finish the work.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from jackfield.transport.clocks import Clocks, Moment
from jackfield.transport.exchange import PIECE, Exchange, Head
from jackfield.transport.faults import CONNECT, HEAD, POOL, UPLOAD, Fault
from jackfield.transport.lines import Unsent, Way, keep_alive, readable
from jackfield.transport.proxy import Origin, proxy_for, tunnelled

INBOX: Final = 4 * PIECE  # beyond this the server is made to wait


class AsyncAnswer:
    """The answer as the library's transport wants to see it. Iterating it reads the body."""

    extensions: Final[dict[str, Any]] = {}

    def __init__(self, line: AsyncLine, head: Head) -> None:
        self._line = line
        self.status = head.status
        self.headers = head.pairs
        self.stream = self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._line.tapped = True  # whoever recorded or replaced the body holds it now
        while chunk := await self._line.pull():
            yield chunk

    async def aclose(self) -> None:
        """The line is given back, or dropped, by its owner."""


class AsyncLine(asyncio.Protocol):
    """A connection to one origin; carries one exchange at a time."""

    def __init__(self, origin: Origin, way: Way, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self.way = way
        self.exchange = Exchange()
        self.clocks: Clocks | None = None
        self.head: Head | None = None
        self.stage = POOL
        self.tapped = False
        self.uploaded = False
        self.idle_since = 0.0
        self._loop = loop
        self._pipe: asyncio.Transport | None = None
        self._inbox = bytearray()
        self._held = False  # we do not read
        self._full = False  # they do not read
        self._over = False  # nothing more will come
        self._lost: Exception | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0

    @property
    def opened(self) -> bool:
        """Whether a socket stands behind it."""
        return self._pipe is not None

    def stale(self) -> bool:
        """Whether the server has closed an idle connection, or spoken out of turn on it."""
        if self._pipe is None or self._over or self._inbox or self._pipe.is_closing():
            return True
        # the loop may not have come round to telling us yet
        return readable(self._pipe.get_extra_info("socket"))

    def begin(self, clocks: Clocks) -> None:
        """Take the clocks of the next exchange."""
        self.clocks = clocks
        self.head = None
        self.tapped = False
        self.uploaded = False
        self.stage = POOL

    async def handle_async_request(self, request: Any) -> AsyncAnswer:
        """Carry out one exchange up to the head of the answer; called by the library's transport."""
        assert self.clocks is not None
        if self._pipe is None:
            self.stage = CONNECT
            await self._connect(self.clocks.connect())
        body = b"".join([part async for part in request.stream])
        await self._upload(self.exchange.render(request.method, request.url.target, request.headers, body))
        self.stage = self.exchange.stage = HEAD
        moment = self.clocks.head()
        while (head := self.exchange.head()) is None:
            await self._more(moment)
        self.stage = self.exchange.stage
        self.head = head
        return AsyncAnswer(self, head)

    async def pull(self) -> bytes:
        """The next bytes of the body; empty at its end."""
        assert self.clocks is not None
        while not (data := self.exchange.body()) and not self.exchange.complete:
            await self._more(self.clocks.body())
        return data

    def recycle(self) -> bool:
        """Whether the line can carry another exchange; it is made ready for it."""
        ready = self.uploaded and not self._over and not self._inbox and self.exchange.recycle()
        if ready:
            self._disarm()
        return ready

    def settled(self) -> bool:
        """Whether the rest of the answer is here already; nothing is waited for."""
        if self._inbox and self.head is not None and not self.exchange.complete:
            with suppress(Fault):
                self.exchange.feed(bytes(self._inbox))
                self._inbox.clear()
                self.exchange.body()
        return self.exchange.complete

    def drop(self) -> None:
        """Close the socket at once, whatever is still to come on it."""
        self._disarm()
        pipe, self._pipe = self._pipe, None
        if pipe is not None and not self._loop.is_closed():
            pipe.abort()

    async def aclose(self) -> None:
        """The same, for the library's transport."""
        self.drop()

    # What the loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._pipe = transport

    def data_received(self, data: bytes) -> None:
        """Bytes are here."""
        self._inbox += data
        if len(self._inbox) > INBOX and not self._held and self._pipe is not None:
            self._held = True
            self._pipe.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The server has said its last word."""
        self._over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._over = True
        self._lost = exc
        self._full = False
        self._wake()

    def pause_writing(self) -> None:
        """The server does not take what we send."""
        self._full = True

    def resume_writing(self) -> None:
        """It takes it again."""
        self._full = False
        self._wake()

    # Waiting.

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    async def _pause(self, moment: Moment) -> bool:
        """Wait until the loop has told us something; false if the moment comes first."""
        self._waiter = self._loop.create_future()
        self._arm(moment)
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def _arm(self, moment: Moment) -> None:
        # One timer serves the whole exchange: it is moved only when it would come too late, and when it
        # comes too early it is set anew. Starting one for every read would cost more than the read.
        self._until = self._loop.time() + moment.left()
        if self._timer is None or self._timer.when() > self._until:
            self._disarm()
            self._timer = self._loop.call_at(self._until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._ring)
        else:
            self._waiter.set_result(False)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The steps of an exchange.

    async def _connect(self, moment: Moment) -> None:
        sock = None
        try:
            async with asyncio.timeout(moment.left()):
                sock = await _connected(self._loop, self.origin, self.way, moment)
                tls = self.way.tls() if self.origin.scheme == "https" else None
                name = self.origin.host if tls else None
                owned, sock = sock, None  # from here on the loop closes it
                await self._loop.create_connection(lambda: self, sock=owned, ssl=tls, server_hostname=name)
            return
        except TimeoutError:
            pass
        finally:
            if sock is not None:
                sock.close()
        raise Fault(moment.kind)

    async def _more(self, moment: Moment) -> None:
        while not self._inbox and not self._over:
            if not await self._pause(moment):
                raise Fault(moment.kind)
        if self._lost is not None and not self._inbox:
            raise self._lost
        data = bytes(self._inbox)
        self._inbox.clear()
        if self._held and self._pipe is not None:
            self._held = False
            self._pipe.resume_reading()
        self.exchange.feed(data)

    async def _upload(self, data: bytes) -> None:
        """Send all of ``data``; a server that closes meanwhile may have answered before, so its word is heard."""
        assert self._pipe is not None
        if self.stage != CONNECT and (self._over or self._pipe.is_closing()):
            raise Unsent
        self.stage = UPLOAD
        for start in range(0, len(data), PIECE):
            if self._over or (self._full and not await self._drained(self._pipe)):
                return
            self._pipe.write(data[start : start + PIECE])
        self.uploaded = not self._full or await self._drained(self._pipe)

    async def _drained(self, pipe: asyncio.Transport) -> bool:
        """Whether the server takes more; not if it closes, or answers before it has heard us out."""
        assert self.clocks is not None
        moment, size = self.clocks.upload(), pipe.get_write_buffer_size()
        while self._full and not self._over and not self._inbox:
            if await self._pause(moment):
                continue
            left = pipe.get_write_buffer_size()
            if left >= size or moment.kind == "deadline":
                raise Fault(moment.kind)
            moment, size = self.clocks.upload(), left
        return not self._full and not self._over


async def _connected(
    loop: asyncio.AbstractEventLoop, origin: Origin, way: Way, moment: Moment
) -> socket.socket:
    """A socket to ``origin``. Its addresses are tried in turn, each with a fair share of the time left."""
    proxy = proxy_for(way.proxy, origin)
    place = proxy or origin
    found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    failure: OSError | None = None
    for left, (family, kind, protocol, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            keep_alive(sock)
            async with asyncio.timeout(moment.left() / left):
                await loop.sock_connect(sock, address)
            if proxy:
                await _tunnel(loop, sock, proxy.request(origin))
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure or OSError


async def _tunnel(loop: asyncio.AbstractEventLoop, sock: socket.socket, request: bytes) -> None:
    await loop.sock_sendall(sock, request)
    answer = b""
    while not tunnelled(answer):
        data = await loop.sock_recv(sock, PIECE)
        if not data:
            raise Fault("transport.connect", "its proxy closed the connection")
        answer += data

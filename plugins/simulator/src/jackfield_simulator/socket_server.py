"""The simulator on sockets of its own: HTTP/1.1 by hand, because faults are what no polite server would send.

It serves one ``Simulated`` in the caller's event loop. Every answer is a script of steps, those of faults as well as
those of good answers, and what is sent is booked on the bill byte by byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.jsontext import dumps
from jackfield.wire import Call, Headers, Reply
from jackfield_simulator.bill import Line
from jackfield_simulator.exchange import Asked, Exchange, asked
from jackfield_simulator.faults import Faults
from jackfield_simulator.faulty.base import Case
from jackfield_simulator.faulty.clocks import SKEWS
from jackfield_simulator.faulty.doors import CERTIFICATES, DOORS, door_named, tls_context
from jackfield_simulator.steps import Deafen, End, Hold, Reset, Send, Step, Steps, Wait, plain, whole

if TYPE_CHECKING:
    from jackfield_simulator.app import Simulated

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 64 * 1024 * 1024
BACKLOG = 4096
LONGEST_HOLD = 600.0
LONGEST_WRITE = 16 * 1024  # of what is late
CONTROL = "control"  # what people ask the simulator itself
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
AT_ONCE = struct.pack("ii", 1, 0)  # close with RST


class Gone(Exception):
    """The connection is over: the client left, or a script closed it."""


class Unread(Exception):
    """A request that nobody reads to its end: what of it was understood, and why no more."""

    def __init__(self, status: int, words: str, call: Asked | None = None) -> None:
        super().__init__(words)
        self.error = ErrorInfo("request.invalid", words, status)
        self.call = call


class _Talk:
    """One connection: requests are read from it, scripts are performed on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.last = False  # whether the client wants no more
        self.old = False  # whether it knows no chunks
        self._deaf = False
        writer.transport.set_write_buffer_limits(1, 0)  # what is drained has left this process

    # -- requests ----------------------------------------------------------------------------------

    async def begun(self) -> bytes:
        """The first byte of the next request; none when the client has closed, or said that it would."""
        return b"" if self.last else await self.reader.read(1)

    async def request(self, first: bytes, base: str) -> Asked:
        """The request that begins with ``first``."""
        line, *lines = (await self._head(first)).decode("latin-1").rstrip("\r\n").split("\r\n")
        words = line.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise Unread(400, "the request does not begin with a line of HTTP/1.1")
        pairs = [
            (name.strip().lower(), value.strip()) for name, _, value in (one.partition(":") for one in lines)
        ]
        headers = Headers(pairs)
        self.old = words[2] == "HTTP/1.0"
        self.last = self.old or headers.get("connection", "").lower() == "close"
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(CONTINUE)
        call = asked(words[0], words[1], pairs, b"", base)
        try:
            call.body = await self._body(headers)
        except _Unmeasured as exc:
            raise Unread(exc.status, str(exc), call) from None
        return call

    async def _head(self, first: bytes) -> bytes:
        try:
            return first + await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Unread(431, f"the head of a request may have {LONGEST_HEAD:,} bytes") from None

    async def _body(self, headers: Headers) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            return await self.reader.readexactly(_size(headers.get("content-length", "0"), 10))
        body = bytearray()
        while size := _size((await self._line()).partition(";")[0], 16, len(body)):
            body += await self.reader.readexactly(size)
            await self._line()
        while (await self._line()).strip():
            pass  # trailers
        return bytes(body)

    async def _line(self) -> str:
        try:
            return (await self.reader.readuntil(b"\n")).decode("latin-1")
        except asyncio.LimitOverrunError:
            raise _Unmeasured(400, "a line between the chunks of the body has no end") from None

    # -- scripts -----------------------------------------------------------------------------------

    async def perform(self, steps: Steps, line: Line, *, hurry: bool = False) -> None:
        """Do what a script says; raises ``Gone`` where it closes the connection.

        In a ``hurry`` waits are counted from the beginning, and what is late goes out with what is late besides: a
        machine that cannot keep the pace of a thousand streams spends its time on them, and not on writes.
        """
        try:
            if hurry:
                await self._hurried(steps, line)
            else:
                for step in steps:
                    await self._do(step, line)
        finally:
            close = getattr(steps, "close", None)
            if close is not None:
                close()

    async def _hurried(self, steps: Steps, line: Line) -> None:
        clock = asyncio.get_running_loop().time
        due, late, held = clock(), False, bytearray()
        body = 0
        for step in steps:
            if type(step) is Send:
                held += step.data
                body += step.body
                if late and len(held) < LONGEST_WRITE:
                    continue
            elif type(step) is Wait:
                due += step.seconds
                late = due <= clock()
                if late:
                    continue
            if held:
                await self._do(Send(bytes(held), body), line)
                held, body = bytearray(), 0
            if type(step) is Wait:
                await asyncio.sleep(due - clock())
            elif type(step) is not Send:
                await self._do(step, line)
        if held:
            await self._do(Send(bytes(held), body), line)

    async def _do(self, step: Step, line: Line) -> None:
        if type(step) is Send:
            if self.writer.transport.is_closing():
                raise Gone
            self.writer.write(step.data)
            line.sent += step.body
            await self.writer.drain()
        elif type(step) is Wait:
            await asyncio.sleep(step.seconds)
        else:
            await _RARE[type(step)](self)

    async def _hold(self) -> None:
        if self._deaf:
            await asyncio.sleep(LONGEST_HOLD)
        while await self.reader.read(LONGEST_HEAD):
            pass  # nobody listens
        raise Gone

    async def _deafen(self) -> None:
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        self._deaf = True

    async def _end(self) -> None:
        raise Gone

    async def _reset(self) -> None:
        found: socket.socket = self.writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.writer.transport.abort()
        raise Gone


_RARE: dict[type[Step], Callable[[_Talk], Awaitable[None]]] = {
    Hold: _Talk._hold,
    Deafen: _Talk._deafen,
    End: _Talk._end,
    Reset: _Talk._reset,
}


class _Unmeasured(Exception):
    """A body that states no length, or one beyond the limit."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def _size(text: str, base: int, before: int = 0) -> int:
    """The stated length of a body, or of one more chunk of it."""
    stated = text.strip()
    if not (stated.isascii() and stated.isalnum()):
        raise _Unmeasured(400, f"the body has no length that can be read: {stated!r:.40}")
    try:
        size = int(stated, base)
    except ValueError:
        raise _Unmeasured(400, f"the body has no length that can be read: {stated!r:.40}") from None
    if before + size > LONGEST_BODY:
        raise _Unmeasured(413, f"the body is too long: {LONGEST_BODY:,} bytes may be sent")
    return size


def _nothing_asked() -> Exchange:
    """What a fault befalls that comes before any request."""
    return Exchange(Call("", ()), "", Reply(0), Line(0, "", "", ""))


class SocketServer:
    """Serves ``app`` at ``url``; ``connections``, ``requests`` and ``strays`` count what reached the sockets.

    Strays are requests to ``elsewhere``: another origin, which nobody reaches but who follows a redirect.
    """

    def __init__(
        self, app: Simulated, faults: Faults | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.app = app
        self.faults = faults or Faults()
        self.host = host
        self.port = port
        self.url = ""
        self.elsewhere = ""
        self.connections = 0
        self.requests = 0
        self.strays = 0
        self._servers: list[asyncio.Server] = []
        self._talks: set[asyncio.Task[None]] = set()
        self._doors = contextlib.ExitStack()

    @property
    def open(self) -> int:
        """How many connections stand."""
        return len(self._talks)

    async def start(self) -> None:
        """Listen; from then on ``url`` and ``port`` are known."""
        self.faults.configure(getattr(self.app.scenario, "faults", ()))
        self.url = await self._listen(self.port)
        self.port = int(self.url.rpartition(":")[2])
        self.elsewhere = await self._listen(0, self._astray)
        self.app.url = self.url
        self.app.faults = self.faults

    async def stop(self) -> None:
        """Close everything, whatever is under way."""
        for server in self._servers:
            server.close()
        await self.hang_up()
        self._doors.close()

    async def hang_up(self) -> None:
        """Close all connections, also those that a fault holds open though their clients have left."""
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def door(self, name: str) -> str:
        """An address where things go wrong before there is a connection; ``tls`` is one where TLS goes well."""
        if name in DOORS:
            return self._doors.enter_context(door_named(name)())
        if name != "tls" and name not in CERTIFICATES:
            door_named(name)
        url = await self._listen(0, tls=tls_context(name))
        return url.replace("http://127.0.0.1", "https://localhost")

    async def _listen(
        self,
        port: int,
        talk: Callable[[_Talk], Awaitable[None]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> str:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._connected(_Talk(reader, writer), talk or self._converse))
            self._talks.add(task)
            task.add_done_callback(self._over)

        server = await asyncio.start_server(
            connected, self.host, port, limit=LONGEST_HEAD, backlog=BACKLOG, ssl=tls
        )
        self._servers.append(server)
        host, found = server.sockets[0].getsockname()[:2]
        return f"http://{host}:{found}"

    def _over(self, task: asyncio.Task[None]) -> None:
        """Forget a connection; a mistake of our own is told to whoever runs the loop."""
        self._talks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            told = {"message": "the simulator made a mistake", "exception": failure, "task": task}
            task.get_loop().call_exception_handler(told)

    async def _connected(self, talk: _Talk, converse: Callable[[_Talk], Awaitable[None]]) -> None:
        try:
            await converse(talk)
        except (Gone, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass  # the connection is over, one way or another: nobody is left to be told
        finally:
            talk.writer.close()

    async def _converse(self, talk: _Talk) -> None:
        """Answer the requests of one connection, one after the other."""
        self.connections += 1
        await self._befall(talk)
        first = await talk.begun()
        while first:
            await self._answer(talk, first)
            first = await talk.begun()
            if first:
                await self._befall(talk)  # for its client it is as good as a new connection

    async def _befall(self, talk: _Talk) -> None:
        """Do to a connection what befalls it, if anything does."""
        fault = self.faults.for_connection()
        if fault is not None:
            nothing = _nothing_asked()
            await talk.perform(fault.perform(Case(nothing)), nothing.line)

    async def _answer(self, talk: _Talk, first: bytes) -> None:
        try:
            call = await talk.request(first, self.url)
        except Unread as unread:
            await self._turn_away(talk, unread)
            raise Gone from None
        exchange = self._judged(call)
        self.requests += exchange.operation != CONTROL
        script = self._script(exchange, talk)
        await talk.perform(script, exchange.line, hurry=not exchange.line.fault)

    async def _turn_away(self, talk: _Talk, unread: Unread) -> None:
        """Say why a request is not read; what is none at all is on no bill."""
        if unread.call is None:
            await talk.perform(iter((_told(unread.error),)), _nothing_asked().line)
            return
        exchange = self.app.turned_away(unread.call, unread.error)
        await talk.perform(plain(exchange, closing=True), exchange.line)

    def _judged(self, call: Asked) -> Exchange:
        """What is answered, by a clock that may be off."""
        fault = self.faults.for_clock()
        if fault is None:
            return self.app.exchange(call)
        self.app.skew = SKEWS[fault.name]
        try:
            exchange = self.app.exchange(call)
        finally:
            self.app.skew = 0.0
        exchange.line.fault = fault.name
        return exchange

    def _script(self, exchange: Exchange, talk: _Talk) -> Steps:
        """What is done to answer: what a fault says, or what was asked for."""
        if exchange.operation == CONTROL:
            return plain(exchange, closing=talk.last, old=talk.old)
        try:
            fault = self.faults.for_exchange(exchange)
        except JackfieldError as exc:
            exchange.void()
            exchange.line.status = 400
            return iter((_told(exc.info),))
        if fault is None:
            return plain(exchange, closing=talk.last, old=talk.old)
        exchange.line.fault = fault.name
        if not fault.charged:
            exchange.void()
        return fault.perform(Case(exchange, self.url, self.elsewhere, self.faults.pace))

    async def _astray(self, talk: _Talk) -> None:
        """Take in what was sent to another origin."""
        while first := await talk.begun():
            with contextlib.suppress(Unread):
                await talk.request(first, self.elsewhere)
            self.strays += 1
            reply = Reply(200, Headers({"content-type": "application/json"}), b"{}")
            await talk.perform(iter((whole(reply),)), _nothing_asked().line)


def _told(error: ErrorInfo) -> Send:
    """What is wrong with a request that asks for what cannot be."""
    words = f"{error.message}; {error.hint}" if error.hint else error.message
    body = {"error": {"message": words, "type": "invalid_request_error", "param": None, "code": None}}
    return whole(Reply(error.status or 400, Headers({"content-type": "application/json"}), dumps(body)))

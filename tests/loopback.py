"""A provider on the loopback interface: the server halves of the wires, over plain HTTP/1.1.

    with Loopback(lambda request: Completion((Text("hello"),))) as server:
        client = OpenAI(base_url=f"{server.url}/v1", api_key="any")

The wire is chosen by the path, so one server speaks all formats. ``answer`` gives a completion, events (which
are streamed as they come), or the answer of an operation; an error of the library that it raises is reported in the format's
own shape. The standard library's asyncio runs it, in a thread of its own, and nothing else is needed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, TypeAlias

from attrs import field, frozen

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Event, Failed, fold, unfold
from jackfield.types import Answered, Completion, Embeddings, Request
from jackfield.wire import WIRES, Call, Dialect, Headers, Reply, Wire, operation, wire_named
from jackfield.wire.operation import exchange_for

Answer: TypeAlias = Callable[[Any], Completion | Answered | Iterable[Event]]

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 64 * 1024 * 1024
JSON = "application/json"


@frozen
class Route:
    """Where the completions of a wire are found: the end of the path."""

    tail: tuple[str, ...]
    wire: Wire


@frozen
class Streamed:
    """An answer that is written as it comes."""

    media_type: str
    chunks: Iterator[bytes] = field(repr=False)


class Loopback:
    """Serves ``answer`` until the ``with`` block ends; ``url`` is where, ``calls`` is what was asked."""

    def __init__(
        self,
        answer: Answer,
        operations: Answer | None = None,
        *,
        provider: str = "",
        wires: Iterable[Wire] = (),
    ) -> None:
        self.answer = answer
        self.operations = operations  # what answers all that is no completion, if that is somebody else
        self.calls: list[Call] = []
        self.url = ""
        self._wires = [*(wire_named(name)(Dialect(provider=provider)) for name in WIRES), *wires]
        self._routes = [Route(wire.routes["complete"], wire) for wire in self._wires if wire.routes]
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        assert self._ready.wait(30), "the server does not come up"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        open_connections: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._converse(reader, writer))
            open_connections.add(task)
            task.add_done_callback(open_connections.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=LONGEST_HEAD)
        host, port = server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in tuple(open_connections):
            task.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)

    # -- HTTP ------------------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            async for call in _calls(reader):
                self.calls.append(call)
                await _send(writer, self.reply(call))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or does not speak HTTP: it is told nothing, as by any server
        finally:
            writer.close()

    # -- answers ---------------------------------------------------------------------------------

    def reply(self, call: Call) -> Reply | Streamed:
        """The answer to one call: by the wire whose path it has."""
        route = next((route for route in self._routes if operation.fits(route.tail, call.path)), None)
        try:
            if route is not None and call.method == "POST":
                return self._completed(route, call)
            return self._operated(call)
        except JackfieldError as exc:
            return (self._wires[0] if route is None else route.wire).write_error(exc.info)

    def _operated(self, call: Call) -> Reply:
        """The answer to a call that is no completion: by the exchange whose method and path it has."""
        # Two families list their models at one path: theirs is the one whose callers name a version.
        wires = [
            wire for wire in self._wires if wire.name != "messages" or "anthropic-version" in call.headers
        ]
        found = [one for wire in wires if (one := exchange_for(wire.operations(), call)) is not None]
        exchange = max(found, key=lambda one: len(one.path), default=None)
        if exchange is None:
            body = b'{"error":{"message":"no wire has this path","type":"not_found_error","code":null}}'
            return Reply(404, Headers({"content-type": JSON}), body)
        answer = (self.operations or self.answer)(exchange.read(call))
        if isinstance(answer, Embeddings):
            wanted = "base64" if b'"encoding_format":"base64"' in call.body.replace(b" ", b"") else "float"
            return exchange.write(answer, encoding=wanted)  # type: ignore[call-arg]
        return exchange.write(answer)

    def _completed(self, route: Route, call: Call) -> Reply | Streamed:
        request, stream = route.wire.read_completion(call)
        answer = self.answer(request)
        assert not isinstance(answer, Answered), "a completion is answered with a completion or events"
        if stream:
            events = unfold(answer) if isinstance(answer, Completion) else iter(answer)
            return Streamed(route.wire.media_type, self._written(route.wire, call, request, events))
        return route.wire.write_completion(answer if isinstance(answer, Completion) else _folded(answer))

    def _written(self, wire: Wire, call: Call, request: Request, events: Iterator[Event]) -> Iterator[bytes]:
        """The bytes of a stream; an error raised on the way is its last event."""
        asked = getattr(wire, "asked", None)
        writer = wire.stream_writer(request.model, **({"usage": asked(call).usage} if asked else {}))
        try:
            for event in events:
                yield writer.write(event)
        except JackfieldError as exc:
            yield writer.write(Failed(exc.info))
        yield writer.end()


def _folded(events: Iterable[Event]) -> Completion:
    """The completion that events make; a failure among them is raised."""
    listed = list(events)
    if listed and isinstance(listed[-1], Failed):
        raise listed[-1].error.to_exception()
    return fold(listed)


async def _calls(reader: asyncio.StreamReader) -> AsyncIterator[Call]:
    """The requests that come over one connection."""
    while not reader.at_eof():
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines if line)
        headers = Headers({name.strip().lower(): value.strip() for name, _, value in pairs})
        path = tuple(filter(None, target.partition("?")[0].split("/")))
        yield Call(method, path, await _body(reader, headers), headers)


async def _body(reader: asyncio.StreamReader, headers: Headers) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(min(int(headers.get("content-length", "0")), LONGEST_BODY))
    pieces = []
    while size := int((await reader.readline()).partition(b";")[0], 16):
        pieces.append(await reader.readexactly(min(size, LONGEST_BODY)))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)


async def _send(writer: asyncio.StreamWriter, reply: Reply | Streamed) -> None:
    if isinstance(reply, Reply):
        headers = {**reply.headers, "content-length": str(len(reply.body))}
        writer.write(_head(reply.status, headers) + reply.body)
    else:
        writer.write(_head(200, {"content-type": reply.media_type, "transfer-encoding": "chunked"}))
        for chunk in filter(None, reply.chunks):
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
    await writer.drain()


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {'OK' if status < 400 else 'No'}",
        *(f"{n}: {v}" for n, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def failing(kind: str, status: int, message: str = "as asked", **facts: Any) -> JackfieldError:
    """An error for ``answer`` to raise: what a provider would say with that status."""
    return ErrorInfo(kind, message, status=status, **facts).to_exception()

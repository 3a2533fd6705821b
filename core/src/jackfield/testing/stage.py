"""A transport that answers with the server half of the wire that rendered the call: real halves, no network.

What is scripted is a completion, an operation's answer, events, a reply, chunks of bytes, or an error to raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from attrs import define, field

from jackfield.errors import JackfieldError
from jackfield.events import Event, unfold
from jackfield.flow import Opened
from jackfield.jsontext import dumps
from jackfield.testing.answers import STEPS
from jackfield.types import Answered, Completion, Timeouts
from jackfield.wire import Call, Headers, Reply, Wire
from jackfield.wire.operation import exchange_for

Scripted: TypeAlias = Completion | Answered | Reply | JackfieldError | Sequence[Any]
TOKEN = {"access_token": "kit-token-0123456789", "token_type": "Bearer", "expires_in": 3600}


class NotScripted(AssertionError):
    """A call came that nothing was scripted for."""


@define
class OnStage:
    """An opened answer: the chunks that are still to come, and whether it was closed."""

    status: int
    headers: Headers
    chunks: list[bytes | JackfieldError]
    closed: bool = False

    def next(self) -> bytes:
        """The next bytes; empty at the end."""
        chunk = self.chunks.pop(0) if self.chunks else b""
        if isinstance(chunk, JackfieldError):
            raise chunk
        return chunk


@define
class Stage:
    """Answers calls in the order that was scripted; keeps calls, streams, and the requests the wire read."""

    wire: Wire | None = None
    token_url: str = ""
    operation: str = "complete"
    script: list[Scripted] = field(factory=list)
    calls: list[Call] = field(factory=list)
    requests: list[Any] = field(factory=list)
    streams: list[OnStage] = field(factory=list)

    def play(self, wire: Wire, *script: Scripted, operation: str = "complete") -> None:
        """Begin anew with this script."""
        self.wire, self.operation, self.script = wire, operation, list(script)
        self.calls, self.requests, self.streams = [], [], []

    @property
    def request(self) -> Any:
        """What was asked last, as the wire's server half read it."""
        if not self.requests:
            msg = "nothing was asked that the wire's server half could read"
            raise NotScripted(msg)
        return self.requests[-1]

    # -- what a transport does ---------------------------------------------------------------------

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""
        if self.token_url and call.url == self.token_url:
            return Reply(200, Headers({"content-type": "application/json"}), dumps(TOKEN))
        self.calls.append(call)
        answer = self._next(call)
        if isinstance(answer, Reply):
            return answer
        if isinstance(answer, Completion) and self.operation == "complete":
            assert self.wire is not None
            self.requests.append(self.wire.read_completion(call)[0])
            return self.wire.write_completion(answer)
        return self._operated(call, answer)

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of an answer; its chunks follow."""
        self.calls.append(call)
        answer = self._next(call)
        if isinstance(answer, Reply):
            opened = OnStage(answer.status, Headers(answer.headers), [answer.body])
        else:
            assert self.wire is not None
            headers = Headers({"content-type": self.wire.media_type})
            opened = OnStage(200, headers, self._chunks(call, answer))
        self.streams.append(opened)
        return opened

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes."""
        assert isinstance(opened, OnStage)
        return opened.next()

    def close_stream(self, opened: Opened) -> None:
        """Take note."""
        assert isinstance(opened, OnStage)
        opened.closed = True

    def close(self) -> None:
        """There is no connection."""

    # -- what is answered --------------------------------------------------------------------------

    def _next(self, call: Call) -> Any:
        if not self.script:
            if self.operation in {"complete", ""}:
                msg = f"{call.method} {call.path}: a call more than was expected"
                raise NotScripted(msg)
            return None  # one of several steps
        answer = self.script[0] if self.operation != "complete" else self.script.pop(0)
        if isinstance(answer, JackfieldError):
            raise answer
        return answer

    def _operated(self, call: Call, answer: Any) -> Reply:
        assert self.wire is not None
        operations = self.wire.operations()
        asked = {name: one for name, one in operations.items() if name == self.operation}
        exchange = exchange_for(asked, call) or exchange_for(operations, call)
        if exchange is None:  # part of the path may stand in the base: a server sees all of it
            steps = tuple(unquote(step) for step in urlsplit(call.url).path.split("/") if step)
            call = Call(call.method, steps, call.body, call.headers, call.query)
            exchange = exchange_for(asked, call) or exchange_for(operations, call)
        if exchange is None:
            msg = f"{call.method} {'/'.join(map(str, call.path))}: no exchange of wire `{self.wire.name}` has this path"
            raise NotScripted(msg)
        self.requests.append(exchange.read(call))
        step = exchange.name != self.operation and exchange.name in STEPS
        return exchange.write(STEPS[exchange.name] if step else answer)

    def _chunks(self, call: Call, answer: Any) -> list[bytes | JackfieldError]:
        assert self.wire is not None
        listed = list(answer) if isinstance(answer, list | tuple) else []
        if listed and all(isinstance(item, bytes | JackfieldError) for item in listed):
            return listed
        request, _ = self.wire.read_completion(call)
        self.requests.append(request)
        events = unfold(answer) if isinstance(answer, Completion) else answer
        return list(written(self.wire, events, request.model))


def written(wire: Wire, events: Iterable[Event], model: str = "model-1") -> list[bytes]:
    """The chunks of a stream as the wire's server half writes it."""
    writer = wire.stream_writer(model)
    chunks = [writer.write(event) for event in events]
    return [chunk for chunk in (*chunks, writer.end()) if chunk]


@define
class AsyncStage:
    """The same stage, awaited."""

    stage: Stage

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""
        return self.stage.send(call, timeouts, deadline)

    async def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of an answer."""
        return self.stage.open(call, timeouts, deadline)

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes."""
        return self.stage.read(opened, deadline)

    async def close_stream(self, opened: Opened) -> None:
        """Take note."""
        self.stage.close_stream(opened)

    async def close(self) -> None:
        """There is no connection."""

"""What a server does on the socket, step by step; answers and faults alike are scripts of such steps.

A script that ends without ``End`` or ``Reset`` leaves the connection open for the next request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from jackfield.wire import Reply

if TYPE_CHECKING:
    from jackfield_simulator.exchange import Exchange, Piece


@frozen
class Send:
    """Write these bytes; ``body`` of them are the answer's own, the rest is HTTP."""

    data: bytes
    body: int = 0


@frozen
class Wait:
    """Let time pass."""

    seconds: float


@frozen
class Hold:
    """Say nothing more, until the client goes or the server stops."""


@frozen
class Deafen:
    """Take nothing more in."""


@frozen
class End:
    """Close with FIN."""


@frozen
class Reset:
    """Close with RST."""


Step: TypeAlias = Send | Wait | Hold | Deafen | End | Reset
Steps: TypeAlias = Iterator[Step]
Pairs: TypeAlias = Iterable[tuple[str, str]]

LAST = Send(b"0\r\n\r\n")
CHUNKED = ("transfer-encoding", "chunked")


def head(status: int, headers: Pairs) -> bytes:
    """A status line and headers, in exactly this order and as often as they are given."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def whole(reply: Reply, more: Pairs = ()) -> Send:
    """A whole answer in one write."""
    length = ("content-length", str(len(reply.body)))
    return Send(head(reply.status, (*reply.headers.items(), length, *more)) + reply.body, len(reply.body))


def opening(status: int, headers: Mapping[str, str]) -> Send:
    """The head of an answer that comes in chunks."""
    return Send(head(status, (*headers.items(), CHUNKED)))


def chunk(data: bytes) -> Send:
    """One chunk."""
    return Send(b"%x\r\n%b\r\n" % (len(data), data), len(data))


def chunks(pieces: Iterable[Piece]) -> Steps:
    """The pieces of a stream, each when it is due."""
    for pause, data, _ in pieces:
        if pause:
            yield Wait(pause)
        if data:
            yield chunk(data)


def plain(exchange: Exchange) -> Steps:
    """The answer as it is."""
    if exchange.pause:
        yield Wait(exchange.pause)
    reply = exchange.reply
    if isinstance(reply, Reply):
        yield whole(reply)
        return
    yield opening(reply.status, reply.headers)
    yield from chunks(reply.pieces)
    yield LAST

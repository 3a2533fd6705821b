"""What a server does on the socket, step by step; answers and faults alike are scripts of such steps.

A script that ends without ``End`` or ``Reset`` leaves the connection open for the next request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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
CLOSED = ("connection", "close")


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


def bare(reply: Reply, more: Pairs = ()) -> Send:
    """The head of a whole answer, without what it announces."""
    length = ("content-length", str(len(reply.body)))
    return Send(head(reply.status, (*reply.headers.items(), length, *more)))


def opening(status: int, headers: Mapping[str, str], more: Pairs = ()) -> Send:
    """The head of an answer that comes in chunks."""
    return Send(head(status, (*headers.items(), CHUNKED, *more)))


def chunk(data: bytes) -> Send:
    """One chunk."""
    return Send(b"%x\r\n%b\r\n" % (len(data), data), len(data))


def unframed(data: bytes) -> Send:
    """What is no chunk: its end is the end of the connection."""
    return Send(data, len(data))


def chunks(pieces: Iterable[Piece], framed: Callable[[bytes], Send] = chunk) -> Steps:
    """The pieces of a stream, each when it is due."""
    for pause, data, _ in pieces:
        if pause:
            yield Wait(pause)
        if data:
            yield framed(data)


def plain(exchange: Exchange, *, closing: bool = False, old: bool = False) -> Steps:
    """The answer as it is: ``closing`` the connection behind it, in chunks but for ``old`` clients that know none."""
    if exchange.pause:
        yield Wait(exchange.pause)
    reply = exchange.reply
    more = (CLOSED,) if closing else ()
    if isinstance(reply, Reply):
        yield bare(reply, more) if exchange.call.method == "HEAD" else whole(reply, more)
        return
    if old:
        yield Send(head(reply.status, (*reply.headers.items(), *more)))
        yield from chunks(reply.pieces, unframed)
        return
    yield opening(reply.status, reply.headers, more)
    yield from chunks(reply.pieces)
    yield LAST

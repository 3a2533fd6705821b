"""Faults of the connection: closed, reset, silent, slow."""

from __future__ import annotations

from itertools import count, cycle

from jackfield.wire import Reply
from jackfield_simulator.exchange import Piece, Streamed
from jackfield_simulator.faulty.base import Case, fault
from jackfield_simulator.records import ARRAY, NDJSON, SSE, STREAMS, WHOLE, contents, records
from jackfield_simulator.steps import (
    Deafen,
    End,
    Hold,
    Reset,
    Send,
    Steps,
    Wait,
    chunk,
    chunks,
    head,
    opening,
    plain,
)

PINGS = {SSE: b": ping\n\n", NDJSON: b"\n", ARRAY: b" ", WHOLE: b" "}


def _beginning(case: Case) -> Send:
    """The head of the answer as it would be."""
    reply = case.exchange.reply
    if isinstance(reply, Reply):
        length = ("content-length", str(len(reply.body)))
        return Send(head(reply.status, (*reply.headers.items(), length)))
    return opening(reply.status, reply.headers)


@fault(5, "reset-on-accept", moment="accept")
def reset_on_accept(case: Case) -> Steps:
    """The connection is reset before a request is read."""
    yield Reset()


@fault(47, "deaf", moment="accept")
def deaf(case: Case) -> Steps:
    """The connection is accepted, and nothing is ever read from it."""
    yield Deafen()
    yield Hold()


@fault(6, "reset-after-request")
def reset_after_request(case: Case) -> Steps:
    """The connection is reset when the request has come."""
    yield Reset()


@fault(7, "close-after-request")
def close_after_request(case: Case) -> Steps:
    """The connection is closed when the request has come, without an answer."""
    yield End()


@fault(8, "close-when-idle")
def close_when_idle(case: Case) -> Steps:
    """The answer is whole; the connection, which was to be kept, is closed."""
    yield from plain(case.exchange)
    yield End()


@fault(9, "silent")
def silent(case: Case) -> Steps:
    """Nothing is ever answered."""
    yield Hold()


@fault(10, "drip-head")
def drip_head(case: Case) -> Steps:
    """The head comes byte by byte."""
    for byte in _beginning(case).data:
        yield Send(bytes((byte,)))
        yield Wait(case.pace)


@fault(11, "silent-body")
def silent_body(case: Case) -> Steps:
    """The head comes, and then nothing."""
    yield _beginning(case)
    yield Hold()


@fault(12, "pings-only", PINGS)
def pings_only(case: Case) -> Steps:
    """The head comes, and then nothing but signs of life."""
    ping = PINGS[case.form]
    if case.form == WHOLE:
        yield Send(head(200, (("content-type", "application/json"), ("transfer-encoding", "chunked"))))
    else:
        yield _beginning(case)
    while True:
        yield chunk(ping)
        yield Wait(case.pace / 10)


def _halves(case: Case) -> tuple[list[Piece], list[Piece]]:
    """The stream up to the middle of its content, and the rest."""
    pieces = records(case.exchange)
    found = contents(pieces)
    middle = found[len(found) // 2] if found else len(pieces) // 2
    return pieces[: middle + 1], pieces[middle + 1 :]


@fault(46, "slow-half", STREAMS)
def slow_half(case: Case) -> Steps:
    """The second half of the stream comes a tenth of a token a second."""
    first, second = _halves(case)
    yield _beginning(case)
    yield from chunks(first)
    for piece in second:
        yield Wait(10 * case.pace)
        yield chunk(piece.data)
    yield Send(b"0\r\n\r\n")


@fault(47, "stall", STREAMS)
def stall(case: Case) -> Steps:
    """Half of the stream comes, and then nothing."""
    yield _beginning(case)
    yield from chunks(_halves(case)[0])
    yield Hold()


@fault(46, "flood", STREAMS)
def flood(case: Case) -> Steps:
    """Content comes for ever, as fast as the client takes it."""
    assert isinstance(case.exchange.reply, Streamed)
    first, _ = _halves(case)
    yield _beginning(case)
    yield from chunks(first)
    again = [first[place].data for place in contents(first)][-1:] or [first[-1].data]
    for number, data in zip(count(), cycle(again), strict=False):
        yield chunk(data)
        if not number % 64:
            yield Wait(0)  # others are served, too

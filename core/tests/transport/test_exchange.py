"""The connection without its socket."""

from __future__ import annotations

import pytest

from jackfield.transport.exchange import Exchange
from jackfield.transport.faults import BODY, HEAD, Fault

ANSWER = (
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    b"3\r\none\r\n5;x=y\r\ntwo\r\n\r\n0\r\nx-trailer: 1\r\n\r\n"
)


def asked():
    exchange = Exchange()
    sent = exchange.render(b"POST", b"/x", [(b"host", b"h"), (b"content-length", b"2")], b"{}")
    exchange.stage = HEAD
    return exchange, sent


def fed(pieces):
    exchange, _ = asked()
    head, body = None, b""
    for piece in pieces:
        exchange.feed(piece)
        head = head or exchange.head()
        body += exchange.body() if head else b""
    return exchange, head, body


def test_a_request_is_one_run_of_bytes():
    """Head and body go out together."""
    assert asked()[1] == b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}"


def test_an_answer_is_the_same_however_it_is_cut():
    """At every byte, interim answers, extensions and trailers included."""
    for at in range(1, len(ANSWER)):
        exchange, head, body = fed([ANSWER[:at], ANSWER[at:]])

        assert (head.status, head.headers["content-type"], body) == (200, "text/plain", b"onetwo\r\n")
        assert exchange.complete
        assert exchange.recycle()


def test_chunks_that_came_together_are_handed_on_together():
    """One step for the caller instead of one per chunk."""
    start = ANSWER.index(b"3\r\none")
    exchange, _, _ = fed([ANSWER[:start]])
    exchange.feed(ANSWER[start:])

    assert exchange.body() == b"onetwo\r\n"


def test_a_head_may_come_with_a_lot_of_its_body():
    """However much one read brings: only a head that does not end is a flood."""
    chunks = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    end = ANSWER.index(b"3\r\none")

    _, head, body = fed([ANSWER[:end] + chunks * 32 + b"0\r\n\r\n"])

    assert (200, 1 << 20) == (head.status, len(body))


def test_a_connection_the_server_wants_closed_is_not_recycled():
    """Nor one with bytes left over."""
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    surplus = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nmore"

    assert [fed([answer])[0].recycle() for answer in (closing, surplus)] == [False, False]


def test_the_end_of_the_socket_ends_an_answer_without_a_length():
    """The oldest framing there is."""
    exchange, _, body = fed([b"HTTP/1.1 200 OK\r\n\r\nall", b""])

    assert (body, exchange.complete, exchange.recycle()) == (b"all", True, False)


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([b""], "transport.reset"),
        ([b"HTTP/1.1 200 OK\r\nx", b""], "transport.reset"),
        ([b"SMTP ready\r\n\r\n"], "protocol"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"], "protocol"),
        ([b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"], "protocol"),
        ([ANSWER[:-30], b""], "stream.truncated"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], "protocol.body"),
        ([b"HTTP/1.1 200 OK\r\nx: " + b"y" * 80_000], "protocol"),
        ([b"HTTP/1.1 103 Early\r\n\r\n" * 12_000], "protocol"),
    ],
)
def test_broken_answers_have_a_kind(pieces, kind):
    """By who broke it, and when."""
    with pytest.raises(Fault) as caught:
        fed(pieces)

    assert caught.value.kind == kind


def test_the_stage_tells_how_far_it_came():
    """What a failure means depends on it."""
    exchange, _, _ = fed([ANSWER[: ANSWER.index(b"3\r\none")]])

    assert exchange.stage == BODY

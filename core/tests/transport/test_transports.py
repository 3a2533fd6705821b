"""What all five transports do, on real sockets."""

from __future__ import annotations

import gzip
import os
import threading
import time
from contextlib import suppress

import pytest

from jackfield.errors import (
    BadConfig,
    ErrorInfo,
    JackfieldError,
    Malformed,
    Overloaded,
    TimedOut,
    Unavailable,
)

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n"


def whole(body, head=b"HTTP/1.1 200 OK\r\n"):
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def failure_of(attempt):
    with pytest.raises(JackfieldError) as caught:
        attempt()
    return caught.value


def test_sends_method_path_headers_and_body(face, serve, ask, answers):
    """The server sees exactly the call."""
    server = serve(answers(OK))

    reply = face.send(ask(server, b'{"a":1}', x_extra="1"))

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert (reply.status, reply.body, body) == (200, b"ok", b'{"a":1}')
    assert head.startswith(b"POST /v1/chat HTTP/1.1\r\n")
    assert b"x-extra: 1" in head.lower()
    assert b"accept-encoding: gzip\r\n" in head.lower() + b"\r\n"


def test_header_names_of_answers_are_lower_case_and_joined(face, serve, ask, answers):
    """A name that comes twice has both values."""
    server = serve(answers(whole(b"", b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\n")))

    reply = face.send(ask(server))

    assert reply.headers["x-one"] == "1, 2"


def test_connections_are_reused(face, serve, ask, answers):
    """Three calls need one connection."""
    server = serve(answers(OK))

    for _ in range(3):
        face.send(ask(server))

    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(face, serve, ask, answers, status):
    """A redirect comes back as it is, and its target sees nothing."""
    target = serve(answers(OK))
    server = serve(answers(whole(b"", f"HTTP/1.1 {status} Moved\r\nlocation: {target.base}/x\r\n".encode())))

    reply = face.send(ask(server))

    assert (reply.status, target.connections) == (status, 0)


def test_a_proxy_of_the_environment_is_ignored(face, serve, ask, answers, monkeypatch):
    """Nothing goes to a proxy nobody asked for."""
    proxy, server = serve(answers(OK)), serve(answers(OK))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.base)

    face.send(ask(server))

    assert (proxy.connections, server.connections) == (0, 1)


def test_a_stream_hands_on_bytes_as_they_come(face, serve, ask):
    """The first chunk is here before the second is sent."""

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"3\r\none\r\n")
        talk.request()

    server = serve(script)

    opened = face.open(ask(server))
    first = face.read(opened)
    face.close_stream(opened)

    assert (opened.status, first) == (200, b"one")


def test_a_stream_that_was_read_to_its_end_leaves_its_connection(face, serve, ask, answers):
    """The next call goes over the same one."""
    server = serve(answers(CHUNKED + b"3\r\none\r\n0\r\n\r\n", OK))

    opened = face.open(ask(server))
    body = face.rest(opened)
    face.send(ask(server))

    assert (body, server.connections) == (b"one", 1)


def test_a_stream_may_come_all_at_once(face, serve, ask):
    """A head and 1 MB of chunks that were sent before anybody asked."""
    chunks = (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 256

    def script(talk):
        talk.send(CHUNKED + chunks + b"0\r\n\r\n")
        talk.hold()

    opened = face.open(ask(serve(script)))

    assert 1 << 20 == len(face.rest(opened))


def test_a_stream_dropped_midway_drops_its_connection(face, serve, ask, answers):
    """Nothing is drained: the server sees the connection close."""
    seen = []

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"3\r\none\r\n")
        seen.append(talk.sock.recv(1))
        talk.server.closing.set()

    server = serve(script, answers(OK))

    opened = face.open(ask(server))
    face.read(opened)
    face.close_stream(opened)
    face.close_stream(opened)
    if face.runner:
        face.send(ask(server))

    assert server.closing.wait(30)
    assert seen == [b""]


def test_a_connection_the_server_closed_while_idle_is_replaced(face, serve, ask, answers):
    """The next call succeeds at once."""

    def once(talk):
        talk.request()
        talk.send(OK)
        talk.sock.close()
        closed.set()

    server = serve(once, answers(OK))
    closed = server.closing.__class__()

    face.send(ask(server))
    assert closed.wait(30)
    if face.runner:
        face.runner.run(one_turn())
    reply = face.send(ask(server))

    assert (reply.body, server.connections) == (b"ok", 2)


async def one_turn():
    import asyncio

    for _ in range(3):
        await asyncio.sleep(0)


# Clocks. All are short, so that they run out in real time. A machine that is busy may take long to notice, but not as
# long as the server drips or holds: who waits for the server has waited for ``LATE`` seconds or more.
LATE = 8


def elapsed(attempt):
    start = time.monotonic()
    error = failure_of(attempt)
    return error.info.kind, time.monotonic() - start


def as_soon_as_possible(attempt):
    """What comes of it with the shortest clock with which a busy machine gets so far at all."""
    for clock in (0.1, 0.5):
        with suppress(TimedOut):
            return attempt(clock)
    return attempt(3)


def dripping_head(talk):
    talk.request()
    talk.drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 50 * LATE)


def dripping_body(talk):
    talk.request()
    talk.send(CHUNKED)
    talk.drip(b"1\r\na\r\n" * 50 * LATE)


def silent_body(talk):
    talk.request()
    talk.send(CHUNKED + b"1\r\na\r\n")
    talk.hold()


def deaf(talk):
    talk.hold()


def test_the_head_clock_is_not_moved_by_a_drip(face, serve, ask):
    """A server that sends a byte every 20 ms still runs out of time."""
    server = serve(dripping_head)

    kind, seconds = elapsed(lambda: face.open(ask(server), headers=0.15))

    assert kind == "timeout.headers"
    assert 0.1 < seconds < LATE


def test_a_whole_answer_may_be_late_but_not_beyond_the_deadline(face, serve, ask):
    """The head clock does not hold for it; the deadline does, drip or no drip."""
    server = serve(dripping_head)

    kind, seconds = elapsed(lambda: face.send(ask(server), total=0.2, headers=0.05))

    assert kind == "deadline"
    assert 0.15 < seconds < LATE


def test_the_deadline_is_not_moved_by_a_dripping_body(face, serve, ask):
    """Nor is the one of a stream."""
    server = serve(dripping_body)

    opened = face.open(ask(server))
    until = time.monotonic() + 0.2
    kind, seconds = elapsed(lambda: [face.read(opened, until - time.monotonic()) for _ in range(99)])

    assert kind == "deadline"
    assert seconds < LATE


def test_silence_in_the_middle_of_a_stream_runs_out(face, serve, ask):
    """The idle clock starts anew with every byte."""
    server = serve(silent_body)

    def fell_silent(clock):
        opened = face.open(ask(server), idle=clock, first_token=clock)
        return face.read(opened), *elapsed(lambda: face.read(opened, LATE))

    first, kind, seconds = as_soon_as_possible(fell_silent)

    assert (first, kind) == (b"a", "timeout.idle")
    assert 0.05 < seconds < LATE


def test_an_upload_that_stalls_runs_out(face, serve, ask):
    """A server that reads nothing does not hold a call for ever."""
    server = serve(deaf)

    kind, seconds = elapsed(lambda: face.send(ask(server, b"x" * 30_000_000), upload=0.15))

    assert kind == "timeout.upload"
    assert seconds < LATE


def test_a_black_hole_runs_out_of_the_connect_clock(face, ask, black_hole):
    """An address that never answers; nothing was sent."""
    error = failure_of(lambda: face.send(ask(black_hole), connect=0.15))

    assert (error.info.kind, error.info.sent) == ("timeout.connect", "no")


# Failures.


def test_a_refused_connection_was_not_sent(face, serve, ask, answers):
    """The error names the host and says that nothing was sent."""
    server = serve(answers(OK))
    server.close()

    error = failure_of(lambda: face.send(ask(server.base.replace("127.0.0.1", "localhost"))))

    assert (type(error), error.info.kind, error.info.sent) == (Unavailable, "transport.connect", "no")
    assert "localhost" in str(error)


def test_a_name_that_does_not_resolve_is_a_failed_connection(face, ask):
    """It can be tried again."""
    error = failure_of(lambda: face.send(ask("http://nowhere.invalid")))

    assert (error.info.kind, error.info.retryable) == ("transport.connect", True)


def closed_unanswered(talk):
    talk.request()


def reset_unanswered(talk):
    talk.request()
    talk.reset()


@pytest.mark.parametrize("script", [closed_unanswered, reset_unanswered])
def test_a_connection_that_dies_before_the_head_is_a_reset(face, serve, ask, script):
    """It is not sent again by the transport: the request may have been read."""
    server = serve(script)

    error = failure_of(lambda: face.send(ask(server)))

    assert (error.info.kind, error.info.sent, server.connections) == ("transport.reset", "maybe", 1)


def test_a_chunked_stream_cut_short_is_truncated(face, serve, ask):
    """What came before is handed on; the end of the socket is not the end of the answer."""

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"3\r\none\r\n")

    opened = face.open(ask(serve(script)))

    assert face.read(opened) == b"one"
    assert failure_of(lambda: face.read(opened)).info.kind == "stream.truncated"


def test_a_chunk_that_has_no_size_is_told_of_at_once(face, serve, ask):
    """No clock has to run out, though the server holds the connection."""
    chunks_read = threading.Event()

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"3\r\none\r\n")
        chunks_read.wait(30)
        talk.send(b"many\r\ntwo\r\n0\r\n\r\n")
        talk.hold()

    opened = face.open(ask(serve(script)), idle=2 * LATE)
    first = face.read(opened)
    chunks_read.set()
    kind, seconds = elapsed(lambda: face.read(opened, 2 * LATE))

    assert (first, kind) == (b"one", "protocol.body")
    assert seconds < LATE


def test_a_whole_answer_cut_short_is_a_reset(face, serve, ask):
    """Half an answer is none."""

    def script(talk):
        talk.request()
        talk.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")

    error = failure_of(lambda: face.send(ask(serve(script))))

    assert (error.info.kind, error.info.sent) == ("transport.reset", "yes")


@pytest.mark.parametrize("noise", [b"SSH-2.0-OpenSSH_9.9\r\n\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_something_that_is_not_http_is_malformed(face, serve, ask, answers, noise):
    """Another service answers on that port."""
    error = failure_of(lambda: face.send(ask(serve(answers(noise)))))

    assert (type(error), error.info.kind) == (Malformed, "protocol")


def test_a_call_beyond_the_last_connection_is_refused(face, serve, ask):
    """It waits for as long as the pool clock says, and is not sent."""
    server = serve(silent_body)
    with_one_connection(face)

    held = face.open(ask(server))
    error = failure_of(lambda: face.send(ask(server), pool=0.1))
    face.close_stream(held)

    assert (type(error), error.info.sent, server.connections) == (Overloaded, "no", 1)


def with_one_connection(face):
    from jackfield.transport.pool import Limits

    face.transport._limits = Limits(connections=1)
    if not face.runner:
        face.transport._renew()


# Limits.


def test_a_gzipped_answer_is_unpacked(face, serve, ask, answers):
    """The one encoding that is asked for."""
    server = serve(answers(whole(gzip.compress(b"hello" * 100), GZIPPED)))

    assert face.send(ask(server)).body == b"hello" * 100


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"deflate"])
def test_an_encoding_that_was_not_asked_for_is_refused(face, serve, ask, answers, encoding):
    """Nor are two layers unpacked."""
    server = serve(answers(whole(b"x", b"HTTP/1.1 200 OK\r\ncontent-encoding: " + encoding + b"\r\n")))

    assert failure_of(lambda: face.send(ask(server))).info.kind == "protocol.body"


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"hello" * 1000)[:-9], gzip.compress(os.urandom(99))[:-30] + b"?" * 30],
    ids=["cut", "damaged"],  # workers that run side by side must agree on names
)
def test_a_cut_or_damaged_gzip_body_is_malformed(face, serve, ask, answers, body):
    """It is never returned as far as it goes."""
    server = serve(answers(whole(body, GZIPPED)))

    assert failure_of(lambda: face.send(ask(server))).info.kind == "protocol.body"


@pytest.fixture(scope="module")
def bomb():
    """Zeros, packed: making them takes a second."""
    return gzip.compress(bytes(200_000_000), 6)


def test_a_gzip_bomb_is_found_early(face, serve, ask, answers, bomb):
    """200 MB out of 200 KB are refused within a second of this thread: what else a machine does is not counted."""
    server = serve(answers(whole(bomb, GZIPPED)))

    begun = time.thread_time()
    error = failure_of(lambda: face.send(ask(server)))

    assert error.info.kind == "protocol.body"
    assert time.thread_time() - begun < 1


def test_an_answer_beyond_the_limit_is_refused_by_its_length(face, serve, ask, answers):
    """Before its body is read."""
    server = serve(answers(b"HTTP/1.1 200 OK\r\ncontent-length: 70000000\r\n\r\nabc"))

    assert failure_of(lambda: face.send(ask(server))).info.kind == "protocol.body"


@pytest.mark.parametrize("flood", [b"x: y\r\n" * 101, b"x: " + b"y" * 70_000 + b"\r\n"])
def test_a_flood_of_headers_is_refused(face, serve, ask, answers, flood):
    """More than 100 of them, or more than 64 KiB."""
    server = serve(answers(b"HTTP/1.1 200 OK\r\n" + flood + b"content-length: 0\r\n\r\n"))

    assert failure_of(lambda: face.send(ask(server))).info.kind == "protocol"


def test_clocks_raise_what_callers_catch(face, serve, ask):
    """A clock is a TimedOut, with a hint which one to change."""
    error = failure_of(lambda: face.open(ask(serve(dripping_head)), headers=0.05))

    assert (type(error), error.info.hint) == (TimedOut, "raise Timeouts.headers")
    assert isinstance(error.info, ErrorInfo)


@pytest.mark.parametrize("address", ["http://h:abc", "http://[::1", "h/v1"])
def test_an_address_that_is_none_is_a_mistake_in_the_configuration(face, ask, address):
    """Nothing is sent, and nothing is tried again."""
    failure = failure_of(lambda: face.send(ask(address)))

    assert (BadConfig, "config", "no") == (type(failure), failure.info.kind, failure.info.sent)


def test_a_port_out_of_range_is_a_mistake_in_the_configuration(face, ask):
    """It is known before anything connects, on every transport."""
    failure = failure_of(lambda: face.send(ask("http://127.0.0.1:99999")))

    assert (BadConfig, "config", "no") == (type(failure), failure.info.kind, failure.info.sent)


def test_closing_waits_for_nobody(face, serve, ask):
    """Neither for a server that drips for ever, nor for one that is silent."""

    def script(talk):
        talk.request()
        talk.send(b"HTTP/1.1 200 OK\r\n\r\n")
        talk.drip(b"a" * 50 * LATE)

    opened = face.open(ask(serve(script)))
    begun = time.monotonic()
    face.close_stream(opened)

    assert time.monotonic() - begun < LATE / 2

"""What the transports over the default libraries do beyond what all do."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time

import pytest

from jackfield.transport import default_async_transport, default_transport
from jackfield.transport.async_lines import AsyncLine
from jackfield.transport.lines import Line
from jackfield.types import Timeouts

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def forget(held):
    """Drop the one thing ``held`` holds."""
    held.clear()
    gc.collect()


def soon():
    return time.monotonic() + 60


@pytest.fixture(params=["httpx", "httpx2"])
def library(request):
    """Both generations."""
    return pytest.importorskip(request.param).__name__


@pytest.fixture
def transport(library):
    """A synchronous transport."""
    made = default_transport(library)
    yield made
    made.close()


def test_threads_share_a_transport(transport, serve, ask, answers):
    """Every thread gets its own answer."""
    server = serve(echo)
    seen = []

    def work(number):
        for _ in range(10):
            body = b"%d" % number
            seen.append(transport.send(ask(server, body), Timeouts(), soon()).body == body)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert seen == [True] * 160
    assert server.connections <= 16


def echo(talk):
    while request := talk.request():
        body = request.partition(b"\r\n\r\n")[2]
        talk.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def test_a_cassette_records_and_replays(library, serve, ask, answers, tmp_path):
    """Tools that stand in for the library's transport see our calls, and theirs are the answers then."""
    vcr = pytest.importorskip("vcr")
    server = serve(answers(CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
    call = ask(server)

    def bodies(transport):
        opened = transport.open(call, Timeouts(), soon())
        return transport.send(call, Timeouts(), soon()).body, b"".join(
            iter(lambda: transport.read(opened, soon()), b"")
        )

    with vcr.use_cassette(str(tmp_path / "tape.yaml"), allow_playback_repeats=True):
        recorded = bodies(default_transport(library))
    server.close()
    with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode="none", allow_playback_repeats=True):
        replayed = bodies(default_transport(library))

    assert recorded == replayed == (b"onetwo", b"onetwo")


def test_a_cassette_replays_to_tasks(library, serve, ask, answers, tmp_path):
    """The same for the asynchronous transport."""
    vcr = pytest.importorskip("vcr")
    server = serve(answers(OK))
    call = ask(server)

    async def body():
        transport = default_async_transport(library)
        opened = await transport.open(call, Timeouts(), soon())
        return await transport.read(opened, soon()), await transport.read(opened, soon())

    with vcr.use_cassette(str(tmp_path / "tape.yaml")):
        recorded = asyncio.run(body())
    server.close()
    with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode="none"):
        replayed = asyncio.run(body())

    assert recorded == replayed == (b"ok", b"")


def test_a_stream_dropped_without_closing_warns_and_closes(transport, serve, ask):
    """Nobody has to notice a leak by running out of connections."""
    closed = []

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"1\r\na\r\n")
        closed.append(talk.sock.recv(1))
        talk.server.closing.set()

    server = serve(script)
    held = [transport.open(ask(server), Timeouts(), soon())]

    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        forget(held)

    assert server.closing.wait(30)
    assert closed == [b""]


def test_an_async_stream_dropped_without_closing_warns_and_closes(library, serve, ask):
    """The connection is dropped on its loop."""
    server = serve(lambda talk: (talk.request(), talk.send(CHUNKED + b"1\r\na\r\n"), talk.sock.recv(1)))

    async def main():
        transport = default_async_transport(library)
        held = [await transport.open(ask(server), Timeouts(), soon())]
        with pytest.warns(ResourceWarning, match="dropped without being closed"):
            forget(held)
        await asyncio.sleep(0)
        return next(iter(transport._homes.values())).gate._free

    assert asyncio.run(main()) == 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own(transport, serve, ask, answers):
    """The parent's are shared sockets, and stay the parent's."""
    server = serve(answers(OK))
    transport.send(ask(server), Timeouts(), soon())

    forked = in_a_fork(lambda: transport.send(ask(server), Timeouts(), soon()).body)
    transport.send(ask(server), Timeouts(), soon())

    assert (b"ok", 2) == (forked, server.connections)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_in_a_bad_moment_does_not_block_the_child(transport, serve, ask, answers):
    """A thread that stayed behind in the parent held the lock of the idle connections."""
    server = serve(answers(OK))

    with transport._shelf._lock:
        forked = in_a_fork(lambda: transport.send(ask(server), Timeouts(), soon()).body)

    assert b"ok" == forked


def in_a_fork(action):
    """What ``action`` returns in a child process. Whatever happens there, the child ends soon and quietly."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            os.write(writing, action())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as result:
        returned = result.read()
    os.waitpid(child, 0)
    return returned


def test_a_server_that_answers_before_it_has_heard_all_is_heard(library, serve, ask):
    """A refusal of a large body reaches the caller; the connection is not used again."""

    def script(talk):
        talk.sock.recv(100)
        talk.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        talk.hold()

    server = serve(script)

    async def main():
        transport = default_async_transport(library)
        return await transport.send(ask(server, b"x" * 30_000_000), Timeouts(upload=30), soon())

    assert asyncio.run(main()).status == 413


def test_a_connection_beyond_its_idle_time_is_not_used_again(library, serve, ask, answers):
    """It may be dead without our knowing."""
    from importlib import import_module

    from jackfield.transport.http_x import HttpTransport
    from jackfield.transport.pool import Limits

    server = serve(answers(OK))
    transport = HttpTransport(import_module(library), Limits(idle_seconds=0))

    for _ in range(3):
        transport.send(ask(server), Timeouts(), soon())
    transport.close()

    assert server.connections == 3


def test_a_stream_closed_with_its_end_already_here_keeps_its_connection(face, serve, ask, answers):
    """Callers stop at the terminal marker; the last chunk of the framing is read for them, if it is there."""
    server = serve(answers(CHUNKED + b"3\r\none\r\n0\r\n\r\n", OK))

    opened = face.open(ask(server))
    face.read(opened)
    face.close_stream(opened)
    face.send(ask(server))

    assert server.connections == 1


def test_the_last_bytes_are_read_on_closing_if_they_are_here(face, serve, ask, answers):
    """A stream closed at its terminal marker leaves its connection to the next call, though nothing is waited for."""
    go, sent = threading.Event(), threading.Event()

    def script(talk):
        talk.request()
        talk.send(CHUNKED + b"3\r\none\r\n")
        go.wait(30)
        talk.send(b"0\r\n\r\n")
        sent.set()
        answers(OK)(talk)

    server = serve(script)
    opened = face.open(ask(server))
    face.read(opened)
    go.set()
    sent.wait(30)
    if face.runner:
        face.runner.run(asyncio.sleep(0.01))
    face.close_stream(opened)
    face.send(ask(server))

    assert server.connections == 1


def test_a_request_that_was_provably_not_written_is_sent_again(face, serve, ask, answers, monkeypatch):
    """The server reset an idle connection in the moment it was taken: a fresh one is used, once, for free."""
    never_look(face, monkeypatch)
    go, gone = threading.Event(), threading.Event()

    def once(talk):
        talk.request()
        talk.send(OK)
        go.wait(30)
        talk.reset()
        gone.set()

    server = serve(once, answers(OK))
    face.send(ask(server))
    go.set()
    gone.wait(30)
    if face.runner:
        face.runner.run(asyncio.sleep(0.01))
    reply = face.send(ask(server))

    assert (reply.body, server.connections, len(server.requests)) == (b"ok", 2, 2)


def never_look(face, monkeypatch):
    """Take idle connections without a look at them."""
    if not hasattr(face.transport, "_library"):
        pytest.skip("this library looks at its connections itself")
    for line in (Line, AsyncLine):
        monkeypatch.setattr(line, "stale", lambda self: False)

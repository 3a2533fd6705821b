"""A key in a header is seen by the server, and by nobody else, whatever happens on the way."""

from __future__ import annotations

import asyncio
import io
import logging
import pickle
import traceback

import pytest

from jackfield.errors import JackfieldError
from jackfield.flow import Send
from jackfield.types import Timeouts
from jackfield.wire.call import Call

CANARY = "sk-canary-5f0a77"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def dead(talk):
    talk.request()


def noise(talk):
    talk.request()
    talk.send(b"!!\r\n\r\n")


def cut(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")


def slow(talk):
    talk.request()
    talk.drip(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 999)


def zipped(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf")


def coded(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 4\r\n\r\nhalf")


@pytest.fixture
def everything_logged():
    """All that any logger says at DEBUG, formatted."""
    stream = io.StringIO()
    recorder = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(recorder)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(recorder)
    root.setLevel(level)


def sinks_of(failure):
    """Every text a failure can leave behind."""
    told = traceback.TracebackException.from_exception(failure, capture_locals=True)
    return "".join(told.format()) + repr(failure) + str(failure) + repr(getattr(failure, "info", ""))


@pytest.mark.parametrize("script", [dead, noise, cut, slow, zipped, coded])
def test_no_failure_shows_the_key(face, serve, ask, script, everything_logged):
    """Not in text, traceback locals, pickle or log; and no foreign exception hangs on it."""
    server = serve(script)

    with pytest.raises(JackfieldError) as caught:
        face.send(ask(server), total=1 if script is slow else 60)
    error = caught.value

    assert CANARY in server.requests[0].decode()
    assert CANARY not in sinks_of(error) + everything_logged.getvalue()
    assert CANARY.encode() not in pickle.dumps(error)
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_call_that_works_logs_no_key(face, serve, ask, answers, everything_logged):
    """Whatever the libraries say at DEBUG."""
    face.send(ask(serve(answers(OK))))

    assert CANARY not in everything_logged.getvalue()


@pytest.mark.parametrize("value", ["\r\nx: y", "\n", "\0", " \x7f", "clé", "日本", " padded "])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(face, serve, ask, answers, value):
    """Before anything is sent; the library, which would quote it, never sees it."""
    server = serve(answers(OK))

    with pytest.raises(JackfieldError) as caught:
        face.send(ask(server, authorization=f"{CANARY}{value}" if value.strip() else f"{CANARY}{value}\n"))

    assert caught.value.info.kind == "request.invalid"
    assert CANARY not in sinks_of(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "name", ["content-length", "Transfer-Encoding", "connection", "a b", "a:b", "", "x\r\ny"]
)
def test_headers_that_belong_to_the_transport_cannot_be_set(face, serve, ask, answers, name):
    """Nor names that are none."""
    server = serve(answers(OK))

    with pytest.raises(JackfieldError) as caught:
        face.send(ask(server, **{name: "1"}))

    assert (caught.value.info.kind, caught.value.info.sent) == ("request.invalid", "no")
    assert server.requests == []


def test_a_call_with_a_plain_mapping_does_not_show_it_either():
    """Tracebacks show the calls that are local variables on the way."""
    call = Call("GET", ("x",), headers={"x-key": CANARY})

    assert CANARY not in repr(call) + repr(Send(call, Timeouts(), 1.0))


def test_a_cancellation_carries_no_frames_of_a_library(face, serve, ask):
    """Its traceback shows our frames only, without the request."""
    if face.runner is None:
        pytest.skip("threads are not cancelled")
    server = serve(slow)

    async def main():
        task = asyncio.create_task(face.transport.send(ask(server), Timeouts(), _later()))
        await asyncio.to_thread(server.asked.wait, 5)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as cancelled:
            return sinks_of(cancelled)

    assert CANARY not in face.runner.run(main())


def _later():
    import time

    return time.monotonic() + 60

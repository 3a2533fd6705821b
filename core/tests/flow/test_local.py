"""Calls answered inside the process."""

from __future__ import annotations

import pytest

from jackfield.errors import TimedOut
from jackfield.flow import Close, Flow, LocalStream, Now, Open, Read, Send, answered_locally
from jackfield.types import Timeouts
from jackfield.wire import Call, Reply

CALL = Call("POST", ("chat",), b"hi", base="https://a.example")


def _answer(call: Call) -> Reply:
    return Reply(200, {}, call.body + b"\nthere")


def _finished(flow: Flow[object]) -> object:
    with pytest.raises(StopIteration) as stop:
        next(flow)
    return stop.value.value


def test_a_sent_call_is_answered() -> None:
    """The reply comes from the answer; no effect gets out."""

    def flow() -> Flow[bytes]:
        return (yield Send(CALL, Timeouts(), 1.0)).body

    assert _finished(answered_locally(flow(), _answer)) == b"hi\nthere"


def test_an_opened_call_is_read_line_by_line() -> None:
    """A streamed answer comes in pieces, then in empty bytes."""

    def flow() -> Flow[list[bytes]]:
        opened = yield Open(CALL, Timeouts(), 1.0)
        chunks = []
        for _ in range(3):
            chunks.append((yield Read(opened, 1.0)))  # noqa: PERF401  # a comprehension cannot yield
        yield Close(opened)
        return chunks

    assert _finished(answered_locally(flow(), _answer)) == [b"hi\n", b"there", b""]


def test_other_effects_pass() -> None:
    """Time and waiting are the driver's, in both directions."""

    def flow() -> Flow[object]:
        try:
            yield Now()
        except TimedOut:
            return "told"

    outer = answered_locally(flow(), _answer)
    assert isinstance(next(outer), Now)
    with pytest.raises(StopIteration) as stop:
        outer.throw(TimedOut("late"))

    assert stop.value.value == "told"


def test_a_stream_of_ours_is_read_directly() -> None:
    """A local stream needs no driver."""
    stream = LocalStream(200, {}, [b"a"])

    assert [b"a", b""] == [stream.read(), stream.read()]

"""Recording: what passes is handed on and kept, with where its pieces ended."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from jackfield import Malformed, Timeouts
from jackfield.testing.cassettes import AsyncCassetteTransport, CassetteTransport
from jackfield.testing.recording import AsyncRecordingTransport, RecordingTransport
from jackfield.testing.tape import Cassette, Interaction
from jackfield.wire import Call, Headers

URL = "https://a.test/v1/chat"
CALL = Call("POST", ("chat",), b"{}", Headers({"Content-Type": "application/json"}), (), "https://a.test/v1")
HEAD = Headers({"content-type": "text/event-stream", "content-length": "5", "connection": "close"})
WAIT = (Timeouts(), 1e9)


def tape(error=""):
    """What the provider answers, in two pieces."""
    return Cassette(
        (Interaction("POST", URL, Headers(), b"{}", 200, HEAD, b"abcde", (b"abc", b"de"), (0, 0), error),)
    )


def ticking():
    """A clock that goes on a second whenever it is asked."""
    seconds = count()
    return lambda: float(next(seconds))


def test_pieces_are_kept_with_their_times():
    """And handed on as they come; what belongs to the connection is not kept."""
    transport = RecordingTransport(CassetteTransport(tape()), ticking())
    opened = transport.open(CALL, *WAIT)

    pieces = [transport.read(opened, 1e9) for _ in range(3)]
    transport.close_stream(opened)

    (one,) = transport.interactions
    assert [b"abc", b"de", b""] == pieces
    assert ((b"abc", b"de"), (1000.0, 2000.0), b"abcde") == (one.chunks, one.delays, one.reply_body)
    assert (URL, {"content-type": "application/json"}, {"content-type": "text/event-stream"}) == (
        one.uri, one.headers, one.reply_headers,
    )  # fmt: skip


def test_whole_answers_are_read_in_pieces():
    """So that theirs are known too."""
    transport = RecordingTransport(CassetteTransport(tape()))

    assert b"abcde" == transport.send(CALL, *WAIT).body
    assert (b"abc", b"de") == transport.interactions[0].chunks
    transport.close()


def test_what_breaks_an_answer_off_is_kept():
    """As the kind of failure it was."""
    transport = RecordingTransport(CassetteTransport(tape("stream.truncated")))

    with pytest.raises(Malformed):
        transport.send(CALL, *WAIT)

    assert ("stream.truncated", b"abcde") == (
        transport.interactions[0].error,
        transport.interactions[0].reply_body,
    )


def test_what_is_recorded_plays_again_as_it_was():
    """Pieces, times and the broken end."""
    transport = RecordingTransport(CassetteTransport(tape("stream.truncated")), ticking())
    with pytest.raises(Malformed):
        transport.send(CALL, *WAIT)

    again = RecordingTransport(CassetteTransport(Cassette(transport.interactions)), ticking())
    with pytest.raises(Malformed):
        again.send(CALL, *WAIT)

    assert transport.interactions == again.interactions


@pytest.mark.parametrize("error", ["", "stream.truncated"])
def test_tasks_record_the_same(error):
    """Whole and in pieces."""

    async def record():
        transport = AsyncRecordingTransport(AsyncCassetteTransport(tape(error)), ticking())
        try:
            await transport.send(CALL, *WAIT)
        except Malformed:
            assert error
        await transport.close()
        return transport.interactions

    one = asyncio.run(record())[0]

    assert ((b"abc", b"de"), (1000.0, 2000.0), error) == (one.chunks, one.delays, one.error)


def test_async_streams_are_recorded():
    """Opened, read, dropped."""

    async def record():
        transport = AsyncRecordingTransport(AsyncCassetteTransport(tape()))
        opened = await transport.open(CALL, *WAIT)
        await transport.read(opened, 1e9)
        await transport.close_stream(opened)
        return transport.interactions[0].chunks

    assert (b"abc",) == asyncio.run(record())


def test_nothing_shows_what_passes():
    """Neither the transport nor an exchange."""
    transport = RecordingTransport(CassetteTransport(tape()))
    transport.send(CALL.with_headers({"authorization": "Bearer secret-thing"}), *WAIT)

    assert "secret-thing" not in repr(transport) + repr(transport._takes) + repr(transport.interactions)

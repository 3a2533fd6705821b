"""Streams: handed on as they come, settled whatever happens."""

from __future__ import annotations

import asyncio
import gc

import pytest

from jackfield import (
    ErrorInfo,
    Finished,
    InvalidRequest,
    Malformed,
    RateLimited,
    StreamInterrupted,
    TextDelta,
    TimedOut,
    Unavailable,
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Retries wait for nothing."""
    monkeypatch.setattr("jackfield.policy.retry.RetryPolicy.wait", lambda *_: 0.0)


def test_events_come_in_order(client, acme) -> None:
    """Deltas as they come, one ``Finished`` at last."""
    events = list(client(acme.streamed("a", "b")).stream("acme/large-1", "hello"))

    assert ["a", "b"] == [event.text for event in events if isinstance(event, TextDelta)]
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(event, Finished) for event in events) == 1


def test_a_stream_folds_to_a_completion(client, acme) -> None:
    """Streamed or not, the completion has the same facts."""
    with client(acme.streamed("a", "b")).stream("acme/large-1", "hello") as stream:
        answer = stream.completion()

    assert ("ab", "stop", "acme", "req_1", 3, 2) == (
        answer.text,
        answer.finish.reason,
        answer.provider,
        answer.request_id,
        answer.usage.total_input,
        answer.usage.total_output,
    )
    assert answer.raw[0]["id"] == "c1"
    assert answer.raw[-1] == "[DONE]"


def test_text_alone_can_be_iterated(client, acme) -> None:
    """The pieces of text, nothing else."""
    assert ["a", "b"] == list(client(acme.streamed("a", "b")).stream("acme/large-1", "hello").text)


def test_nothing_is_sent_before_it_is_read(client, acme) -> None:
    """A stream that nobody reads costs nothing."""
    caller = client(acme.streamed("a"))

    caller.stream("acme/large-1", "hello")

    assert [] == caller.driver.transport.calls


def test_the_connection_is_given_back(client, acme) -> None:
    """A stream that is through is closed."""
    caller = client(acme.streamed("a"))

    list(caller.stream("acme/large-1", "hello"))

    assert caller.driver.transport.streams[0].closed


def test_leaving_early_drops_the_connection(client, acme) -> None:
    """What is not wanted is not waited for; what came is kept."""
    caller = client(acme.streamed("a", "b", "c"))

    with caller.stream("acme/large-1", "hello") as stream:
        for event in stream:
            if isinstance(event, TextDelta):
                break

    assert caller.driver.transport.streams[0].closed
    assert stream.partial.text == "a"
    with pytest.raises(InvalidRequest, match="closed before it ended"):
        stream.completion()


def test_a_failure_before_content_is_not_seen(client, acme) -> None:
    """Until content is handed on, an attempt may be made again."""
    broken = Unavailable(ErrorInfo("transport.reset", "closed"))
    started = acme.chunk({"role": "assistant"})
    caller = client(broken, acme.failure(503), [started, broken], acme.streamed("a"))

    answer = caller.stream("acme/large-1", "hello", max_retries=3).completion()

    assert ("a", [None, 503, None, 200]) == (answer.text, [attempt.status for attempt in answer.attempts])


def test_an_error_as_first_event_is_that_error(client, acme) -> None:
    """A 200 that begins with an error is raised as the error."""
    event = b'data: {"error": {"message": "slow down", "type": "x", "code": "rate_limit_exceeded"}}\n\n'

    with pytest.raises(RateLimited):
        list(client([event]).stream("acme/large-1", "hello", max_retries=0))


def test_a_cut_before_content_is_malformed(client, acme) -> None:
    """A stream without content and without an end is no answer."""
    with pytest.raises(Malformed):
        list(client([acme.chunk({"role": "assistant"})]).stream("acme/large-1", "hello", max_retries=0))


CUTS = {
    "reset": [Unavailable(ErrorInfo("transport.reset", "closed"))],
    "end": [],
    "silence": [TimedOut(ErrorInfo("timeout.idle", "silence"))],
    "error event": [b'data: {"error": {"message": "overloaded", "code": "server_error"}}\n\n'],
    "nonsense": [b"data: {nonsense\n\n"],
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_cut_after_content_loses_nothing(client, acme, cut) -> None:
    """What came is handed on first; the exception keeps it, and nothing is sent again."""
    caller = client([*acme.streamed("so", " far")[:3], *cut])
    seen: list[str] = []

    with pytest.raises(StreamInterrupted) as caught, caller.stream("acme/large-1", "hello") as stream:
        seen.extend(stream.text)

    assert ["so", " far"] == seen
    assert caught.value.partial.text == "so far"
    assert len(caller.driver.transport.calls) == 1
    assert caller.driver.transport.streams[0].closed


def test_content_and_failure_in_the_same_bytes_are_both_seen(client, acme) -> None:
    """One chunk may hold an answer's beginning and its end."""
    both = acme.chunk({"content": "so far"}) + CUTS["error event"][0]

    with pytest.raises(StreamInterrupted) as caught:
        list(client([both]).stream("acme/large-1", "hello"))

    assert caught.value.partial.text == "so far"


def test_the_deadline_is_told_as_such(client, acme, monkeypatch) -> None:
    """A read that times out because all time is up is the deadline's doing."""
    silence = TimedOut(ErrorInfo("timeout.idle", "silence"))
    stream = client([*acme.streamed("a")[:2], silence]).stream("acme/large-1", "hello")

    with pytest.raises(StreamInterrupted) as caught:
        for event in stream:
            if isinstance(event, TextDelta):
                monkeypatch.setattr("jackfield.client.stream.time.monotonic", lambda: float("inf"))

    assert caught.value.cause.kind == "deadline"


def test_late_content_is_a_first_token_timeout(client, acme) -> None:
    """Pings alone do not hold off the first-token clock."""
    silence = TimedOut(ErrorInfo("timeout.idle", "silence"))

    with pytest.raises(TimedOut) as caught:
        list(client([b": ping\n\n", silence]).stream("acme/large-1", "hello", max_retries=0))

    assert caught.value.info.kind in ("timeout.first_token", "deadline")


def test_structured_output_is_built_at_the_end(client, acme) -> None:
    """A streamed answer has a value too."""
    assert client(acme.streamed('{"a":', " 1}")).stream(
        "acme/large-1", "x", into=dict
    ).completion().value == {"a": 1}


def test_a_dropped_stream_says_so(client, acme) -> None:
    """A stream that is neither read nor closed warns."""
    stream = client(acme.streamed("a", "b")).stream("acme/large-1", "hello")
    next(stream)

    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        stream.__del__()
    stream.close()


def test_to_leave_the_text_early_closes_the_stream(client, acme, recwarn) -> None:
    """Nobody is left who could close it, so there is nothing to warn of."""
    for piece in client(acme.streamed("a", "b")).stream("acme/large-1", "hello").text:
        assert "a" == piece
        break
    gc.collect()

    assert not recwarn.list


def test_in_a_with_the_text_may_be_left_and_taken_up(client, acme) -> None:
    """There the stream has an owner, who closes it."""
    with client(acme.streamed("a", "b")).stream("acme/large-1", "hello") as stream:
        first = next(iter(stream.text))

        assert ["a", "ab"] == [first, stream.completion().text]


def test_a_text_left_early_does_not_pass_for_a_whole_one(client, acme) -> None:
    """What is read of it later is no empty rest: the stream was closed, and says so."""
    stream = client(acme.streamed("a", "b")).stream("acme/large-1", "hello")
    first = next(iter(stream.text))

    with pytest.raises(InvalidRequest, match="closed before it ended"):
        list(stream.text)

    assert ["a", "a"] == [first, stream.partial.text]


def test_a_text_that_was_read_may_be_asked_for_again(client, acme) -> None:
    """There is nothing left of it, and nothing was lost."""
    stream = client(acme.streamed("a", "b")).stream("acme/large-1", "hello")

    assert [["a", "b"], []] == [list(stream.text), list(stream.text)]


def test_an_async_text_left_early_closes_the_stream(async_client, acme, recwarn) -> None:
    """The same, by the loop that runs it."""

    async def read():
        async with async_client(acme.streamed("a", "b")) as caller:
            async for piece in caller.stream("acme/large-1", "hello").text:
                assert "a" == piece
                break
            await asyncio.sleep(0)
        gc.collect()

    asyncio.run(read())

    assert not recwarn.list


def test_async_is_the_same(async_client, acme) -> None:
    """The async stream differs by one word."""

    async def read():
        async with async_client(acme.failure(503), acme.streamed("a", "b")) as caller:
            async with caller.stream("acme/large-1", "hello") as stream:
                pieces = [piece async for piece in stream.text]
            return pieces, await stream.completion()

    pieces, answer = asyncio.run(read())

    assert (["a", "b"], "ab", [503, 200]) == (
        pieces,
        answer.text,
        [attempt.status for attempt in answer.attempts],
    )


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_an_async_cut_loses_nothing_either(async_client, acme, cut) -> None:
    """The same settlement for both."""

    async def read():
        caller = async_client([*acme.streamed("so", " far")[:3], *cut])
        async for _ in caller.stream("acme/large-1", "hello"):
            pass

    with pytest.raises(StreamInterrupted) as caught:
        asyncio.run(read())

    assert caught.value.partial.text == "so far"


def test_an_async_stream_can_be_left_early(async_client, acme) -> None:
    """Closing drops the connection."""

    async def read():
        caller = async_client(acme.streamed("a", "b"))
        async with caller.stream("acme/large-1", "hello") as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    break
        return stream.partial.text, caller.driver.transport.inner.streams[0].closed

    assert ("a", True) == asyncio.run(read())

"""Streams: whatever pieces the bytes come in, however they end, and what callers see of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from jackfield.capability import Capability
from jackfield.client import Binding
from jackfield.errors import ErrorInfo, JackfieldError, Malformed, StreamInterrupted, Unavailable
from jackfield.events import (
    CONTENT,
    ArgumentsDelta,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    TextDelta,
    unfold,
)
from jackfield.testing.answers import ANSWER, CACHED, CALL, PROMPT, SCRIPTS, WORDS, said
from jackfield.testing.contract.completing import counted_once
from jackfield.testing.contract.readings import recorded_streams
from jackfield.testing.rules import Unmet, expect, rule, same, unmet
from jackfield.testing.stage import written
from jackfield.testing.subject import Subject
from jackfield.types import Completion
from jackfield.wire import Framing, Headers, Reply, WireDecoder

STREAM = Capability.STREAMING
DELTAS = (TextDelta, ReasoningDelta, ArgumentsDelta)
LARGEST = 16 * 1024
APART = 64
FULL_SPLITS = 16  # places at which a whole stream is decoded anew; the framing alone is cut at every byte


class Streaming:
    """Rules about streams."""

    @rule("bronze", "people want to read while it is written", "mend the wire's stream parser", STREAM)
    def test_it_streams(self, subject: Subject) -> None:
        """The pieces of a stream make the text of the answer."""
        pieces = [event.text for event in subject.stream(ANSWER) if isinstance(event, TextDelta)]
        same(WORDS, "".join(pieces), "the text")

    @rule(
        "silver",
        "a stream that is told at its end is none: people wait for the first word",
        "hand on the events of each record; keep back what is incomplete, and nothing else",
        STREAM,
    )
    def test_it_is_told_as_it_comes(self, subject: Subject) -> None:
        """Text is handed on before the record that ends the stream has come."""
        binding = subject.bind(subject.model(STREAM))
        answer = said("Aare, Limmat, Inn, Rhein, Reuss.")
        chunks = written(binding.wire, unfold(answer))
        expect(_has_content(binding, chunks[:-1]), f"{len(chunks) - 1} of {len(chunks)} chunks gave no text")

    @rule(
        "silver",
        "the same answer, streamed or not, must be the same to callers",
        "parse both from the same tables",
        STREAM,
        Capability.CHAT,
    )
    def test_a_stream_is_the_same_as_the_whole(self, subject: Subject) -> None:
        """The completion of a stream has the parts, and the reason to stop, of the one that came whole."""
        answer = said(SCRIPTS, finish="length")
        whole = subject.ask(PROMPT, answer, needs=(STREAM,))
        streamed = subject.stream(answer).completion()
        same(whole.parts, streamed.parts, "the parts")
        same(whole.finish.reason, streamed.finish.reason, "the reason to stop")

    @rule(
        "silver",
        "what shows a stream opens and closes blocks by these events",
        "start each part once, end each part once, and send deltas in between",
        STREAM,
    )
    def test_parts_begin_and_end(self, subject: Subject) -> None:
        """Every part is started before its deltas, and ended once."""
        for answer in _answers(subject):
            _balanced(list(subject.stream(answer)))

    @rule(
        "silver",
        "a stream that says twice that it ended, or goes on afterwards, is charged twice",
        "make `Finished` the last event, from the wire's own end marker",
        STREAM,
    )
    def test_it_finishes_once_and_last(self, subject: Subject) -> None:
        """There is exactly one `Finished`, and nothing after it."""
        events = list(subject.stream(ANSWER))
        ends = [number for number, event in enumerate(events) if isinstance(event, Finished)]
        same([len(events) - 1], ends, "the places of `Finished`")

    @rule(
        "silver",
        "streams are charged as well",
        "read the usage of the last records, and ask for it where a vendor must be asked",
        STREAM,
        Capability.USAGE_IN_STREAM,
    )
    def test_it_tells_the_usage(self, subject: Subject) -> None:
        """The completion of a stream has the usage, and nothing is counted twice in it."""
        needs = (STREAM, Capability.USAGE_IN_STREAM)
        used = subject.stream(ANSWER, needs=needs).completion().usage
        same((12, 7), (used.total_input, used.total_output), "the usage")
        counted_once(subject.stream(said(WORDS, usage=CACHED), needs=needs).completion().usage)

    @rule(
        "silver",
        "networks cut where they like: a decoder that needs whole records in a chunk fails in production alone",
        "keep what is incomplete in the framing until the rest has come",
        STREAM,
    )
    def test_it_does_not_matter_where_bytes_are_cut(self, subject: Subject) -> None:
        """A stream cut in two at any byte, or into single bytes, gives the same events."""
        binding = subject.bind(subject.model(STREAM))
        for answer in _answers(subject):
            cut_anywhere(binding, b"".join(written(binding.wire, unfold(answer))))
        for recorded, body in recorded_streams(subject):
            cut_anywhere(recorded, body)

    @rule(
        "silver",
        "an answer that is cut off must never look like a whole one",
        "say `Finished` only at the wire's own end marker; the end of the bytes is none",
        STREAM,
    )
    def test_a_stream_cut_off_is_no_answer(self, subject: Subject) -> None:
        """A stream that ends before its end marker is an error, and what came is kept."""
        binding = subject.bind(subject.model(STREAM))
        chunks = written(binding.wire, unfold(ANSWER))
        first = next((n for n in range(1, len(chunks)) if _has_content(binding, chunks[:n])), 0)
        if not first:
            return  # test_it_is_told_as_it_comes says so
        for script in ([b""], chunks[:first]):
            stream = subject.stream([chunk for chunk in script if chunk] or [b""])
            try:
                list(stream)
            except StreamInterrupted as exc:
                expect(exc.partial is not None and exc.partial.parts, "what had come is lost")
            except Malformed:
                same([b""], script, "what had come before the failure")
            except JackfieldError as exc:
                unmet(f"it raises {type(exc).__name__}")
            else:
                unmet(f"{len(script)} of {len(chunks)} chunks were taken for the whole")

    @rule(
        "silver",
        "vendors fail in the middle, under a status that said success",
        "parse the vendor's error records into `Failed`",
        STREAM,
    )
    def test_a_failure_in_a_stream_is_told(self, subject: Subject) -> None:
        """An error record after content is `StreamInterrupted`, with what came and the kind of failure."""
        binding = subject.bind(subject.model(STREAM))
        failure = Failed(ErrorInfo("server.overloaded", "too much to do", status=529))
        chunks = written(binding.wire, [*_begun(ANSWER), failure])
        try:
            list(subject.stream(chunks))
        except StreamInterrupted as exc:
            among = exc.partial is not None and exc.partial.text
            expect(among, "what had come is lost")
            same(Unavailable, exc.cause.leaf, "the kind of failure")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}, not StreamInterrupted")
        else:
            unmet("the stream ended as if nothing had happened")

    @rule(
        "silver",
        "a status that is no success comes before streams too",
        "nothing to be done in the provider",
        STREAM,
    )
    def test_a_stream_that_is_refused_is_an_error(self, subject: Subject) -> None:
        """A status of 503 in place of a stream is `Unavailable`, and the connection is dropped."""
        try:
            list(subject.stream(Reply(503, Headers({"content-type": "application/json"}), b"{}")))
        except Unavailable:
            expect(subject.stage.streams[-1].closed, "the connection was kept")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}")
        else:
            unmet("it was taken for a stream")

    @rule(
        "silver",
        "who stops reading must not go on paying, nor keep a connection",
        "nothing to be done in the provider, if its code keeps no stream",
        STREAM,
    )
    def test_leaving_early_drops_the_connection(self, subject: Subject) -> None:
        """Closing a stream after its first piece of text drops the answer."""
        with subject.stream(ANSWER) as stream:
            next(event for event in stream if isinstance(event, TextDelta))
        expect(subject.stage.streams[-1].closed, "the connection was kept")

    @rule(
        "silver",
        "async callers see what sync callers see",
        "nothing to be done in the provider, if its code is free of I/O",
        STREAM,
    )
    def test_a_stream_is_the_same_for_tasks(self, subject: Subject) -> None:
        """The asynchronous client gives the same events."""
        import asyncio

        expected = list(subject.stream(ANSWER))
        model = subject.model(STREAM)
        client = subject.async_client()
        client._bound[subject.named(model)] = subject.bind(model)
        subject.stage.play(subject.bind(model).wire, ANSWER)

        async def read() -> list[Event]:
            return [event async for event in client.stream(subject.named(model), PROMPT)]

        same(expected, asyncio.run(read()), "the events")


def _answers(subject: Subject) -> Iterator[Completion]:
    """What is streamed: a text, and a call where there are tools."""
    yield said("Aare, 长江.")
    if subject.does(subject.model(STREAM), Capability.TOOLS):
        yield CALL


def _begun(answer: Completion) -> list[Event]:
    """The events of an answer up to its first content."""
    events = list(unfold(answer))
    return events[: next(number for number, event in enumerate(events) if isinstance(event, TextDelta)) + 1]


def _has_content(binding: Binding, chunks: list[bytes]) -> bool:
    events = binding.decoder().feed(b"".join(chunks))
    return any(type(event) in CONTENT and not isinstance(event, PartStarted) for event in events)


def _balanced(events: Iterable[Event]) -> None:
    open_parts: set[int] = set()
    seen: set[int] = set()
    for event in events:
        if isinstance(event, PartStarted):
            expect(event.id not in seen, f"part {event.id} is started twice")
            open_parts.add(event.id)
            seen.add(event.id)
        elif isinstance(event, PartEnded):
            expect(event.id in open_parts, f"part {event.id} is ended, but not open")
            open_parts.discard(event.id)
        elif isinstance(event, DELTAS):
            expect(event.id in open_parts, f"a delta of part {event.id}, which is not open")
    expect(not open_parts, f"parts that are never ended: {sorted(open_parts)}")


def cut_anywhere(binding: Binding, body: bytes) -> None:
    """Fail unless a stream gives the same events wherever it is cut."""
    whole = decoded(binding, body)
    same(whole, decoded(binding, *(body[at : at + 1] for at in range(len(body)))), "single bytes")
    if len(body) > LARGEST:
        return
    for at in _cuts(binding, body):
        try:
            same(whole, decoded(binding, body[:at], body[at:]), f"split at byte {at}")
        except Unmet:
            raise
        except Exception as exc:  # noqa: BLE001  # whatever a decoder stumbles over is what is looked for
            unmet(f"split at byte {at}: {type(exc).__name__}: {exc}")


def decoded(binding: Binding, *chunks: bytes) -> list[Event]:
    """The events of a stream that came in these pieces."""
    decoder = binding.decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [*events, *decoder.end()]


def _cuts(binding: Binding, body: bytes) -> Iterable[int]:
    """Where to cut: at every byte. Where core cuts records, its framing is asked at every byte, which is cheaper."""
    if type(binding.decoder()) is not WireDecoder:
        return range(1, len(body))
    some = range(1, len(body), max(1, len(body) // FULL_SPLITS))
    return [*_wrong_cuts(binding, body)] or some


def _wrong_cuts(binding: Binding, body: bytes) -> Iterator[int]:
    """The first places at which cuts make other records: every byte is one of them, some of which are tried together."""
    whole = _framed(binding, body)
    for offset in range(1, APART + 1):
        places = range(offset, len(body), APART)
        pieces = [body[start:end] for start, end in pairwise((0, *places, len(body)))]
        if _framed(binding, *pieces) != whole:
            yield from places
            return


def _framing(binding: Binding) -> Framing:
    decoder = binding.decoder()
    assert isinstance(decoder, WireDecoder)
    return decoder._framing  # the one this decoder really uses


def _framed(binding: Binding, *chunks: bytes) -> list[object]:
    framing = _framing(binding)
    records = [record for chunk in chunks for record in framing.feed(chunk)]
    return [*records, *framing.end()]

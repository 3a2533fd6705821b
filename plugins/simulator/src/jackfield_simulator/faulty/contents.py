"""Faults of what an answer says: unknown words, broken calls, bytes that are no text, numbers without end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jackfield.events import ArgumentsDelta, Event, Finished, PartEnded, PartStarted, Started, TextDelta
from jackfield.framing.event_stream import write_event
from jackfield.types import Completion, Finish, Text, ToolCall, Usage
from jackfield.wire import Reply
from jackfield_simulator.exchange import Piece, Streamed
from jackfield_simulator.faulty.base import Case, Fault, add, fault
from jackfield_simulator.faulty.streams import edited, sent
from jackfield_simulator.records import (
    ALL,
    FRAMES,
    NDJSON,
    SSE,
    STREAMS,
    TEXTS,
    WHOLE,
    changed,
    changed_reply,
    contents,
    everywhere,
    records,
    rewritten,
)
from jackfield_simulator.steps import LAST, Send, Steps, Wait, chunk, opening, whole

MARK = "@@mark@@"
USED = Usage(input=3, output=5)
HUGE = 100 * 1024 * 1024
PIECE = b"a" * 65536


# -- answers of our own ----------------------------------------------------------------------------


def _streamed(case: Case, events: Iterable[Event]) -> list[Piece]:
    """Events as records of the wire."""
    wire = case.exchange.wire
    assert wire is not None
    asked = getattr(wire, "asked", None)
    facts = {"usage": asked(case.exchange.call).usage} if asked else {}
    writer = wire.stream_writer(case.exchange.model, **facts)
    pieces = [Piece(0.0, writer.write(event), isinstance(event, TextDelta)) for event in events]
    reply = case.exchange.reply
    assert isinstance(reply, Streamed)
    reply.pieces = iter([*pieces, Piece(0.0, writer.end())])
    return records(case.exchange)


def _texts(case: Case, *texts: str) -> list[Piece]:
    said = [TextDelta(0, text) for text in texts]
    return _streamed(
        case,
        [
            Started("faulty", case.exchange.model),
            PartStarted(0, Text("")),
            *said,
            PartEnded(0),
            Finished(Finish("stop", "stop"), USED),
        ],
    )


def _said(case: Case, text: str) -> Reply:
    wire = case.exchange.wire
    assert wire is not None
    completion = Completion((Text(text),), Finish("stop", "stop"), USED, case.exchange.model, id="faulty")
    reply = wire.write_completion(completion)
    return Reply(reply.status, {**case.exchange.reply.headers, **reply.headers}, reply.body)


def _saying(number: int, name: str, says: str, put: bytes, forms: Iterable[str] = ALL) -> None:
    """Enter a fault that is an answer with some bytes in the middle of its text."""

    def replaced(data: bytes) -> bytes:
        return data.replace(MARK.encode(), put)

    def perform(case: Case) -> Steps:
        text = f"before{MARK}after"
        if case.form == WHOLE:
            reply = _said(case, text)
            yield whole(Reply(reply.status, reply.headers, replaced(reply.body)))
            return
        pieces = _texts(case, "well, ", text, " and on")
        yield from sent(
            case, [piece._replace(data=rewritten(case.form, piece.data, replaced)) for piece in pieces]
        )

    add(Fault(name, number, says, perform, frozenset(forms), operation="complete"))


_FRAMED = frozenset({WHOLE, SSE, NDJSON, FRAMES})
_saying(36, "utf8-invalid", "a byte of the text is no UTF-8", b"\xff", _FRAMED)
_saying(
    37, "line-separator", "U+2028 and U+0085 stand in the text as they are", "\u2028\u0085".encode(), _FRAMED
)


@fault(36, "utf8-split", TEXTS)
def utf8_split(case: Case) -> Steps:
    """A character of four bytes comes byte by byte."""
    yield opening(200, case.exchange.reply.headers)
    for piece in _texts(case, "well, ", "a \U0001f600 smile"):
        before, smile, after = piece.data.partition("\U0001f600".encode())
        for part in filter(None, (before, *(smile[at : at + 1] for at in range(len(smile))), after)):
            yield chunk(part)
            if smile:
                yield Wait(case.pace / 100)
    yield LAST


# -- lines -----------------------------------------------------------------------------------------


def _lines(name: str, says: str, forms: Iterable[str], rewrite: Callable[[bytes], list[bytes]]) -> None:
    def perform(case: Case) -> Steps:
        yield opening(200, case.exchange.reply.headers)
        for number, piece in enumerate(records(case.exchange)):
            for data in filter(None, rewrite(piece.data) if name != "bom" or not number else [piece.data]):
                yield chunk(data)
        yield LAST

    add(Fault(name, 37, says, perform, frozenset(forms)))


def _halved(data: bytes) -> list[bytes]:
    """CRLF for LF, and the border of a chunk between the two."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    return [piece for line in lines[:-1] for piece in (line + b"\r", b"\n")] + lines[-1:]


_lines(
    "newline-cr", "lines end in CR", {SSE}, lambda data: [data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")]
)
_lines("newline-lf", "lines end in LF", TEXTS, lambda data: [data.replace(b"\r\n", b"\n")])
_lines("newline-split", "lines end in CRLF, and chunks between the two", TEXTS, _halved)
_lines("bom", "a byte order mark comes first", TEXTS, lambda data: [b"\xef\xbb\xbf" + data])


# -- words nobody knows ----------------------------------------------------------------------------

_FINISHES = frozenset({"finish_reason", "stop_reason", "finishReason", "stopReason", "done_reason"})
_NO_CHOICES = {
    "chat_completions": {"id": "faulty", "object": "chat.completion.chunk", "created": 0, "choices": []},
    "generate_content": {"candidates": []},
}
_SURPRISE = b'{"type":"surprise","surprise":{"more":[1,2]}}'


def _unknown_field(value: Any) -> Any:
    return {**value, "surprise": {"more": [1, 2]}} if isinstance(value, dict) else value


def _unknown_finish(value: Any) -> Any:
    def change(found: dict[str, Any]) -> dict[str, Any]:
        named = {name for name in _FINISHES & found.keys() if isinstance(found[name], str)}
        return {**found, **dict.fromkeys(named, "eclipse")}

    return everywhere(value, change)


def _changing(name: str, says: str, change: Callable[[Any], Any]) -> None:
    def perform(case: Case) -> Steps:
        reply = case.exchange.reply
        if isinstance(reply, Reply):
            yield whole(changed_reply(reply, change))
            return
        pieces = records(case.exchange)
        yield from sent(
            case, [piece._replace(data=changed(case.form, piece.data, change)) for piece in pieces]
        )

    add(Fault(name, 34, says, perform, _FRAMED))


def _unknown_event(pieces: list[Piece], case: Case) -> list[Piece]:
    made = {
        SSE: b"event: surprise\ndata: %b\n\n" % _SURPRISE,
        NDJSON: _SURPRISE + b"\n",
        FRAMES: write_event("surprise", _SURPRISE),
    }
    at = contents(pieces)[0]
    return [*pieces[: at + 1], Piece(0.0, made.get(case.form, b"")), *pieces[at + 1 :]]


def _without_choices(pieces: list[Piece], case: Case) -> list[Piece]:
    wire = case.exchange.wire
    assert wire is not None
    at = contents(pieces)[0]
    empty = changed(case.form, pieces[at].data, lambda _: _NO_CHOICES[wire.name])
    return [*pieces[: at + 1], Piece(0.0, empty), *pieces[at + 1 :]]


_changing("field-unknown", "every object has a field nobody knows", _unknown_field)
_changing("finish-unknown", "the reason to finish is one nobody knows", _unknown_finish)
edited(34, "event-unknown", "an event comes that nobody knows", _unknown_event)
edited(34, "choices-empty", "a piece holds no choice", _without_choices, wires=_NO_CHOICES)


# -- calls -----------------------------------------------------------------------------------------

_CALLS = (ToolCall("call_1", "weather", ""), ToolCall("call_2", "weather", ""))


def _calling(name: str, says: str, events: Iterable[Event], wires: Iterable[str] = ()) -> None:
    listed = list(events)

    def perform(case: Case) -> Steps:
        yield from sent(case, _streamed(case, [Started("faulty", case.exchange.model), *listed]))

    add(Fault(name, 35, says, perform, STREAMS, frozenset(wires)))


_BEGUN: list[Event] = [PartStarted(0, _CALLS[0]), ArgumentsDelta(0, '{"city": "Bas'), PartEnded(0)]
_IN_PIECES = ("chat_completions", "responses", "messages", "converse", "cohere")
_calling(
    "arguments-cut",
    "the limit of tokens is reached within a call",
    [*_BEGUN, Finished(Finish("length", "length"), USED)],
    _IN_PIECES,
)
_calling(
    "arguments-invalid",
    "the arguments of a call are no JSON",
    [
        PartStarted(0, _CALLS[0]),
        ArgumentsDelta(0, '{"city": Basel'),
        ArgumentsDelta(0, "}"),
        PartEnded(0),
        Finished(Finish("tool_calls", "tool_calls"), USED),
    ],
    _IN_PIECES,
)
_calling(
    "calls-interleaved",
    "two calls come in turns",
    [
        PartStarted(0, _CALLS[0]),
        PartStarted(1, _CALLS[1]),
        ArgumentsDelta(0, '{"city": '),
        ArgumentsDelta(1, '{"city": "'),
        ArgumentsDelta(0, '"Basel"}'),
        ArgumentsDelta(1, 'Bern"}'),
        PartEnded(0),
        PartEnded(1),
        Finished(Finish("tool_calls", "tool_calls"), USED),
    ],
)


# -- too much --------------------------------------------------------------------------------------


def _instead(name: str, says: str, text: bytes) -> None:
    """Enter a fault that says something else than a record of the wire, in the place of one."""

    def perform(case: Case) -> Steps:
        reply = case.exchange.reply
        if isinstance(reply, Reply):
            yield whole(Reply(reply.status, reply.headers, b'{"surprise":%b}' % text))
            return
        pieces = records(case.exchange)
        pieces[0] = pieces[0]._replace(
            data=rewritten(case.form, pieces[0].data, lambda _: b'{"surprise":%b}' % text)
        )
        yield from sent(case, pieces)

    add(Fault(name, 38, says, perform, _FRAMED))


_instead("json-deep", "JSON nested 10,000 deep", b"[" * 10_000 + b"]" * 10_000)
_instead("integer-huge", "an integer of 5,000 digits", b"9" * 5_000)
_instead("nan", "NaN", b"NaN")


@fault(38, "line-huge", {SSE, NDJSON, WHOLE})
def line_huge(case: Case) -> Steps:
    """A line of 100 MB."""
    reply = case.exchange.reply
    yield opening(200, reply.headers)
    yield chunk(b'data: {"a":"' if case.form == SSE else b'{"a":"')
    for _ in range(HUGE // len(PIECE)):
        yield Send(b"%x\r\n%b\r\n" % (len(PIECE), PIECE), len(PIECE))
    yield chunk(b'"}\n\n')
    yield LAST

"""Recorded answers as JSON, changed a little, and read again: what a server may send tomorrow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

from attrs import frozen
from cassettes import Exchange

from jackfield.errors import JackfieldError
from jackfield.events import Event, Failed, Finished, fold
from jackfield.framing.event_stream import EventStream, Frame
from jackfield.framing.sse import SSE, Record
from jackfield.types import Citation, Completion, Text, TokenLogprob, ToolCall, ToolResult
from jackfield.wire import Reply, WireDecoder
from jackfield.wire.fence import fenced

FRAMED = "application/vnd.amazon.eventstream"
WORDLESS = (str, type(None))
WHOLE = (int, type(None))

DROPPED = object()


@frozen
class Recorded:
    """An answer: the JSON values it is made of, and how records are made of them; ``wire`` reads it."""

    exchange: Exchange
    wire: Any
    values: list[Any]
    record: Callable[[int, Any], Any] | None  # none for an answer that came whole

    def read(self, values: list[Any], order: Sequence[int] = ()) -> list[Event]:
        """The events of the answer with these values in place of its own, perhaps in another order."""
        if self.record is None:
            reply = Reply(200, self.exchange.headers, json.dumps(values[0]).encode())
            try:
                return fenced(self.wire.parse_completion, reply)[0]
            except JackfieldError as refused:
                return [Failed(refused.info)]
        records = [self.record(at, values[at]) for at in order or range(len(values))]
        decoder = WireDecoder(Ready(), self.wire.stream_parser())
        return decoder.feed(records) + decoder.end()  # type: ignore[arg-type]


class Ready:
    """The framing of what is cut already."""

    def feed(self, records: Any) -> list[Any]:
        """The records."""
        return list(records)

    def end(self) -> list[Any]:
        """No more."""
        return []


def recorded(exchange: Exchange, wire: Any) -> Recorded:
    """The answer of an exchange, taken apart."""
    kind = exchange.headers.get("content-type", "")
    if FRAMED in kind:
        frames = EventStream().feed(exchange.body)
        values = [json.loads(frame.data) for frame in frames]
        return Recorded(
            exchange, wire, values, lambda at, value: Frame(frames[at].headers, json.dumps(value).encode())
        )
    if "ndjson" in kind:
        lines = [json.loads(line) for line in exchange.body.splitlines() if line.strip()]
        return Recorded(exchange, wire, lines, lambda _, value: json.dumps(value))
    if not exchange.streamed:
        return Recorded(exchange, wire, [json.loads(exchange.body)], None)
    framing = SSE()
    records = [one for one in (*framing.feed(exchange.body), *framing.end()) if one.data != "[DONE]"]
    return Recorded(
        exchange,
        wire,
        [json.loads(one.data) for one in records],
        lambda at, value: Record(records[at].event, json.dumps(value)),
    )


# -- changes ---------------------------------------------------------------------------------------


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything within a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield (*before, step)
        yield from places(item, (*before, step))


def changed(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """A value with something else at a place, or nothing."""
    whole = deepcopy(value)
    at = whole
    for step in way[:-1]:
        at = at[step]
    if new is DROPPED:
        del at[way[-1]]
    else:
        at[way[-1]] = new
    return whole


def strange(value: Any, chance: Random) -> Any:
    """What may stand in the place of a value and does not belong there."""
    return chance.choice(
        [DROPPED, None, 5, -1, 1.5, "odd", "", [], ["odd"], {}, {"odd": value}, [value], True]
    )


def extended(value: Any) -> Any:
    """A value with a field more in each of its objects."""
    if isinstance(value, list):
        return [extended(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {**{name: extended(item) for name, item in value.items()}, "x_new": {"a": [1, None]}}


# -- what is read ----------------------------------------------------------------------------------


def told(answer: Completion) -> tuple[Any, ...]:
    """What an answer says."""
    return answer.text, answer.reasoning, answer.tool_calls, answer.finish


def closed(events: list[Event]) -> Completion:
    """The answer; there is one end, the last, and nothing in it is of another type than it says."""
    answer = fold(events)
    assert isinstance(events[-1], Finished | Failed)
    assert 1 == sum(isinstance(event, Finished | Failed) for event in events)
    for part in (*answer.parts, *(part for one in answer.alternatives for part in one.parts)):
        _check_part(part)
    for token in answer.logprobs:
        _check_token(token)
    figures = [getattr(answer.usage, name) for name in ("total_input", "total_output", "input", "output")]
    assert all(type(figure) is int and figure >= 0 for figure in figures), answer.usage
    assert all(isinstance(word, str) for word in (answer.id, answer.model, answer.usage.tier))
    assert isinstance(answer.finish.raw, WORDLESS)
    return answer


def _check_part(part: Any) -> None:
    if isinstance(part, ToolCall):
        assert all(isinstance(word, str) for word in (part.id, part.name, part.json)), part
    elif isinstance(part, ToolResult):
        assert isinstance(part.call_id, str)
    elif hasattr(part, "text"):
        assert isinstance(part.text, str), part
    for citation in part.citations if isinstance(part, Text) else ():
        _check_citation(citation)


def _check_citation(citation: Citation) -> None:
    assert isinstance(citation.kind, str)
    assert all(isinstance(word, WORDLESS) for word in (citation.url, citation.title, citation.quote)), (
        citation
    )
    assert all(isinstance(at, WHOLE) for at in (citation.start, citation.end, citation.document)), citation


def _check_token(token: TokenLogprob) -> None:
    for word, value in ((token.token, token.logprob), *token.top):
        assert isinstance(word, str)
        assert isinstance(value, float | int)

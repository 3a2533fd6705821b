"""The records of a stream as events: plan, content by index, calls by index, citations for their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Event,
    Failed,
    Finished,
    Logprobs,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.jsontext import loads
from jackfield.types import Other, Part, Reasoning, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield_cohere.citations import citation_of, is_cited
from jackfield_cohere.parse import failure_in, finish_of, logprobs_of, stream_failure
from jackfield_cohere.parts import kind_of
from jackfield_cohere.read import plan_of
from jackfield_cohere.tables import PLAN, THINKING, Rules
from jackfield_cohere.usage import usage_of

END_MARK = "[DONE]"


_GROWS: Mapping[type, tuple[str, Callable[[int, str], Event]]] = {
    Text: ("text", TextDelta),
    Reasoning: (THINKING, ReasoningDelta),
}
NO_GROWTH: tuple[str, Callable[[int, str], Event]] = ("", TextDelta)


class _Open:
    """A part under construction."""

    __slots__ = ("ended", "event", "field", "id", "kept", "part", "said")

    def __init__(self, number: int, part: Part, kept: Mapping[str, Any]) -> None:
        self.id = number
        self.part = part
        self.kept = kept  # what the provider wants back with it
        self.field, self.event = _GROWS.get(type(part), NO_GROWTH)
        self.said = False
        self.ended = False


class CohereStream:
    """Parses one stream. Only ``message-end`` ends it well; the mark that follows says nothing more."""

    __slots__ = ("_calls", "_content", "_count", "_dialect", "_done", "_plan", "_rules", "_text")

    def __init__(self, rules: Rules, dialect: Dialect) -> None:
        self._rules = rules
        self._dialect = dialect
        self._content: dict[int, _Open] = {}
        self._calls: dict[int, _Open] = {}
        self._plan: _Open | None = None
        self._text: _Open | None = None  # the latest: citations that name no content are about it
        self._count = 0
        self._done = False

    def feed(self, record: Any) -> list[Event]:
        """The events of one record."""
        if self._done or record.data == END_MARK:
            return []
        try:
            value = loads(record.data)
        except Malformed:
            if record.complete:
                raise
            return []  # cut short with the stream, which its end will tell
        if not isinstance(value, dict):
            raise Malformed(
                ErrorInfo("protocol.body", "an event of the stream is no JSON object", sent="yes")
            )
        kind = value.get("type")
        if kind == "content-delta" and "logprobs" not in value:  # as nearly always
            begun = self._content.get(_index(value))
            if begun is not None:
                return self._grow(begun, _table(_message(value).get("content")))
        take = EVENTS.get(kind) if isinstance(kind, str) else None
        if take is not None:
            return take(self, value)
        return self._unnamed(value)

    def end(self) -> list[Event]:
        """``Failed``: a stream that ended well has said so before."""
        if self._done:
            return []
        who = self._dialect.provider or "the provider"
        return [
            Failed(ErrorInfo("stream.truncated", f"{who} ended the stream before the message", sent="yes"))
        ]

    def _unnamed(self, value: dict[str, Any]) -> list[Event]:
        """Events to come are none of our business yet; the body of an error is."""
        if value.get("type") or not (value.get("message") or value.get("error")):
            return []
        self._done = True
        return [Failed(failure_in(value, self._dialect))]

    def _message_start(self, value: dict[str, Any]) -> list[Event]:
        return [Started(str(value.get("id") or ""))]

    def _begin(self, part: Part, kept: Mapping[str, Any] | None = None) -> tuple[_Open, list[Event]]:
        begun = _Open(self._count, part, kept or {})
        self._count += 1
        return begun, [*self._end_plan(), PartStarted(begun.id, part)]

    # -- the plan ----------------------------------------------------------------------------------

    def _plan_delta(self, value: dict[str, Any]) -> list[Event]:
        text = _message(value).get(PLAN)
        if not isinstance(text, str) or not text:
            return []
        events: list[Event] = []
        if self._plan is None:
            self._plan, events = self._begin(plan_of("", self._rules.seal))
        return [*events, ReasoningDelta(self._plan.id, text)]

    def _end_plan(self) -> list[Event]:
        plan, self._plan = self._plan, None
        return [] if plan is None else [PartEnded(plan.id)]

    # -- content -----------------------------------------------------------------------------------

    def _content_start(self, value: dict[str, Any]) -> list[Event]:
        index, raw = _index(value), _table(_message(value).get("content"))
        events = self._close(self._content.pop(index, None))
        return events + self._open(index, raw)

    def _open(self, index: int, raw: dict[str, Any]) -> list[Event]:
        kind = kind_of(raw) or "text"
        part: Part
        if kind == "text":
            part = Text("")
        elif kind == THINKING:
            part = Reasoning("")
        else:
            part = Other(str(kind), self._rules.seal.close(raw))
        kept = {name: item for name, item in {"type": kind, **raw}.items() if name != THINKING}
        begun, events = self._begin(part, kept)
        self._content[index] = begun
        if kind == "text":
            self._text = begun
        return events + self._grow(begun, raw)

    def _content_delta(self, value: dict[str, Any]) -> list[Event]:
        begun = self._content.get(_index(value))
        raw = _table(_message(value).get("content"))
        if begun is not None:
            events = self._grow(begun, raw)
        else:
            events = self._open(_index(value), raw) if raw.get("text") or raw.get(THINKING) else []
        if "logprobs" in value and (tokens := logprobs_of(value["logprobs"])):
            events.append(Logprobs(tokens))
        return events

    def _grow(self, begun: _Open, raw: dict[str, Any]) -> list[Event]:
        text = raw.get(begun.field)
        if not text or type(text) is not str:
            return []
        begun.said = True
        return [begun.event(begun.id, text)]

    def _content_end(self, value: dict[str, Any]) -> list[Event]:
        return self._close(self._content.get(_index(value)))

    def _close(self, begun: _Open | None) -> list[Event]:
        if begun is None or begun.ended:
            return []
        begun.ended = True
        thought = begun.said and isinstance(begun.part, Reasoning)
        return [PartEnded(begun.id, self._rules.seal.close(begun.kept) if thought else None)]

    # -- calls -------------------------------------------------------------------------------------

    def _call_start(self, value: dict[str, Any]) -> list[Event]:
        index, raw = _index(value), _table(_message(value).get("tool_calls"))
        function = _table(raw.get("function"))
        identity = str(raw.get("id") or f"call_{len(self._calls)}")
        begun, events = self._begin(ToolCall(identity, str(function.get("name") or "")))
        self._calls[index] = begun
        return events + self._argue(begun, function)

    def _call_delta(self, value: dict[str, Any]) -> list[Event]:
        begun = self._calls.get(_index(value))
        return (
            []
            if begun is None
            else self._argue(begun, _table(_table(_message(value).get("tool_calls")).get("function")))
        )

    def _argue(self, begun: _Open, function: dict[str, Any]) -> list[Event]:
        text = function.get("arguments")
        return [ArgumentsDelta(begun.id, text)] if text and isinstance(text, str) else []

    def _call_end(self, value: dict[str, Any]) -> list[Event]:
        return self._close(self._calls.get(_index(value)))

    # -- citations and the end ---------------------------------------------------------------------

    def _citation(self, value: dict[str, Any]) -> list[Event]:
        found = _message(value).get("citations")
        events: list[Event] = []
        for raw in found if isinstance(found, list) else [found]:
            if isinstance(raw, dict) and is_cited(raw):
                events += self._cite(raw)
        return events

    def _cite(self, raw: dict[str, Any]) -> list[Event]:
        named = self._content.get(raw.get("content_index", -1))
        text = named if named is not None and isinstance(named.part, Text) else self._text
        events: list[Event] = []
        if text is None:  # a citation before all text
            events = self._open(0, {"type": "text"})
            text = self._content[0]
        return [*events, Cited(text.id, citation_of(raw))]

    def _message_end(self, value: dict[str, Any]) -> list[Event]:
        self._done = True
        delta = _table(value.get("delta"))
        events = self._end_plan()
        for begun in (*self._content.values(), *self._calls.values()):
            events += self._close(begun)
        if delta.get("error"):
            return [*events, Failed(stream_failure(delta, self._dialect))]
        finish = finish_of(delta.get("finish_reason"), bool(self._calls))
        return [*events, Finished(finish, usage_of(delta.get("usage")))]


def _message(value: dict[str, Any]) -> dict[str, Any]:
    delta = value.get("delta")
    message = delta.get("message") if type(delta) is dict else None
    return message if type(message) is dict else {}


def _index(value: dict[str, Any]) -> int:
    """Which piece of content or which call an event is about; one that does not say is about the first."""
    index = value.get("index")
    return index if type(index) is int else 0


def _table(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


EVENTS: Mapping[str, Callable[[CohereStream, dict[str, Any]], list[Event]]] = {
    "message-start": CohereStream._message_start,
    "tool-plan-delta": CohereStream._plan_delta,
    "content-start": CohereStream._content_start,
    "content-delta": CohereStream._content_delta,
    "content-end": CohereStream._content_end,
    "tool-call-start": CohereStream._call_start,
    "tool-call-delta": CohereStream._call_delta,
    "tool-call-end": CohereStream._call_end,
    "citation-start": CohereStream._citation,
    "message-end": CohereStream._message_end,
}

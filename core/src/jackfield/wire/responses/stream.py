"""The records of a stream as events.

The format says everything twice: in deltas, and whole when an item is done. The deltas are shown as they come;
what is done is believed, so whatever the deltas left out (citations, the end of a text, a whole item) follows
from it, and a stream gives the same completion as a whole answer.

What hosts do with this format, each seen in recorded traffic (2025-2026): no ``event:`` lines, ``[DONE]`` after
the last event, comments, items that are done in another order than they began, other ids in the last event than
before, a last event without any items, events of kinds that are in no documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

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
from jackfield.framing.sse import Record
from jackfield.jsontext import dump_text, loads
from jackfield.types import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.facts import words
from jackfield.wire.replies import body_error
from jackfield.wire.responses.items import (
    citation_of,
    contents_of,
    kept_of,
    logprobs_of,
    parts_of_item,
)
from jackfield.wire.responses.parse import failure_of, finish_of, pending, table, text_or, usage_of
from jackfield.wire.responses.tables import CODES
from jackfield.wire.seal import Seal

END_MARK = "[DONE]"

Value = dict[str, Any]


class OpenPart:
    """A part under construction: how much of it was shown."""

    __slots__ = ("cited", "id", "part", "pieces", "place", "scored")

    def __init__(self, number: int, part: Part) -> None:
        self.id = number
        self.part = part
        self.pieces: list[str] = []
        self.cited = 0
        self.scored = False
        self.place: tuple[str, Any] | None = None  # the piece of reasoning that is being said


class OpenItem:
    """An item under construction, with its parts by their place in it."""

    __slots__ = ("item", "parts")

    def __init__(self, item: Value) -> None:
        self.item = item
        self.parts: dict[int, OpenPart] = {}


class ResponsesStream:
    """Parses one stream. It ends well with the event that holds the whole response, and with nothing else."""

    __slots__ = (
        "_called",
        "_dialect",
        "_done",
        "_items",
        "_known",
        "_next",
        "_records",
        "_seal",
        "_seen",
        "_started",
        "_texts",
        "_total",
    )

    def __init__(self, seal: Seal, dialect: Dialect) -> None:
        self._seal = seal
        self._dialect = dialect
        self._items: dict[int, OpenItem] = {}
        self._texts: dict[tuple[Any, Any], OpenPart] = {}  # by output and content index, for the quick way
        self._seen: dict[int, Any] = {}  # output index -> id of the item last seen there
        self._known: set[str | None] = set()  # ids of all items
        self._total = 0
        self._next = 0
        self._records = 0
        self._called = False
        self._started = False
        self._done = False

    def feed(self, record: Record) -> list[Event]:
        """The events of one record; none after the answer has ended."""
        if self._done or not record.data or record.data == END_MARK:
            return []
        try:
            value = loads(record.data)
        except Malformed:
            if record.complete:
                raise
            return []  # cut short with the stream, which its end will tell
        self._records += 1
        if type(value) is not dict:
            raise Malformed(
                ErrorInfo("protocol.body", "an event of the stream is no JSON object", sent="yes")
            )
        kind = value.get("type")
        if kind == "response.output_text.delta":  # as nearly always
            return self._text_delta(value)
        take = EVENTS.get(kind if type(kind) is str else record.event)
        if take is not None:
            return take(self, value)
        return self._unusual(record, value)

    def _unusual(self, record: Record, value: Value) -> list[Event]:
        """A record of no known kind: a failure, a whole answer, or an event to come, which is not ours yet."""
        if (
            value.get("error")
            or record.event == "error"
            or (record.event == "bare" and "output" not in value)
        ):
            return self._error(value)
        whole = "type" not in value and isinstance(value.get("output"), list)
        return self._ended({"response": value}) if whole else []

    def end(self) -> list[Event]:
        """``Failed`` unless the stream had ended well before its bytes did."""
        if self._done:
            return []
        self._done = True
        who = self._dialect.provider or "the provider"
        if self._records:
            info = ErrorInfo("stream.truncated", f"{who} ended the stream before the response", sent="yes")
        else:
            info = ErrorInfo("protocol.body", "the answer holds no event of a stream", sent="yes")
        return [Failed(info.where(provider=self._dialect.provider))]

    # -- items -------------------------------------------------------------------------------------

    def _start(self, value: Value) -> list[Event]:
        response = table(value.get("response"))
        if self._started:
            return []
        self._started = True
        return [Started(text_or(response.get("id")), text_or(response.get("model")))]

    def _place(self, value: Value) -> int:
        """Which item an event is about: the one of its index, else of its id, else the last."""
        index = value.get("output_index")
        if type(index) is int:
            return index
        identity = value.get("item_id")
        known = (place for place, item in self._seen.items() if identity and item == identity)
        return next(known, max(self._seen, default=0))

    def _item_added(self, value: Value) -> list[Event]:
        index, item = value.get("output_index"), table(value.get("item"))
        if type(index) is not int:
            index = max(self._seen, default=-1) + 1
        again = index in self._seen and self._seen[index] in (None, item.get("id"))
        return [] if again or index in self._items else self._begin(index, item)

    def _begin(self, index: int, item: Value) -> list[Event]:
        """An item begins; all but messages and pictures begin with something to show."""
        making = self._items[index] = OpenItem(item)
        self._know(index, item)
        parts = [] if item.get("type") in _LATE else parts_of_item(item, self._seal)[:1]
        return [event for part in parts for event in self._open(making, 0, _emptied(part))] if item else []

    def _know(self, index: int, item: Value) -> None:
        """Take note of an item; servers were seen to give two items one index, and one item two ids."""
        self._seen[index] = identity = words(item.get("id"))
        self._known.add(identity)
        self._total += 1

    def _open(self, making: OpenItem, place: int, part: Part) -> list[Event]:
        opened = making.parts[place] = OpenPart(self._next, part)
        self._next += 1
        return [PartStarted(opened.id, part)]

    def _item_done(self, value: Value) -> list[Event]:
        index, item = self._place(value), table(value.get("item"))
        making = self._items.pop(index, None)
        if making is None:
            if index in self._seen and self._seen[index] in (None, item.get("id")):
                return []
            making = OpenItem(item)
            self._know(index, item)
        self._seen[index] = identity = words(item.get("id"))
        self._known.add(identity)
        for place in making.parts:
            self._texts.pop((index, place), None)
        return self._close(making, item)

    def _close(self, making: OpenItem, item: Value) -> list[Event]:
        """What of the finished item was not shown yet, and the end of its parts."""
        events: list[Event] = []
        contents = contents_of(item) if item.get("type") == "message" else []
        for place, part in enumerate(parts_of_item(item, self._seal)):
            opened = making.parts.pop(place, None)
            self._called = self._called or (type(part) is ToolCall and not part.hosted)
            if opened is not None and type(opened.part) is type(part):
                events += _rest(opened, part)
            else:
                events += self._whole(part, opened)
            if place < len(contents) and not (opened and opened.scored):
                events += _scores(contents[place])
        events += [PartEnded(opened.id) for opened in making.parts.values()]
        return events

    def _whole(self, part: Part, opened: OpenPart | None) -> list[Event]:
        """A part at once, after the end of what had begun in its place."""
        events: list[Event] = [] if opened is None else [PartEnded(opened.id)]
        self._next += 1
        return [*events, PartStarted(self._next - 1, part), PartEnded(self._next - 1)]

    # -- texts -------------------------------------------------------------------------------------

    def _content_added(self, value: Value) -> list[Event]:
        part = table(value.get("part"))
        index = self._place(value)
        making = self._items.get(index)
        if making is not None and making.item.get("type") != "message":
            return []  # the text of reasoning: its deltas tell
        kind = _CONTENTS.get(text_or(part.get("type")))
        return [] if kind is None else self._open_text(index, value.get("content_index"), kind)

    def _open_text(self, index: int, place: Any, kind: type[Text | Refusal]) -> list[Event]:
        events: list[Event] = []
        if index not in self._items:
            if index in self._seen:
                return []
            events = self._begin(index, {"type": "message"})
        making = self._items[index]
        place = place if type(place) is int else 0
        if place in making.parts:
            return events
        kept = kept_of(making.item, "type", "role", "content")
        events += self._open(making, place, kind("", opaque=self._seal.keep(kept)))
        self._texts[index, place] = making.parts[place]
        return events

    def _text_delta(self, value: Value) -> list[Event]:
        delta, scores = value.get("delta"), value.get("logprobs")
        if type(delta) is not str or not (delta or scores):
            return []
        opened = self._texts.get((value.get("output_index"), value.get("content_index")))
        events: list[Event] = []
        if opened is None:
            events, opened = self._text_of(value, Text)
            if opened is None:
                return events
        if delta:
            opened.pieces.append(delta)
            events.append(TextDelta(opened.id, delta))
        if scores:
            opened.scored = True
            events.append(Logprobs(logprobs_of(scores)))
        return events

    def _text_of(self, value: Value, kind: type[Text | Refusal]) -> tuple[list[Event], OpenPart | None]:
        """The text an event is about, begun if nobody has begun it."""
        index, place = self._place(value), value.get("content_index")
        events = self._open_text(index, place, kind)
        return events, self._texts.get((index, place if type(place) is int else 0))

    def _refusal_delta(self, value: Value) -> list[Event]:
        events, opened = self._text_of(value, Refusal)
        delta = value.get("delta")
        if opened is None or not delta or type(delta) is not str:
            return events
        opened.pieces.append(delta)
        return [*events, TextDelta(opened.id, delta)]

    def _annotation(self, value: Value) -> list[Event]:
        events, opened = self._text_of(value, Text)
        raw = value.get("annotation")
        if opened is None or type(raw) is not dict or type(opened.part) is not Text:
            return events
        opened.cited += 1
        return [*events, Cited(opened.id, citation_of(raw))]

    # -- reasoning and calls -----------------------------------------------------------------------

    def _reasoning_delta(self, value: Value) -> list[Event]:
        """More reasoning: pieces of it are set apart; of a summary and the thing itself, the first to come is shown."""
        index, delta = self._place(value), value.get("delta")
        events = self._begin(index, {"type": "reasoning"}) if index not in self._seen else []
        making = self._items.get(index)
        opened = making.parts.get(0) if making else None
        if opened is None or type(opened.part) is not Reasoning or not delta or type(delta) is not str:
            return events
        kind = "summary" if "summary_index" in value else "content"
        place = (kind, value.get(f"{kind}_index"))
        if opened.place is not None and opened.place[0] != kind:
            return events
        if opened.place is not None and opened.place != place:
            delta = f"\n\n{delta}"
        opened.place = place
        opened.pieces.append(delta)
        return [*events, ReasoningDelta(opened.id, delta)]

    def _arguments_delta(self, value: Value) -> list[Event]:
        return self._more_arguments(value, "", value.get("delta"))

    def _input_delta(self, value: Value) -> list[Event]:
        return self._quoted(value, "input")

    def _code_delta(self, value: Value) -> list[Event]:
        return self._quoted(value, "code")

    def _quoted(self, value: Value, name: str) -> list[Event]:
        """More of a free text that is the one argument ``name``; its closing quote follows when it is done."""
        delta = value.get("delta")
        quoted = dump_text(delta)[1:-1] if type(delta) is str and delta else None
        return self._more_arguments(value, f'{{"{name}":"', quoted)

    def _more_arguments(self, value: Value, opening: str, delta: Any) -> list[Event]:
        making = self._items.get(self._place(value))
        opened = making.parts.get(0) if making else None
        if opened is None or type(opened.part) is not ToolCall or not delta or type(delta) is not str:
            return []
        if opening and not opened.pieces:
            delta = opening + delta
        opened.pieces.append(delta)
        return [ArgumentsDelta(opened.id, delta)]

    # -- the end -----------------------------------------------------------------------------------

    def _ended(self, value: Value) -> list[Event]:
        """The event that holds the whole response: what never came before it comes with it."""
        self._done = True
        response = table(value.get("response"))
        body = {"status": text_or(value.get("type")).removeprefix("response."), **response}
        if type(body.get("output")) is not list:
            body["output"] = []
        failure = failure_of(body, self._dialect)
        events = self._start(value)
        if failure is not None:
            return [*events, Failed(failure)]
        events += self._remaining(body["output"])
        usage = usage_of(body)
        return [*events, *pending(body), Finished(finish_of(body, self._called), usage)]

    def _remaining(self, output: list[Any]) -> list[Event]:
        """The items that did not end, and those that were never seen."""
        events: list[Event] = []
        for index, making in self._items.items():
            last = table(output[index]) if index < len(output) else {}
            same = last.get("type") == making.item.get("type")
            if same:
                self._known.add(words(last.get("id")))
            events += self._close(making, last if same else making.item)
        for index, item in enumerate(map(table, output if len(output) > self._total else ())):
            identity = words(item.get("id"))
            new = index not in self._seen if identity is None else identity not in self._known
            if new:
                events += self._close(OpenItem({}), item)
        return events

    def _failed(self, value: Value) -> list[Event]:
        response = table(value.get("response"))
        return self._ended({"response": {**response, "status": "failed"}})

    def _error(self, value: Value) -> list[Event]:
        self._done = True
        found = body_error(value, self._dialect, CODES)
        silent = "the provider reported an error without saying which"
        return [Failed(found or ErrorInfo("server", silent, provider=self._dialect.provider, sent="yes"))]


def _emptied(part: Part) -> Part:
    """A part as it begins: what grows is empty."""
    if isinstance(part, Reasoning):
        return Reasoning("", part.opaque)
    return attrs.evolve(part, json="") if isinstance(part, ToolCall) else part


def _rest(opened: OpenPart, part: Part) -> list[Event]:
    """What of ``part`` was not shown yet, and its end."""
    events: list[Event] = []
    name, delta = _GROWING.get(type(part), ("", TextDelta))
    if name:
        whole, shown = getattr(part, name), "".join(opened.pieces)
        if whole != shown and whole.startswith(shown):
            events.append(delta(opened.id, whole[len(shown) :]))
    if type(part) is Text:
        events += [Cited(opened.id, citation) for citation in part.citations[opened.cited :]]
    opaque: Opaque | None = getattr(part, "opaque", None)
    events.append(PartEnded(opened.id, opaque))
    return events


def _scores(content: Any) -> list[Event]:
    found = logprobs_of(content.get("logprobs")) if type(content) is dict else ()
    return [Logprobs(found)] if found else []


_GROWING: Mapping[type, tuple[str, Callable[[int, str], Event]]] = {
    Text: ("text", TextDelta),
    Refusal: ("text", TextDelta),
    Reasoning: ("text", ReasoningDelta),
    ToolCall: ("json", ArgumentsDelta),
}

_LATE = ("message", "image_generation_call")  # items that have nothing to show when they begin

_CONTENTS: Mapping[str, type[Text | Refusal]] = {"output_text": Text, "text": Text, "refusal": Refusal}

EVENTS: Mapping[str, Callable[[ResponsesStream, Value], list[Event]]] = {
    "response.created": ResponsesStream._start,
    "response.queued": ResponsesStream._start,
    "response.in_progress": ResponsesStream._start,
    "response.output_item.added": ResponsesStream._item_added,
    "response.output_item.done": ResponsesStream._item_done,
    "response.content_part.added": ResponsesStream._content_added,
    "response.output_text.delta": ResponsesStream._text_delta,
    "response.output_text.annotation.added": ResponsesStream._annotation,
    "response.refusal.delta": ResponsesStream._refusal_delta,
    "response.reasoning_summary_text.delta": ResponsesStream._reasoning_delta,
    "response.reasoning_text.delta": ResponsesStream._reasoning_delta,
    "response.function_call_arguments.delta": ResponsesStream._arguments_delta,
    "response.mcp_call_arguments.delta": ResponsesStream._arguments_delta,
    "response.custom_tool_call_input.delta": ResponsesStream._input_delta,
    "response.code_interpreter_call_code.delta": ResponsesStream._code_delta,
    "response.completed": ResponsesStream._ended,
    "response.incomplete": ResponsesStream._ended,
    "response.cancelled": ResponsesStream._ended,
    "response.done": ResponsesStream._ended,
    "response.failed": ResponsesStream._failed,
    "error": ResponsesStream._error,
}

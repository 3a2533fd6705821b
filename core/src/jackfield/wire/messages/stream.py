"""The records of a stream as events: blocks by index, deltas by type, figures as running totals."""

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
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.framing.sse import BARE
from jackfield.jsontext import loads
from jackfield.types import Opaque, Other, Part, Reasoning, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.facts import items
from jackfield.wire.messages.parse import (
    finish_of,
    malformed,
    stream_failure,
    text_or,
    usage_of,
    warnings_of,
)
from jackfield.wire.messages.parts import citation_of, part_of
from jackfield.wire.messages.tables import ANSWER_TOOL, Rules
from jackfield.wire.seal import Seal

END_MARK = "[DONE]"  # the format has none, but hosts that speak several formats send it

Takes = Mapping[str, tuple[str, Callable[[int, str], Event]]]

# The deltas a part takes as they come: delta type -> its field, the event.
TAKES: Mapping[type, Takes] = {
    Text: {"text_delta": ("text", TextDelta)},
    Reasoning: {"thinking_delta": ("thinking", ReasoningDelta)},
    ToolCall: {"input_json_delta": ("partial_json", ArgumentsDelta)},
}
NOTHING: Takes = {}
ANSWER: Takes = {"input_json_delta": ("partial_json", TextDelta)}

FIELDS: Mapping[str, str] = {kind: field for takes in TAKES.values() for kind, (field, _) in takes.items()}
"""The field by which a delta shows its type that does not say it."""

# What a block begins with that leaves it out, or says null: nothing has been said in it yet.
EMPTY: Mapping[str, Mapping[str, Any]] = {"text": {"text": ""}, "thinking": {"thinking": ""}}
EMPTY_CALL: Mapping[str, Any] = {"input": {}}

# A delta for a block that never began says what the block is.
IMPLIED: Mapping[str, dict[str, Any]] = {
    "text_delta": {"type": "text", "text": ""},
    "thinking_delta": {"type": "thinking", "thinking": ""},
}


class OpenBlock:
    """A block under construction, and what the provider wants back with it."""

    __slots__ = ("changed", "id", "kept", "part", "takes")

    def __init__(self, number: int, part: Part, takes: Takes) -> None:
        self.id = number
        self.part = part
        self.takes = takes
        opaque: Opaque | None = getattr(part, "opaque", None)
        self.kept: dict[str, Any] = {} if opaque is None else dict(opaque.data)
        self.changed = False

    def keep(self, delta: Mapping[str, Any]) -> list[Event]:
        """Take in a delta that is not shown as it comes."""
        if delta.get("type") == "citations_delta" and isinstance(self.part, Text):
            raw = delta.get("citation")
            self.kept["citations"] = [*items(self.kept.get("citations")), raw]
            self.changed = True
            return [Cited(self.id, citation_of(raw))]
        if isinstance(self.part, Other):
            self._merge(delta)
        elif isinstance(self.part, Reasoning) and isinstance(delta.get("signature"), str):
            self.kept["signature"] = delta["signature"]
            self.changed = True
        return []

    def _merge(self, delta: Mapping[str, Any]) -> None:
        """Lay a delta of no known type over its block: texts grow, all else is replaced."""
        for name, value in delta.items():
            before = self.kept.get(name)
            if name != "type" and value is not None:
                grows = isinstance(before, str) and isinstance(value, str)
                self.kept[name] = f"{before}{value}" if grows else value
                self.changed = True

    def ended(self, seal: Seal) -> PartEnded:
        """The end of the part, with everything that was kept."""
        if isinstance(self.part, Other) and "partial_json" in self.kept:
            try:
                self.kept["input"] = loads(self.kept["partial_json"] or "{}")
            except Malformed:
                pass  # it is kept as the text it is
            else:
                del self.kept["partial_json"]
        return PartEnded(self.id, seal.close(self.kept) if self.changed else None)


class MessagesStream:
    """Parses one stream. Only ``message_stop`` ends it well."""

    __slots__ = ("_dialect", "_done", "_open", "_parts", "_reason", "_rules", "_usage")

    def __init__(self, rules: Rules, dialect: Dialect) -> None:
        self._rules = rules
        self._dialect = dialect
        self._open: dict[int, OpenBlock] = {}
        self._parts: list[Part] = []
        self._reason: Any = None
        self._usage: dict[str, Any] = {}
        self._done = False

    def feed(self, record: Any) -> list[Event]:
        """The events of one record."""
        if self._done or record.data == END_MARK:
            return []
        value = self._value(record)
        kind = value.get("type")
        if kind == "content_block_delta":  # as nearly always
            return self._block_delta(value)
        if kind is None and record.complete:
            kind = record.event  # what it is may stand beside it alone
        take = EVENTS.get(text_or(kind))
        if take is not None:
            return take(self, value)
        if value.get("error") or (value and record.event == BARE):
            return self._error(value)
        return []  # events to come are none of our business yet

    def _value(self, record: Any) -> dict[str, Any]:
        try:
            value = loads(record.data)
        except Malformed:
            if record.complete:
                raise
            return {}  # cut short with the stream, which its end will tell
        if isinstance(value, dict):
            return value
        raise malformed("an event of the stream is no JSON object")

    def end(self) -> list[Event]:
        """``Failed`` unless the stream had ended well before its bytes did."""
        if self._done:
            return []
        if self._reason is not None and not self._rules.settings["require_stop"]:
            return self._message_stop({})
        self._done = True
        who = self._dialect.provider or "the provider"
        return [
            Failed(ErrorInfo("stream.truncated", f"{who} ended the stream before the message", sent="yes"))
        ]

    def _message_start(self, value: dict[str, Any]) -> list[Event]:
        message = _table(value.get("message"))
        events: list[Event] = [Started(text_or(message.get("id")), text_or(message.get("model")))]
        return events + self._metered(message.get("usage"))

    def _metered(self, raw: Any) -> list[Event]:
        """The running totals so far: a figure that is not repeated, or as nothing, still holds."""
        figures = {name: value for name, value in _table(raw).items() if value is not None}
        if not figures:
            return []
        before = self._usage
        self._usage = before | {name: v for name, v in figures.items() if v or not before.get(name)}
        return [Metered(usage_of(self._usage))]

    def _block_start(self, value: dict[str, Any]) -> list[Event]:
        index, raw = _index(value), _table(value.get("content_block"))
        ended = self._close(index)
        kind = raw.get("type")
        if type(kind) is not str:  # its first delta says what it is
            return ended
        empty = EMPTY.get(kind) or (EMPTY_CALL if kind.endswith("tool_use") else {})
        for name, nothing in empty.items():
            if raw.get(name) is None:
                raw = raw | {name: nothing}
        return ended + self._begin(index, raw)

    def _begin(self, index: int, raw: dict[str, Any]) -> list[Event]:
        part = part_of(raw, self._rules.seal)
        takes = TAKES.get(type(part), NOTHING)
        if isinstance(part, ToolCall) and part.name == ANSWER_TOOL and self._rules.answers_by_tool:
            part, takes = Text("" if part.json == "{}" else part.json), ANSWER  # shown as it comes
        block = self._open[index] = OpenBlock(len(self._parts), part, takes)
        self._parts.append(part)
        return [PartStarted(block.id, part)]

    def _block_delta(self, value: dict[str, Any]) -> list[Event]:
        index, delta = value.get("index"), value.get("delta")
        if type(index) is not int:
            index = _index(value)
        if type(delta) is not dict:
            return []
        if type(kind := delta.get("type")) is not str:
            kind = next((kind for kind, field in FIELDS.items() if field in delta), "")
            delta = delta | {"type": kind}
        block = self._open.get(index)
        if block is None:
            return self._late(index, delta)
        found = block.takes.get(kind)
        if found is None:
            return block.keep(delta)
        text = delta.get(found[0])
        return [found[1](block.id, text)] if text and type(text) is str else []

    def _late(self, index: int, delta: dict[str, Any]) -> list[Event]:
        """A delta for a block that never began."""
        raw = IMPLIED.get(delta["type"])
        if raw is None:
            return []
        return self._begin(index, raw) + self._block_delta({"index": index, "delta": delta})

    def _block_stop(self, value: dict[str, Any]) -> list[Event]:
        return self._close(_index(value))

    def _close(self, index: int) -> list[Event]:
        block = self._open.pop(index, None)
        return [] if block is None else [block.ended(self._rules.seal)]

    def _message_delta(self, value: dict[str, Any]) -> list[Event]:
        delta = _table(value.get("delta"))
        self._reason = delta.get("stop_reason") or self._reason
        return self._metered(value.get("usage")) + warnings_of(delta.get("stop_details"))

    def _message_stop(self, value: dict[str, Any]) -> list[Event]:
        self._done = True
        events: list[Event] = [block.ended(self._rules.seal) for block in self._open.values()]
        finish = finish_of(self._reason, self._parts, self._rules)
        return [*events, Finished(finish, usage_of(self._usage))]

    def _error(self, value: dict[str, Any]) -> list[Event]:
        self._done = True
        return [Failed(stream_failure(value, self._dialect))]


def _index(value: dict[str, Any]) -> int:
    """Which block an event is about; one that does not say is about the only one."""
    index = value.get("index")
    return index if type(index) is int else 0


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


EVENTS: Mapping[str, Callable[[MessagesStream, dict[str, Any]], list[Event]]] = {
    "message_start": MessagesStream._message_start,
    "content_block_start": MessagesStream._block_start,
    "content_block_delta": MessagesStream._block_delta,
    "content_block_stop": MessagesStream._block_stop,
    "message_delta": MessagesStream._message_delta,
    "message_stop": MessagesStream._message_stop,
    "error": MessagesStream._error,
}

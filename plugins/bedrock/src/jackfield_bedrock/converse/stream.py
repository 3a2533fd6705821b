"""The events of a stream as ours: blocks by index, which texts begin without saying so."""

from __future__ import annotations

from base64 import b64decode, b64encode
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
from jackfield.framing.event_stream import Frame
from jackfield.jsontext import loads
from jackfield.types import UNKNOWN_USAGE, Image, Opaque, Other, Part, Reasoning, Text, Usage
from jackfield.wire import Dialect
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.parse import finish_of, invoked, served, usage_of, warnings_of
from jackfield_bedrock.converse.parts import citation_of, cited_opaque, named, tool_call, tool_result
from jackfield_bedrock.converse.tables import ANSWER_TOOL, MEDIA_TYPES
from jackfield_bedrock.failures import frame_failure


class OpenBlock:
    """A block under construction, and what the provider wants back with it."""

    __slots__ = ("citations", "id", "kept", "part", "pieces", "sealed")

    def __init__(self, number: int, part: Part | None, kept: Mapping[str, Any] | None = None) -> None:
        self.id = number
        self.part = part  # none while it is not known to whom it will show
        self.kept: dict[str, Any] = dict(kept or {})
        self.pieces: list[Any] = []
        self.citations: list[Any] = []
        self.sealed: dict[str, list[str]] = {}


class ConverseStream:
    """Parses one stream. ``messageStop`` ends it well; the figures come after it."""

    __slots__ = (
        "_dialect",
        "_done",
        "_model",
        "_open",
        "_parts",
        "_reason",
        "_seal",
        "_stopped",
        "_trace",
        "_usage",
    )

    def __init__(self, seal: Seal, dialect: Dialect, model: str) -> None:
        self._seal = seal
        self._dialect = dialect
        self._model = model
        self._open: dict[int, OpenBlock] = {}
        self._parts: list[Part] = []
        self._reason: Any = None
        self._stopped = False
        self._trace: Any = None
        self._usage = UNKNOWN_USAGE
        self._done = False

    def feed(self, record: Frame) -> list[Event]:
        """The events of one frame."""
        if self._done:
            return []
        headers = record.headers
        if headers.get(":message-type") == "event" and headers.get(":event-type") == "contentBlockDelta":
            value = loads(record.data)  # as nearly always
            return self._block_delta(value) if type(value) is dict else self.take(record.name, value)
        if record.kind != "event":
            self._done = True
            return [Failed(frame_failure(record, self._dialect))]
        return self.take(record.name, loads(record.data))

    def take(self, name: str, value: Any) -> list[Event]:
        """Our events for one of the stream's; those to come are none of our business yet."""
        take = EVENTS.get(name)
        if take is None:
            return []
        if type(value) is not dict:
            raise Malformed(ErrorInfo("protocol.body", f"event `{name}` is no JSON object", sent="yes"))
        return take(self, value)

    def end(self) -> list[Event]:
        """``Failed`` unless the stream had ended well before its bytes did."""
        if self._done:
            return []
        if self._stopped:
            return self._finished(self._usage)
        self._done = True
        who = self._dialect.provider or "the provider"
        msg = f"{who} ended the stream before the message"
        return [Failed(ErrorInfo("stream.truncated", msg, sent="yes"))]

    # -- what comes --------------------------------------------------------------------------------

    def _message_start(self, value: dict[str, Any]) -> list[Event]:
        return [Started("", self._model)]

    def _block_start(self, value: dict[str, Any]) -> list[Event]:
        index, start = _index(value), value.get("start")
        ended = self._close(index)
        kind = named(start, STARTS) if isinstance(start, dict) else ""
        inner = start.get(kind) if isinstance(start, dict) else None
        if not isinstance(inner, dict):
            return ended
        if kind == "toolUse":
            return ended + self._tool_start(index, inner)
        self._open[index] = OpenBlock(self._number(), None, {"kind": kind, **inner})
        return ended

    def _tool_start(self, index: int, raw: dict[str, Any]) -> list[Event]:
        call = tool_call(raw, self._seal, "{}")
        part: Part = Text("") if call.name == ANSWER_TOOL else call  # shown as it comes
        return self._begin(index, part)

    def _number(self) -> int:
        """The number of the next part, whatever it will be."""
        self._parts.append(Text(""))
        return len(self._parts) - 1

    def _begin(self, index: int, part: Part) -> list[Event]:
        block = self._open[index] = OpenBlock(self._number(), part)
        self._parts[block.id] = part
        return [PartStarted(block.id, part)]

    def _block_delta(self, value: dict[str, Any]) -> list[Event]:
        delta = value.get("delta")
        if type(delta) is not dict or not delta:
            return []
        if "text" in delta and len(delta) == 1:  # as nearly always
            return self._text(_index(value), delta["text"])
        kind = named(delta, DELTAS)
        take = DELTAS.get(kind)
        return [] if take is None else take(self, _index(value), delta[kind])

    def _opened(self, index: int, kind: type[Part]) -> tuple[OpenBlock, list[Event]]:
        """The block at ``index``; one that nobody announced begins with what comes for it."""
        block = self._open.get(index)
        if block is not None and isinstance(block.part, kind):
            return block, []
        events = self._close(index) + self._begin(index, kind(""))  # type: ignore[call-arg]
        return self._open[index], events

    def _text(self, index: int, text: Any) -> list[Event]:
        block = self._open.get(index)
        if block is not None and type(block.part) is Text:
            return [TextDelta(block.id, text)] if type(text) is str and text else []
        block, events = self._opened(index, Text)
        if type(text) is str and text:
            events.append(TextDelta(block.id, text))
        return events

    def _tool_use(self, index: int, delta: Any) -> list[Event]:
        block, text = self._open.get(index), delta.get("input") if isinstance(delta, dict) else None
        if block is None or block.part is None or not isinstance(text, str) or not text:
            return []
        return [(TextDelta if isinstance(block.part, Text) else ArgumentsDelta)(block.id, text)]

    def _reasoning(self, index: int, delta: Any) -> list[Event]:
        block, events = self._opened(index, Reasoning)
        for name, value in delta.items() if isinstance(delta, dict) else ():
            if not isinstance(value, str):
                continue
            if name == "text":
                events += [ReasoningDelta(block.id, value)] if value else []
            else:
                block.sealed.setdefault(name, []).append(value)
        return events

    def _citation(self, index: int, raw: Any) -> list[Event]:
        block, events = self._opened(index, Text)
        block.citations.append(raw)
        return [*events, Cited(block.id, citation_of(raw))]

    def _piece(self, index: int, delta: Any) -> list[Event]:
        """A piece of what is shown whole: a picture, or the answer of a tool that ran over there."""
        block = self._open.get(index)
        if block is not None and block.part is None:
            block.pieces += delta if isinstance(delta, list) else [delta]
        return []

    # -- ends --------------------------------------------------------------------------------------

    def _block_stop(self, value: dict[str, Any]) -> list[Event]:
        return self._close(_index(value))

    def _close(self, index: int) -> list[Event]:
        block = self._open.pop(index, None)
        if block is None:
            return []
        if block.part is None:
            part = self._parts[block.id] = self._whole(block)
            return [PartStarted(block.id, part), PartEnded(block.id)]
        return [PartEnded(block.id, self._kept(block))]

    def _whole(self, block: OpenBlock) -> Part:
        kind = block.kept.pop("kind")
        if kind == "toolResult":
            return tool_result({**block.kept, "content": block.pieces}, self._seal)
        data = b"".join(map(_bytes_of, block.pieces)) if kind == "image" else b""
        if not data:
            return Other(kind, self._seal.close({kind: {**block.kept, "pieces": block.pieces}}))
        return Image(MEDIA_TYPES["image"].get(block.kept.get("format", ""), "image/png"), data=data)

    def _kept(self, block: OpenBlock) -> Opaque | None:
        if block.citations:
            return cited_opaque(block.citations, self._seal)
        if block.sealed:
            return self._seal.close({name: _joined(name, values) for name, values in block.sealed.items()})
        return None

    def _message_stop(self, value: dict[str, Any]) -> list[Event]:
        self._stopped, self._reason = True, value.get("stopReason")
        return [event for index in tuple(self._open) for event in self._close(index)]

    def _metadata(self, value: dict[str, Any]) -> list[Event]:
        self._trace = value.get("trace")
        self._usage = served(usage_of(value.get("usage")), value)
        model = invoked(value, self._model)
        told: list[Event] = [Started("", model)] if model != self._model else []
        return told + (self._finished(self._usage) if self._stopped else [Metered(self._usage)])

    def _finished(self, usage: Usage) -> list[Event]:
        self._done = True
        finish = finish_of(self._reason, self._parts)
        return [*warnings_of(self._reason, self._trace), Finished(finish, usage)]


def _index(value: dict[str, Any]) -> int:
    """Which block an event is about; one that does not say is about the only one."""
    index = value.get("contentBlockIndex")
    return index if type(index) is int else 0


def _joined(name: str, values: list[str]) -> str:
    """What came in pieces; one piece stays as it is, to the letter."""
    if len(values) == 1 or name != "redactedContent":
        return "".join(values)
    return b64encode(b"".join(map(b64decode, values))).decode("ascii")


def _bytes_of(piece: Any) -> bytes:
    source = piece.get("source") if isinstance(piece, dict) else None
    data = source.get("bytes") if isinstance(source, dict) else None
    return b64decode(data) if isinstance(data, str) else b""


EVENTS: Mapping[str, Callable[[ConverseStream, dict[str, Any]], list[Event]]] = {
    "messageStart": ConverseStream._message_start,
    "contentBlockStart": ConverseStream._block_start,
    "contentBlockDelta": ConverseStream._block_delta,
    "contentBlockStop": ConverseStream._block_stop,
    "messageStop": ConverseStream._message_stop,
    "metadata": ConverseStream._metadata,
}

STARTS = dict.fromkeys(("toolUse", "toolResult", "image"))

DELTAS: Mapping[str, Callable[[ConverseStream, int, Any], list[Event]]] = {
    "text": ConverseStream._text,
    "toolUse": ConverseStream._tool_use,
    "reasoningContent": ConverseStream._reasoning,
    "citation": ConverseStream._citation,
    "toolResult": ConverseStream._piece,
    "image": ConverseStream._piece,
}

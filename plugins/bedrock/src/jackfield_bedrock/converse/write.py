"""Completions and streams as the format has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
from jackfield.framing.event_stream import write_event
from jackfield.jsontext import dumps
from jackfield.types import (
    Completion,
    Finish,
    Image,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Headers, Reply
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.blocks import (
    Block,
    Writer,
    called,
    cited,
    reasoning_text,
    written_citation,
)
from jackfield_bedrock.converse.tables import FINISHES, STOP_REASONS
from jackfield_bedrock.failures import write_frame_failure

JSON = "application/json"
FAST_LANE = "optimized"


def write_body(completion: Completion, seal: Seal) -> dict[str, Any]:
    """The whole answer."""
    writer = Writer(seal)
    blocks = [answered(part, writer) for part in completion.parts]
    body: dict[str, Any] = {
        "output": {"message": {"role": "assistant", "content": [block for block in blocks if block]}},
        "stopReason": stop_reason(completion.finish),
        "usage": usage_fields(completion.usage),
        "metrics": {"latencyMs": 0},
        **tier_fields(completion.usage),
    }
    return body


def whole(value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    """A success."""
    return Reply(200, Headers({"content-type": JSON, **(headers or {})}), dumps(dict(value)))


def stop_reason(finish: Finish) -> str:
    """The format's word for why the model stopped, the provider's own if it is one."""
    if finish.raw in FINISHES:
        return str(finish.raw)
    return STOP_REASONS.get(finish.reason, "end_turn")


def usage_fields(usage: Usage) -> dict[str, Any]:
    """The figures; the format counts reasoning as output, and cached input apart."""
    written = usage.cache_write + usage.cache_write_1h
    fields: dict[str, Any] = {
        "inputTokens": usage.input + usage.input_audio + usage.input_image,
        "outputTokens": usage.total_output,
        "totalTokens": usage.total_input + usage.total_output,
    }
    if usage.cache_read or written:
        fields |= {"cacheReadInputTokens": usage.cache_read, "cacheWriteInputTokens": written}
    if usage.cache_write_1h:
        fields["cacheDetails"] = [{"ttl": "1h", "inputTokens": usage.cache_write_1h}]
    return fields


def tier_fields(usage: Usage) -> dict[str, Any]:
    """The tier that served, where it is no usual one."""
    if usage.tier == FAST_LANE:
        return {"performanceConfig": {"latency": usage.tier}}
    return {"serviceTier": {"type": usage.tier}} if usage.tier else {}


def answered(part: Part, writer: Writer) -> Block | None:
    """The block for a part of an answer; what was sealed by others is shown, but cannot be sent back."""
    if isinstance(part, ToolCall):
        return {"toolUse": {**called(part), "input": part.arguments}}
    block = writer.block(part)
    if isinstance(part, Text) and part.citations and block is not None and "text" in block:
        return cited(part.text, [written_citation(citation) for citation in part.citations])
    if block is None and isinstance(part, Reasoning) and part.text:
        return {"reasoningContent": reasoning_text(part.text, {})}
    return block


# -- streams ---------------------------------------------------------------------------------------


class ConverseWriter:
    """Writes one stream. Parts become blocks in the order in which they begin."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._writer = Writer(seal)
        self._usage = Usage()
        self._started = False
        self._open: dict[int, tuple[int, Part]] = {}
        self._count = 0
        self._shown: set[int] = set()

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """Nothing: the figures are the last event."""
        return b""

    def _put(self, name: str, value: Mapping[str, Any]) -> bytes:
        return write_event(name, dumps(dict(value)))

    def _on_started(self, event: Started | None = None) -> bytes:
        if self._started:
            return b""
        self._started = True
        return self._put("messageStart", {"role": "assistant"})

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    def _on_part(self, event: PartStarted) -> bytes:
        start = _start(event.part, self._seal)
        if event.choice or (start is None and not isinstance(event.part, Text | Refusal | Reasoning)):
            return b""  # the format has one answer, and no other blocks in streams
        out = self._on_started()
        index = self._count
        self._count += 1
        self._open[event.id] = (index, event.part)
        if start is not None:
            out += self._put("contentBlockStart", {"contentBlockIndex": index, "start": start})
        return out + b"".join(self._delta(event.id, delta) for delta in self._filling(event.part))

    def _filling(self, part: Part) -> list[Block]:
        """The deltas that fill a block whose part came with something in it already."""
        if isinstance(part, ToolResult):
            items = [self._writer.result_item(item) for item in part.parts]
            return [{"toolResult": [item]} for item in items if item]
        if isinstance(part, Image):
            return [{"image": {"source": {"bytes": part.base64}}}]
        if isinstance(part, ToolCall):
            return [{"toolUse": {"input": part.json}}] if part.json not in ("", "{}") else []
        if isinstance(part, Reasoning):
            return [{"reasoningContent": {"text": part.text}}] if part.text else []
        deltas: list[Block] = [{"citation": written_citation(c)} for c in getattr(part, "citations", ())]
        text = getattr(part, "text", "")
        return [*deltas, {"text": text}] if text else deltas

    def _delta(self, part: int, delta: Block) -> bytes:
        found = self._open.get(part)
        if found is None:
            return b""
        self._shown.add(part)
        return self._put("contentBlockDelta", {"contentBlockIndex": found[0], "delta": delta})

    def _on_text(self, event: TextDelta) -> bytes:
        return self._delta(event.id, {"text": event.text})

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        return self._delta(event.id, {"reasoningContent": {"text": event.text}})

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        return self._delta(event.id, {"toolUse": {"input": event.json}})

    def _on_cited(self, event: Cited) -> bytes:
        return self._delta(event.id, {"citation": written_citation(event.citation)})

    def _on_ended(self, event: PartEnded) -> bytes:
        found = self._open.get(event.id)
        if found is None:
            return b""
        index, part = found
        out = b""
        if isinstance(part, Reasoning):
            sealed = self._seal.open(event.opaque or part.opaque) or {}
            out = b"".join(
                self._delta(event.id, {"reasoningContent": {name: value}}) for name, value in sealed.items()
            )
        del self._open[event.id]
        return out + self._put("contentBlockStop", {"contentBlockIndex": index})

    def _on_finished(self, event: Finished) -> bytes:
        out = self._on_started() + b"".join(self._on_ended(PartEnded(part)) for part in list(self._open))
        usage = event.usage if event.usage.known else self._usage
        stop = self._put("messageStop", {"stopReason": stop_reason(event.finish)})
        figures = {"usage": usage_fields(usage), "metrics": {"latencyMs": 0}, **tier_fields(usage)}
        return out + stop + self._put("metadata", figures)

    def _on_failed(self, event: Failed) -> bytes:
        return write_frame_failure(event.error)


def _start(part: Part, seal: Seal) -> Block | None:
    """How a block is announced; texts are not."""
    if isinstance(part, ToolCall):
        return {"toolUse": called(part)}
    if isinstance(part, ToolResult):
        status = {"status": "error" if part.error else "success"}
        return {"toolResult": {"toolUseId": part.call_id, **status, **(seal.open(part.opaque) or {})}}
    if isinstance(part, Image) and part.data is not None:
        return {"image": {"format": part.media_type.partition("/")[2] or "png"}}
    if isinstance(part, Other):
        return None
    return None


WRITERS: Mapping[type, Callable[[ConverseWriter, Any], bytes]] = {
    Started: ConverseWriter._on_started,
    Metered: ConverseWriter._on_metered,
    PartStarted: ConverseWriter._on_part,
    TextDelta: ConverseWriter._on_text,
    ReasoningDelta: ConverseWriter._on_reasoning,
    ArgumentsDelta: ConverseWriter._on_arguments,
    Cited: ConverseWriter._on_cited,
    PartEnded: ConverseWriter._on_ended,
    Finished: ConverseWriter._on_finished,
    Failed: ConverseWriter._on_failed,
}

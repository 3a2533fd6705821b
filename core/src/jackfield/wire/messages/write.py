"""Completions, streams and failures as the format has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from jackfield.errors import ErrorInfo
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
from jackfield.jsontext import dumps
from jackfield.types import (
    Citation,
    Completion,
    Finish,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from jackfield.wire.call import Headers, Reply
from jackfield.wire.messages.blocks import Block, block_of
from jackfield.wire.messages.tables import (
    CITATIONS,
    CODES,
    FINISHES,
    REPORT_OTHERWISE,
    REPORTS,
    STATUSES,
    STOP_REASONS,
)
from jackfield.wire.seal import Seal

NO_ID = "msg_local"
_LOCATIONS = {kind: location for location, (kind, _) in CITATIONS.items()}
_COUNTED = ("document", "start", "end")


def write_body(completion: Completion, seal: Seal) -> dict[str, Any]:
    """The whole answer."""
    blocks = [answered(part, seal) for part in completion.parts]
    content = [block for block in blocks if block is not None]
    return _message(completion.id, completion.model, content, completion.finish, completion.usage)


def _message(
    identity: str, model: str, content: list[Block], finish: Finish | None, usage: Usage
) -> dict[str, Any]:
    return {
        "id": identity or NO_ID,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": None if finish is None else stop_reason(finish),
        "stop_sequence": None,
        "usage": usage_fields(usage),
    }


def stop_reason(finish: Finish) -> str:
    """The format's word for why the model stopped: its own, if it was one of its own."""
    if finish.raw is not None and FINISHES.get(finish.raw) == finish.reason:
        return finish.raw
    return STOP_REASONS.get(finish.reason, "end_turn")


def usage_fields(usage: Usage) -> dict[str, Any]:
    """The figures as the format counts them: cached input apart, reasoning within the output."""
    written = usage.cache_write + usage.cache_write_1h
    fields: dict[str, Any] = {
        "input_tokens": usage.input + usage.input_audio + usage.input_image,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.total_output,
    }
    if written:
        fields["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    if usage.searches:
        fields["server_tool_use"] = {"web_search_requests": usage.searches, "web_fetch_requests": 0}
    return fields


# -- parts ---------------------------------------------------------------------------------------


def answered(part: Part, seal: Seal) -> Block | None:
    """The block for a part of an answer; what was sealed by others is shown, but cannot be sent back."""
    if isinstance(part, ToolCall):
        return {**_called(part, seal), "input": part.arguments}
    block = block_of(part, seal)
    if isinstance(part, Text) and part.citations and block is not None and "citations" not in block:
        block["citations"] = [written_citation(citation) for citation in part.citations]
    elif block is None and isinstance(part, Reasoning) and part.text:
        block = {"type": "thinking", "thinking": part.text, "signature": ""}
    return block


def _called(call: ToolCall, seal: Seal) -> Block:
    """The block for a call before its arguments are known."""
    kind = "server_tool_use" if call.hosted else "tool_use"
    return {"type": kind, "id": call.id, "name": call.name, "input": {}, **(seal.open(call.opaque) or {})}


def written_citation(citation: Citation) -> Mapping[str, Any]:
    """A citation as the format has it, verbatim if it came that way."""
    if citation.raw.get("type") in CITATIONS:
        return citation.raw
    location = _LOCATIONS.get(citation.kind) or (
        "web_search_result_location" if citation.url else "char_location"
    )
    fields = {theirs: getattr(citation, ours) for ours, theirs in CITATIONS[location][1].items()}
    for ours, theirs in CITATIONS[location][1].items():
        if fields[theirs] is None and ours != "title":
            fields[theirs] = 0 if ours in _COUNTED else ""
    sealed = {"encrypted_index": ""} if location == "web_search_result_location" else {}
    return {"type": location, **fields, **sealed}


# -- streams -------------------------------------------------------------------------------------


class MessagesWriter:
    """Writes one stream. Parts become blocks in the order in which they begin."""

    def __init__(self, seal: Seal, model: str) -> None:
        self._seal = seal
        self._model = model
        self._usage = Usage()
        self._started = False
        self._finished = False
        self._open: dict[int, tuple[int, Part]] = {}
        self._count = 0

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """The end mark; none for a stream that did not finish, so that it is not taken for one that did."""
        return named_event({"type": "message_stop"}) if self._finished else b""

    def _start(self, identity: str = "", model: str = "") -> bytes:
        if self._started:
            return b""
        self._started = True
        message = _message(identity, model or self._model, [], None, self._usage)
        return named_event({"type": "message_start", "message": message})

    def _on_started(self, event: Started) -> bytes:
        return self._start(event.id, event.model)

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    def _on_part(self, event: PartStarted) -> bytes:
        if event.choice:
            return b""  # the format has one answer
        out = self._start()
        block = self._opening(event.part)
        if block is None:
            return out
        index = self._count
        self._count += 1
        self._open[event.id] = (index, event.part)
        start = named_event({"type": "content_block_start", "index": index, "content_block": block})
        return out + start + b"".join(_delta(index, delta) for delta in _filling(event.part))

    def _opening(self, part: Part) -> Block | None:
        """The block as it begins: what grows is empty."""
        own = self._seal.open(getattr(part, "opaque", None)) or {}
        if isinstance(part, Text | Refusal):
            rest = {name: value for name, value in own.items() if name != "citations"}
            return {"type": "text", "text": "", **rest}
        if isinstance(part, ToolCall):
            return _called(part, self._seal)
        if isinstance(part, Reasoning) and own.get("type") != "redacted_thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}
        return answered(part, self._seal)

    def _on_text(self, event: TextDelta) -> bytes:
        return self._on_delta(event.id, {"type": "text_delta", "text": event.text})

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        return self._on_delta(event.id, {"type": "thinking_delta", "thinking": event.text})

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        return self._on_delta(event.id, {"type": "input_json_delta", "partial_json": event.json})

    def _on_cited(self, event: Cited) -> bytes:
        return self._on_delta(
            event.id, {"type": "citations_delta", "citation": written_citation(event.citation)}
        )

    def _on_delta(self, part: int, delta: Block) -> bytes:
        found = self._open.get(part)
        return b"" if found is None else _delta(found[0], delta)

    def _on_ended(self, event: PartEnded) -> bytes:
        index, part = self._open.pop(event.id, (None, None))
        if index is None:
            return b""
        sealed = self._seal.open(event.opaque or getattr(part, "opaque", None))
        deltas = () if sealed is None or part is None else _sealing(part, sealed, self._seal)
        stop = named_event({"type": "content_block_stop", "index": index})
        return b"".join(_delta(index, delta) for delta in deltas) + stop

    def _on_finished(self, event: Finished) -> bytes:
        self._finished = True
        out = self._start() + b"".join(self._on_ended(PartEnded(part)) for part in list(self._open))
        usage = event.usage if event.usage.known else self._usage
        delta = {"stop_reason": stop_reason(event.finish), "stop_sequence": None}
        return out + named_event({"type": "message_delta", "delta": delta, "usage": usage_fields(usage)})

    def _on_failed(self, event: Failed) -> bytes:
        return self._start() + named_event(failure_body(event.error))


def _filling(part: Part) -> list[Block]:
    """The deltas that fill a block whose part came with something in it already."""
    if isinstance(part, Text | Refusal):
        cited = [_citation_delta(citation) for citation in getattr(part, "citations", ())]
        return [*cited, *([{"type": "text_delta", "text": part.text}] if part.text else [])]
    if isinstance(part, ToolCall):
        return (
            [{"type": "input_json_delta", "partial_json": part.json}] if part.json not in ("", "{}") else []
        )
    if isinstance(part, Reasoning) and part.text:
        return [{"type": "thinking_delta", "thinking": part.text}]
    return []


def _citation_delta(citation: Citation) -> Block:
    return {"type": "citations_delta", "citation": written_citation(citation)}


def _sealing(part: Part, sealed: Mapping[str, Any], seal: Seal) -> list[Block]:
    """The deltas for what a part was sealed with at its end."""
    if isinstance(part, Reasoning) and sealed.get("signature"):
        return [{"type": "signature_delta", "signature": sealed["signature"]}]
    if not isinstance(part, Other):
        return []  # citations were written as they came
    before = seal.open(part.opaque) or {}
    changed = {
        name: _grown(before.get(name), value) for name, value in sealed.items() if before.get(name) != value
    }
    return [{"type": f"{part.kind}_delta", **changed}] if changed else []


def _grown(before: Any, value: Any) -> Any:
    both = isinstance(before, str) and isinstance(value, str)
    return value[len(before) :] if both and value.startswith(before) else value


def _delta(index: int, delta: Block) -> bytes:
    return named_event({"type": "content_block_delta", "index": index, "delta": delta})


def named_event(value: Mapping[str, Any]) -> bytes:
    """One event of a stream: its type is its name, too."""
    return b"event: %b\ndata: %b\n\n" % (value["type"].encode(), dumps(value))


WRITERS: Mapping[type, Callable[[MessagesWriter, Any], bytes]] = {
    Started: MessagesWriter._on_started,
    Metered: MessagesWriter._on_metered,
    PartStarted: MessagesWriter._on_part,
    TextDelta: MessagesWriter._on_text,
    ReasoningDelta: MessagesWriter._on_reasoning,
    ArgumentsDelta: MessagesWriter._on_arguments,
    Cited: MessagesWriter._on_cited,
    PartEnded: MessagesWriter._on_ended,
    Finished: MessagesWriter._on_finished,
    Failed: MessagesWriter._on_failed,
}


# -- failures ------------------------------------------------------------------------------------


def write_failure(error: ErrorInfo) -> Reply:
    """The answer that reports a failure, with what helps a client to decide whether to come back.

    A failure that has a status keeps it; whoever answers for somebody else clears it first.
    """
    status = error.status if error.status is not None and error.status >= 400 else None
    if status is None:
        status = STATUSES.get(error.kind, error.leaf.gateway_status)
    headers = Headers({"content-type": "application/json"})
    if error.request_id:
        headers["request-id"] = error.request_id
    if error.retry_after is not None:
        headers["retry-after"] = str(ceil(error.retry_after))
        headers["retry-after-ms"] = str(round(error.retry_after * 1000))
    if error.should_retry is not None:
        headers["x-should-retry"] = "true" if error.should_retry else "false"
    return Reply(status, headers, dumps(failure_body(error)))


def failure_body(error: ErrorInfo) -> dict[str, Any]:
    """The body that reports a failure, whole or inside a stream."""
    given = error.code or ""
    code = given if given in CODES and given.endswith("_error") else _report(error.kind)
    body: dict[str, Any] = {"type": "error", "error": {"type": code, "message": error.message}}
    return {**body, "request_id": error.request_id} if error.request_id else body


def _report(kind: str) -> str:
    return REPORTS.get(kind) or REPORTS.get(kind.partition(".")[0], REPORT_OTHERWISE)


def whole(value: Mapping[str, Any]) -> Reply:
    """A success."""
    return Reply(200, Headers({"content-type": "application/json"}), dumps(value))

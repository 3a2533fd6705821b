"""Completions, streams and failures as the format has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from jackfield.errors import ErrorInfo
from jackfield.events import (
    ArgumentsDelta,
    Event,
    Failed,
    Finished,
    Logprobs,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Finish, Part, Reasoning, Refusal, Text, TokenLogprob, ToolCall, Usage
from jackfield.wire.call import Headers, Reply
from jackfield_ollama.tables import FINISHES


def write_body(completion: Completion) -> dict[str, Any]:
    """The whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    calls: list[dict[str, Any]] = []
    for part in completion.parts:
        if isinstance(part, Text | Refusal):
            message["content"] += part.text
        elif isinstance(part, Reasoning):
            message["thinking"] = message.get("thinking", "") + part.text
        elif isinstance(part, ToolCall) and not part.hosted:
            calls.append(written_call(part, part.json, len(calls)))
    if calls:
        message["tool_calls"] = calls
    body = {"model": completion.model, "message": message, **ending(completion.finish, completion.usage)}
    return {**body, "logprobs": list(map(_logprob, completion.logprobs))} if completion.logprobs else body


def written_call(call: ToolCall, text: str, index: int) -> dict[str, Any]:
    """A call, its arguments an object."""
    return {
        "id": call.id,
        "function": {"index": index, "name": call.name, "arguments": loads(text or "{}") or {}},
    }


def ending(finish: Finish, usage: Usage) -> dict[str, Any]:
    """What the last line says: why it is the last, and the figures."""
    own = finish.raw is not None and finish.raw in FINISHES
    word = finish.raw if own else "length" if finish.reason == "length" else "stop"
    durations = {name: value for name, value in usage.raw.items() if name.endswith("_duration")}
    counts = {"prompt_eval_count": usage.total_input, "eval_count": usage.total_output} if usage.known else {}
    return {"done": True, "done_reason": word, **durations, **counts}


def _logprob(token: TokenLogprob) -> dict[str, Any]:
    top = [{"token": word, "logprob": figure} for word, figure in token.top]
    return {"token": token.token, "logprob": token.logprob, **({"top_logprobs": top} if top else {})}


class OllamaWriter:
    """Writes one stream, a line for each piece. Calls are written when they are complete."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._usage = Usage()
        self._calls: dict[int, tuple[ToolCall, list[str]]] = {}
        self._written = 0

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """Nothing: the last line said that it is the last."""
        return b""

    def _line(self, message: Mapping[str, Any], **facts: Any) -> bytes:
        said = {"role": "assistant", "content": "", **message}
        return dumps({"model": self._model, "message": said, "done": False, **facts}) + b"\n"

    def _on_started(self, event: Started) -> bytes:
        self._model = event.model or self._model
        return b""

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    def _on_part(self, event: PartStarted) -> bytes:
        part: Part = event.part
        if event.choice:
            return b""  # the format has one answer
        if isinstance(part, ToolCall) and not part.hosted:
            self._calls[event.id] = part, []
        field = _FIELDS.get(type(part))
        text = getattr(part, "text", "")
        return self._line({field: text}) if field and text else b""

    def _on_text(self, event: TextDelta) -> bytes:
        return self._line({"content": event.text})

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        return self._line({"thinking": event.text})

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        if event.id in self._calls:
            self._calls[event.id][1].append(event.json)
        return b""

    def _on_ended(self, event: PartEnded) -> bytes:
        if event.id not in self._calls:
            return b""
        call, pieces = self._calls.pop(event.id)
        line = self._line({"tool_calls": [written_call(call, "".join(pieces) or call.json, self._written)]})
        self._written += 1
        return line

    def _on_logprobs(self, event: Logprobs) -> bytes:
        return b"" if event.choice else self._line({}, logprobs=list(map(_logprob, event.tokens)))

    def _on_finished(self, event: Finished) -> bytes:
        calls = b"".join(self._on_ended(PartEnded(number)) for number in list(self._calls))
        usage = event.usage if event.usage.known else self._usage
        return calls + self._line({}, **ending(event.finish, usage))

    def _on_failed(self, event: Failed) -> bytes:
        return dumps(failure_body(event.error)) + b"\n"


_FIELDS: Mapping[type, str] = {Text: "content", Refusal: "content", Reasoning: "thinking"}

WRITERS: Mapping[type, Callable[[OllamaWriter, Any], bytes]] = {
    Started: OllamaWriter._on_started,
    Metered: OllamaWriter._on_metered,
    PartStarted: OllamaWriter._on_part,
    TextDelta: OllamaWriter._on_text,
    ReasoningDelta: OllamaWriter._on_reasoning,
    ArgumentsDelta: OllamaWriter._on_arguments,
    PartEnded: OllamaWriter._on_ended,
    Logprobs: OllamaWriter._on_logprobs,
    Finished: OllamaWriter._on_finished,
    Failed: OllamaWriter._on_failed,
}


def failure_body(error: ErrorInfo) -> dict[str, Any]:
    """A failure, whole or as a line: its words."""
    return {"error": error.message or "the answer failed"}


def write_failure(error: ErrorInfo) -> Reply:
    """The reply that reports a failure, under the status it came with or else that of its kind."""
    known = error.status is not None and error.status >= 400
    headers = Headers({"content-type": "application/json"})
    if error.retry_after is not None:
        headers["retry-after"] = str(ceil(error.retry_after))
    if error.request_id:
        headers["x-request-id"] = error.request_id
    status = error.status if known and error.status else error.leaf.gateway_status
    return Reply(status, headers, dumps(failure_body(error)))

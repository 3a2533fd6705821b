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
    Logprobs,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.jsontext import dumps
from jackfield.types import Completion, Finish, Reasoning, Refusal, Text, TokenLogprob, ToolCall, Usage
from jackfield.wire.call import Headers, Reply
from jackfield.wire.seal import Seal
from jackfield_cohere.citations import written_citation
from jackfield_cohere.tables import FINISH_WORDS, FINISHES, PLAN, REPORTS, THINKING
from jackfield_cohere.usage import usage_fields

NO_ID = "00000000-0000-4000-8000-000000000000"


def write_body(completion: Completion, seal: Seal) -> dict[str, Any]:
    """The whole answer."""
    message: dict[str, Any] = {"role": "assistant"}
    for part in completion.parts:
        add = _ANSWERED.get(type(part))
        if add is not None:  # what the format cannot show in an answer is left out of it
            add(message, part, seal)
    body: dict[str, Any] = {
        "id": completion.id or NO_ID,
        "message": message,
        "finish_reason": finish_word(completion.finish),
        "usage": usage_fields(completion.usage),
    }
    if completion.logprobs:
        body["logprobs"] = [written_logprob(token) for token in completion.logprobs]
    return body


def _add_text(message: dict[str, Any], part: Text | Refusal, seal: Seal) -> None:
    content = message.setdefault("content", [])
    for citation in getattr(part, "citations", ()):
        cited = {**written_citation(citation), "content_index": len(content)}
        message.setdefault("citations", []).append(_placed(citation.raw, cited))
    content.append({"type": "text", "text": part.text})


def _placed(raw: Mapping[str, Any], cited: dict[str, Any]) -> dict[str, Any]:
    """A citation that came without a place in the content keeps to that where it holds: in the first."""
    if cited["content_index"] == 0 and "sources" in raw and "content_index" not in raw:
        del cited["content_index"]
    return cited


def _add_reasoning(message: dict[str, Any], part: Reasoning, seal: Seal) -> None:
    own = seal.open(part.opaque) or {}
    if own.get("type") == PLAN:
        message[PLAN] = message.get(PLAN, "") + part.text
    else:
        message.setdefault("content", []).append({"type": THINKING, **own, THINKING: part.text})


def _add_call(message: dict[str, Any], part: ToolCall, seal: Seal) -> None:
    if not part.hosted:
        message.setdefault("tool_calls", []).append(_call(part, part.json or "{}"))


_ANSWERED: Mapping[type, Callable[[dict[str, Any], Any, Seal], None]] = {
    Text: _add_text,
    Refusal: _add_text,
    Reasoning: _add_reasoning,
    ToolCall: _add_call,
}


def _call(call: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def finish_word(finish: Finish) -> str:
    """The format's word for why the model stopped: its own, if it was one of its own."""
    if finish.raw is not None and FINISHES.get(finish.raw) == finish.reason:
        return finish.raw
    return FINISH_WORDS.get(finish.reason, "COMPLETE")


def written_logprob(token: TokenLogprob) -> dict[str, Any]:
    """One token; its number in the vocabulary is not known here."""
    return {"text": token.token, "token_ids": [], "logprobs": [token.logprob]}


# -- streams -------------------------------------------------------------------------------------


class CohereWriter:
    """Writes one stream. Content and calls are counted apart, as the format has it."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._usage = Usage()
        self._started = False
        self._finished = False
        self._open: dict[int, tuple[str, int]] = {}  # what and at which index
        self._counts = {"content": 0, "tool-call": 0, "citation": 0}

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """The end mark; none for a stream that did not finish."""
        return b"data: [DONE]\n\n" if self._finished else b""

    def _start(self, identity: str = "") -> bytes:
        if self._started:
            return b""
        self._started = True
        message = {"role": "assistant", "content": [], PLAN: "", "tool_calls": [], "citations": []}
        return named_event("message-start", {"id": identity or NO_ID, "delta": {"message": message}})

    def _on_started(self, event: Started) -> bytes:
        return self._start(event.id)

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    def _on_part(self, event: PartStarted) -> bytes:
        begin = _BEGINS.get(type(event.part))
        if begin is None or event.choice:
            return b""  # the format has one answer, of text, thinking and calls
        return self._start() + begin(self, event.id, event.part)

    def _next(self, number: int, what: str) -> int:
        index = self._counts[what]
        self._counts[what] += 1
        self._open[number] = (what, index)
        return index

    def _begin_text(self, number: int, part: Text | Refusal) -> bytes:
        index = self._next(number, "content")
        out = _delta("content-start", index, {"content": {"type": "text", "text": ""}})
        cited = b"".join(self._cited(index, written_citation(c)) for c in getattr(part, "citations", ()))
        return out + cited + (self._said(number, "text", part.text) if part.text else b"")

    def _begin_reasoning(self, number: int, part: Reasoning) -> bytes:
        own = self._seal.open(part.opaque) or {}
        if own.get("type") == PLAN:
            self._open[number] = (PLAN, 0)
            out = b""
        else:
            index = self._next(number, "content")
            out = _delta("content-start", index, {"content": {"type": THINKING, **own, THINKING: ""}})
        return out + (self._said(number, THINKING, part.text) if part.text else b"")

    def _begin_call(self, number: int, part: ToolCall) -> bytes:
        if part.hosted:
            return b""
        index = self._next(number, "tool-call")
        out = _delta("tool-call-start", index, {"tool_calls": _call(part, "")})
        return out + (self._argued(number, part.json) if part.json not in ("", "{}") else b"")

    def _on_text(self, event: TextDelta) -> bytes:
        return self._said(event.id, "text", event.text)

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        return self._said(event.id, THINKING, event.text)

    def _said(self, number: int, field: str, text: str) -> bytes:
        what, index = self._open.get(number, ("", 0))
        if what == PLAN:
            return named_event("tool-plan-delta", {"delta": {"message": {PLAN: text}}})
        return _delta("content-delta", index, {"content": {field: text}}) if what else b""

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        return self._argued(event.id, event.json)

    def _argued(self, number: int, text: str) -> bytes:
        what, index = self._open.get(number, ("", 0))
        delta = {"tool_calls": {"function": {"arguments": text}}}
        return _delta("tool-call-delta", index, delta) if what else b""

    def _on_cited(self, event: Cited) -> bytes:
        what, index = self._open.get(event.id, ("", 0))
        return self._cited(index, written_citation(event.citation)) if what else b""

    def _cited(self, content: int, raw: Mapping[str, Any]) -> bytes:
        number = self._counts["citation"]
        self._counts["citation"] += 1
        start = _delta(
            "citation-start", number, {"citations": _placed(raw, {**raw, "content_index": content})}
        )
        return start + named_event("citation-end", {"index": number})

    def _on_logprobs(self, event: Logprobs) -> bytes:
        tokens = () if event.choice else event.tokens
        delta = {"message": {"content": {"text": ""}}}
        facts = [{"index": 0, "delta": delta, "logprobs": written_logprob(token)} for token in tokens]
        return b"".join(named_event("content-delta", fact) for fact in facts)

    def _on_ended(self, event: PartEnded) -> bytes:
        what, index = self._open.pop(event.id, ("", 0))
        return b"" if what in ("", PLAN) else named_event(f"{what}-end", {"index": index})

    def _on_finished(self, event: Finished) -> bytes:
        self._finished = True
        out = self._start() + b"".join(self._on_ended(PartEnded(number)) for number in list(self._open))
        usage = event.usage if event.usage.known else self._usage
        delta = {"finish_reason": finish_word(event.finish), "usage": usage_fields(usage)}
        return out + named_event("message-end", {"delta": delta})

    def _on_failed(self, event: Failed) -> bytes:
        delta = {"finish_reason": "ERROR", "usage": {}, "error": event.error.message or "the answer failed"}
        code = report(event.error)
        return self._start() + named_event(
            "message-end", {"delta": {**delta, "error_type": code} if code else {**delta}}
        )


def _delta(kind: str, index: int, message: Mapping[str, Any]) -> bytes:
    return named_event(kind, {"index": index, "delta": {"message": message}})


def named_event(kind: str, facts: Mapping[str, Any]) -> bytes:
    """One event of a stream: its type is its name, too."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), dumps({"type": kind, **facts}))


_BEGINS: Mapping[type, Callable[[CohereWriter, int, Any], bytes]] = {
    Text: CohereWriter._begin_text,
    Refusal: CohereWriter._begin_text,
    Reasoning: CohereWriter._begin_reasoning,
    ToolCall: CohereWriter._begin_call,
}

WRITERS: Mapping[type, Callable[[CohereWriter, Any], bytes]] = {
    Started: CohereWriter._on_started,
    Metered: CohereWriter._on_metered,
    PartStarted: CohereWriter._on_part,
    TextDelta: CohereWriter._on_text,
    ReasoningDelta: CohereWriter._on_reasoning,
    ArgumentsDelta: CohereWriter._on_arguments,
    Cited: CohereWriter._on_cited,
    Logprobs: CohereWriter._on_logprobs,
    PartEnded: CohereWriter._on_ended,
    Finished: CohereWriter._on_finished,
    Failed: CohereWriter._on_failed,
}


# -- failures ------------------------------------------------------------------------------------


def report(error: ErrorInfo) -> str | None:
    """The code a failure is reported with: the provider's own, if there is one."""
    return error.code or REPORTS.get(error.kind)


def write_failure(error: ErrorInfo) -> Reply:
    """The answer that reports a failure. One that has a status keeps it; whoever answers for another clears it."""
    status = error.status if error.status is not None and error.status >= 400 else error.leaf.gateway_status
    headers = Headers({"content-type": "application/json"})
    if error.request_id:
        headers["x-debug-trace-id"] = error.request_id
    if error.retry_after is not None:
        headers["retry-after"] = str(ceil(error.retry_after))
        headers["retry-after-ms"] = str(round(error.retry_after * 1000))
    body = {"id": error.request_id or NO_ID, "message": error.message}
    code = report(error)
    return Reply(status, headers, dumps({**body, "error_type": code} if code else body))


def whole(value: Any) -> Reply:
    """A success."""
    return Reply(200, Headers({"content-type": "application/json"}), dumps(value))

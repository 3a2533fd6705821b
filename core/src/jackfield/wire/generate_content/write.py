"""Completions, streams and failures as the format has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import attrs

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
from jackfield.types import (
    Citation,
    Completion,
    Finish,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire.call import Headers, Reply
from jackfield.wire.generate_content.blocks import Block, blocks_of
from jackfield.wire.generate_content.grounding import cited_fields
from jackfield.wire.generate_content.tables import (
    CODES,
    FINISH_WORDS,
    FINISHES,
    REPORT_OTHERWISE,
    REPORTS,
    STATUS_CODES,
    Rules,
)
from jackfield.wire.generate_content.usage import usage_fields

JSON = "application/json"


def write_body(completion: Completion, rules: Rules) -> dict[str, Any]:
    """The whole answer."""
    candidates = [_candidate(0, completion.parts, completion.finish, completion.logprobs, rules)]
    for index, choice in enumerate(completion.alternatives, 1):
        candidates.append(_candidate(index, choice.parts, choice.finish, choice.logprobs, rules))
    return _record(candidates, completion.usage, completion.model, completion.id)


def _candidate(
    index: int, parts: Sequence[Part], finish: Finish, logprobs: Sequence[TokenLogprob], rules: Rules
) -> dict[str, Any]:
    blocks = [block for part in parts for block in answered(part, rules)]
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": blocks}}
    word = finish_word(finish)
    if word is not None:
        candidate["finishReason"] = word
    if logprobs:
        candidate["logprobsResult"] = _logprobs(logprobs)
    return {**candidate, "index": index, **cited_fields(parts)}


def _record(candidates: list[dict[str, Any]], usage: Usage, model: str, identity: str) -> dict[str, Any]:
    figures = usage_fields(usage)
    record: dict[str, Any] = {"candidates": candidates}
    if figures:
        record["usageMetadata"] = figures
    return {**record, "modelVersion": model, "responseId": identity}


def answered(part: Part, rules: Rules) -> list[Block]:
    """The format's parts for a part of an answer; thoughts are shown even if they cannot be sent back."""
    if isinstance(part, Reasoning) and rules.seal.open(part.opaque) is None:
        return [{"text": part.text, "thought": True}]
    if isinstance(part, ToolCall):
        part = attrs.evolve(part, hosted=False)
    return blocks_of(part, rules, {})


def finish_word(finish: Finish) -> str | None:
    """The format's word for why the model stopped: its own, if it was one of its own."""
    reason = "stop" if finish.reason == "tool_calls" else finish.reason
    if finish.raw is not None and FINISHES.get(finish.raw) == reason:
        return finish.raw
    return FINISH_WORDS.get(finish.reason)


def _logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    return {
        "chosenCandidates": [_token(token.token, token.logprob) for token in tokens],
        "topCandidates": [{"candidates": [_token(*other) for other in token.top]} for token in tokens],
    }


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logProbability": logprob}


# -- streams -------------------------------------------------------------------------------------


class _Held:
    """A part that is being written, with what can only be written at its end."""

    __slots__ = ("choice", "citations", "json", "part", "text")

    def __init__(self, part: Part, choice: int) -> None:
        self.part = part
        self.choice = choice
        self.text: list[str] = []
        self.json: list[str] = []
        self.citations: list[Citation] = []

    def whole(self, opaque: Opaque | None) -> Part:
        """What is left to be written when the part ends: texts were written as they came."""
        changes: dict[str, Any] = {} if opaque is None else {"opaque": opaque}
        if self.text:
            changes["text"] = ""
        if self.json and isinstance(self.part, ToolCall):
            changes["json"] = "".join(self.json)
        return attrs.evolve(self.part, **changes)


class ContentWriter:
    """Writes one stream, of events or (``array``) as one JSON array, which is what is sent to who asks for none."""

    def __init__(self, rules: Rules, model: str, *, array: bool = False) -> None:
        self._rules = rules
        self._model = model
        self._identity = ""
        self._usage = Usage(source="unknown")
        self._held: dict[int, _Held] = {}
        self._array = array
        self._begun = False

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """What closes the stream; streams of events have no end mark."""
        if not self._array:
            return b""
        return b"\n]" if self._begun else b"[]"

    def _send(self, record: Mapping[str, Any]) -> bytes:
        if not self._array:
            return b"data: %b\r\n\r\n" % dumps(record)
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + dumps(record)

    def _say(self, choice: int, blocks: Iterable[Block], **fields: Any) -> bytes:
        listed = list(blocks)
        candidate = {"content": {"role": "model", "parts": listed}} if listed else {}
        return self._send(
            _record([{**candidate, "index": choice, **fields}], self._usage, self._model, self._identity)
        )

    def _on_started(self, event: Started) -> bytes:
        self._identity, self._model = event.id, event.model or self._model
        return b""

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    def _on_part(self, event: PartStarted) -> bytes:
        held = self._held[event.id] = _Held(event.part, event.choice)
        if isinstance(event.part, Text):
            held.citations = list(event.part.citations)
        return b""

    def _on_text(self, event: TextDelta) -> bytes:
        return self._on_delta(event.id, {"text": event.text})

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        return self._on_delta(event.id, {"text": event.text, "thought": True})

    def _on_delta(self, part: int, block: Block) -> bytes:
        held = self._held[part]
        begun = b"" if held.text else self._opening(held)
        held.text.append(block["text"])
        return begun + self._say(held.choice, [block])

    def _opening(self, held: _Held) -> bytes:
        """What a part held already when deltas began to come."""
        text = getattr(held.part, "text", "")
        if not text:
            return b""
        held.text.append(text)
        thought = {"thought": True} if isinstance(held.part, Reasoning) else {}
        return self._say(held.choice, [{"text": text, **thought}])

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        self._held[event.id].json.append(event.json)
        return b""

    def _on_cited(self, event: Cited) -> bytes:
        self._held[event.id].citations.append(event.citation)
        return b""

    def _on_ended(self, event: PartEnded) -> bytes:
        """The part as far as it has not been written: a call, a whole part, a signature, what is cited."""
        held = self._held.pop(event.id, None)
        if held is None:
            return b""
        part = held.whole(event.opaque)
        out = b""
        blocks = [] if _said(part) else answered(part, self._rules)
        if blocks:
            out = self._say(held.choice, blocks)
        if isinstance(part, Text) and held.citations:
            said = "".join(held.text) if held.text else part.text
            out += self._say(held.choice, (), **cited_fields([Text(said, tuple(held.citations))]))
        return out

    def _on_logprobs(self, event: Logprobs) -> bytes:
        return self._say(event.choice, (), logprobsResult=_logprobs(event.tokens))

    def _on_finished(self, event: Finished) -> bytes:
        out = b"".join(self._on_ended(PartEnded(part)) for part in list(self._held))
        if event.usage.known:
            self._usage = event.usage
        for choice, finish in enumerate((event.finish, *event.alternatives)):
            word = finish_word(finish)
            fields = {"finishReason": word} if word is not None else {}
            out += self._say(choice, (), **fields)
        return out

    def _on_failed(self, event: Failed) -> bytes:
        return self._send(failure_body(event.error, self._rules)[1])


def _said(part: Part) -> bool:
    """Whether nothing of a part is left to be written."""
    if isinstance(part, Text | Reasoning):
        return not (part.text or part.opaque)
    return isinstance(part, Refusal) and not part.text


WRITERS: Mapping[type, Callable[[ContentWriter, Any], bytes]] = {
    Started: ContentWriter._on_started,
    Metered: ContentWriter._on_metered,
    PartStarted: ContentWriter._on_part,
    TextDelta: ContentWriter._on_text,
    ReasoningDelta: ContentWriter._on_reasoning,
    ArgumentsDelta: ContentWriter._on_arguments,
    Cited: ContentWriter._on_cited,
    PartEnded: ContentWriter._on_ended,
    Logprobs: ContentWriter._on_logprobs,
    Finished: ContentWriter._on_finished,
    Failed: ContentWriter._on_failed,
}


# -- failures ------------------------------------------------------------------------------------


def write_failure(error: ErrorInfo, rules: Rules) -> Reply:
    """The answer that reports a failure.

    A failure that has a status keeps it; whoever answers for somebody else clears it first.
    """
    status, body = failure_body(error, rules)
    headers = Headers({"content-type": JSON})
    if error.request_id:
        headers["x-request-id"] = error.request_id
    if error.retry_after is not None:
        headers["retry-after"] = str(ceil(error.retry_after))
        headers["retry-after-ms"] = str(round(error.retry_after * 1000))
    if error.should_retry is not None:
        headers["x-should-retry"] = "true" if error.should_retry else "false"
    return Reply(status, headers, dumps(body))


def failure_body(error: ErrorInfo, rules: Rules) -> tuple[int, dict[str, Any]]:
    """Status and body that report a failure, whole or inside a stream."""
    usual, word = REPORTS.get(error.kind) or REPORTS.get(error.kind.partition(".")[0], REPORT_OTHERWISE)
    given = error.status if error.status is not None and error.status >= 400 else None
    code = error.code or ""
    if code.isupper() and code.lower() in CODES and code in STATUS_CODES.values():
        word = code
    elif given is not None:
        word = STATUS_CODES.get(given, word)
    status = usual if given is None else given
    body: dict[str, Any] = {"code": status, "message": error.message, "status": word}
    if error.retry_after is not None:
        kind = rules.settings["retry_info"]
        delay = {**({"@type": kind} if kind else {}), "retryDelay": f"{error.retry_after:g}s"}
        body["details"] = [delay]
    return status, {"error": body}


def whole(value: Mapping[str, Any]) -> Reply:
    """A success."""
    return Reply(200, Headers({"content-type": JSON}), dumps(value))

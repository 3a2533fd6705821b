"""Completions and events to bodies and chunks: the server half of parsing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jackfield.errors import ErrorInfo
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
from jackfield.jsontext import dumps
from jackfield.types import (
    Audio,
    Citation,
    Completion,
    Finish,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire.chat_completions.forms import NAME
from jackfield.wire.chat_completions.tables import FINISH_OUT, KIND_CODES

DONE = b"data: [DONE]\n\n"


def completion_body(completion: Completion, *, thoughts: bool = False) -> dict[str, Any]:
    """The whole answer. The format wants a time of creation; a wire knows none, and says 0.

    With ``thoughts``, reasoning stands in the content.
    """
    choices = [_choice(0, completion.parts, completion.finish, completion.logprobs)]
    for index, other in enumerate(completion.alternatives, 1):
        choices.append(_choice(index, other.parts, other.finish, other.logprobs))
    if thoughts:
        for choice, parts in zip(choices, _answers(completion), strict=True):
            _think_aloud(choice["message"], parts)
    body: dict[str, Any] = {
        "id": completion.id,
        "object": "chat.completion",
        "created": 0,
        "model": completion.model,
        "choices": choices,
    }
    if completion.usage.known:
        body["usage"] = usage_body(completion.usage)
    return body


def _answers(completion: Completion) -> list[Sequence[Part]]:
    return [completion.parts, *(other.parts for other in completion.alternatives)]


def _think_aloud(message: dict[str, Any], parts: Sequence[Part]) -> None:
    """Put the reasoning of a message into its content, before the text."""
    items = [item for part in parts if isinstance(part, Reasoning) for item in thoughts_of(part)]
    if items:
        text = message["content"]
        message.pop("reasoning_content", None)
        message["content"] = [*items, {"type": "text", "text": text}] if text else items


def thoughts_of(part: Reasoning) -> list[Any]:
    """Reasoning as items of a content: as they came, or one made of its words."""
    kept = part.opaque.data.get("content") if part.opaque is not None and part.opaque.wire == NAME else None
    return kept if isinstance(kept, list) else [_thought(part.text)]


def _thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _choice(
    index: int, parts: Sequence[Part], finish: Finish, logprobs: tuple[TokenLogprob, ...]
) -> dict[str, Any]:
    return {
        "index": index,
        "message": message_body(parts),
        "logprobs": logprobs_body(logprobs) if logprobs else None,
        "finish_reason": FINISH_OUT[finish.reason],
    }


def message_body(parts: Sequence[Part]) -> dict[str, Any]:
    """The parts of an answer as one message."""
    texts = [part for part in parts if isinstance(part, Text)]
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(part.text for part in texts) if texts else None,
        "refusal": "".join(refusals) if refusals else None,
    }
    annotations = [annotation(citation) for part in texts for citation in part.citations]
    if annotations:
        message["annotations"] = annotations
    _add_reasoning(message, [part for part in parts if isinstance(part, Reasoning)])
    for part in parts:
        if isinstance(part, ToolCall) and not part.hosted:
            message.setdefault("tool_calls", []).append(call_body(part))
        elif isinstance(part, Audio) and part.data is not None:
            message["audio"] = audio_body(part)
        elif isinstance(part, Image) and part.file_id is None:
            message.setdefault("images", []).append(image_body(part))
    return message


def _add_reasoning(message: dict[str, Any], parts: Sequence[Reasoning]) -> None:
    text = "".join(part.text for part in parts)
    if text:
        message["reasoning_content"] = text
    details = [item for part in parts for item in _details(part.opaque)]
    if details:
        message["reasoning_details"] = details


def _details(opaque: Opaque | None) -> Sequence[Any]:
    return opaque.data.get("reasoning_details", ()) if opaque is not None else ()


def call_body(call: ToolCall) -> dict[str, Any]:
    """A tool call, with what its provider wants back with it."""
    body: dict[str, Any] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.json},
    }
    if call.opaque is not None and "extra_content" in call.opaque.data:
        body["extra_content"] = call.opaque.data["extra_content"]
    return body


def audio_body(audio: Audio) -> dict[str, Any]:
    """Spoken words; the format wants an id and a time of expiry."""
    kept = audio.opaque.data.get("audio", {}) if audio.opaque is not None else {}
    return {
        "id": kept.get("id", ""),
        "data": audio.base64,
        "expires_at": 0,
        "transcript": audio.transcript or "",
    }


def image_body(image: Image) -> dict[str, Any]:
    """A picture the model made."""
    return {"type": "image_url", "image_url": {"url": image.data_url}}


def annotation(citation: Citation) -> dict[str, Any]:
    """A citation, as it came if it came over this format."""
    if citation.raw.get("type") == "url_citation":
        return dict(citation.raw)
    fields = {
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }
    return {"type": "url_citation", "url_citation": fields}


def logprobs_body(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    """Log probabilities in the format's form."""
    content = [
        {
            "token": token.token,
            "logprob": token.logprob,
            "bytes": list(token.token.encode("utf-8", "replace")),
            "top_logprobs": [{"token": text, "logprob": value, "bytes": None} for text, value in token.top],
        }
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def usage_body(usage: Usage) -> dict[str, Any]:
    """Usage as totals that include what the details list."""
    return {
        "prompt_tokens": usage.total_input,
        "completion_tokens": usage.total_output,
        "total_tokens": usage.total_input + usage.total_output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write + usage.cache_write_1h,
            "audio_tokens": usage.input_audio,
            "image_tokens": usage.input_image,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.output_audio,
            "image_tokens": usage.output_image,
        },
    }


def error_body(error: ErrorInfo) -> dict[str, Any]:
    """The error object of the format."""
    kind, code = KIND_CODES.get(error.kind, ("server_error", "server_error"))
    return {"error": {"message": error.message, "type": kind, "param": None, "code": error.code or code}}


class StreamWriter:
    """Writes one stream: role, deltas, finish, usage if asked for, and the end mark on success alone."""

    __slots__ = (
        "_calls",
        "_choices",
        "_head",
        "_held",
        "_pending",
        "_refusals",
        "_roles",
        "_succeeded",
        "_thoughts",
        "_usage",
        "_whole",
    )

    def __init__(
        self, model: str = "", *, usage: bool = True, whole_calls: bool = False, thoughts: bool = False
    ) -> None:
        self._head = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": model}
        self._usage = usage
        self._whole = whole_calls
        self._thoughts = thoughts
        self._held: dict[int, tuple[dict[str, Any], list[str]]] = {}  # calls that wait until they are whole
        self._choices: dict[int, int] = {}  # part id -> choice
        self._calls: dict[int, int] = {}  # part id -> index among the calls of its choice
        self._pending: dict[int, str] = {}  # arguments a call began with, until deltas replace them
        self._refusals: set[int] = set()  # ids of parts
        self._roles: set[int] = set()  # choices whose role was said
        self._succeeded = False

    def write(self, event: Event) -> bytes:
        """The bytes for one event; often none."""
        write = _WRITERS.get(type(event))
        return b"" if write is None else write(self, event)

    def end(self) -> bytes:
        """The bytes that close the stream after ``Finished``; none after ``Failed``."""
        return DONE if self._succeeded else b""

    def _chunk(self, choices: list[dict[str, Any]], **fields: Any) -> bytes:
        return b"data: " + dumps({**self._head, "choices": choices, **fields}) + b"\n\n"

    def _delta(self, choice: int, delta: dict[str, Any], **fields: Any) -> bytes:
        first = b""
        if choice not in self._roles:
            self._roles.add(choice)
            role = {"index": choice, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
            first = self._chunk([role])
        return first + self._chunk([{"index": choice, "delta": delta, "finish_reason": None, **fields}])

    def _started(self, event: Started) -> bytes:
        self._head["id"] = event.id
        self._head["model"] = event.model or self._head["model"]
        return b""

    def _part_started(self, event: PartStarted) -> bytes:
        part, choice = event.part, event.choice
        self._choices[event.id] = choice
        if isinstance(part, ToolCall):
            return b"" if part.hosted else self._call_started(event.id, part, choice)
        if isinstance(part, Refusal):
            self._refusals.add(event.id)
        if self._thoughts and isinstance(part, Reasoning):
            return self._delta(choice, {"content": thoughts_of(part)}) if part.text else b""
        delta = _whole_delta(part)
        return self._delta(choice, delta) if delta else b""

    def _call_started(self, number: int, call: ToolCall, choice: int) -> bytes:
        index = sum(self._choices[other] == choice for other in self._calls)
        self._calls[number] = index
        body = {"index": index, **call_body(call)}
        if self._whole:
            self._held[number] = (body, [])
            return b""
        self._pending[number] = call.json
        body["function"] = {"name": call.name, "arguments": ""}
        return self._delta(choice, {"tool_calls": [body]})

    def _text(self, event: TextDelta) -> bytes:
        field = "refusal" if event.id in self._refusals else "content"
        return self._delta(self._choices.get(event.id, 0), {field: event.text})

    def _reasoning(self, event: ReasoningDelta) -> bytes:
        choice = self._choices.get(event.id, 0)
        if self._thoughts:
            return self._delta(choice, {"content": [_thought(event.text)]})
        return self._delta(choice, {"reasoning_content": event.text})

    def _arguments(self, event: ArgumentsDelta) -> bytes:
        if event.id not in self._calls:
            return b""  # of a call the provider makes itself
        if event.id in self._held:
            self._held[event.id][1].append(event.json)
            return b""
        self._pending.pop(event.id, None)
        item = {"index": self._calls[event.id], "function": {"arguments": event.json}}
        return self._delta(self._choices[event.id], {"tool_calls": [item]})

    def _cited(self, event: Cited) -> bytes:
        return self._delta(self._choices.get(event.id, 0), {"annotations": [annotation(event.citation)]})

    def _release(self, number: int) -> bytes:
        """A call that waited, whole: its deltas, or what it began with."""
        body, pieces = self._held.pop(number)
        function = {
            "name": body["function"]["name"],
            "arguments": "".join(pieces) or body["function"]["arguments"],
        }
        return self._delta(self._choices[number], {"tool_calls": [{**body, "function": function}]})

    def _part_ended(self, event: PartEnded) -> bytes:
        if event.id in self._held:
            return self._release(event.id)
        held = self._pending.get(event.id)
        written = self._arguments(ArgumentsDelta(event.id, held)) if held else b""
        details = list(_details(event.opaque))
        rest = _rest_of_thoughts(event.opaque) if self._thoughts else []
        if rest:
            written += self._delta(self._choices.get(event.id, 0), {"content": rest})
        if details:
            written += self._delta(self._choices.get(event.id, 0), {"reasoning_details": details})
        extra = event.opaque.data.get("extra_content") if event.opaque is not None else None
        if extra and event.id in self._calls:
            item = {"index": self._calls[event.id], "extra_content": extra}
            written += self._delta(self._choices[event.id], {"tool_calls": [item]})
        return written

    def _logprobs(self, event: Logprobs) -> bytes:
        return self._delta(event.choice, {}, logprobs=logprobs_body(event.tokens))

    def _finished(self, event: Finished) -> bytes:
        self._succeeded = True
        waiting = (*self._held, *self._pending)
        written = b"".join(self._part_ended(PartEnded(number)) for number in waiting)
        for index, finish in enumerate((event.finish, *event.alternatives)):
            role = b"" if index in self._roles else self._delta(index, {})
            reason = FINISH_OUT[finish.reason]
            written += role + self._chunk([{"index": index, "delta": {}, "finish_reason": reason}])
        if self._usage and event.usage.known:
            written += self._chunk([], usage=usage_body(event.usage))
        return written

    def _failed(self, event: Failed) -> bytes:
        return b"data: " + dumps(error_body(event.error)) + b"\n\n"


def _rest_of_thoughts(opaque: Opaque | None) -> list[Any]:
    """What the items of reasoning hold beside its words, which have gone out already."""
    kept = opaque.data.get("content") if opaque is not None and opaque.wire == NAME else None
    items = kept if isinstance(kept, list) and len(kept) == 1 and isinstance(kept[0], dict) else []
    rest = [{**item, "thinking": []} for item in items]
    return [item for item in rest if item.keys() - {"type", "thinking"}]


def _whole_delta(part: Part) -> dict[str, Any]:
    """The delta for a part that comes whole; nothing for one whose deltas follow."""
    if isinstance(part, Text):
        delta: dict[str, Any] = {"content": part.text} if part.text else {}
        if part.citations:
            delta["annotations"] = [annotation(citation) for citation in part.citations]
        return delta
    if isinstance(part, Reasoning):
        delta = {}
        _add_reasoning(delta, [part])
        return delta
    if isinstance(part, Refusal):
        return {"refusal": part.text} if part.text else {}
    if isinstance(part, Audio) and part.data is not None:
        return {"audio": audio_body(part)}
    if isinstance(part, Image) and part.file_id is None:
        return {"images": [image_body(part)]}
    return {}


_WRITERS: Mapping[type, Callable[[StreamWriter, Any], bytes]] = {
    Started: StreamWriter._started,
    PartStarted: StreamWriter._part_started,
    TextDelta: StreamWriter._text,
    ReasoningDelta: StreamWriter._reasoning,
    ArgumentsDelta: StreamWriter._arguments,
    Cited: StreamWriter._cited,
    PartEnded: StreamWriter._part_ended,
    Logprobs: StreamWriter._logprobs,
    Finished: StreamWriter._finished,
    Failed: StreamWriter._failed,
}

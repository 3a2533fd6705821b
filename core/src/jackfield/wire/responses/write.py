"""Completions and failures as the format has them; parts as items, each with the id it came with or a made-up one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from jackfield.errors import ErrorInfo
from jackfield.types import (
    Citation,
    Completion,
    Finish,
    Image,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire.chat_completions.write import error_body
from jackfield.wire.responses.items import HOSTED, Item
from jackfield.wire.responses.tables import INCOMPLETE, LOCAL, REASONS, Rules
from jackfield.wire.responses.turns import CONTENT, free_text

NO_ID = f"{LOCAL}resp"
_PREFIXES: Mapping[type, str] = {
    Text: "msg",
    Refusal: "msg",
    Reasoning: "rs",
    ToolCall: "fc",
    Image: "ig",
    Other: "it",
}


class Items:
    """Writes the parts of one answer as items, whose ids are all different."""

    def __init__(self, rules: Rules) -> None:
        self._seal = rules.seal
        self._numbers = count()
        self._used: set[str] = set()

    def own(self, part: Part) -> Mapping[str, Any]:
        """What was kept with a part, if it came over this wire from this provider."""
        found = self._seal.open(getattr(part, "opaque", None))
        return found if found is not None and CONTENT not in found else {}

    def identity(self, part: Part) -> str:
        """The id of a part's item: its own, unless it has none or another item has it already."""
        own = self.own(part).get("id")
        if not isinstance(own, str) or not own or own in self._used:
            own = f"{LOCAL}{_PREFIXES.get(type(part), 'it')}_{next(self._numbers)}"
        self._used.add(own)
        return own

    def message(self, part: Text | Refusal, identity: str) -> Item:
        """The message item of a text, with nothing said yet."""
        item = {"type": "message", "role": "assistant", "status": "completed"}
        return {**item, **self.own(part), "id": identity, "content": []}

    def content(self, part: Text | Refusal) -> Item:
        """What a text or refusal is in its message."""
        rest = self.own(part).get("content", {})
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text, **rest}
        cited = [annotation_of(citation) for citation in part.citations]
        return {"type": "output_text", "text": part.text, "annotations": cited, "logprobs": [], **rest}

    def item(self, part: Part, identity: str) -> Item | None:
        """The item of a part that is no text; ``None`` for what only another provider could read."""
        write = _WRITERS.get(type(part))
        return None if write is None else write(part, self.own(part), identity)


def write_body(completion: Completion, rules: Rules) -> Item:
    """The whole answer."""
    items, output = Items(rules), list[Item]()
    first: Item | None = None
    for part in completion.parts:
        if isinstance(part, Text | Refusal):
            content = items.content(part)
            first = first or (content if isinstance(part, Text) else None)
            own = items.own(part).get("id")
            if own is None or not output or output[-1].get("id") != own:
                output.append(items.message(part, items.identity(part)))
            output[-1]["content"].append(content)
        elif (item := items.item(part, items.identity(part))) is not None:
            output.append(item)
    if first is not None and completion.logprobs:
        first["logprobs"] = [logprob(token) for token in completion.logprobs]
    return response(completion.id, completion.model, output, completion.finish, completion.usage)


def response(identity: str, model: str, output: list[Item], finish: Finish | None, usage: Usage) -> Item:
    """The object of a response, with the fields official clients expect to be there."""
    status, reason = ("in_progress", None) if finish is None else status_of(finish)
    return {
        "id": identity or NO_ID,
        "object": "response",
        "created_at": 0,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None if reason is None else {"reason": reason},
        "instructions": None,
        "max_output_tokens": None,
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": None if finish is None or not usage.known else usage_fields(usage),
        **({"tool_usage": _tool_usage(usage)} if finish is not None and usage.known else {}),
        "metadata": {},
    }


def status_of(finish: Finish) -> tuple[str, str | None]:
    """The status of an answer, and why it is incomplete: in the provider's words, if they are the format's."""
    reason = REASONS.get(finish.reason)
    if reason is None:
        return "completed", None
    own = finish.raw if INCOMPLETE.get(finish.raw or "") == finish.reason else None
    return "incomplete", own or reason


def usage_fields(usage: Usage) -> Item:
    """The figures as the format counts them: what was cached or reasoned is in the totals, too."""
    into = {
        "cached_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write + usage.cache_write_1h,
        "audio_tokens": usage.input_audio,
        "image_tokens": usage.input_image,
    }
    out = {
        "reasoning_tokens": usage.reasoning,
        "audio_tokens": usage.output_audio,
        "image_tokens": usage.output_image,
    }
    return {
        "input_tokens": usage.total_input,
        "input_tokens_details": {name: n for name, n in into.items() if n or name.startswith("cache")},
        "output_tokens": usage.total_output,
        "output_tokens_details": {name: n for name, n in out.items() if n or name.startswith("reason")},
        "total_tokens": usage.total_input + usage.total_output,
    }


def _tool_usage(usage: Usage) -> Item:
    return {"web_search": {"num_requests": usage.searches}}


# -- parts -----------------------------------------------------------------------------------------


def annotation_of(citation: Citation) -> Mapping[str, Any]:
    """A citation as the format has it, verbatim if it came that way."""
    if citation.raw.get("type") in _ANNOTATIONS:
        return citation.raw
    if citation.url:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or "",
            "start_index": citation.start or 0,
            "end_index": citation.end or 0,
        }
    name = citation.title or ""
    return {"type": "file_citation", "file_id": name, "filename": name, "index": citation.start or 0}


_ANNOTATIONS = frozenset({"url_citation", "file_citation", "container_file_citation", "file_path"})


def logprob(token: TokenLogprob) -> Item:
    """One token with its log probability."""
    top = [_scored(text, value) for text, value in token.top]
    return {**_scored(token.token, token.logprob), "top_logprobs": top}


def _scored(text: str, value: float) -> Item:
    return {"token": text, "logprob": value, "bytes": list(text.encode("utf-8", "replace"))}


def _reasoning(part: Reasoning, own: Mapping[str, Any], identity: str) -> Item:
    if own:
        return {**own, "id": identity}
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {"type": "reasoning", "id": identity, "summary": summary, "status": "completed"}


def _call(part: ToolCall, own: Mapping[str, Any], identity: str) -> Item | None:
    kind = own.get("type", "function_call")
    if part.hosted:
        return {**own, "id": identity} if kind in HOSTED else None
    said = {"input": free_text(part)} if kind == "custom_tool_call" else {"arguments": part.json or "{}"}
    call: Item = {"type": kind, "call_id": part.id, "name": part.name, **said, "status": "completed"}
    return {**call, **own, "id": identity}


def _image(part: Image, own: Mapping[str, Any], identity: str) -> Item | None:
    if part.data is None:
        return None
    form = {} if own else {"output_format": part.media_type.partition("/")[2]}
    item: Item = {"type": "image_generation_call", "status": "completed", "result": part.base64, **form}
    return {**item, **own, "id": identity}


def _other(part: Other, own: Mapping[str, Any], identity: str) -> Item | None:
    return {**own} if own else None


_WRITERS: Mapping[type, Callable[[Any, Mapping[str, Any], str], Item | None]] = {
    Reasoning: _reasoning,
    ToolCall: _call,
    Image: _image,
    Other: _other,
}


# -- failures --------------------------------------------------------------------------------------


def failure_body(error: ErrorInfo) -> Item:
    """The body that reports a failure."""
    return error_body(error)

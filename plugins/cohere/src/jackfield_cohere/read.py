"""A body of the format as the request it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed
from jackfield.jsontext import dump_text, loads
from jackfield.types import Message, Output, Part, Reasoning, Request, Text, Tool, ToolCall, ToolResult
from jackfield.wire.call import Call
from jackfield.wire.facts import items, words
from jackfield.wire.seal import Seal
from jackfield_cohere.citations import citation_of, is_cited
from jackfield_cohere.parts import read_document, read_item
from jackfield_cohere.tables import OPTIONS, PLAN, TOOL_CHOICES, UNBOUNDED, Rules

_CHOICES = {theirs: ours for ours, theirs in TOOL_CHOICES.items()}
_READ = frozenset({"model", "messages", "tools", "tool_choice", "strict_tools", "stream", *OPTIONS.values()})
_TOOL_FIELDS = frozenset({"type", "function"})


def body_of(call: Call) -> Any:
    """The JSON of a call."""
    try:
        return loads(call.body)
    except Malformed as exc:
        why = exc.info.message
    raise refused(f"the body is {why}")


def read_body(body: Any, rules: Rules) -> tuple[Request, bool]:
    """The request, and whether a stream is wanted."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise refused("a model is required")
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise refused("messages: at least one is required")
    messages = [_message(number, turn, rules.seal) for number, turn in enumerate(turns)]
    extra = {name: value for name, value in body.items() if name not in _READ and value is not None}
    request = Request(
        body["model"],
        _with_documents(messages, extra),
        tuple(_read_tools(body)),
        _read_choice(body.get("tool_choice")),
        _read_output(extra),
        _read_options(body, extra),
        extra,
    )
    return request, body.get("stream") is True


def refused(message: str) -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))


# -- turns ---------------------------------------------------------------------------------------


def _message(number: int, turn: Any, seal: Seal) -> Message:
    read = _TURNS.get(turn.get("role")) if isinstance(turn, dict) else None
    if read is None:
        raise refused(f"messages.{number}.role: must be one of {', '.join(_TURNS)}")
    return read(turn, seal)


def content_of(content: Any, seal: Seal) -> tuple[Part, ...]:
    """The parts of a content: a string is one text, and nothing is nothing."""
    if not content:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple(read_item(item, seal) for item in content)


def _system(turn: Mapping[str, Any], seal: Seal) -> Message:
    return Message("system", content_of(turn.get("content"), seal))


def _user(turn: Mapping[str, Any], seal: Seal) -> Message:
    return Message("user", content_of(turn.get("content"), seal))


def _tool(turn: Mapping[str, Any], seal: Seal) -> Message:
    return Message("tool", ToolResult(str(turn["tool_call_id"]), content_of(turn.get("content"), seal)))


def _assistant(turn: Mapping[str, Any], seal: Seal) -> Message:
    return Message("assistant", tuple(answered_parts(turn, seal)))


def answered_parts(turn: Mapping[str, Any], seal: Seal) -> Iterator[Part]:
    """What a turn of the model's holds: its plan, its content with citations, its calls."""
    plan = words(turn.get(PLAN))
    if plan:
        yield plan_of(plan, seal)
    yield from _cited(content_of(turn.get("content"), seal), turn.get("citations"))
    for number, call in enumerate(turn.get("tool_calls") or ()):
        yield call_of(call, number)


def plan_of(text: str, seal: Seal) -> Reasoning:
    """What the model means to do with its tools."""
    return Reasoning(text, seal.close({"type": PLAN}))


def call_of(call: Mapping[str, Any], number: int) -> ToolCall:
    """A call; one without an id gets the id of its place."""
    function = call["function"]
    given = function.get("arguments") or "{}"
    text = given if isinstance(given, str) else dump_text(given)
    return ToolCall(str(call.get("id") or f"call_{number}"), str(function["name"]), text)


def _cited(parts: tuple[Part, ...], citations: Any) -> Iterator[Part]:
    """The parts, each text with its citations: those that name no text are about the first."""
    found: dict[int, list[Any]] = {}
    texts = [number for number, part in enumerate(parts) if isinstance(part, Text)]
    for raw in items(citations):
        if is_cited(raw) and texts:
            index = raw.get("content_index")
            found.setdefault(index if index in texts else texts[0], []).append(citation_of(raw))
    for number, part in enumerate(parts):
        cited = found.get(number)
        yield attrs.evolve(part, citations=tuple(cited)) if cited and isinstance(part, Text) else part


_TURNS: Mapping[Any, Callable[[Mapping[str, Any], Seal], Message]] = {
    "system": _system,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}


def _with_documents(messages: list[Message], extra: dict[str, Any]) -> tuple[Message, ...]:
    """The messages, with the documents of the request before what the user said last."""
    listed = extra.get("documents")
    if not isinstance(listed, list):
        return tuple(messages)
    documents = [read_document(raw) for raw in listed]
    last = max((n for n, message in enumerate(messages) if message.role == "user"), default=None)
    known = tuple(document for document in documents if document is not None)
    if last is None or len(known) != len(listed):
        return tuple(messages)  # of a form of their own: they stay the provider's own field
    del extra["documents"]
    if known:
        messages[last] = Message("user", (*known, *messages[last].parts))
    return tuple(messages)


# -- tools and options ---------------------------------------------------------------------------


def _read_tools(body: Mapping[str, Any]) -> Iterator[Tool]:
    strict = True if body.get("strict_tools") else None
    for tool in body.get("tools") or ():
        function = tool["function"]
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        extra = {name: value for name, value in tool.items() if name not in _TOOL_FIELDS}
        yield Tool(function["name"], function.get("description") or "", schema, strict=strict, extra=extra)


def _read_choice(choice: Any) -> str | None:
    if choice is None:
        return None
    found = _CHOICES.get(choice)
    if found is None:
        raise refused(f"tool_choice: must be one of {', '.join(_CHOICES)}")
    return found


def _read_output(extra: dict[str, Any]) -> Output | None:
    form = extra.get("response_format")
    if not isinstance(form, dict):
        return None
    if form.get("type") == "text":
        del extra["response_format"]
    if form.get("type") != "json_object" or form.keys() - {"type", "json_schema"}:
        return None
    del extra["response_format"]
    return Output(form.get("json_schema"))


def _read_options(body: Mapping[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    options = {
        name: tuple(body[field]) if isinstance(body[field], list) else body[field]
        for name, field in OPTIONS.items()
        if body.get(field) is not None
    }
    thinking = extra.get("thinking")
    if isinstance(thinking, dict) and not thinking.keys() - {"type", "token_budget"}:
        found = _read_thinking(thinking)
        if found is not None:
            del extra["thinking"]
            options["reasoning"] = found
    return options


def _read_thinking(thinking: Mapping[str, Any]) -> str | int | None:
    if thinking.get("type") == "disabled":
        return "none"
    budget = thinking.get("token_budget")
    return (
        (budget or UNBOUNDED)
        if thinking.get("type") == "enabled" and isinstance(budget, int | None)
        else None
    )

"""A body of the format as the request it asks."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed
from jackfield.jsontext import dump_text, loads
from jackfield.types import Image, Message, Output, Part, Reasoning, Request, Text, Tool, ToolCall, ToolResult
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call
from jackfield_ollama.render import has_levels
from jackfield_ollama.tables import BESIDE, JUST, OPTIONS, mark

ROLES = ("system", "user", "assistant", "tool")
_READ = frozenset({"model", "messages", "tools", "format", "stream", "think", "options", *BESIDE})
_NOTHING: tuple[Any, ...] = (None, "", [], {})  # clients fill in what they were not told
_FIELDS = {theirs: ours for ours, theirs in OPTIONS.items()}


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object of a call."""
    try:
        body = loads(call.body)
    except Malformed as exc:
        words = exc.info.message
    else:
        if isinstance(body, dict) and isinstance(body.get("model"), str):
            return body
        words = "no JSON object with a model"
    raise refused(f"the body is {words}")


def refused(message: str) -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))


def read_body(body: Mapping[str, Any], dialect: Dialect) -> tuple[Request, bool]:
    """The request, and whether a stream is wanted: it is, unless it is said not to be."""
    turns = body.get("messages")
    if not isinstance(turns, list):
        raise refused("messages: must be a list")
    extra = {name: value for name, value in body.items() if name not in _READ and value not in _NOTHING}
    form = body.get("format")
    request = Request(
        body["model"],
        tuple(_Conversation(dialect.provider).messages(turns)),
        tuple(map(_tool, body.get("tools") or ())),
        None,
        None if form in _NOTHING else Output(None if form == "json" else form),
        _options(body, extra, dialect),
        extra,
    )
    return request, body.get("stream") is not False


class _Conversation:
    """Reads the turns of one conversation: calls without ids get those of their places, results find them."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._open: list[tuple[str, str]] = []  # ids and names of calls without a result
        self._calls = 0

    def messages(self, turns: list[Any]) -> Iterator[Message]:
        for number, turn in enumerate(turns):
            role = turn.get("role") if isinstance(turn, dict) else None
            if role not in ROLES:
                raise refused(f"messages.{number}.role: must be one of {', '.join(ROLES)}")
            parts = tuple(self._parts(turn))
            yield Message("tool", self._result(turn, parts)) if role == "tool" else Message(role, parts)

    def _parts(self, turn: Mapping[str, Any]) -> Iterator[Part]:
        if turn.get("thinking"):
            yield Reasoning(turn["thinking"], mark(self._provider))
        if turn.get("content"):
            yield Text(turn["content"])
        for encoded in turn.get("images") or ():
            yield _image(encoded)
        for call in turn.get("tool_calls") or ():
            yield self._call(call)

    def _call(self, raw: Mapping[str, Any]) -> ToolCall:
        function = raw["function"]
        identity = raw.get("id") or f"call_{self._calls}"
        self._calls += 1
        self._open.append((identity, function["name"]))
        return ToolCall(identity, function["name"], dump_text(function.get("arguments") or {}))

    def _result(self, turn: Mapping[str, Any], parts: tuple[Part, ...]) -> ToolResult:
        """The result of the call it names, or else of the first open one of that tool, or of any."""
        identity, name = turn.get("tool_call_id"), turn.get("tool_name")
        named = [call for call in self._open if identity == call[0] or (not identity and name == call[1])]
        found = next(iter(named or self._open), ("", ""))
        if found in self._open:
            self._open.remove(found)
        return ToolResult(identity or found[0], parts, name=name)


def _image(encoded: str) -> Image:
    from jackfield.wire.operations.image import kind_of

    data = b64decode(encoded, validate=True)
    return Image(kind_of(data), data=data)


def _tool(raw: Mapping[str, Any]) -> Tool:
    function = raw["function"]
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    extra = {name: value for name, value in raw.items() if name not in ("type", "function")}
    return Tool(function["name"], function.get("description") or "", schema, extra=extra)


def _options(body: Mapping[str, Any], extra: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The options; those of the table that are none of ours stay in it, as the provider's own."""
    options: dict[str, Any] = {name: body[name] for name in BESIDE if body.get(name) is not None}
    own: dict[str, Any] = {}
    for field, value in (body.get("options") or {}).items():
        name = _FIELDS.get(field)
        if name is None:
            own[field] = value
        elif value is not None:
            options[name] = tuple(value) if isinstance(value, list) else value
    if own:
        extra["options"] = own
    think = body.get("think")
    if isinstance(think, bool):
        options["reasoning"] = JUST if think else "none"
    elif think:
        options["reasoning"] = think if has_levels(body["model"], dialect.settings["think_levels"]) else JUST
    return options

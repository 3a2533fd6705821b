"""A request as a body of the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Unsupported
from jackfield.types import (
    CachePoint,
    HostedTool,
    Image,
    Message,
    Other,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from jackfield.wire.base import Dialect
from jackfield_ollama.tables import APART, BESIDE, LEVELS, OPTIONS, is_marked

Turn: TypeAlias = dict[str, Any]

IMPLIED = (("n", 1),)


def unsupported(what: str, hint: str = "") -> Unsupported:
    """What the format cannot say."""
    msg = f"the ollama format has no way to send {what}; nothing was sent"
    return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, sent="no"))


def render_body(request: Request, stream: bool, dialect: Dialect) -> dict[str, Any]:
    """The body that asks ``request``; the provider's own fields are not in it yet."""
    body: dict[str, Any] = {"model": request.model, "messages": Turns(dialect.provider).of(request.messages)}
    if request.tools:
        tools = _tools(request)
        if tools:
            body["tools"] = tools
    if request.output is not None:
        body["format"] = "json" if request.output.schema is None else request.output.schema
    if request.options:
        _add_options(body, request, dialect.settings.get("think_levels", ()))
    body["stream"] = stream  # it would stream unless told not to
    return body


# -- turns ---------------------------------------------------------------------------------------


class Turns:
    """Renders the turns of one conversation, in which calls are known by id."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._names: dict[str, str] = {}  # of the tools, by the ids of their calls

    def of(self, messages: tuple[Message, ...]) -> list[Turn]:
        """All turns."""
        turns: list[Turn] = []
        for message in messages:
            parts = message.parts
            if len(parts) == 1 and type(parts[0]) is Text:  # as nearly always
                turns.append({"role": message.role, "content": parts[0].text})
                continue
            rest = [part for part in parts if not isinstance(part, ToolResult)]
            turns += (self._result(part) for part in parts if isinstance(part, ToolResult))
            if rest or not parts:
                turns.append(self._turn(message.role, rest))
        return turns

    def _turn(self, role: str, parts: Sequence[Part]) -> Turn:
        turn: Turn = {"role": role, "content": ""}
        for part in parts:
            add = _ADDS.get(type(part))
            if add is None:
                raise unsupported(type(part).__name__.lower())
            add(self, turn, part)
        return turn

    def _result(self, result: ToolResult) -> Turn:
        """The answer of a tool: the format knows it by the tool's name, newer servers by the call's id."""
        turn = self._turn("tool", list(result.parts))
        name = result.name or self._names.get(result.call_id)
        return {**turn, **({"tool_name": name} if name else {}), "tool_call_id": result.call_id}

    def _add_text(self, turn: Turn, part: Text | Refusal) -> None:
        turn["content"] += part.text

    def _add_image(self, turn: Turn, part: Image) -> None:
        if part.data is None:
            raise unsupported("an image by address or file id", "fetch it first, and send its bytes")
        turn.setdefault("images", []).append(part.base64)

    def _add_reasoning(self, turn: Turn, part: Reasoning) -> None:
        if is_marked(part.opaque, self._provider):
            turn["thinking"] = turn.get("thinking", "") + part.text

    def _add_call(self, turn: Turn, part: ToolCall) -> None:
        if part.hosted:
            return
        self._names[part.id] = part.name
        function = {"name": part.name, "arguments": _arguments(part)}
        turn.setdefault("tool_calls", []).append({"id": part.id, "type": "function", "function": function})

    def _add_nothing(self, turn: Turn, part: CachePoint | Other) -> None:
        """What has no place here: the server keeps what it read by itself, and what others sealed stays theirs."""


def _arguments(call: ToolCall) -> Mapping[str, Any]:
    """The arguments of a call that is sent back: the format takes an object, not text."""
    try:
        return call.arguments
    except JackfieldError:
        msg = f"tool call `{call.name}` has arguments that are not a JSON object; nothing was sent"
    hint = "an answer cut short by its length limit may end in half a call: leave that turn out"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


_ADDS: Mapping[type, Callable[[Turns, Turn, Any], None]] = {
    Text: Turns._add_text,
    Refusal: Turns._add_text,
    Image: Turns._add_image,
    Reasoning: Turns._add_reasoning,
    ToolCall: Turns._add_call,
    CachePoint: Turns._add_nothing,
    Other: Turns._add_nothing,
}


# -- tools and options ---------------------------------------------------------------------------


def _tools(request: Request) -> list[dict[str, Any]]:
    """The tools; the format has no word for a choice, but tools that may not be called need not be named."""
    if request.tool_choice == "none":
        return []
    if request.tool_choice not in (None, "auto"):
        raise unsupported("a tool that must be called", "ask for it in words")
    return [_tool(tool) for tool in request.tools]


def _tool(tool: Tool | HostedTool) -> dict[str, Any]:
    if not isinstance(tool, Tool):
        raise unsupported(f"the hosted tool `{tool.kind}`")
    described = {"description": tool.description} if tool.description else {}
    function = {"name": tool.name, **described, "parameters": tool.schema}
    return {"type": "function", "function": function, **tool.extra}


def _add_options(body: dict[str, Any], request: Request, levels: Any) -> None:
    table: dict[str, Any] = {}
    for name, value in request.options.items():
        if name in BESIDE:
            body[name] = value
        elif name in OPTIONS:
            table[OPTIONS[name]] = list(value) if isinstance(value, tuple) else value
        elif name not in APART and (name, value) not in IMPLIED:
            raise unsupported(f"option `{name}`", "leave it out")
    if table:
        body["options"] = table
    if "reasoning" in request.options:
        body["think"] = _think(request.options["reasoning"], request.model, levels)


def has_levels(model: str, patterns: Any) -> bool:
    """Whether a model is told in a word how much to think."""
    return any(fnmatchcase(model, pattern) for pattern in patterns)


def _think(value: str | int, model: str, patterns: Any) -> bool | str:
    if isinstance(value, int) and value:
        raise unsupported("a number of reasoning tokens", f"reasoning= one of {', '.join(LEVELS)}")
    if not has_levels(model, patterns):
        return value not in ("none", 0)
    if value in ("none", 0):
        raise unsupported(f"a wish that `{model}` does not reason", 'reasoning="low" is the least it does')
    return LEVELS[str(value)]


def merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` with the provider's own fields; those in the table ``options`` join the others there."""
    options = {**body.get("options", {}), **extra.get("options", {})}
    return {**body, **extra, **({"options": options} if options else {})}

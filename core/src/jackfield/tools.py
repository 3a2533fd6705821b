"""Plain typed functions as tools, and the running of the calls a model asks for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError
from jackfield.jsontext import dump_text
from jackfield.options import ToolLike
from jackfield.schema import json_schema, structure
from jackfield.types import Completion, HostedTool, Message, Text, Tool, ToolCall, ToolResult

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARAMETER = re.compile(r"^\s*(?::param (?:[\w\[\], |]+ )?)?(\w+)(?: \([^)]*\))?: (.+)$")


def tool(
    function: Callable[..., object], /, *, name: str | None = None, description: str | None = None
) -> Tool:
    """``function`` as a tool: its name, docstring and annotations say what the model has to know."""
    name = name or str(getattr(function, "__name__", function))
    if not _NAME.fullmatch(name) or not callable(function):
        msg = f"`{name:.60}` cannot be the name of a tool"
        raise InvalidRequest(
            ErrorInfo("request.invalid", msg, hint="pass name= with letters, digits, _ and -", sent="no")
        )
    documented = inspect.getdoc(function) or ""
    summary = re.split(r"\n\s*\n|\n(?=:param |Args:|Arguments:)", documented)[0].replace("\n", " ")
    return Tool(
        name, description if description is not None else summary, _parameters(function, documented), function
    )


def as_tool(value: ToolLike) -> Tool | HostedTool:
    """A tool as it is, a function as a tool, or a tool in the common JSON form."""
    if isinstance(value, Tool | HostedTool):
        return value
    if isinstance(value, Mapping):
        return _from_json(value)
    return tool(value)


def _from_json(value: Mapping[str, Any]) -> Tool:
    fact = value.get("function")
    if (
        value.get("type") != "function"
        or not isinstance(fact, Mapping)
        or not isinstance(fact.get("name"), str)
    ):
        msg = "a tool given as a mapping needs `type: function` and a `function` with a name"
        hint = "pass a typed function, or jackfield.Tool"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
    schema = fact.get("parameters") or {"type": "object", "properties": {}}
    return Tool(fact["name"], str(fact.get("description") or ""), schema, strict=fact.get("strict"))


def _parameters(function: Callable[..., object], documented: str) -> dict[str, Any]:
    hints = _hints(function)
    words = _described(documented)
    properties: dict[str, Any] = {}
    required = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            msg = f"tool `{function.__name__}`: parameter `{name}` cannot be given by name"
            raise InvalidRequest(
                ErrorInfo("request.invalid", msg, hint="use plain named parameters", sent="no")
            )
        properties[name] = json_schema(hints.get(name, str))
        if name in words:
            properties[name].setdefault("description", words[name])
        if parameter.default is parameter.empty:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as exc:
        reason = str(exc)
    msg = f"the annotations of `{getattr(function, '__name__', function)!s:.60}` cannot be read: {reason}"
    hint = "use a plain function whose types are defined at the top of its module"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


def _described(documented: str) -> dict[str, str]:
    """What a docstring says of each parameter, in ``:param x: words`` or ``Args:`` form."""
    matches = map(_PARAMETER.match, documented.splitlines()[1:])
    return {match[1]: match[2].strip() for match in matches if match}


def run_tools(completion: Completion, tools: Iterable[ToolLike]) -> Message | None:
    """Run the calls ``completion`` asks for and return the turn with all results; ``None`` if it asks for none.

    What a function raises goes back to the model as an error result: it is the one that can mend the call.
    """
    known = {found.name: found for found in map(as_tool, tools) if isinstance(found, Tool)}
    calls = completion.tool_calls
    for call in calls:
        found = known.get(call.name)
        if found is not None and inspect.iscoroutinefunction(found.function):
            msg = f"tool `{call.name}` is a coroutine function"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, hint="use arun_tools", sent="no"))
    return Message("tool", tuple(_run(call, known) for call in calls)) if calls else None


async def arun_tools(completion: Completion, tools: Iterable[ToolLike]) -> Message | None:
    """As ``run_tools``, for tools that may be coroutine functions; the calls run side by side."""
    import asyncio

    known = {found.name: found for found in map(as_tool, tools) if isinstance(found, Tool)}
    calls = completion.tool_calls
    results = await asyncio.gather(*(_arun(call, known) for call in calls))
    return Message("tool", tuple(results)) if calls else None


def _run(call: ToolCall, known: Mapping[str, Tool]) -> ToolResult:
    try:
        return _result(call, _function(call, known)(**_arguments(call, known)))
    except Exception as exc:  # noqa: BLE001  # whatever a tool raises is for the model to read
        return _error(call, exc)


async def _arun(call: ToolCall, known: Mapping[str, Tool]) -> ToolResult:
    try:
        value = _function(call, known)(**_arguments(call, known))
        return _result(call, await value if inspect.isawaitable(value) else value)
    except Exception as exc:  # noqa: BLE001  # whatever a tool raises is for the model to read
        return _error(call, exc)


def _function(call: ToolCall, known: Mapping[str, Tool]) -> Callable[..., object]:
    found = known.get(call.name)
    if found is None or found.function is None:
        msg = f"there is no tool `{call.name}`; there are: {', '.join(known) or 'none'}"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
    return found.function


def _arguments(call: ToolCall, known: Mapping[str, Tool]) -> dict[str, Any]:
    hints = _hints(_function(call, known))
    return {name: structure(value, hints.get(name)) for name, value in call.arguments.items()}


def _result(call: ToolCall, value: object) -> ToolResult:
    text = value if isinstance(value, str) else dump_text(value)
    return ToolResult(call.id, (Text(text),), name=call.name)


def _error(call: ToolCall, exc: Exception) -> ToolResult:
    words = exc.info.message if isinstance(exc, JackfieldError) else f"{type(exc).__name__}: {exc}"
    return ToolResult(call.id, (Text(words),), error=True, name=call.name)

"""A body of the format as the request it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import (
    CachePoint,
    HostedTool,
    Message,
    Output,
    Part,
    Reasoning,
    Request,
    Role,
    Tool,
    ToolResult,
)
from jackfield.wire.messages.parts import cache_point, parts_of_content
from jackfield.wire.messages.reasoning import read_reasoning
from jackfield.wire.messages.render import hosted_tool
from jackfield.wire.messages.tables import OPTIONS, TOOL_CHOICES, Rules
from jackfield.wire.seal import Seal

_CHOICES = {theirs: ours for ours, theirs in TOOL_CHOICES.items()}
_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_READ = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "stream", "thinking", "output_config", "metadata"}
)
_TOOL_FIELDS = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_OWN_TOOL_TYPES = (None, "custom")


def read_body(body: Any, headers: Mapping[str, str], rules: Rules) -> tuple[Request, bool]:
    """The request, and whether a stream is wanted."""
    if not isinstance(body, dict):
        raise refused("the body must be a JSON object")
    options, extra = _read_options(body, rules)
    for name, header in rules.settings["extra_headers"].items():
        if header in headers:
            extra[name] = [item.strip() for item in headers[header].split(",")]
    choice, parallel = _read_choice(body.get("tool_choice"))
    if parallel is not None:
        options["parallel_tool_calls"] = parallel
    request = Request(
        _named(body, "model"),
        tuple(_messages(body, rules.seal)),
        tuple(map(_read_tool, _listed(body, "tools"))),
        choice,
        _read_output(body),
        options,
        extra,
    )
    return request, body.get("stream") is True


def refused(message: str) -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(
        ErrorInfo("request.invalid", message, status=400, code="invalid_request_error", sent="no")
    )


def _named(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if isinstance(value, str) and value:
        return value
    raise refused(f"{name}: a text is required")


def _listed(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = table.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise refused(f"{name}: must be an array of objects")


# -- turns ---------------------------------------------------------------------------------------


def _messages(body: Mapping[str, Any], seal: Seal) -> Iterator[Message]:
    system = body.get("system")
    if system:
        yield Message("system", _parts(system, "system", seal))
    turns = _listed(body, "messages")
    if not turns:
        raise refused("messages: at least one is required")
    for number, turn in enumerate(turns):
        role = _ROLES.get(str(turn.get("role")))
        if role is None:
            raise refused(f"messages.{number}.role: must be one of {', '.join(_ROLES)}")
        parts = _parts(turn.get("content"), f"messages.{number}.content", seal)
        yield from _split(parts) if role == "user" else [Message(role, parts)]


def _parts(content: Any, where: str, seal: Seal) -> tuple[Part, ...]:
    if not isinstance(content, str | list):
        raise refused(f"{where}: must be a text or an array of blocks")
    _check_types(content, where)
    return tuple(map(_unsigned, parts_of_content(content, seal)))


def _check_types(content: Any, where: str) -> None:
    """Refuse blocks without a type: nobody could say them again."""
    for number, block in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise refused(f"{where}.{number}.type: a text is required")
        if block["type"] == "tool_result":
            _check_types(block.get("content"), f"{where}.{number}.content")


def _unsigned(part: Part) -> Part:
    """Reasoning without a signature is not the provider's own, whoever sent it."""
    if isinstance(part, Reasoning) and part.opaque is not None and part.opaque.data.get("signature") == "":
        return attrs.evolve(part, opaque=None)
    return part


def _split(parts: tuple[Part, ...]) -> Iterator[Message]:
    """A turn of the user's, with the results of tools as the turn of their own that they are."""
    run: list[Part] = []
    role: Role = "user"
    for part in parts:
        is_result = isinstance(part, ToolResult) and not part.hosted
        is_mark = role == "tool" and not is_result and isinstance(part, CachePoint)
        here: Role = "tool" if is_result or is_mark else "user"
        if run and here != role:
            yield Message(role, tuple(run))
            run = []
        role = here
        run.append(part)
    yield Message(role, tuple(run))


# -- tools ---------------------------------------------------------------------------------------


def _read_tool(block: Mapping[str, Any]) -> Tool | HostedTool:
    if block.get("type") not in _OWN_TOOL_TYPES:
        return hosted_tool(block)
    schema = block.get("input_schema")
    if not isinstance(schema, dict):
        raise refused("tools.input_schema: a JSON schema is required")
    point = cache_point(block.get("cache_control"))
    return Tool(
        _named(block, "name"),
        block.get("description") or "",
        schema,
        strict=block.get("strict"),
        cache=point[0] if point else None,
        extra={name: value for name, value in block.items() if name not in _TOOL_FIELDS},
    )


def _read_choice(block: Any) -> tuple[str | None, bool | None]:
    """The choice of a tool, and whether several may be called; the usual choice goes without saying."""
    if not isinstance(block, dict):
        return None, None
    disabled = block.get("disable_parallel_tool_use")
    parallel = None if disabled is None else not disabled
    kind = str(block.get("type"))
    choice = _named(block, "name") if kind == "tool" else _CHOICES.get(kind)
    if choice is None:
        raise refused(f"tool_choice.type: must be one of {', '.join((*_CHOICES, 'tool'))}")
    return (None if choice == "auto" and parallel is not None else choice), parallel


# -- options -------------------------------------------------------------------------------------


def _read_options(body: Mapping[str, Any], rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options, and the fields that are none: they stay the provider's own."""
    if "max_tokens" not in body:
        raise refused("max_tokens: a number is required")
    for name in ("metadata", "output_config", "thinking"):
        if not isinstance(body.get(name), dict | None):
            raise refused(f"{name}: must be an object")
    options: dict[str, Any] = {}
    for name, path in OPTIONS.items():
        value: Any = body
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            options[name] = tuple(value) if isinstance(value, list) else value
    reasoning, extra = read_reasoning(body, rules)
    if reasoning is not None:
        options["reasoning"] = reasoning
    written = {path[0] for path in OPTIONS.values()} | _READ
    fixed = rules.settings["fixed_fields"].items()
    extra = dict(extra) | {
        name: value for name, value in body.items() if name not in written and (name, value) not in fixed
    }
    metadata = _without(body.get("metadata"), "user_id")
    config = _without(body.get("output_config"), "effort", "format" if _read_output(body) else "")
    if metadata:
        extra["metadata"] = metadata
    if config:
        extra["output_config"] = {**extra.get("output_config", {}), **config}
    return options, extra


def _without(value: Any, *names: str) -> dict[str, Any]:
    return (
        {name: item for name, item in value.items() if name not in names} if isinstance(value, dict) else {}
    )


def _read_output(body: Mapping[str, Any]) -> Output | None:
    config = body.get("output_config")
    form = config.get("format") if isinstance(config, Mapping) else None
    if isinstance(form, dict) and form.keys() == {"type", "schema"} and form["type"] == "json_schema":
        return Output(form["schema"])
    return None

"""A body of the format as the request it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jackfield.errors import JackfieldError
from jackfield.jsontext import loads
from jackfield.types import (
    CachePoint,
    HostedTool,
    Message,
    Output,
    Part,
    Request,
    Role,
    Tool,
    ToolResult,
)
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.parts import part_of
from jackfield_bedrock.converse.reasoning import read_reasoning
from jackfield_bedrock.converse.tables import OPTIONS, OWN_FIELDS, Rules
from jackfield_bedrock.failures import refused
from jackfield_bedrock.families import TOP_K

_CHOICES: Mapping[str, str] = {"auto": "auto", "any": "required"}
_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_READ = frozenset({"messages", "system", "toolConfig", OWN_FIELDS, *(path[0] for path in OPTIONS.values())})
_SPEC_FIELDS = frozenset({"name", "description", "inputSchema", "strict"})


def read_body(body: Any, model: str, rules: Rules) -> Request:
    """The request."""
    if not isinstance(body, dict):
        raise refused("the body must be a JSON object")
    options, extra = _read_options(body, model, rules)
    output = _read_output(body, extra)
    tools, choice = _read_tools(body.get("toolConfig"))
    messages = tuple(_messages(body, rules.seal))
    return Request(model, messages, tools, choice, output, options, extra)


def _listed(table: Mapping[str, Any], name: str) -> list[Any]:
    value = table.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise refused(f"{name}: must be an array of objects")


# -- turns -----------------------------------------------------------------------------------------


def _messages(body: Mapping[str, Any], seal: Seal) -> Iterator[Message]:
    system = _listed(body, "system")
    if system:
        yield Message("system", _parts(system, seal))
    turns = _listed(body, "messages")
    if not turns:
        raise refused("messages: at least one is required")
    for number, turn in enumerate(turns):
        role = _ROLES.get(str(turn.get("role")))
        if role is None:
            raise refused(f"messages.{number}.role: must be one of {', '.join(_ROLES)}")
        parts = _parts(_listed(turn, "content"), seal)
        yield from _split(parts) if role == "user" else [Message(role, parts)]


def _parts(blocks: list[Any], seal: Seal) -> tuple[Part, ...]:
    return tuple(part_of(block, seal) for block in blocks)


def _split(parts: tuple[Part, ...]) -> Iterator[Message]:
    """A turn of the user's, with the answers of tools as the turn of their own that they are."""
    run: list[Part] = []
    role: Role = "user"
    for part in parts:
        is_result = isinstance(part, ToolResult) and not part.hosted
        is_mark = role == "tool" and isinstance(part, CachePoint)
        here: Role = "tool" if is_result or is_mark else "user"
        if run and here != role:
            yield Message(role, tuple(run))
            run = []
        role = here
        run.append(part)
    yield Message(role, tuple(run))


# -- tools -----------------------------------------------------------------------------------------


def _read_tools(config: Any) -> tuple[tuple[Tool | HostedTool, ...], str | None]:
    if config is None:
        return (), None
    if not isinstance(config, dict):
        raise refused("toolConfig: must be an object")
    tools: list[Tool | HostedTool] = []
    for block in _listed(config, "tools"):
        point = block.get("cachePoint")
        if isinstance(point, dict) and tools and isinstance(tools[-1], Tool):
            tools[-1] = _marked(tools[-1], CachePoint(point.get("ttl")))
        else:
            tools.append(_read_tool(block))
    return tuple(tools), _read_choice(config.get("toolChoice"))


def _marked(tool: Tool, point: CachePoint) -> Tool:
    return Tool(tool.name, tool.description, tool.schema, strict=tool.strict, cache=point, extra=tool.extra)


def _read_tool(block: Mapping[str, Any]) -> Tool | HostedTool:
    system = block.get("systemTool")
    if isinstance(system, dict) and isinstance(system.get("name"), str):
        return HostedTool(system["name"], {name: value for name, value in system.items() if name != "name"})
    spec = block.get("toolSpec")
    if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
        raise refused("toolConfig.tools.toolSpec.name: a text is required")
    schema = spec.get("inputSchema")
    if not isinstance(schema, dict) or not isinstance(schema.get("json"), dict):
        raise refused("toolConfig.tools.toolSpec.inputSchema.json: a JSON schema is required")
    extra = {name: value for name, value in spec.items() if name not in _SPEC_FIELDS}
    return Tool(
        spec["name"], spec.get("description") or "", schema["json"], strict=spec.get("strict"), extra=extra
    )


def _read_choice(block: Any) -> str | None:
    if block is None:
        return None
    kind = next(iter(block), "") if isinstance(block, dict) else ""
    if kind == "tool" and isinstance(block["tool"], dict) and isinstance(block["tool"].get("name"), str):
        return str(block["tool"]["name"])
    choice = _CHOICES.get(kind)
    if choice is None:
        raise refused(f"toolConfig.toolChoice: must be one of {', '.join((*_CHOICES, 'tool'))}")
    return choice


# -- options ---------------------------------------------------------------------------------------


def _read_options(body: Mapping[str, Any], model: str, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options, and the fields that are none: they stay the provider's own."""
    left = {name: _copied(body.get(name)) for name in _READ - {"messages", "system", "toolConfig"}}
    options: dict[str, Any] = {}
    for name, path in OPTIONS.items():
        value = _taken(left, path)
        if value is not None:
            options[name] = tuple(value) if isinstance(value, list) else value
    own = left.pop(OWN_FIELDS) or {}
    reasoning, own = read_reasoning(own, model, rules)
    if reasoning is not None:
        options["reasoning"] = reasoning
    top_k = _taken(own, TOP_K.get(rules.family(model), ("",)))
    if top_k is not None:
        options["top_k"] = top_k
    if own.get("tool_choice", {}) != {} and own["tool_choice"].get("disable_parallel_tool_use") is True:
        options["parallel_tool_calls"] = False
        del own["tool_choice"]
    extra = {name: value for name, value in body.items() if name not in _READ}
    extra |= {name: value for name, value in {**left, OWN_FIELDS: own}.items() if value}
    return options, extra


def _copied(value: Any) -> Any:
    if not isinstance(value, dict | None):
        raise refused("inferenceConfig and its like must be objects")
    return dict(value) if isinstance(value, dict) else None


def _taken(table: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at ``path``, which is no longer there then."""
    for step in path[:-1]:
        inner = table.get(step)
        if not isinstance(inner, dict):
            return None
        if len(inner) == 1 and path[-1] in inner:
            return table.pop(step)[path[-1]]
        table[step] = dict(inner)
        table = table[step]
    value = table.get(path[-1])
    return table.pop(path[-1]) if value is not None else None


def _read_output(body: Mapping[str, Any], extra: dict[str, Any]) -> Output | None:
    config = body.get("outputConfig")
    if not isinstance(config, dict):
        return None
    form = config.get("textFormat")
    inner = form.get("structure", {}).get("jsonSchema") if isinstance(form, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("schema"), str):
        return None
    try:
        schema = loads(inner["schema"])
    except JackfieldError:
        raise refused("outputConfig.textFormat.structure.jsonSchema.schema: must be JSON") from None
    rest = {name: value for name, value in config.items() if name != "textFormat"}
    extra.pop("outputConfig", None)
    if rest:
        extra["outputConfig"] = rest
    return Output(schema, inner.get("name") or "answer", inner.get("description"))

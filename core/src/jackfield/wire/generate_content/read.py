"""A body of the format as the request it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.jsontext import dump_text
from jackfield.types import (
    HostedTool,
    Message,
    Opaque,
    Output,
    Part,
    Reasoning,
    Request,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from jackfield.wire.generate_content.parts import inline_media, part_of
from jackfield.wire.generate_content.schemas import widened
from jackfield.wire.generate_content.tables import (
    BODY_OPTIONS,
    OPTIONS,
    OURS,
    TOOL_CHOICES,
    Rules,
    camel,
    table_of,
)
from jackfield.wire.generate_content.thinking import read_thinking

_CHOICES = {theirs: ours for ours, theirs in TOOL_CHOICES.items()}
_ROLES: Mapping[str, Role] = {"user": "user", "model": "assistant", "function": "tool", "": "user"}
_READ = frozenset({"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model"})
_CONFIG = frozenset({*OPTIONS.values(), "thinkingConfig"})
_FORM = frozenset({"responseMimeType", "responseSchema", "responseJsonSchema"})
_FUNCTION = frozenset({"name", "description", "parameters", "parametersJsonSchema"})
_NESTED = ("functionCall", "functionResponse", "inlineData", "fileData")


def read_body(raw: Any, model: str, rules: Rules) -> Request:
    """The request for ``model``, which the path names."""
    if not isinstance(raw, dict):
        raise refused("the body must be a JSON object")
    body = {name: value for name, value in camel(raw).items() if value is not None}
    config = {
        name: value for name, value in table_of(body.get("generationConfig")).items() if value is not None
    }
    choice, strict, tool_config = _read_choice(table_of(body.get("toolConfig")))
    tools = tuple(_tools(body, strict))
    output, form = _read_output(config)
    options, extra = _read_options(body, config, rules)
    rest = {name: value for name, value in config.items() if name not in (_CONFIG | form)}
    if tuple(rest.get("responseModalities", ())) == tuple(rules.settings["modalities"]):
        rest.pop("responseModalities", None)
    if "thinkingConfig" in config and "reasoning" not in options:
        rest["thinkingConfig"] = config["thinkingConfig"]
    if rest:
        extra["generationConfig"] = rest
    if tool_config:
        extra["toolConfig"] = tool_config
    return Request(model, tuple(_messages(body, rules)), tools, choice, output, options, extra)


def refused(message: str) -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(
        ErrorInfo("request.invalid", message, status=400, code="INVALID_ARGUMENT", sent="no")
    )


def _listed(table: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = table.get(name)
    if value is None:
        return []
    if isinstance(value, dict):  # one alone need not be in a list
        value = [value]
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return list(map(camel, value))
    raise refused(f"{name}: must be an array of objects")


# -- turns ---------------------------------------------------------------------------------------


def _messages(body: Mapping[str, Any], rules: Rules) -> Iterator[Message]:
    system = body.get("systemInstruction")
    if system:
        yield Message("system", _parts(table_of(system), "systemInstruction", rules))
    turns = _listed(body, "contents")
    if not turns:
        raise refused("contents: at least one is required")
    calls: list[ToolCall] = []
    for number, turn in enumerate(turns):
        role = _ROLES.get(str(turn.get("role") or ""))
        if role is None:
            raise refused(f"contents[{number}].role: must be user or model")
        parts = _parts(turn, f"contents[{number}]", rules, f"{OURS}{number}")
        if role == "assistant":
            calls = [part for part in parts if isinstance(part, ToolCall)]
            yield Message(role, parts)
        else:
            yield from _split(tuple(_answering(part, calls) for part in parts))


def _answering(part: Part, calls: list[ToolCall]) -> Part:
    """A result with the id of the call it answers: by its own id, else the next call of its name."""
    if not isinstance(part, ToolResult):
        return part
    named = (
        call for call in calls if part.call_id == call.id or (not part.call_id and part.name == call.name)
    )
    call = next(named, None)
    if call is None:
        return part if part.call_id else attrs.evolve(part, call_id=f"{OURS}{part.name}")
    calls.remove(call)
    return attrs.evolve(part, call_id=call.id)


def _parts(turn: Mapping[str, Any], where: str, rules: Rules, call_id: str = "") -> tuple[Part, ...]:
    raw = _listed(turn, "parts")
    if not raw:
        raise refused(f"{where}.parts: at least one is required")
    return tuple(_part(part, rules, f"{call_id}_{number}") for number, part in enumerate(raw))


def _part(raw: dict[str, Any], rules: Rules, call_id: str) -> Part:
    """One part of a request; ``call_id`` is for a call without an id."""
    for name in _NESTED:
        if isinstance(raw.get(name), dict):
            raw = {**raw, name: camel(raw[name])}
    if isinstance(raw.get("functionResponse"), dict):
        return _result(raw, rules)
    part = part_of(raw, rules, call_id)
    if isinstance(part, Reasoning) and part.opaque is not None and "thoughtSignature" not in part.opaque.data:
        return attrs.evolve(part, opaque=None)  # not the provider's own, whoever sent it
    return part


def _result(raw: dict[str, Any], rules: Rules) -> ToolResult:
    answer = raw["functionResponse"]
    name, response = answer.get("name"), answer.get("response")
    if not isinstance(name, str) or not isinstance(response, dict):
        raise refused("functionResponse: a name and a response object are required")
    text, error, usual = _answered(response)
    media = tuple(
        inline_media(camel(blob["inlineData"]))
        for blob in _listed(answer, "parts")
        if table_of(blob.get("inlineData"))
    )
    sealed: dict[str, Any] = {} if usual else {"response": response}
    sealed |= {beside: value for beside, value in raw.items() if beside != "functionResponse"}
    texts = (Text(text),) if text or not media else ()
    return ToolResult(
        answer.get("id") or "",
        (*texts, *media),
        error=error,
        name=name,
        opaque=_sealed(sealed, rules),
    )


def _sealed(data: Mapping[str, Any], rules: Rules) -> Opaque | None:
    return rules.seal.close(data) if data else None


def _answered(response: Mapping[str, Any]) -> tuple[str, bool, bool]:
    """The words of a tool's answer, whether they tell of a failure, and whether it is of a form we write."""
    if response.keys() == {"output"} and isinstance(response["output"], str):
        return response["output"], False, True
    if response.keys() == {"error"} and isinstance(response["error"], str):
        return response["error"], True, True
    return dump_text(response), False, bool(response) and response.keys().isdisjoint(("output", "error"))


def _split(parts: tuple[Part, ...]) -> Iterator[Message]:
    """A turn of the user's, with the results of tools as the turn of their own that they are."""
    run: list[Part] = []
    role: Role = "user"
    for part in parts:
        here: Role = "tool" if isinstance(part, ToolResult) else "user"
        if run and here != role:
            yield Message(role, tuple(run))
            run = []
        role = here
        run.append(part)
    yield Message(role, tuple(run))


# -- tools ---------------------------------------------------------------------------------------


def _tools(body: Mapping[str, Any], strict: bool | None) -> Iterator[Tool | HostedTool]:
    for entry in _listed(body, "tools"):
        for kind, options in entry.items():
            if kind == "functionDeclarations":
                yield from (_function(one, strict) for one in _listed(entry, kind))
            elif options is not None:
                yield HostedTool(kind, table_of(options))


def _function(raw: dict[str, Any], strict: bool | None) -> Tool:
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise refused("functionDeclarations.name: a text is required")
    schema = raw.get("parametersJsonSchema")
    if schema is None:
        schema = widened(raw.get("parameters") or {"type": "object", "properties": {}})
    if not isinstance(schema, dict):
        raise refused("functionDeclarations.parameters: a schema is required")
    extra = {field: value for field, value in raw.items() if field not in _FUNCTION and value is not None}
    return Tool(name, raw.get("description") or "", schema, strict=strict, extra=extra)


def _read_choice(config: Mapping[str, Any]) -> tuple[str | None, bool | None, dict[str, Any]]:
    """The choice of a tool, whether calls are held to their schemas, and what neither says."""
    calling = table_of(config.get("functionCallingConfig"))
    rest = {
        name: value for name, value in config.items() if name != "functionCallingConfig" and value is not None
    }
    mode, allowed = str(calling.get("mode") or "").upper(), calling.get("allowedFunctionNames")
    if not calling or calling.keys() - {"mode", "allowedFunctionNames"}:
        return None, None, {**rest, "functionCallingConfig": calling} if calling else rest
    if mode == "ANY" and isinstance(allowed, list) and len(allowed) == 1:
        return str(allowed[0]), None, rest
    if not allowed and mode in _CHOICES:
        return _CHOICES[mode], None, rest
    if not allowed and mode == "VALIDATED":
        return None, True, rest
    return None, None, {**rest, "functionCallingConfig": calling}


# -- options -------------------------------------------------------------------------------------


def _read_options(
    body: Mapping[str, Any], config: Mapping[str, Any], rules: Rules
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options, and the fields that are none: they stay the provider's own."""
    options: dict[str, Any] = {}
    for name, field in OPTIONS.items():
        if field in config:
            value = config[field]
            options[name] = tuple(value) if isinstance(value, list) else value
    taken = set(_READ)
    for name, (field, setting) in BODY_OPTIONS.items():
        if field in body and rules.settings[setting]:
            options[name] = body[field]
            taken.add(field)
    thinking = read_thinking(table_of(config.get("thinkingConfig")), rules)
    if thinking is not None:
        options["reasoning"] = thinking
    return options, {name: value for name, value in body.items() if name not in taken}


def _read_output(config: Mapping[str, Any]) -> tuple[Output | None, frozenset[str]]:
    """The form the answer must take, and the fields that say it."""
    if config.get("responseMimeType") != "application/json":
        return None, frozenset()
    if isinstance(config.get("responseJsonSchema"), dict):
        return Output(config["responseJsonSchema"]), _FORM
    if isinstance(config.get("responseSchema"), dict):
        return Output(widened(config["responseSchema"])), _FORM
    return Output(), _FORM

"""A body of the format as the request it asks."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from mimetypes import guess_type
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    HostedTool,
    Image,
    Message,
    Opaque,
    Other,
    Output,
    Part,
    Request,
    Role,
    Text,
    Tool,
    ToolResult,
)
from jackfield.wire.chat_completions.tables import AUDIO_TYPES
from jackfield.wire.responses.items import Item, kept_of, parts_of_item, word
from jackfield.wire.responses.tables import LOGPROBS, OPTIONS, TOOL_CHOICES, Rules
from jackfield.wire.responses.turns import BREAKPOINT, CONTENT
from jackfield.wire.seal import Seal

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "system": "system",
    "developer": "system",
    "assistant": "assistant",
}
_READ = frozenset(
    {"model", "input", "instructions", "tools", "tool_choice", "stream", "stream_options", "text"}
    | {"reasoning", "include"}
    | {path[0] for path in OPTIONS.values()}
)
_TOOL_FIELDS = frozenset({"type", "name", "description", "parameters", "strict"})

# What would need a memory of earlier answers, or an answer that is fetched later.
_STATE = ("previous_response_id", "conversation", "background", "prompt")


def refused(message: str, code: str = "invalid_request_error") -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, code=code, sent="no"))


def read_body(body: Any, rules: Rules) -> tuple[Request, bool]:
    """The request, and whether a stream is wanted."""
    if not isinstance(body, dict):
        raise refused("the body must be a JSON object")
    body = {name: value for name, value in body.items() if value is not None}
    for name in _STATE:
        if body.get(name):
            raise refused(
                f"`{name}` is not supported: nothing is kept here between requests; send all items in `input`",
                "unsupported_parameter",
            )
    options, extra = _read_options(body, rules)
    choice = _read_choice(body.get("tool_choice"))
    if choice is None and "tool_choice" in body:
        extra["tool_choice"] = body["tool_choice"]
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


def _named(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if isinstance(value, str) and value:
        return value
    raise refused(f"`{name}`: a text is required")


def _listed(table: Mapping[str, Any], name: str) -> list[Item]:
    value = table.get(name, [])
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise refused(f"`{name}` must be an array of objects")


# -- turns -----------------------------------------------------------------------------------------


class _Turns:
    """Gathers items into messages: what one side says or does in a row is one turn of it."""

    def __init__(self, seal: Seal) -> None:
        self.messages: list[Message] = []
        self._seal = seal
        self._role: Role = "user"
        self._parts: list[Part] = []
        self._plain = False  # whether the last item was a message without an id

    def add(self, item: Item, where: str) -> None:
        """Take one item in."""
        kind = item.get("type", "message" if "role" in item else None)
        if not isinstance(kind, str):
            raise refused(f"{where}.type: a text is required")
        if kind == "item_reference":
            raise refused(
                f"{where}: nothing is kept here to refer to; send the item", "unsupported_parameter"
            )
        if kind == "message":
            self._message(item, where)
        elif kind in _RESULTS:
            self._grow("tool", [_result(item, kind, where, self._seal)])
        elif kind.endswith(("_output", "_response")):
            self._grow("tool", [Other(kind, self._seal.close(item))])
        else:
            self._grow("assistant", parts_of_item(item, self._seal))

    def _message(self, item: Item, where: str) -> None:
        role = _ROLES.get(str(item.get("role")))
        if role is None:
            raise refused(f"{where}.role: must be one of {', '.join(_ROLES)}")
        content = item.get("content")
        if not isinstance(content, str | list):
            raise refused(f"{where}.content: must be a text or an array")
        if role != "assistant":
            self.end()
            self.messages.append(Message(role, _parts(content, f"{where}.content", self._seal)))
            return
        plain = "id" not in item
        if plain and self._plain:
            self.end()
        self._grow("assistant", parts_of_item({"type": "message", **item}, self._seal))
        self._plain = plain

    def _grow(self, role: Role, parts: list[Part]) -> None:
        if role != self._role:
            self.end()
        self._plain = False
        self._role = role
        self._parts += parts

    def end(self) -> None:
        """End the turn that is being gathered."""
        if self._parts:
            self.messages.append(Message(self._role, tuple(self._parts)))
        self._parts, self._plain = [], False


def _messages(body: Mapping[str, Any], seal: Seal) -> list[Message]:
    turns = _Turns(seal)
    instructions, given = body.get("instructions"), body.get("input")
    if instructions is not None:
        if not isinstance(instructions, str):
            raise refused("`instructions` must be a text")
        turns.messages.append(Message("system", (Text(instructions),)))
    if isinstance(given, str):
        turns.messages.append(Message("user", (Text(given),)))
        return turns.messages
    if not _listed(body, "input"):
        raise refused("`input`: a text or an array of items is required")
    for number, item in enumerate(_listed(body, "input")):
        turns.add(item, f"input.{number}")
    turns.end()
    return turns.messages


_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})


def _result(item: Item, kind: str, where: str, seal: Seal) -> Part:
    """What a tool of the caller's answered."""
    kept = kept_of(item, "type", "call_id", "output")
    if kind != "function_call_output":
        kept["type"] = kind
    output = item.get("output")
    if not isinstance(output, str | list):
        raise refused(f"{where}.output: must be a text or an array")
    parts = _parts(output, f"{where}.output", seal) if output else ()
    if not isinstance(item.get("call_id"), str):
        raise refused(f"{where}.call_id: a text is required")
    return ToolResult(item["call_id"], parts, opaque=seal.keep(kept))


# -- content ---------------------------------------------------------------------------------------


def _parts(content: str | list[Any], where: str, seal: Seal) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),)
    parts: list[Part] = []
    for number, item in enumerate(content):
        if not isinstance(item, dict) or not isinstance(item.get("type"), str):
            raise refused(f"{where}.{number}.type: a text is required")
        point = item.get(BREAKPOINT)
        rest = {name: value for name, value in item.items() if name != BREAKPOINT}
        parts.append(_part(rest, seal))
        if isinstance(point, dict):
            parts.append(CachePoint(point.get("ttl")))
    return tuple(parts)


def _part(item: Item, seal: Seal) -> Part:
    """The part a content is; what has no neutral type, or not its usual form, is kept verbatim."""
    read = _CONTENTS.get(item["type"])
    if read is not None:
        try:
            return read(item, seal)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # not its usual form
    return Other(item["type"], seal.close({CONTENT: item}))


def _rest(item: Item, seal: Seal, *names: str) -> Opaque | None:
    """What a content says beside ``names``."""
    kept = {name: value for name, value in item.items() if name not in names and value is not None}
    return seal.close({CONTENT: kept}) if kept else None


def _text(item: Item, seal: Seal) -> Part:
    return Text(word(item, "text"), opaque=_rest(item, seal, "type", "text", "annotations", "logprobs"))


def _image(item: Item, seal: Seal) -> Part:
    opaque = _rest(item, seal, "type", "image_url", "file_id", "detail")
    source = _source(item, "image_url", Image.default_media_type)
    return Image(**source, detail=item.get("detail"), opaque=opaque)


def _document(item: Item, seal: Seal) -> Part:
    names = ("type", "file_url", "file_id", "file_data")
    if item.get("file_data") is not None:
        data = word(item, "file_data")
        media = guess_type(str(item.get("filename")))[0] or Document.default_media_type
        url = data if data.startswith("data:") else f"data:{media};base64,{data}"
        opaque = _rest(item, seal, *names, "filename")
        return Document(**_of_url(url, media), name=item.get("filename"), opaque=opaque)
    return Document(
        **_source(item, "file_url", Document.default_media_type), opaque=_rest(item, seal, *names)
    )


def _source(item: Item, field: str, usual: str) -> dict[str, Any]:
    if item.get("file_id") is not None:
        return {"media_type": usual, "file_id": word(item, "file_id")}
    return _of_url(word(item, field), usual)


def _of_url(url: str, usual: str) -> dict[str, Any]:
    """An address, or the bytes that one of data holds."""
    if not url.startswith("data:"):
        return {"media_type": guess_type(url.partition("?")[0])[0] or usual, "url": url}
    head, _, payload = url[5:].partition(",")
    if not head.endswith(";base64"):
        raise ValueError(head)
    return {"media_type": head.removesuffix(";base64") or usual, "data": b64decode(payload, validate=True)}


def _audio(item: Item, seal: Seal) -> Part:
    sound = item["input_audio"]
    form = word(sound, "format")
    data = b64decode(word(sound, "data"), validate=True)
    return Audio(AUDIO_TYPES.get(form, f"audio/{form}"), data=data)


_CONTENTS: Mapping[str, Callable[[Item, Seal], Part]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "input_image": _image,
    "input_file": _document,
    "input_audio": _audio,
}


# -- tools -----------------------------------------------------------------------------------------


def _read_tool(tool: Item) -> Tool | HostedTool:
    kind = _named(tool, "type")
    if kind != "function":
        return HostedTool(kind, {name: value for name, value in tool.items() if name != "type"})
    schema, strict = tool.get("parameters"), tool.get("strict")
    if not isinstance(schema, dict | None) or not isinstance(strict, bool | None):
        raise refused("`tools`: `parameters` must be a JSON schema, and `strict` true or false")
    return Tool(
        _named(tool, "name"),
        tool.get("description") or "",
        schema or {"type": "object", "properties": {}},
        strict=strict,
        extra={name: value for name, value in tool.items() if name not in _TOOL_FIELDS},
    )


def _read_choice(choice: Any) -> str | None:
    """The choice of a tool; ``None`` where it is something only the provider knows."""
    if isinstance(choice, str):
        if choice not in TOOL_CHOICES:
            raise refused(f"`tool_choice` must be one of {', '.join(TOOL_CHOICES)}, or an object")
        return choice
    if isinstance(choice, dict) and set(choice) <= {"type", "name"}:
        if choice.get("type") in ("function", "custom"):
            return _named(choice, "name")
        if "name" not in choice:
            return _named(choice, "type")
    return None


# -- options ---------------------------------------------------------------------------------------


def _read_options(body: Mapping[str, Any], rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options, and the fields that are none: they stay the provider's own."""
    for name in ("text", "reasoning", "metadata", "stream_options"):
        if not isinstance(body.get(name, {}), dict):
            raise refused(f"`{name}` must be an object")
    fixed = rules.fixed_fields.items()
    body = {name: value for name, value in body.items() if (name, value) not in fixed}
    options: dict[str, Any] = {}
    for name, path in [*OPTIONS.items(), *((name, (name,)) for name in rules.also)]:
        value: Any = body
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            options[name] = tuple(value) if isinstance(value, list) else value
    known = _READ | set(rules.also)
    extra = {name: value for name, value in body.items() if name not in known}
    include = _read_include(body, options)
    if include is not None:
        extra["include"] = include
    rest = {
        "reasoning": _without(body.get("reasoning"), "effort"),
        "text": _without(body.get("text"), "verbosity", "format" if _is_read(body) else ""),
        "stream_options": _without(body.get("stream_options"), "include_obfuscation"),
    }
    return options, extra | {name: value for name, value in rest.items() if value}


def _read_include(body: Mapping[str, Any], options: dict[str, Any]) -> list[str] | None:
    """What is to be in the answer beside what always is; log probabilities are an option of ours."""
    given = body.get("include")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise refused("`include` must be an array of texts")
    rest = [item for item in given if item != LOGPROBS]
    if len(rest) < len(given):
        options["logprobs"] = True
    return rest if rest or not given else None


def _without(value: Any, *names: str) -> dict[str, Any]:
    found = value.items() if isinstance(value, dict) else ()
    return {name: item for name, item in found if name not in names and item is not None}


def _form(body: Mapping[str, Any]) -> Mapping[str, Any]:
    text = body.get("text")
    form = text.get("format") if isinstance(text, Mapping) else None
    return form if isinstance(form, Mapping) else {}


def _is_read(body: Mapping[str, Any]) -> bool:
    """Whether the form the answer must take is one of ours."""
    return _form(body).get("type") in ("text", "json_object") or _read_output(body) is not None


def _read_output(body: Mapping[str, Any]) -> Output | None:
    form = _form(body)
    if form.get("type") == "json_object":
        return Output()
    schema, strict = form.get("schema"), form.get("strict")
    if form.get("type") != "json_schema" or not isinstance(schema, dict):
        return None
    named = form.get("name")
    return Output(
        schema,
        named if isinstance(named, str) else "answer",
        form.get("description"),
        strict if isinstance(strict, bool) else None,
    )

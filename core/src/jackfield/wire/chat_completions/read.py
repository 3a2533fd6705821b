"""Bodies to requests: the server half of rendering."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed
from jackfield.jsontext import loads
from jackfield.types import (
    Audio,
    Document,
    HostedTool,
    Image,
    Message,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Video,
    parts_of,
)
from jackfield.wire.call import Call
from jackfield.wire.chat_completions.forms import cache_point, take_effort
from jackfield.wire.chat_completions.parse import (
    arguments_text,
    call_id,
    call_opaque,
    content_parts,
    details_text,
    function_of,
    reasoning_opaque,
    reasoning_text,
)
from jackfield.wire.chat_completions.render import WEB_SEARCH
from jackfield.wire.chat_completions.tables import AUDIO_MAGIC, AUDIO_TYPES, FIELD_OPTIONS


def invalid(message: str) -> InvalidRequest:
    """The refusal of a request that is not of this format."""
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))


def body_of(call: Call) -> dict[str, Any]:
    """The decoded body of a call."""
    try:
        body = loads(call.body)
    except Malformed as exc:
        raise invalid(f"the body is {exc.info.message}") from None
    if not isinstance(body, dict):
        raise invalid("the body is not a JSON object")
    return body


def read_body(body: Mapping[str, Any], provider: str, reasoning: str = "effort") -> tuple[Request, bool]:
    """The request a body asks, and whether it wants a stream. Fields without a word of ours become ``extra``."""
    given = {name: value for name, value in body.items() if value is not None}
    model, turns = given.pop("model", None), given.pop("messages", None)
    if not isinstance(model, str) or not model:
        raise invalid("you must provide a model")
    if not isinstance(turns, list) or not turns:
        raise invalid("`messages` must be a list of at least one message")
    stream = given.pop("stream", False) is True
    given.pop("stream_options", None)  # between the two ends of this wire: see ``Asked``
    messages = _joined([_message(turn, provider) for turn in turns])
    tools = _tools(given)
    request = Request(
        model,
        messages,
        tools,
        _tool_choice(given.pop("tool_choice", None)),
        _output(given),
        _options(given, reasoning),
        given,
    )
    return request, stream


def _options(given: dict[str, Any], reasoning: str) -> dict[str, Any]:
    effort = take_effort(given, reasoning)
    options: dict[str, Any] = {} if effort is None else {"reasoning": effort}
    for field in [name for name in given if name in FIELD_OPTIONS]:
        value = given.pop(field)
        if field == "stop":
            value = _stops(value)
        options[FIELD_OPTIONS[field]] = value
    return options


def _stops(value: Any) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise invalid("`stop` is neither a text nor a list of texts")
    return tuple(words)


# -- turns -----------------------------------------------------------------------------------------


def _message(turn: Any, provider: str) -> Message:
    role = turn.get("role") if isinstance(turn, dict) else None
    read = _ROLES.get(role) if isinstance(role, str) else None
    if read is None:
        raise invalid(f"a message has the role {role!r:.40}; the roles are {', '.join(_ROLES)}")
    return read(turn, provider)


def _system(turn: Mapping[str, Any], provider: str) -> Message:
    return Message("system", _content(turn.get("content")), turn.get("name"))


def _user(turn: Mapping[str, Any], provider: str) -> Message:
    return Message("user", _content(turn.get("content")), turn.get("name"))


def _tool(turn: Mapping[str, Any], provider: str) -> Message:
    identity = turn.get("tool_call_id")
    if not isinstance(identity, str) or not identity:
        raise invalid("a message of role tool needs a tool_call_id")
    return Message("tool", (ToolResult(identity, _content(turn.get("content"))),))


def _assistant(turn: Mapping[str, Any], provider: str) -> Message:
    details = turn.get("reasoning_details")
    kept = details if isinstance(details, list) and details else None
    words = reasoning_text(turn) or (details_text(kept) if kept else "")
    parts: list[Part] = []
    if words or kept:
        parts.append(Reasoning(words, reasoning_opaque(provider, "none", kept)))
    parts += _said(turn.get("content"), provider)
    if turn.get("refusal"):
        parts.append(Refusal(str(turn["refusal"])))
    calls = turn.get("tool_calls") or []
    if not isinstance(calls, list):
        raise invalid("`tool_calls` is no list")
    for place, item in enumerate(calls):
        function = function_of(item) if isinstance(item, dict) else {}
        if not function.get("name") or not isinstance(function["name"], str):
            raise invalid("a tool call names no function")
        identity, text = str(item.get("id") or call_id(place)), arguments_text(function.get("arguments"))
        parts.append(ToolCall(identity, function["name"], text, opaque=call_opaque(item, provider)))
    return Message("assistant", tuple(parts), turn.get("name"))


def _said(content: Any, provider: str) -> tuple[Part, ...]:
    """What the model said: content in which there may be thoughts."""
    if not isinstance(content, list):
        return _content(content)
    parts: list[Part] = []
    for item in content:
        if isinstance(item, dict) and item.get("type") in ("thinking", "reasoning"):
            parts += content_parts(item, provider)
        else:
            parts += _content([item])
    return tuple(parts)


_ROLES: Mapping[str, Callable[[Mapping[str, Any], str], Message]] = {
    "system": _system,
    "developer": _system,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}


def _joined(messages: list[Message]) -> tuple[Message, ...]:
    """The results of one round of tools as one turn: the format spreads them over messages."""
    joined: list[Message] = []
    for message in messages:
        if message.role == "tool" and joined and joined[-1].role == "tool":
            joined[-1] = Message("tool", (*joined[-1].parts, *message.parts))
        else:
            joined.append(message)
    return tuple(joined)


# -- content ---------------------------------------------------------------------------------------


def _content(content: Any) -> tuple[Part, ...]:
    if content is None or content == "":
        return ()
    if isinstance(content, str):
        return parts_of(content)
    if not isinstance(content, list):
        raise invalid("content is neither text nor a list of parts")
    parts: list[Part] = []
    for item in content:
        parts.append(_part(item))
        if "cache_control" in item:
            parts += cache_point(item)
    return tuple(parts)


def _part(item: Any) -> Part:
    kind = item.get("type") if isinstance(item, dict) else None
    read = _PARTS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise invalid(f"a part has the type {kind!r:.40}; the types are {', '.join(_PARTS)}")
    try:
        return read(item)
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        raise invalid(f"a part of type {kind} is not complete") from None


def _text(item: Mapping[str, Any]) -> Text:
    return Text(item["text"])


def _refusal(item: Mapping[str, Any]) -> Refusal:
    return Refusal(item["refusal"])


def _image(item: Mapping[str, Any]) -> Image:
    source = item["image_url"]
    fields = {"url": source} if isinstance(source, str) else source
    image: Image = Image.from_url(fields["url"])
    detail = fields.get("detail")
    return Image(image.media_type, image.data, image.url, detail=detail) if detail else image


def _audio(item: Mapping[str, Any]) -> Audio:
    sound = item["input_audio"]
    if isinstance(sound, str):
        return _plain_audio(sound)
    form = sound["format"]
    return Audio(AUDIO_TYPES.get(form, f"audio/{form}"), data=base64.b64decode(sound["data"]))


def _plain_audio(sound: str) -> Audio:
    """Sound without a word of its kind: an address, or bytes that may tell it themselves."""
    if sound.startswith(("http://", "https://", "data:")):
        found: Audio = Audio.from_url(sound)
        return found
    data = base64.b64decode(sound, validate=True)
    kind = next((kind for magic, kind in AUDIO_MAGIC if data.startswith(magic)), Audio.default_media_type)
    return Audio(kind, data=data)


def _video(item: Mapping[str, Any]) -> Video:
    video: Video = Video.from_url(item["video_url"]["url"])
    return video


def _document_url(item: Mapping[str, Any]) -> Document:
    return _document_at(item["document_url"], item.get("document_name"))


def _file_url(item: Mapping[str, Any]) -> Document:
    source = item["file_url"]["url"]
    if not source.startswith(("http://", "https://", "data:")):
        source = f"data:{Document.default_media_type};base64,{source}"
    return _document_at(source, None)


def _document_at(url: str, name: str | None) -> Document:
    found: Document = Document.from_url(url)
    kind = found.media_type if found.url is None else Document.default_media_type
    return Document(kind, found.data, found.url, name=name)


def _file(item: Mapping[str, Any]) -> Document:
    if isinstance(item.get("file_id"), str):
        return Document(Document.default_media_type, file_id=item["file_id"])
    file = item["file"]
    if file.get("file_id"):
        return Document(Document.default_media_type, file_id=file["file_id"])
    document: Document = Document.from_url(file["file_data"])
    return Document(document.media_type, document.data, document.url, name=file.get("filename"))


_PARTS: Mapping[str, Callable[[Any], Part]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "video_url": _video,
    "file": _file,
    "document_url": _document_url,
    "file_url": _file_url,
}


# -- tools and output ------------------------------------------------------------------------------


def _tools(given: dict[str, Any]) -> tuple[Tool | HostedTool, ...]:
    listed = given.pop("tools", None) or ()
    if not isinstance(listed, list | tuple) or not all(isinstance(item, dict) for item in listed):
        raise invalid("`tools` must be a list of objects")
    tools = tuple(map(_declared, listed))
    search = given.pop("web_search_options", None)
    return tools if search is None else (*tools, HostedTool(WEB_SEARCH, search))


def _declared(item: Mapping[str, Any]) -> Tool | HostedTool:
    kind, function = item.get("type"), item.get("function")
    if kind != "function":
        if not isinstance(kind, str):
            raise invalid("a tool has no type")
        return HostedTool(kind, {name: value for name, value in item.items() if name != "type"})
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise invalid("a tool of type function needs a function with a name")
    schema = function.get("parameters")
    fields = {} if schema is None else {"schema": schema}
    return Tool(function["name"], function.get("description") or "", strict=function.get("strict"), **fields)


def _tool_choice(choice: Any) -> str | None:
    if choice is None or isinstance(choice, str):
        return "required" if choice == "any" else choice
    named = choice.get("function") if isinstance(choice, dict) else None
    if not isinstance(named, dict) or not isinstance(named.get("name"), str):
        raise invalid("`tool_choice` is neither a word nor a named function")
    return str(named["name"])


def _output(given: dict[str, Any]) -> Output | None:
    form = given.pop("response_format", None)
    kind = form.get("type") if isinstance(form, dict) else None
    if form is None or kind == "text":
        return None
    if kind == "json_object":
        return Output()
    inside = form.get("json_schema") if kind == "json_schema" else None
    if not isinstance(inside, dict):
        raise invalid("`response_format` is none of text, json_object and json_schema")
    name = str(inside.get("name") or "answer")
    return Output(inside.get("schema") or {}, name, inside.get("description"), inside.get("strict"))

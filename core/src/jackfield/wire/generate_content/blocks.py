"""Our parts as those of the format: one function for each type of part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Unsupported
from jackfield.jsontext import loads
from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    Image,
    Media,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from jackfield.wire.generate_content.tables import DETAILS, OURS, Rules

Block: TypeAlias = dict[str, Any]
Names: TypeAlias = Mapping[str, str]  # id of a call -> the name of its tool


def blocks_of(part: Part, rules: Rules, names: Names) -> list[Block]:
    """The format's parts for ``part``; none for what is sealed by somebody else, and for cache points."""
    write = BLOCKS.get(type(part))
    if write is None:
        what = type(part).__name__.lower()
        msg = f"the generate content format has no way to send {what}; nothing was sent"
        raise Unsupported(ErrorInfo("request.unsupported", msg, provider=rules.seal.provider, sent="no"))
    return write(part, rules, names)


def _text(part: Text, rules: Rules, names: Names) -> list[Block]:
    own = rules.seal.open(part.opaque)
    if own is None:
        return [{"text": part.text}] if part.text else []
    return [{"text": part.text, **own}]


def _refusal(part: Refusal, rules: Rules, names: Names) -> list[Block]:
    return [{"text": part.text}] if part.text else []


def _reasoning(part: Reasoning, rules: Rules, names: Names) -> list[Block]:
    """Thoughts go back only with a signature: without one the provider has no use for them."""
    own = rules.seal.open(part.opaque)
    return [] if own is None else [{"text": part.text, "thought": True, **own}]


def _tool_call(part: ToolCall, rules: Rules, names: Names) -> list[Block]:
    own = rules.seal.open(part.opaque) or {}
    if part.hosted and not own:
        return []
    call: Block = {"name": part.name, "args": arguments(part)}
    if not part.id.startswith(OURS):
        call["id"] = part.id
    return [{**own, "functionCall": {**call, **own.get("functionCall", {})}}]


def arguments(call: ToolCall) -> Mapping[str, Any]:
    """The arguments of a call that is sent back: the format takes an object, not text."""
    try:
        value = loads(call.json or "{}")
    except JackfieldError:
        value = None
    if isinstance(value, dict):
        return value
    msg = f"tool call `{call.name}` has arguments that are not a JSON object; nothing was sent"
    hint = "an answer cut short by its length limit may end in half a call: leave that turn out"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


def _tool_result(part: ToolResult, rules: Rules, names: Names) -> list[Block]:
    own = rules.seal.open(part.opaque) or {}
    if part.hosted:
        return [dict(own)] if own else []
    answer: Block = {"name": _name_of(part, names), "response": own.get("response") or _response(part)}
    if not part.call_id.startswith(OURS):
        answer["id"] = part.call_id
    media = [
        block for item in part.parts if isinstance(item, Media) for block in blocks_of(item, rules, names)
    ]
    inside = media and rules.settings["tool_media"] == "inside"
    if inside:
        answer["parts"] = media
    rest = {name: value for name, value in own.items() if name != "response"}
    return [{"functionResponse": answer, **rest}, *(() if inside else media)]


def _name_of(part: ToolResult, names: Names) -> str:
    name = part.name or names.get(part.call_id)
    if name:
        return name
    msg = f"the result for call `{part.call_id!s:.60}` answers no call of this conversation; nothing was sent"
    hint = (
        "the format names the tool a result is of: give ToolResult a `name`, or send the turn with the call"
    )
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


def _response(part: ToolResult) -> Mapping[str, Any]:
    """What a tool answered, as the object the format wants: an object as it is, anything else under a name."""
    if part.error:
        return {"error": part.text}
    if part.text.startswith("{"):
        try:
            value = loads(part.text)
        except JackfieldError:
            value = None
        if isinstance(value, dict) and value and "output" not in value and "error" not in value:
            return value
    return {"output": part.text}


def _media(part: Media, rules: Rules, names: Names) -> list[Block]:
    own = rules.seal.open(part.opaque) or {}
    resolution = (
        DETAILS.get(getattr(part, "detail", None) or "") if rules.settings["part_resolution"] else None
    )
    if resolution:
        own = {"mediaResolution": {"level": resolution}, **own}
    return [{**_source(part, rules), **own}]


def _source(part: Media, rules: Rules) -> Block:
    if part.url is not None:
        return {"fileData": {"mimeType": part.media_type, "fileUri": part.url}}
    if part.file_id is not None:
        uri = part.file_id if "://" in part.file_id else f"{rules.files}/{part.file_id}"
        return {"fileData": {"mimeType": part.media_type, "fileUri": uri}}
    return {"inlineData": {"mimeType": part.media_type, "data": part.base64}}


def _other(part: Other, rules: Rules, names: Names) -> list[Block]:
    own = rules.seal.open(part.opaque)
    return [] if own is None else [dict(own)]


def _nothing(part: CachePoint, rules: Rules, names: Names) -> list[Block]:
    """What is said twice is cached by the provider of its own accord: there is no mark for it."""
    return []


BLOCKS: Mapping[type, Callable[[Any, Rules, Names], list[Block]]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    Image: _media,
    Audio: _media,
    Video: _media,
    Document: _media,
    Other: _other,
    CachePoint: _nothing,
}

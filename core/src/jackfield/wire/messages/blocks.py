"""Parts as blocks of the format: one function for each type of part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Unsupported
from jackfield.jsontext import loads
from jackfield.types import (
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
)
from jackfield.wire.seal import Seal

Block: TypeAlias = dict[str, Any]

PLAIN = {"type", "text"}
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")


def block_of(part: Part, seal: Seal) -> Block | None:
    """The block for ``part``; ``None`` for what is empty, or sealed by somebody else."""
    write = BLOCKS.get(type(part))
    if write is None:
        what = type(part).__name__.lower()
        msg = f"the messages format has no way to send {what}; nothing was sent"
        raise Unsupported(ErrorInfo("request.unsupported", msg, provider=seal.provider, sent="no"))
    return write(part, seal)


def blocks_of(parts: tuple[Part, ...], seal: Seal) -> list[Block]:
    """The blocks for ``parts``, with cache points attached."""
    blocks: list[Block] = []
    place(parts, blocks, blocks, seal)
    return blocks


def place(parts: tuple[Part, ...], blocks: list[Block], before: list[Block], seal: Seal) -> None:
    """Append the blocks for ``parts``; a cache point marks the block before it, be it in ``before``."""
    for part in parts:
        if isinstance(part, CachePoint):
            mark(blocks or before, part.ttl)
        else:
            block = block_of(part, seal)
            if block is not None:
                blocks.append(block)


def mark(blocks: list[Block], ttl: str | None) -> None:
    """Let the cache end after the last of ``blocks`` that can carry the mark: reasoning cannot."""
    for block in reversed(blocks):
        if block.get("type") not in ("thinking", "redacted_thinking"):
            block["cache_control"] = cache_control(ttl)
            return


def cache_control(ttl: str | None) -> Block:
    """The mark of a cache point."""
    return {"type": "ephemeral"} if ttl is None else {"type": "ephemeral", "ttl": ttl}


def shortest(blocks: list[Block]) -> str | list[Block]:
    """Blocks as they are written: a plain text alone is a string."""
    if len(blocks) == 1 and blocks[0].keys() == PLAIN:
        return str(blocks[0]["text"])
    return blocks


def _text(part: Text, seal: Seal) -> Block | None:
    if not part.text:
        return None  # the format refuses empty texts
    if part.opaque is None:
        return {"type": "text", "text": part.text}
    return {"type": "text", "text": part.text, **(seal.open(part.opaque) or {})}


def _refusal(part: Refusal, seal: Seal) -> Block | None:
    return {"type": "text", "text": part.text} if part.text else None


def _reasoning(part: Reasoning, seal: Seal) -> Block | None:
    own = seal.open(part.opaque)
    if own is None:
        return None  # what is not signed here is refused there
    if own.get("type") == "redacted_thinking":
        return dict(own)
    return {"type": "thinking", "thinking": part.text, **own}


def _tool_call(part: ToolCall, seal: Seal) -> Block | None:
    own = seal.open(part.opaque)
    if part.hosted and own is None:
        return None
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": _arguments(part), **(own or {})}


def _arguments(call: ToolCall) -> Mapping[str, Any]:
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


def _tool_result(part: ToolResult, seal: Seal) -> Block | None:
    own = seal.open(part.opaque)
    if part.hosted:
        return None if own is None else dict(own)
    block: Block = {"type": "tool_result", "tool_use_id": part.call_id}
    content = blocks_of(part.parts, seal)
    if content:
        block["content"] = shortest(content)
    if part.error:
        block["is_error"] = True
    return {**block, **(own or {})}


def _source(part: Media) -> Block:
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    return {"type": "base64", "media_type": part.media_type, "data": part.base64}


def _image(part: Image, seal: Seal) -> Block | None:
    return {"type": "image", "source": _source(part), **(seal.open(part.opaque) or {})}


def _document(part: Document, seal: Seal) -> Block | None:
    is_text = part.data is not None and part.media_type.startswith(_TEXT_TYPES)
    block: Block = {"type": "document", "source": _text_source(part) if is_text else _source(part)}
    if part.name is not None:
        block["title"] = part.name
    if part.context is not None:
        block["context"] = part.context
    if part.citations:
        block["citations"] = {"enabled": True}
    return {**block, **(seal.open(part.opaque) or {})}


def _text_source(part: Document) -> Block:
    try:
        return {"type": "text", "media_type": "text/plain", "data": (part.data or b"").decode("utf-8")}
    except UnicodeDecodeError:
        msg = f"document {part.name or ''!r:.60} says it is {part.media_type} but is not UTF-8; nothing was sent"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint="send it as UTF-8, or as a PDF", sent="no"))


def _other(part: Other, seal: Seal) -> Block | None:
    own = seal.open(part.opaque)
    return None if own is None else dict(own)


BLOCKS: Mapping[type, Callable[[Any, Seal], Block | None]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    Image: _image,
    Document: _document,
    Other: _other,
}

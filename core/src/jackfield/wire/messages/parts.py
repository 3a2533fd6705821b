"""Blocks of the format as parts: one function for each type of block. Nothing of a block is ever lost."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from mimetypes import guess_type
from typing import Any

from jackfield.jsontext import dump_text
from jackfield.types import (
    CachePoint,
    Citation,
    Document,
    Image,
    Other,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from jackfield.wire.facts import items, place, words
from jackfield.wire.messages.tables import CITATIONS
from jackfield.wire.seal import Seal

PLAIN_LENGTH = 2  # a text block of `type` and `text` alone


def part_of(block: Any, seal: Seal) -> Part:
    """The part that ``block`` is; what has no neutral type, or not its usual form, is kept verbatim."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        return Other("unknown", seal.close(block if isinstance(block, dict) else {"value": block}))
    try:
        return _reader_of(kind)(block, seal)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Other(kind, seal.close(block))


def parts_of_content(content: Any, seal: Seal) -> tuple[Part, ...]:
    """The parts of a string or a list of blocks, with cache points where blocks are marked."""
    if isinstance(content, str):
        return (Text(content),)
    parts: list[Part] = []
    for block in content:
        if isinstance(block, dict) and "cache_control" in block:
            block = {**block}
            point = cache_point(block.pop("cache_control"))
            parts += [part_of(block, seal), *point]
        else:
            parts.append(part_of(block, seal))
    return tuple(parts)


def cache_point(control: Any) -> tuple[CachePoint, ...]:
    """The cache point that a mark stands for; none for a mark that is null."""
    return (CachePoint(control.get("ttl")),) if isinstance(control, dict) else ()


def _reader_of(kind: str) -> Callable[[dict[str, Any], Seal], Part]:
    known = READERS.get(kind)
    if known is not None:
        return known
    if kind.endswith("_tool_use"):
        return _hosted_call
    return _hosted_result if kind.endswith("_tool_result") else _other


def _word(block: Mapping[str, Any], name: str) -> str:
    """A field that must be text."""
    value = block[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _rest(block: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name not in names}


def _text(block: dict[str, Any], seal: Seal) -> Part:
    text = _word(block, "text")
    if len(block) == PLAIN_LENGTH:
        return Text(text)
    rest = _rest(block, "type", "text")
    return Text(text, tuple(map(citation_of, items(rest.get("citations")))), seal.close(rest))


def citation_of(raw: Any) -> Citation:
    """The citation at ``raw``; one of a kind nobody knows keeps its own word for it."""
    facts = raw if isinstance(raw, dict) else {}
    location = str(facts.get("type", "unknown"))
    kind, fields = CITATIONS.get(location, (location, {"quote": "cited_text"}))
    found = {ours: _FACTS[ours](facts.get(theirs)) for ours, theirs in fields.items()}
    return Citation(kind, raw=facts, **found)


_FACTS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("quote", "url", "title"), words),
    **dict.fromkeys(("document", "start", "end"), place),
}


def _thinking(block: dict[str, Any], seal: Seal) -> Part:
    return Reasoning(_word(block, "thinking"), seal.close(_rest(block, "thinking")))


def _redacted(block: dict[str, Any], seal: Seal) -> Part:
    return Reasoning("", seal.close(block))


def _tool_call(block: dict[str, Any], seal: Seal) -> Part:
    rest = _rest(block, "type", "id", "name", "input")
    return ToolCall(*_call(block), opaque=seal.close(rest) if rest else None)


def _hosted_call(block: dict[str, Any], seal: Seal) -> Part:
    return ToolCall(*_call(block), hosted=True, opaque=seal.close(_rest(block, "id", "name", "input")))


def _call(block: dict[str, Any]) -> tuple[str, str, str]:
    given = block.get("input")
    if not isinstance(given, dict | None):
        raise TypeError("input")
    return _word(block, "id"), _word(block, "name"), dump_text(given) if given else "{}"


def _tool_result(block: dict[str, Any], seal: Seal) -> Part:
    rest = _rest(block, "type", "tool_use_id", "content", "is_error")
    return ToolResult(
        _word(block, "tool_use_id"),
        parts_of_content(block.get("content") or (), seal),
        error=block.get("is_error") is True,
        opaque=seal.close(rest) if rest else None,
    )


def _hosted_result(block: dict[str, Any], seal: Seal) -> Part:
    """What a hosted tool answered: its texts are shown, all of it is sealed."""
    content = block.get("content")
    failed = isinstance(content, dict) and str(content.get("type")).endswith("_error")
    return ToolResult(
        _word(block, "tool_use_id"),
        tuple(Text(text) for text in _texts(content)),
        error=failed or block.get("is_error") is True,
        hosted=True,
        opaque=seal.close(block),
    )


def _texts(content: Any) -> Iterable[str]:
    for item in content if isinstance(content, list) else ():
        if isinstance(item, dict) and item.get("type") == "text" and isinstance(item.get("text"), str):
            yield item["text"]


# What each kind of source says of a medium. A kind that is not here makes the block an `Other`.
_SOURCES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "base64": lambda source: {
        "media_type": source["media_type"],
        "data": b64decode(_word(source, "data"), validate=True),
    },
    "text": lambda source: {"media_type": "text/plain", "data": _word(source, "data").encode("utf-8")},
    "url": lambda source: {"url": _word(source, "url")},
    "file": lambda source: {"file_id": _word(source, "file_id")},
}


def _media(block: dict[str, Any], usual: str) -> dict[str, Any]:
    found = _SOURCES[block["source"]["type"]](block["source"])
    guessed = guess_type(found.get("url", "").partition("?")[0])[0]
    return {"media_type": guessed or usual, **found}


def _image(block: dict[str, Any], seal: Seal) -> Part:
    rest = _rest(block, "type", "source")
    return Image(**_media(block, Image.default_media_type), opaque=seal.close(rest) if rest else None)


def _document(block: dict[str, Any], seal: Seal) -> Part:
    rest = _rest(block, "type", "source", "title", "context", "citations")
    return Document(
        **_media(block, Document.default_media_type),
        name=block.get("title"),
        context=block.get("context"),
        citations=bool((block.get("citations") or {}).get("enabled")),
        opaque=seal.close(rest) if rest else None,
    )


def _other(block: dict[str, Any], seal: Seal) -> Part:
    return Other(block["type"], seal.close(block))


READERS: Mapping[str, Callable[[dict[str, Any], Seal], Part]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_call,
    "tool_result": _tool_result,
    "image": _image,
    "document": _document,
}

"""Blocks of the format as parts: one function for each kind of block. Nothing of a block is ever lost."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    CachePoint,
    Citation,
    Document,
    Image,
    Media,
    Opaque,
    Other,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from jackfield.wire.facts import items, place, words
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.tables import LOCATIONS, MEDIA_TYPES

HOSTED = "server_tool_use"


def part_of(block: Any, seal: Seal) -> Part:
    """The part that ``block`` is; what has no neutral type, or not its usual form, is kept verbatim."""
    if not isinstance(block, dict) or not block:
        return Other("unknown", seal.close(block if isinstance(block, dict) else {"value": block}))
    kind = named(block, READERS)
    read = READERS.get(kind)
    if read is not None:
        try:
            return read(block[kind], seal)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # of another form than usual: kept as it is
    return Other(str(kind), seal.close(block))


def named(union: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """What a union holds: the first of its members that is known, else the first."""
    return next((name for name in union if name in known), next(iter(union), ""))


def _word(value: Any) -> str:
    """A value that must be text."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _rest(block: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name not in names}


def _sealed(rest: Mapping[str, Any], seal: Seal) -> Opaque | None:
    return seal.close(rest) if rest else None


def _text(value: Any, seal: Seal) -> Part:
    return Text(_word(value))


def _cited(block: dict[str, Any], seal: Seal) -> Part:
    raws = items(block.get("citations"))
    text = "".join(_word(piece["text"]) for piece in block["content"])
    return Text(text, tuple(map(citation_of, raws)), cited_opaque(raws, seal))


def cited_opaque(raws: list[Any], seal: Seal) -> Opaque:
    """What a text with citations goes back with."""
    return seal.close({"citations": raws})


def citation_of(raw: Any) -> Citation:
    """The citation at ``raw``; one at a place nobody knows keeps its own word for it."""
    facts = raw if isinstance(raw, dict) else {}
    location = facts.get("location")
    where, spot = next(iter(location.items())) if isinstance(location, dict) and location else ("", {})
    kind, fields = LOCATIONS.get(where, (where or "unknown", {}))
    spot = spot if isinstance(spot, dict) else {}
    found: dict[str, Any] = {ours: _PLACED[ours](spot.get(theirs)) for ours, theirs in fields.items()}
    source = facts.get("source")
    if "url" not in found and isinstance(source, str):
        found["url"] = source
    quotes = [piece.get("text") for piece in facts.get("sourceContent") or () if isinstance(piece, dict)]
    quote = "".join(text for text in quotes if isinstance(text, str))
    return Citation(kind, title=words(facts.get("title")), quote=quote or None, raw=facts, **found)


_PLACED: Mapping[str, Callable[[Any], Any]] = {
    "url": words,
    **dict.fromkeys(("document", "start", "end"), place),
}


def _reasoning(block: dict[str, Any], seal: Seal) -> Part:
    if "redactedContent" in block:
        return Reasoning("", seal.close({"redactedContent": _word(block["redactedContent"])}))
    inner = block["reasoningText"]
    return Reasoning(_word(inner["text"]), _sealed(_rest(inner, "text"), seal))


def tool_call(block: dict[str, Any], seal: Seal, json: str | None = None) -> ToolCall:
    """A call of a tool; ``json`` is its arguments, where they are not in the block."""
    kind = block.get("type")
    return ToolCall(
        _word(block["toolUseId"]),
        _word(block["name"]),
        dump_text(block["input"]) if json is None else json,
        hosted=kind == HOSTED,
    )


def _tool_call(block: dict[str, Any], seal: Seal) -> Part:
    return tool_call(block, seal)


def tool_result(block: dict[str, Any], seal: Seal) -> ToolResult:
    """The answer of a tool; one that says its type comes from a tool the provider ran."""
    hosted = "type" in block
    parts = tuple(_result_part(item, seal) for item in block.get("content") or ())
    rest = {"type": block["type"]} if hosted else {}
    return ToolResult(
        _word(block["toolUseId"]),
        parts,
        error=block.get("status") == "error",
        hosted=hosted,
        opaque=_sealed(rest, seal),
    )


def _tool_result(block: dict[str, Any], seal: Seal) -> Part:
    return tool_result(block, seal)


def _result_part(block: Any, seal: Seal) -> Part:
    if isinstance(block, dict) and block.keys() == {"json"}:
        return Text(dump_text(block["json"]), opaque=seal.close(block))
    return part_of(block, seal)


def _media(kind: str, block: dict[str, Any], seal: Seal, rest: dict[str, Any]) -> dict[str, Any]:
    """What a block says of a medium: its type, and where it is."""
    source = block["source"]
    media_type = MEDIA_TYPES[kind].get(block.get("format", ""), f"{kind}/{block.get('format', 'unknown')}")
    fields: dict[str, Any]
    if "bytes" in source:
        fields = {"data": b64decode(_word(source["bytes"]), validate=True)}
    elif "text" in source:
        fields, media_type = {"data": _word(source["text"]).encode()}, "text/plain"
    else:
        fields = {"url": _word(source["s3Location"]["uri"])}
        owner = _rest(source["s3Location"], "uri")
        if owner:
            rest["s3Location"] = owner
    return {"media_type": media_type, **fields, "opaque": _sealed(rest, seal)}


def _medium(kind: str, type_: type[Media]) -> Callable[[dict[str, Any], Seal], Part]:
    def read(block: dict[str, Any], seal: Seal) -> Part:
        return type_(**_media(kind, block, seal, _rest(block, "format", "source")))  # type: ignore[return-value]

    return read


def _document(block: dict[str, Any], seal: Seal) -> Part:
    rest = _rest(block, "format", "source", "name", "context", "citations")
    return Document(
        **_media("document", block, seal, rest),
        name=_word(block["name"]),
        context=block.get("context"),
        citations=bool((block.get("citations") or {}).get("enabled")),
    )


def _cache_point(block: dict[str, Any], seal: Seal) -> Part:
    return CachePoint(block.get("ttl"))


READERS: Mapping[str, Callable[[Any, Seal], Part]] = {
    "text": _text,
    "citationsContent": _cited,
    "reasoningContent": _reasoning,
    "toolUse": _tool_call,
    "toolResult": _tool_result,
    "image": _medium("image", Image),
    "video": _medium("video", Video),
    "audio": _medium("audio", Audio),
    "document": _document,
    "cachePoint": _cache_point,
}

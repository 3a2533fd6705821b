"""Parts as blocks of the format: one function for each type of part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Unsupported
from jackfield.jsontext import loads
from jackfield.types import (
    Audio,
    CachePoint,
    Citation,
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
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.parts import HOSTED
from jackfield_bedrock.converse.tables import FORMATS, LOCATIONS

Block: TypeAlias = dict[str, Any]

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ()\[\]-]+")
_SPACES = re.compile(r"\s{2,}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_KINDS = {kind: location for location, (kind, _) in LOCATIONS.items()}


class Writer:
    """Writes the blocks of one request: names of documents must differ within it."""

    def __init__(self, seal: Seal, *, json_results: bool = False) -> None:
        self.seal = seal
        self._json_results = json_results
        self._names: set[str] = set()

    def blocks(self, parts: tuple[Part, ...]) -> list[Block]:
        """The blocks for ``parts``, without those that would be empty."""
        return [block for block in map(self.block, parts) if block is not None]

    def block(self, part: Part) -> Block | None:
        """The block for ``part``; ``None`` for what is empty, or sealed by somebody else."""
        write = BLOCKS.get(type(part))
        if write is None:
            raise refused(f"the converse format has no way to send {type(part).__name__.lower()}", self.seal)
        return write(self, part)

    # -- one for each type -------------------------------------------------------------------------

    def text(self, part: Text) -> Block | None:
        """A text; with what it cites, where that came from here."""
        if not part.text:
            return None  # the format refuses empty texts
        own = self.seal.open(part.opaque) or {}
        if "citations" in own:
            return cited(part.text, own["citations"])
        return {"text": part.text}

    def refusal(self, part: Refusal) -> Block | None:
        """A refusal, which is a text like any other."""
        return {"text": part.text} if part.text else None

    def reasoning(self, part: Reasoning) -> Block | None:
        """Reasoning that was signed here; what was not is refused there."""
        own = self.seal.open(part.opaque) or {}
        if not own:
            return None
        return {"reasoningContent": dict(own) if "redactedContent" in own else reasoning_text(part.text, own)}

    def tool_call(self, part: ToolCall) -> Block:
        """A call of a tool."""
        return {"toolUse": {**called(part), "input": arguments_of(part)}}

    def tool_result(self, part: ToolResult) -> Block:
        """The answer of a tool."""
        own = self.seal.open(part.opaque) or {}
        content = [found for found in map(self.result_item, part.parts) if found is not None]
        block: Block = {"toolUseId": part.call_id, "content": content}
        if part.error:
            block["status"] = "error"
        return {"toolResult": {**block, **own}}

    def result_item(self, part: Part) -> Block | None:
        """One item of a tool's answer."""
        if isinstance(part, Text):
            own = self.seal.open(part.opaque) or {}
            if "json" in own:
                return dict(own)
            if self._json_results:
                return {"json": _as_object(part.text)}
        return self.block(part)

    def media(self, part: Media) -> Block:
        """A picture, film or sound."""
        kind = type(part).__name__.lower()
        rest = dict(self.seal.open(part.opaque) or {})
        place = rest.pop("s3Location", {})
        return {kind: {"format": self._format(kind, part), "source": self._source(part, place), **rest}}

    def document(self, part: Document) -> Block:
        """A document under a name of its own."""
        rest = dict(self.seal.open(part.opaque) or {})
        place = rest.pop("s3Location", {})
        block: Block = {"format": self._format("document", part), "name": self._named(part.name)}
        block["source"] = self._text_source(part) if part.citations else self._source(part, place)
        if part.context is not None:
            block["context"] = part.context
        if part.citations:
            block["citations"] = {"enabled": True}
        return {"document": {**block, **rest}}

    def cache_point(self, part: CachePoint) -> Block:
        """The end of what may be cached."""
        return cache_point(part.ttl)

    def other(self, part: Other) -> Block | None:
        """A block kept verbatim."""
        return dict(self.seal.open(part.opaque) or {}) or None

    # -- media -------------------------------------------------------------------------------------

    def _format(self, kind: str, part: Media) -> str:
        media_type = part.media_type.partition(";")[0].strip().lower()
        found = FORMATS[kind].get(media_type)
        if found is None:
            raise refused(f"the converse format takes no {kind} of type {media_type!r:.60}", self.seal)
        return found

    def _source(self, part: Media, place: Mapping[str, Any]) -> Block:
        if part.data is not None:
            return {"bytes": part.base64}
        if part.url is not None and part.url.startswith("s3://"):
            return {"s3Location": {"uri": part.url, **place}}
        what = "addresses" if part.url is not None else "ids of files"
        raise refused(f"the converse format takes no {what} of media", self.seal, "send the bytes, or s3://…")

    def _text_source(self, part: Document) -> Block:
        """A text as text: only so its characters can be cited."""
        if part.data is not None and part.media_type == "text/plain":
            try:
                return {"text": part.data.decode("utf-8")}
            except UnicodeDecodeError:
                return self._source(part, {})
        return self._source(part, {})

    def _named(self, name: str | None) -> str:
        """A name the format takes: plain, and used once. 2026-08: all else is refused with 400."""
        stem = _ENDING.sub("", name or "")
        plain = _SPACES.sub(" ", _NOT_PLAIN.sub("-", stem)).strip(" -") or "document"
        chosen, number = plain, 1
        while chosen in self._names:
            number += 1
            chosen = f"{plain}-{number}"
        self._names.add(chosen)
        return chosen


def refused(message: str, seal: Seal, hint: str = "") -> Unsupported:
    """What the format cannot say."""
    msg = f"{message}; nothing was sent"
    return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, provider=seal.provider, sent="no"))


def cache_point(ttl: str | None) -> Block:
    """The end of what may be cached."""
    return {"cachePoint": {"type": "default"} if ttl is None else {"type": "default", "ttl": ttl}}


def cited(text: str, raws: Any) -> Block:
    """A text with citations."""
    return {"citationsContent": {"content": [{"text": text}], "citations": raws}}


def reasoning_text(text: str, own: Mapping[str, Any]) -> Block:
    """Reasoning with its signature."""
    return {"reasoningText": {"text": text, **own}}


def called(part: ToolCall) -> Block:
    """A call before its arguments are known."""
    block: Block = {"toolUseId": part.id, "name": part.name}
    return {**block, "type": HOSTED} if part.hosted else block


def arguments_of(call: ToolCall) -> Mapping[str, Any]:
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


def _as_object(text: str) -> Mapping[str, Any]:
    try:
        value = loads(text)
    except JackfieldError:
        value = None
    return value if isinstance(value, dict) else {"result": text}


def written_citation(citation: Citation) -> Mapping[str, Any]:
    """A citation as the format has it, verbatim if it came that way."""
    if "location" in citation.raw or "sourceContent" in citation.raw:
        return citation.raw
    location = _KINDS.get(citation.kind) or ("web" if citation.url else "documentChar")
    place = {theirs: getattr(citation, ours) for ours, theirs in LOCATIONS[location][1].items()}
    block: Block = {"location": {location: {name: v for name, v in place.items() if v is not None}}}
    if citation.title is not None:
        block["title"] = citation.title
    if citation.quote is not None:
        block["sourceContent"] = [{"text": citation.quote}]
    return block


BLOCKS: Mapping[type, Callable[[Writer, Any], Block | None]] = {
    Text: Writer.text,
    Refusal: Writer.refusal,
    Reasoning: Writer.reasoning,
    ToolCall: Writer.tool_call,
    ToolResult: Writer.tool_result,
    Image: Writer.media,
    Audio: Writer.media,
    Video: Writer.media,
    Document: Writer.document,
    CachePoint: Writer.cache_point,
    Other: Writer.other,
}

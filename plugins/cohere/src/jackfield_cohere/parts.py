"""Parts as items of a content, and items as parts: each turn of a conversation has its own few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest, Unsupported
from jackfield.types import Document, Image, Other, Part, Reasoning, Text
from jackfield.wire.facts import words
from jackfield.wire.seal import Seal
from jackfield_cohere.tables import THINKING

Item: TypeAlias = dict[str, Any]

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")
PLAIN = "text/plain"


def unsupported(what: str, hint: str = "") -> Unsupported:
    """What the format cannot say."""
    msg = f"the cohere format has no way to send {what}; nothing was sent"
    return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, sent="no"))


def shortest(items: list[Item]) -> str | list[Item]:
    """A content as it is written: one text alone is a string."""
    if len(items) == 1 and items[0].keys() == {"type", "text"}:
        return str(items[0]["text"])
    return items


def text_item(text: str) -> Item:
    """A text."""
    return {"type": "text", "text": text}


def image_item(image: Image) -> Item:
    """A picture, by address or as data."""
    if image.file_id is not None:
        raise unsupported("an image by file id", "send its bytes or its address")
    place: Item = {"url": image.data_url}
    if image.detail is not None:
        place["detail"] = image.detail
    return {"type": "image_url", "image_url": place}


def document_of(part: Document) -> Item:
    """A document to answer from: the name is its id, by which citations call it."""
    is_text = part.data is not None and part.media_type.startswith(_TEXT_TYPES)
    if not is_text:
        raise unsupported("a document that is no text", "send the text of it, as Document('text/plain', ...)")
    try:
        data: Item = {"text": (part.data or b"").decode("utf-8")}
    except UnicodeDecodeError:
        msg = f"document {part.name or ''!r:.60} is not UTF-8; nothing was sent"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no")) from None
    if part.context is not None:
        data["context"] = part.context
    return {"data": data} if part.name is None else {"id": part.name, "data": data}


def read_document(raw: Any) -> Document | None:
    """The document that ``raw`` is, if it has the form we write; ``None`` for the many other forms."""
    data = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return None
    if raw.keys() - {"id", "data"} or data.keys() - {"text", "context"}:
        return None
    name, context = raw.get("id"), data.get("context")
    if not (isinstance(name, str | None) and isinstance(context, str | None)):
        return None
    return Document(PLAIN, data=data["text"].encode(), name=name, context=context, citations=True)


def read_item(item: Any, seal: Seal) -> Part:
    """One item of a content; what has no neutral form is kept verbatim."""
    kind = kind_of(item) if isinstance(item, dict) else None
    if kind == "text":
        return Text(words(item.get("text")) or "")
    if kind == THINKING:
        return thinking_of(item, seal)
    if kind == "image_url":
        place = item["image_url"]
        place = {"url": place} if isinstance(place, str) else place
        image = Image.from_url(place["url"])
        return Image(image.media_type, data=image.data, url=image.url, detail=place.get("detail"))
    document = read_document(item.get("document")) if kind == "document" else None
    return document or Other(str(kind), seal.close(item))


def kind_of(item: Mapping[str, Any]) -> Any:
    """What an item is: as it says, else as it looks."""
    return item.get("type") or next((name for name in (THINKING, "text") if name in item), None)


def thinking_of(item: Mapping[str, Any], seal: Seal) -> Reasoning:
    """A piece of thinking, with whatever else the provider hangs on it."""
    kept = {name: value for name, value in item.items() if name != THINKING}
    return Reasoning(words(item.get(THINKING)) or "", seal.close(kept))

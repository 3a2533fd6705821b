"""The forms in which dialects say the same thing: documents, sound, cache points, effort, ids of calls.

Each table maps what a setting may be to the function that renders it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.types import Audio, CachePoint, Document
from jackfield.wire.chat_completions.tables import AUDIO_FORMATS

Item: TypeAlias = dict[str, Any]

NAME = "chat_completions"


def unsupported(what: str, hint: str = "") -> Unsupported:
    """The refusal of something the format cannot say."""
    message = f"the format `{NAME}` cannot carry {what}; nothing was sent"
    return Unsupported(ErrorInfo("request.unsupported", message, hint=hint, sent="no"))


# -- documents and sound ---------------------------------------------------------------------------


def _document(part: Document, item: Item) -> list[Item]:
    """The item, with what the document is told to be before it."""
    if part.citations:
        raise unsupported("a wish for citations of a document", "ask for them in words")
    return [{"type": "text", "text": part.context}, item] if part.context else [item]


def _name(part: Document) -> str:
    return part.name or f"document.{part.media_type.rpartition('/')[2]}"


def _file(part: Document) -> list[Item]:
    """A file of bytes, or the id of one."""
    if part.url is not None:
        raise unsupported("a document by address", "send its bytes: Document.from_path")
    return _file_data(part)


def _file_data(part: Document) -> list[Item]:
    """A file of bytes or at an address, or the id of one."""
    if part.file_id is not None:
        return _document(part, {"type": "file", "file": {"file_id": part.file_id}})
    return _document(part, {"type": "file", "file": {"filename": _name(part), "file_data": part.data_url}})


def _document_url(part: Document) -> list[Item]:
    """An address that may hold the bytes; an uploaded file has an item of its own."""
    if part.file_id is not None:
        return _document(part, {"type": "file", "file_id": part.file_id})
    item: Item = {"type": "document_url", "document_url": part.data_url}
    if part.name is not None:
        item["document_name"] = part.name
    return _document(part, item)


def _file_url(part: Document) -> list[Item]:
    """An address, or the bytes in base64 without what a data address begins with."""
    if part.file_id is not None:
        raise unsupported("a document by file id", "send its bytes or its address")
    return _document(part, {"type": "file_url", "file_url": {"url": part.url or part.base64}})


DOCUMENTS: Mapping[str, Callable[[Document], list[Item]]] = {
    "file": _file,
    "file_data": _file_data,
    "document_url": _document_url,
    "file_url": _file_url,
}


def _sound(part: Audio) -> list[Item]:
    """An object of bytes and their format."""
    if part.data is None:
        raise unsupported("audio by address or file id", "send its bytes")
    form = AUDIO_FORMATS.get(part.media_type) or part.media_type.partition("/")[2].removeprefix("x-")
    return [{"type": "input_audio", "input_audio": {"data": part.base64, "format": form}}]


def _plain_sound(part: Audio) -> list[Item]:
    """The bytes in base64, or an address."""
    if part.file_id is not None:
        raise unsupported("audio by file id", "send its bytes or its address")
    return [{"type": "input_audio", "input_audio": part.url or part.base64}]


SOUNDS: Mapping[str, Callable[[Audio], list[Item]]] = {"object": _sound, "plain": _plain_sound}


# -- cache points ----------------------------------------------------------------------------------


def cache_control(point: CachePoint) -> Item:
    """The mark on the item after which a prompt may be cached."""
    mark = {"type": "ephemeral"}
    return mark if point.ttl is None else {**mark, "ttl": point.ttl}


def cache_point(item: Mapping[str, Any]) -> tuple[CachePoint, ...]:
    """The point an item is marked with."""
    mark = item.get("cache_control")
    if not isinstance(mark, dict):
        return ()
    ttl = mark.get("ttl")
    return (CachePoint(ttl if isinstance(ttl, str) else None),)


# -- effort ----------------------------------------------------------------------------------------

NO_NUMBER = "say low, medium or high, or pass the provider's own field in extra"


def _word(body: Item, effort: str | int) -> None:
    """``reasoning_effort``: a word; no tokens at all are `none`."""
    if effort and isinstance(effort, int):
        raise unsupported("a number of reasoning tokens", NO_NUMBER)
    body["reasoning_effort"] = effort or "none"


def _word_or_number(body: Item, effort: str | int) -> None:
    """``reasoning_effort``: a word, or a number of tokens."""
    body["reasoning_effort"] = effort or "none"


def _thinking(body: Item, effort: str | int) -> None:
    """``thinking`` is switched, and ``reasoning_effort`` says how much."""
    on = effort not in (0, "none")
    body["thinking"] = {"type": "enabled" if on else "disabled"}
    if on:
        _word(body, effort)


def _switch(body: Item, effort: str | int) -> None:
    """``reasoning`` is switched, and ``reasoning_effort`` says how much."""
    on = effort not in (0, "none")
    body["reasoning"] = {"enabled": on}
    if on:
        _word(body, effort)


def _object(body: Item, effort: str | int) -> None:
    """``reasoning`` is an object of an effort or a number of tokens."""
    if effort and isinstance(effort, int):
        body["reasoning"] = {"max_tokens": effort}
    else:
        body["reasoning"] = {"effort": effort or "none"}


EFFORTS: Mapping[str, Callable[[Item, str | int], None]] = {
    "effort": _word,
    "effort_or_tokens": _word_or_number,
    "thinking": _thinking,
    "switch": _switch,
    "object": _object,
}

_SWITCHES: Mapping[str, tuple[str, Item, Item]] = {
    "thinking": ("thinking", {"type": "enabled"}, {"type": "disabled"}),
    "switch": ("reasoning", {"enabled": True}, {"enabled": False}),
}


def take_effort(given: Item, form: str) -> str | int | None:
    """The effort a body asks for in a form; what it says and the form does not know stays in the body."""
    if form == "object":
        return _taken_object(given)
    effort = given.get("reasoning_effort")
    if form in _SWITCHES:
        field, on, off = _SWITCHES[form]
        if given.get(field) == off:
            given.pop(field)
            return "none"
        if given.get(field) == on and effort is not None:
            given.pop(field)
    return _taken_word(given)


def _taken_word(given: Item) -> str | int | None:
    effort: str | int | None = given.pop("reasoning_effort", None)
    return effort


def _taken_object(given: Item) -> str | int | None:
    asked = given.get("reasoning")
    if isinstance(asked, dict) and len(asked) == 1:
        effort = asked.get("effort", asked.get("max_tokens"))
        if isinstance(effort, str | int) and not isinstance(effort, bool):
            given.pop("reasoning")
            return effort
    return _taken_word(given)


# -- ids of calls ----------------------------------------------------------------------------------


def short_id(given: str, length: int) -> str:
    """An id of ``length`` letters and digits: as it is if it fits, else always the same one for the same id."""
    if len(given) == length and given.isascii() and given.isalnum():
        return given
    return sha256(given.encode("utf-8", "replace")).hexdigest()[:length]

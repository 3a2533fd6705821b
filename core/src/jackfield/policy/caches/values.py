"""Answers as JSON and back. What comes back from a cache is checked field by field: nothing in it is trusted.

One table says which fields of which values are kept and what they must be. What a provider sent besides (``raw``)
and how an answer came about (``attempts``) belong to the call that was made, and are not kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import attrs

from jackfield.errors import JackfieldError
from jackfield.jsontext import dumps, loads
from jackfield.types import (
    Audio,
    CachePoint,
    Choice,
    Citation,
    Completion,
    Document,
    Embeddings,
    Finish,
    Image,
    Notice,
    Opaque,
    Other,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)

FORM = 1
"""The form of what is written; what was written in another is a miss."""

Answer: TypeAlias = Completion | Embeddings


class Unfit(ValueError):
    """A value that cannot be kept, or is not what it should be."""


class _Form:
    """How one kind of value is written and read."""

    def __init__(self, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
        self.write = write
        self.read = read


def _plain(*types: type) -> _Form:
    """A value JSON has itself; a boolean is no number."""

    def read(raw: Any) -> Any:
        if type(raw) in types:
            return raw
        raise Unfit(f"{type(raw).__name__} instead of {types[0].__name__}")

    return _Form(lambda value: value, read)


def _read_bytes(raw: Any) -> bytes:
    try:
        return base64.b64decode(_TEXT.read(raw), validate=True)
    except binascii.Error as exc:
        raise Unfit("no base64") from exc


def _read_money(raw: Any) -> Decimal:
    try:
        amount = Decimal(_TEXT.read(raw))
    except InvalidOperation as exc:
        raise Unfit("no amount") from exc
    if not amount.is_finite() or amount < 0:
        raise Unfit("no amount")
    return amount


def _maybe(form: _Form) -> _Form:
    return _Form(
        lambda value: None if value is None else form.write(value),
        lambda raw: None if raw is None else form.read(raw),
    )


def _many(form: _Form) -> _Form:
    def read(raw: Any) -> Any:
        return tuple(map(form.read, _LIST.read(raw)))

    return _Form(lambda values: [form.write(value) for value in values], read)


def _word(*known: str) -> _Form:
    def read(raw: Any) -> str:
        if raw in known:
            return str(raw)
        raise Unfit("no word that is known")

    return _Form(lambda value: value, read)


def _value(cls: type, **fields: _Form) -> _Form:
    """A value of a class: fields that are as the class makes them are left out."""
    defaults = {fact.name: fact.default for fact in attrs.fields(cls)}

    def write(value: Any) -> dict[str, Any]:
        found = ((name, getattr(value, name), form) for name, form in fields.items())
        return {
            name: form.write(held) for name, held, form in found if held != defaults[name] or held is True
        }

    def read(raw: Any) -> Any:
        table = _TABLE.read(raw)
        if not table.keys() <= fields.keys():
            raise Unfit("a field that is not known")
        try:
            return cls(**{name: fields[name].read(held) for name, held in table.items()})
        except TypeError as exc:
            raise Unfit("a field is missing") from exc

    return _Form(write, read)


_TEXT = _plain(str)
_FLAG = _plain(bool)
_INTEGER = _plain(int)
_NUMBER = _plain(float, int)
_TABLE = _plain(dict)
_LIST = _plain(list)
_BYTES = _Form(lambda data: base64.b64encode(data).decode("ascii"), _read_bytes)
_MONEY = _Form(lambda amount: str(Decimal(amount)), _read_money)
_COUNTS = _Form(
    dict, lambda raw: {_TEXT.read(name): _NUMBER.read(count) for name, count in _TABLE.read(raw).items()}
)

_OPAQUE = _value(Opaque, provider=_TEXT, wire=_TEXT, data=_Form(dict, _TABLE.read), account=_TEXT)
_CITATION = _value(
    Citation,
    kind=_TEXT,
    url=_maybe(_TEXT),
    title=_maybe(_TEXT),
    quote=_maybe(_TEXT),
    start=_maybe(_INTEGER),
    end=_maybe(_INTEGER),
    document=_maybe(_INTEGER),
    raw=_Form(dict, _TABLE.read),
)
_MEDIA: Mapping[str, _Form] = {
    "media_type": _TEXT,
    "data": _maybe(_BYTES),
    "url": _maybe(_TEXT),
    "file_id": _maybe(_TEXT),
    "name": _maybe(_TEXT),
    "opaque": _maybe(_OPAQUE),
}
_WORDS: Mapping[str, _Form] = {"text": _TEXT, "opaque": _maybe(_OPAQUE)}


def _write_part(part: Any) -> dict[str, Any]:
    cls, form = _PARTS.get(type(part).__name__, (None, None))
    if cls is not type(part) or form is None:
        raise Unfit(f"{type(part).__name__} cannot be kept")
    return {"part": cls.__name__, **form.write(part)}


def _read_part(raw: Any) -> Any:
    table = dict(_TABLE.read(raw))
    _, form = _PARTS.get(_TEXT.read(table.pop("part", None)), (None, None))
    if form is None:
        raise Unfit("no part that is known")
    try:
        return form.read(table)
    except ValueError as exc:
        raise Unfit(str(exc)) from exc


_PART = _Form(_write_part, _read_part)


def _part(cls: type, **fields: _Form) -> tuple[str, tuple[type, _Form]]:
    return cls.__name__, (cls, _value(cls, **fields))


_PARTS: dict[str, tuple[type, _Form]] = dict(
    (
        _part(Text, citations=_many(_CITATION), **_WORDS),
        _part(Reasoning, **_WORDS),
        _part(Refusal, **_WORDS),
        _part(Image, detail=_maybe(_TEXT), **_MEDIA),
        _part(Audio, transcript=_maybe(_TEXT), **_MEDIA),
        _part(Video, **_MEDIA),
        _part(Document, context=_maybe(_TEXT), citations=_FLAG, **_MEDIA),
        _part(ToolCall, id=_TEXT, name=_TEXT, json=_TEXT, hosted=_FLAG, opaque=_maybe(_OPAQUE)),
        _part(
            ToolResult,
            call_id=_TEXT,
            parts=_many(_PART),
            error=_FLAG,
            name=_maybe(_TEXT),
            hosted=_FLAG,
            opaque=_maybe(_OPAQUE),
        ),
        _part(CachePoint, ttl=_maybe(_TEXT)),
        _part(Other, kind=_TEXT, opaque=_OPAQUE),
    )
)

_REASONS = ("stop", "length", "tool_calls", "content_filter", "pause", "error", "unknown")
_TOKENS = (
    *("input", "cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image"),
    *("output", "reasoning", "output_audio", "output_image", "searches"),
)
_FINISH = _value(Finish, reason=_word(*_REASONS), raw=_maybe(_TEXT))
_USAGE = _value(
    Usage,
    source=_word("reported", "estimated", "unknown"),
    tier=_TEXT,
    more=_COUNTS,
    **dict.fromkeys(_TOKENS, _INTEGER),
)


def _read_alternatives(raw: Any) -> tuple[tuple[str, float], ...]:
    pairs = [_LIST.read(pair) for pair in _LIST.read(raw)]
    if any(len(pair) != 2 for pair in pairs):
        raise Unfit("no pair")
    return tuple((_TEXT.read(token), _NUMBER.read(logprob)) for token, logprob in pairs)


_TOP = _Form(lambda pairs: [list(pair) for pair in pairs], _read_alternatives)
_LOGPROB = _value(TokenLogprob, token=_TEXT, logprob=_NUMBER, top=_TOP)
_NOTICE = _value(Notice, code=_TEXT, message=_TEXT)
_CHOICE = _value(Choice, parts=_many(_PART), finish=_FINISH, logprobs=_many(_LOGPROB))
_ABOUT: Mapping[str, _Form] = {
    "usage": _USAGE,
    "model": _TEXT,
    "provider": _TEXT,
    "request_id": _maybe(_TEXT),
    "charge": _maybe(_MONEY),
    "warnings": _many(_NOTICE),
}
_ANSWERS: Mapping[str, tuple[type, _Form]] = dict(
    (
        _part(
            Completion,
            parts=_many(_PART),
            finish=_FINISH,
            id=_TEXT,
            alternatives=_many(_CHOICE),
            logprobs=_many(_LOGPROB),
            **_ABOUT,
        ),
        _part(Embeddings, vectors=_many(_many(_NUMBER)), **_ABOUT),
    )
)


def write_answer(answer: Answer) -> bytes:
    """The answer as JSON; `Unfit` if it holds what cannot be kept."""
    known = _ANSWERS.get(type(answer).__name__)
    if known is None:
        raise Unfit(f"{type(answer).__name__} cannot be kept")
    try:
        return dumps({"form": FORM, "kind": type(answer).__name__, "answer": known[1].write(answer)})
    except JackfieldError as exc:
        raise Unfit("it is no JSON") from exc


def read_answer(data: bytes) -> Answer:
    """The answer that was written; `Unfit` for anything else, whoever put it there."""
    try:
        table = _TABLE.read(loads(data))
    except JackfieldError as exc:
        raise Unfit("it is no JSON") from exc
    known = _ANSWERS.get(str(table.get("kind")))
    if table.get("form") != FORM or known is None:
        raise Unfit("it is of another form")
    answer: Answer = known[1].read(table.get("answer"))
    return answer

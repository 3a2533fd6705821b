"""What an answer is kept under: a hash of everything that could make another answer another.

That is the whole request as it was checked, the model, the wire and the address it goes to, and whose answer it is: the
tenant and the credential. Two requests that differ in any of it never share an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import attrs

from jackfield.types import Message, Request, Text


class Where(NamedTuple):
    """Who is asked, and for whom."""

    provider: str
    model: str
    wire: str
    base_url: str
    credential: str  # a hash of it, never the key
    tenant: str = ""
    operation: str = "complete"


_LEFT_OUT = frozenset({"function", "target"})  # code of the caller's own, which is never sent


def key_of(request: Any, where: Where) -> str:
    """The key of an answer, 64 letters."""
    pieces: list[bytes] = []
    _write(where, pieces)
    _write(request, pieces)
    return hashlib.sha256(b"".join(pieces)).hexdigest()


def question_of(request: Request, where: Where) -> tuple[str, str] | None:
    """What a similar question is looked for among, and the question itself: the last text of the user's.

    Everything but that text must be the same. ``None`` if the last turn is not one text of the user's.
    """
    last = request.messages[-1] if request.messages else None
    if last is None or last.role != "user" or len(last.parts) != 1 or type(last.parts[0]) is not Text:
        return None
    asked = Message("user", "", last.name)
    rest = attrs.evolve(request, messages=(*request.messages[:-1], asked))
    return key_of(rest, where), last.parts[0].text


def _write(value: Any, out: list[bytes]) -> None:
    """A value in a form that no other value has: each piece says its type and length before itself."""
    write = _WRITERS.get(type(value))
    if write is not None:
        write(value, out)
    elif attrs.has(type(value)):
        _write_fields(value, out)
    elif isinstance(value, Mapping):
        _write_mapping(value, out)
    elif isinstance(value, (str, list, tuple)):  # of a class of the caller's own
        _WRITERS[str if isinstance(value, str) else tuple](value, out)
    else:  # it has no form of its own, so it is told by its class
        _write((type(value).__qualname__, repr(value)), out)


def _write_text(value: str, out: list[bytes]) -> None:
    data = value.encode("utf-8", "surrogatepass")
    out.append(b"s%d:" % len(data))
    out.append(data)


def _write_bytes(value: bytes, out: list[bytes]) -> None:
    out.append(b"b%d:" % len(value))
    out.append(value)


def _write_plain(value: object, out: list[bytes]) -> None:
    out.append(f"{type(value).__name__} {value!r};".encode())


def _write_list(value: Sequence[Any], out: list[bytes]) -> None:
    out.append(b"l%d:" % len(value))
    for item in value:
        _write(item, out)


def _write_mapping(value: Mapping[Any, Any], out: list[bytes]) -> None:
    out.append(b"m%d:" % len(value))
    for name in sorted(value, key=str):
        _write(name, out)
        _write(value[name], out)


def _write_fields(value: Any, out: list[bytes]) -> None:
    names = _names(type(value))  # type: ignore[arg-type]  # every class can be hashed
    out.append(b"v%d:" % len(names))
    _write_text(type(value).__qualname__, out)
    for name in names:
        _write(getattr(value, name), out)


@lru_cache(maxsize=256)
def _names(cls: type) -> tuple[str, ...]:
    return tuple(fact.name for fact in attrs.fields(cls) if fact.name not in _LEFT_OUT)


_WRITERS: dict[type, Callable[[Any, list[bytes]], None]] = {
    str: _write_text,
    bytes: _write_bytes,
    **dict.fromkeys((int, float, bool, type(None)), _write_plain),
    **dict.fromkeys((list, tuple, Where), _write_list),
    dict: _write_mapping,
}

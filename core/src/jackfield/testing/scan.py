"""Looks for secrets in what is about to be published, independently of what was redacted.

It reads a file as a thief would: the text as it is, without blanks and quotes, every string in it unescaped and
decoded from base64 and hexadecimal, and the pieces of streams joined by the place they stand at. What it finds
fails the run; it tells the place and the kind, never the value.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from attrs import frozen

from jackfield.errors import Blocked, ErrorInfo
from jackfield.testing.redaction import MASKED, PIECE, SHAPES, SHORTEST, Known
from jackfield.testing.tape import Cassette

DEEPEST: Final = 3
"""How often what was decoded is decoded again."""

_BLANKS: Final = re.compile(r"[\s\"'\\,|+]+")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_RECORD: Final = re.compile(r"^(?:data:)?\s*([\[{].*)$", re.MULTILINE)


@frozen
class Finding:
    """Something that must not be published: where it stands and what it is, without a letter of it."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


def findings(text: str, known: Known | None = None, place: str = "the text") -> list[Finding]:
    """What of a text looks like a secret, or is one that is known."""
    known = known or Known()
    found = [Finding(place, origin) for origin in _known_in(text, known)]
    for view, depth in _views(text, 0):
        found += [Finding(place, f"{origin}, {_how(depth)}") for origin in _known_in(view, known)]
    found += [Finding(place, f"what looks like {name}") for name in _shapes_in(text)]
    return list(dict.fromkeys(found))


def cassette_findings(cassette: Cassette, known: Known | None = None) -> list[Finding]:
    """What of a cassette must not be published: of each part alone, then of the file as a whole."""
    found: list[Finding] = []
    for number, one in enumerate(cassette.interactions, 1):
        parts = {
            "address": one.uri,
            "request headers": _lines(one.headers),
            "request body": one.body.decode("utf-8", "replace"),
            "answer's headers": _lines(one.reply_headers),
            "answer": one.reply_body.decode("utf-8", "replace"),
        }
        for name, text in parts.items():
            found += findings(text, known, f"the {name} of exchange {number}")
    if not found:
        found = findings(cassette.dump().decode(), known, "the file")
    return found


def refuse_secrets(cassette: Cassette, known: Known | None = None) -> None:
    """Fail if a cassette holds what must not be published."""
    found = cassette_findings(cassette, known)
    if found:
        msg = f"the cassette `{cassette.name}` is not written: it would hold a secret"
        lines = "".join(f"\n  {finding}" for finding in found[:10])
        hint = "record with another prompt or account; a value that is no secret can be masked by hand"
        raise Blocked(ErrorInfo("local.guard", msg + lines, hint=hint, sent="yes"))


def _lines(headers: Any) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


# -- what is looked for ----------------------------------------------------------------------------


def _known_in(text: str, known: Known) -> list[str]:
    low = text.lower()
    return [
        place for value, place in known.values.items() if any(form in low for form in _telling(value.lower()))
    ]


def _telling(value: str) -> Iterator[str]:
    """A value, and of a long one the pieces that give it away."""
    yield value
    if len(value) >= 2 * PIECE and not re.search(r"[\s\"{}]", value):
        yield value[:PIECE]
        yield value[-PIECE:]


def _shapes_in(text: str) -> Iterator[str]:
    data = text.encode("utf-8", "replace")
    for name, shape in SHAPES.items():
        if any(not MASKED.search(match[0].decode("utf-8", "replace")) for match in shape.finditer(data)):
            yield name


# -- how it is read --------------------------------------------------------------------------------


def _how(depth: int) -> str:
    return "taken apart" if not depth else "encoded" if depth == 1 else f"encoded {depth} times"


def _views(text: str, depth: int) -> Iterator[tuple[str, int]]:
    """What else a text says."""
    if depth >= DEEPEST or len(text) < SHORTEST:
        return
    yield _BLANKS.sub("", text), depth
    if "%" in text:
        yield from _deeper(unquote(text), depth)
    for record in _strings(text):
        yield from _deeper(record, depth)
    for match in _ENCODED.finditer(text):
        yield from _decoded(match[0], depth)


def _deeper(text: str, depth: int) -> Iterator[tuple[str, int]]:
    yield text, depth + 1
    yield from _views(text, depth + 1)


def _decoded(text: str, depth: int) -> Iterator[tuple[str, int]]:
    """A run of letters as base64 of text, and as hexadecimal."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    for start in range(4) if len(plain) < 4096 else (0,):
        piece = plain[start:]
        piece = piece[: len(piece) - (len(piece) % 4 == 1)]
        try:
            data = base64.b64decode(piece + "=" * (-len(piece) % 4))
        except binascii.Error:
            continue
        yield data.decode("latin-1"), depth + 1
        if start == 0 and data.isascii():
            yield from _views(data.decode("ascii"), depth + 1)
    if _HEX.fullmatch(text):
        yield bytes.fromhex(text).decode("latin-1"), depth + 1


def _strings(text: str) -> Iterator[str]:
    """The strings of the JSON in a text, and those of a stream's records joined by where they stand."""
    joined: dict[str, list[str]] = {}
    for record in records(text):
        for place, string in _leaves(record, ""):
            joined.setdefault(place, []).append(string)
    for strings in joined.values():
        yield from strings if len(strings) == 1 else ("".join(strings), *filter(_is_long, strings))


def _is_long(text: str) -> bool:
    return len(text) >= SHORTEST


def records(text: str) -> Iterator[Any]:
    """The JSON values in a text: itself, or one in each of a stream's records."""
    whole = _loaded(text)
    if whole is not None:
        yield whole
        return
    for match in _RECORD.finditer(text):
        record = _loaded(match[1])
        if record is not None:
            yield record


def _loaded(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[", '"') else None
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Strings with their places; the items of a list share one, as those of a stream do."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for name, found in value.items():
            yield f"{at}.", str(name)
            yield from _leaves(found, f"{at}.{name}")
    elif isinstance(value, list):
        for found in value:
            yield from _leaves(found, f"{at}[]")

"""JSON text in and out: strict where providers and attackers are sloppy, and the same everywhere.

``loads`` refuses what the standard library lets through (NaN, absurd depth and integers) and raises
``Malformed`` for everything it cannot read; nothing else escapes. ``dumps`` writes compact UTF-8.

A faster library (extra ``fast``) is used where it gives the same result. It gives up on what is malformed or
unusual, rounds integers beyond 64 bits and writes NaN as null: those go to the standard library, whose word is
final.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any, NoReturn

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed

_quick: Callable[[bytes], Any] | None
_quick_dumps: Callable[[Any], bytes] | None
try:
    from orjson import dumps as _quick_dumps
    from orjson import loads as _quick
except ImportError:
    _quick = _quick_dumps = None

MAX_DEPTH = 128
MAX_DIGITS = 100
BOM = b"\xef\xbb\xbf"


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        msg = f"an integer of {len(digits)} digits"
        raise ValueError(msg)
    return int(digits)


def _constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


_decode = json.JSONDecoder(parse_constant=_constant).decode
_decode_counting = json.JSONDecoder(parse_int=_integer, parse_constant=_constant).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

# All digits as 0, what opens a list or object as [, all else as a blank: long integers show as long runs.
# Looking for them in the text costs a tenth of the decoding; a hook for every integer costs a fifth.
_SHAPE = bytes.maketrans(b"123456789{", b"000000000[").translate(
    bytes(byte if byte in b"0[" else 32 for byte in range(256))
)
_SHALLOW = 2 * MAX_DEPTH  # no valid text this short is too deep: what opens must close
_LONG = b"0" * (MAX_DIGITS + 1)
_BEYOND_64_BITS = b"0" * 19


def loads(text: str | bytes) -> Any:
    """The value of a JSON text; ``Malformed`` for anything else."""
    try:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if data[:3] == BOM:
            data = data[3:]
        shape = data.translate(_SHAPE)
        if len(data) > _SHALLOW and shape.count(b"[") > MAX_DEPTH:
            _check_depth(data)
        if _quick is not None and _BEYOND_64_BITS not in shape:
            try:
                return _quick(data)
            except ValueError:
                pass  # the standard library decides, and says why
        decode = _decode_counting if _LONG in shape else _decode
        return decode(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as exc:
        raise Malformed(ErrorInfo("protocol.body", f"not JSON that can be read: {_reason(exc)}")) from None


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8; half a character alone is U+FFFD, since no provider can read one."""
    if _quick_dumps is not None:
        try:
            text = _quick_dumps(value)
        except TypeError:
            pass  # lone surrogates, integers beyond 64 bits
        else:
            if b"null" not in text or _plain((value,)):  # which is what it makes of NaN
                return text
    plain = dump_text(value)
    try:
        return plain.encode()
    except UnicodeEncodeError:
        return whole_characters(plain).encode()


def whole_characters(text: str) -> str:
    """``text`` with halves of a character joined, and half a character alone as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_SCALARS = frozenset({str, int, bool, type(None)})


def _plain(values: Iterable[Any]) -> bool:
    """Whether both libraries write these values alike: no NaN, nothing of an unusual type.

    Measured in 2026-11: most chunks of streams hold a null; to look at one takes a quarter of encoding it anew.
    """
    for value in values:
        kind = type(value)
        if kind in _SCALARS:
            continue
        if kind is dict:
            same = _plain(value.values())
        elif kind is list or kind is tuple:
            same = _plain(value)
        else:
            same = kind is float and isfinite(value)
        if not same:
            return False
    return True


def dump_text(value: Any) -> str:
    """Compact JSON as text; ``InvalidRequest`` for what JSON cannot say."""
    try:
        return _encode(value)
    except (ValueError, TypeError, RecursionError) as exc:
        reason = str(exc)
    raise InvalidRequest(ErrorInfo("request.invalid", f"this cannot be said in JSON: {reason}", sent="no"))


def _reason(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):  # its text quotes nothing of the document
        return f"{exc.msg} at character {exc.pos}"
    if isinstance(exc, UnicodeDecodeError):
        return f"not UTF-8 at byte {exc.start}"
    return "nested too deep" if isinstance(exc, RecursionError) else str(exc)


def _check_depth(data: bytes) -> None:
    """Refuse a document whose brackets nest deeper than ``MAX_DEPTH``, strings skipped."""
    depth = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            in_string, escaped = (escaped or byte != 0x22), (byte == 0x5C and not escaped)
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                msg = "nested too deep"
                raise ValueError(msg)
        elif byte in b"]}":
            depth -= 1

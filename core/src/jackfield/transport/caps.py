"""Limits of what is taken from a server, and checks of what is given to one."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from jackfield.transport.faults import Fault
from jackfield.wire.call import Headers

MIB: Final = 1 << 20
REPLY_CAP: Final = 64 * MIB
STREAM_CAP: Final = 256 * MIB
HEADERS_CAP: Final = 100
HEAD_CAP: Final = 64 * 1024
RATIO_CAP: Final = 200
RATIO_FLOOR: Final = MIB  # a short run of zeros compresses far better than any text, and harms nobody

_GZIP: Final = 16 + zlib.MAX_WBITS
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_OURS: Final = frozenset(("content-length", "transfer-encoding", "connection", "te", "upgrade", "expect"))
_DEFAULTS: Final = (("accept-encoding", "gzip"), ("user-agent", "jackfield"))


class Body:
    """Counts the bytes of one answer and stops at the limit."""

    __slots__ = ("_left",)

    def __init__(self, cap: int) -> None:
        self._left = cap

    def feed(self, chunk: bytes) -> bytes:
        """The plain bytes of ``chunk``."""
        self._left -= len(chunk)
        if self._left < 0:
            raise Fault("protocol.body", "it is larger than the limit")
        return chunk

    def end(self) -> None:
        """The bytes are complete; raises if they cannot be."""


class Gzipped(Body):
    """The same for a compressed answer: the limit counts what comes out, and how much more than went in."""

    __slots__ = ("_in", "_inflate", "_out")

    def __init__(self, cap: int) -> None:
        super().__init__(cap)
        self._inflate = zlib.decompressobj(_GZIP)
        self._in = 0
        self._out = 0

    def feed(self, chunk: bytes) -> bytes:
        """The plain bytes of ``chunk``, made in pieces so that a bomb is found before it is large."""
        self._in += len(chunk)
        pieces = []
        while chunk:
            pieces.append(self._piece(chunk))
            chunk = self._inflate.unconsumed_tail or self._next_member()
        return b"".join(pieces)

    def end(self) -> None:
        """Raises if the compressed bytes stop short of their own end."""
        if self._in and not self._inflate.eof:
            raise Fault("protocol.body", "its compressed body is cut short")

    def _piece(self, chunk: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(chunk, MIB)
        except zlib.error:
            piece = None
        if piece is None:
            raise Fault("protocol.body", "its compressed body is damaged")
        self._out += len(piece)
        if self._out > RATIO_FLOOR and self._out > RATIO_CAP * self._in:
            raise Fault("protocol.body", f"it is compressed more than {RATIO_CAP} times")
        return super().feed(piece)

    def _next_member(self) -> bytes:
        # a gzip file may have several members, one after another
        rest = self._inflate.unused_data
        if rest:
            self._inflate = zlib.decompressobj(_GZIP)
        return rest


_BODIES: Final[dict[str, type[Body]]] = {"": Body, "identity": Body, "gzip": Gzipped, "x-gzip": Gzipped}


def body_for(headers: Mapping[str, str], cap: int) -> Body:
    """The body that ``headers`` announce; an encoding that was not asked for, or two of them, are refused."""
    encoding = headers.get("content-encoding", "")
    kind = _BODIES.get(encoding.strip().lower()) if encoding else Body
    if kind is None:
        raise Fault("protocol.body", "it has a content-encoding that was not asked for")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length[:30]) > cap:
        raise Fault("protocol.body", "it is larger than the limit")
    return kind(cap)


@lru_cache(maxsize=512)
def _name_of(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


def checked_head(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of an answer, names in lower case, values of one name joined; raises if they are too many."""
    headers = Headers()
    size = count = 0
    for raw_name, raw_value in pairs:
        count += 1
        size += len(raw_name) + len(raw_value) + 4
        name, value = _name_of(raw_name), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if count > HEADERS_CAP or size > HEAD_CAP:
        raise Fault("protocol", "it sends more headers than the limit")
    return headers


@lru_cache(maxsize=1024)
def _checked_name(name: str) -> str:
    lowered = name.lower()
    if not _NAME.fullmatch(name) or lowered in _OURS:
        raise Fault("request.invalid", f"{name!r:.80} is not a header that can be set")
    return lowered


def _checked_value(name: str, value: str) -> str:
    # The libraries quote the value in their refusal, and it is often a key. What lies beyond ASCII has no
    # agreed encoding: one library sends latin-1, another UTF-8.
    plain = value.isascii() and value.isprintable()  # as nearly always, and a third of the expression's time
    if not (plain or _VALUE.fullmatch(value)) or value.strip(" \t") != value:
        raise Fault("request.invalid", f"the value of header {name!r:.80} has characters that cannot be sent")
    return value


def checked_headers(headers: Mapping[str, str], host: str | None, size: int | None) -> list[tuple[str, str]]:
    """The headers of a request with our defaults; a bad one is refused without its value."""
    given = {_checked_name(name): _checked_value(name, value) for name, value in headers.items()}
    if len(given) < len(headers):
        raise Fault("request.invalid", "a header is given twice")
    if host is not None:
        given = {"host": host, **given}
    for name, value in _DEFAULTS:
        given.setdefault(name, value)
    if size is not None:
        given["content-length"] = str(size)
    return list(given.items())
